//! Feeds bodies of any bytes to `domain::request::ImageRequest::from_json`, as a client could send them.
//!
//! What must hold: whatever is accepted lies within every limit of the API, holds no NUL, and says what was sent; written
//! as JSON again, with what is absent left out or null, it is accepted as the same request; a refusal names a field of the
//! API, or the body, in a sentence, and never a number that the API allows.
#![no_main]

use domain::request::{
    BATCH_COUNT, BYTES_MAX, CFG_SCALE, ImageRequest, InvalidRequest, NEGATIVE_PROMPT_CHARACTERS_MAX,
    PROMPT_CHARACTERS_MAX, SIDES, STEPS,
};
use domain::text::clean;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

/// What a refusal may name: the fields of the API, and the request as a whole.
const NAMES: [&str; 15] = [
    "body",
    "prompt",
    "sessionId",
    "conversationId",
    "requestId",
    "negativePrompt",
    "style",
    "width",
    "height",
    "steps",
    "cfgScale",
    "seed",
    "batchCount",
    "sourceImageId",
    "strength",
];

fuzz_target!(|body: &[u8]| {
    let _ = check(body);
    // The same without what has two readings: a field given twice, a number beyond what a float holds exactly.
    if let Ok(sent) = serde_json::from_slice::<Value>(body) {
        let body = sent.to_string();
        let answer = check(body.as_bytes());
        let sent = serde_json::from_str(&body).expect("serde_json reads what it wrote");
        match answer {
            Ok(request) => says_what_was_sent(&request, &sent),
            Err(InvalidRequest { field, .. }) => {
                let number = sent.get(&field).and_then(Value::as_f64);
                assert!(!number.is_some_and(|number| is_allowed(&field, number)), "{field} was refused: {body}");
            }
        }
    }
});

fn check(body: &[u8]) -> Result<ImageRequest, InvalidRequest> {
    let answer = ImageRequest::from_json(body);
    match &answer {
        Ok(request) => {
            lies_within_every_limit(request);
            is_read_back(request);
        }
        Err(InvalidRequest { field, sentence }) => {
            assert!(NAMES.contains(&field.as_str()), "a refusal names {field:?}, which the API does not have");
            assert!(sentence.ends_with('.'), "{sentence:?}");
        }
    }
    answer
}

fn lies_within_every_limit(request: &ImageRequest) {
    is_text(&request.prompt, PROMPT_CHARACTERS_MAX);
    if let Some(negative_prompt) = &request.negative_prompt {
        is_text(negative_prompt, NEGATIVE_PROMPT_CHARACTERS_MAX);
    }
    assert!(SIDES.contains(&request.width) && SIDES.contains(&request.height), "{request:?}");
    assert!(STEPS.contains(&request.steps), "{request:?}");
    assert!(CFG_SCALE.contains(&request.cfg_scale), "{request:?}");
    assert!(BATCH_COUNT.contains(&request.batch_count), "{request:?}");
}

fn is_text(text: &str, characters_max: usize) {
    assert!((1..=characters_max).contains(&text.chars().count()), "{text:?}");
    assert_eq!(text.trim(), text);
    assert!(!text.contains('\0'), "{text:?}");
}

fn is_read_back(request: &ImageRequest) {
    let with_nulls = json!({
        "prompt": request.prompt,
        "sessionId": request.session_id,
        "conversationId": request.conversation_id,
        "requestId": request.request_id,
        "negativePrompt": request.negative_prompt,
        "width": request.width,
        "height": request.height,
        "steps": request.steps,
        "cfgScale": request.cfg_scale,
        "seed": request.seed,
        "batchCount": request.batch_count,
    });
    let mut without_nulls = with_nulls.clone();
    if let Value::Object(fields) = &mut without_nulls {
        fields.retain(|_, value| !value.is_null());
    }
    for again in [with_nulls, without_nulls] {
        let body = again.to_string();
        assert!(body.len() <= BYTES_MAX, "a valid request of {} bytes", body.len());
        assert_eq!(ImageRequest::from_json(body.as_bytes()).as_ref(), Ok(request), "{body}");
    }
}

fn says_what_was_sent(request: &ImageRequest, sent: &Value) {
    let text = |name: &str| {
        let text = sent.get(name).and_then(Value::as_str);
        assert!(!text.is_some_and(|text| text.contains('\0')), "a NUL in {name} was taken");
        text.map(|text| clean(text, usize::MAX))
    };
    assert_eq!(text("prompt"), Some(Ok(request.prompt.clone())));
    let negative_prompt = text("negativePrompt").filter(|text| text.as_ref().is_ok_and(|text| !text.is_empty()));
    assert_eq!(negative_prompt, request.negative_prompt.clone().map(Ok));
    let number = |name: &str| sent.get(name).and_then(Value::as_f64);
    assert_eq!(number("width").unwrap_or(512.0), f64::from(request.width));
    assert_eq!(number("height").unwrap_or(512.0), f64::from(request.height));
    assert_eq!(number("steps").unwrap_or(30.0), f64::from(request.steps));
    assert_eq!(number("batchCount").unwrap_or(1.0), f64::from(request.batch_count));
    assert_eq!(number("seed"), request.seed.map(f64::from));
    assert!((number("cfgScale").unwrap_or(7.5) - request.cfg_scale).abs() < 0.005 + 1e-9, "{request:?}");
}

/// The numbers of the API, said once more: none of them may be refused.
fn is_allowed(field: &str, number: f64) -> bool {
    let is_whole = number.fract() == 0.0;
    match field {
        "width" | "height" => [512.0, 768.0, 1024.0].contains(&number),
        "steps" => is_whole && (10.0..=50.0).contains(&number),
        "cfgScale" => (1.0..=20.0).contains(&number),
        "seed" => is_whole && (0.0..=4_294_967_295.0).contains(&number),
        "batchCount" => is_whole && (1.0..=4.0).contains(&number),
        _ => false,
    }
}

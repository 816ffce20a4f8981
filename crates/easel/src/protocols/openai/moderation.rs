//! Moderation: a text that contains the word "forbidden" is flagged, and nothing else is.
//!
//! `refuse_prompt` and `nsfw` flag any text, `empty_list` answers without a result. `truncated`, `garbage`, `reset`,
//! `huge`, `text_page` and `empty` break the body, `mislabelled` calls it plain text. `job_failed` is a 500, `never_done`
//! hangs, `poll_failed` is its status. `json_b64`, `json_url`, `wrong_size` and `download_failed` speak of pictures: there
//! is none, so the answer is the usual one.

use super::words;
use crate::courier::{self, Courier};
use crate::faults::Fault;
use crate::incoming::{Incoming, Outcome};
use crate::protocols::fields::{Kind, Rule, Wrong};
use crate::studio::random;
use crate::wire;
use axum::body::{Body, Bytes};
use axum::http::Response;
use serde_json::{Map, Value, json};

/// What a client means that names no model.
const MODEL_DEFAULT: &str = "omni-moderation-latest";

/// The word that is flagged.
const FLAGGED_WORD: &str = "forbidden";

/// The category under which it is flagged.
const FLAGGED_CATEGORY: &str = "illicit";

/// All categories.
const CATEGORIES: [&str; 13] = [
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
];

/// Answers a request for moderation.
pub async fn moderate(incoming: Incoming) -> Response<Body> {
    let parsed = incoming.json();
    let shown = parsed.as_ref().ok().cloned().unwrap_or_default();
    let texts = texts(shown.get("input"));
    let prompt = texts.as_ref().map(|texts| texts.join("\n")).unwrap_or_default();
    incoming.record(shown, &prompt, answer(&incoming, parsed, texts, &prompt)).await
}

async fn answer(
    incoming: &Incoming,
    body: serde_json::Result<Value>,
    texts: Result<Vec<String>, Wrong>,
    prompt: &str,
) -> Outcome {
    if let Some(refusal) = words::refusal(incoming) {
        return refusal;
    }
    let body = match body {
        Ok(body) => body,
        Err(error) => return words::malformed(&error),
    };
    let texts = match texts {
        Ok(texts) => texts,
        Err(wrong) => return words::invalid(&wrong),
    };
    let model = body.get("model").and_then(Value::as_str).unwrap_or(MODEL_DEFAULT);
    // Only what was ordered: no cold model of pictures keeps texts from being judged.
    let fault = incoming.studio.orders.take(prompt, incoming.uri.path());
    let what = fault.as_ref().map_or("moderation", Fault::name);
    Outcome::new(play(incoming.courier(prompt, fault.as_ref()), model, &texts).await, what)
}

async fn play(courier: Courier<'_>, model: &str, texts: &[String]) -> Response<Body> {
    courier.stall().await;
    let results = |always: bool| -> Value { texts.iter().map(|text| result(always || is_flagged(text))).collect() };
    let reply = |results: Value| json!({ "id": format!("modr-{:016x}", random()), "model": model, "results": results });
    match courier.fault {
        Some(Fault::Status { status, body, content_type, headers }) => {
            let response = wire::made_to_order(*status, body.clone(), content_type.clone(), || words::usual(*status));
            wire::with_headers(response, headers)
        }
        Some(Fault::PollFailed { status, .. }) => words::usual(*status),
        Some(Fault::Cold { html: true, .. }) => wire::unavailable(),
        Some(Fault::Cold { estimated_time, .. }) => words::loading(model, *estimated_time),
        Some(Fault::JobFailed { error }) => {
            words::failure(500, error.as_deref().unwrap_or("The text could not be judged."), None)
        }
        Some(Fault::NeverDone {}) => std::future::pending().await,
        Some(Fault::RefusePrompt {} | Fault::Nsfw {}) => wire::json(200, &reply(results(true))),
        Some(Fault::EmptyList {}) => wire::json(200, &reply(json!([]))),
        Some(Fault::Mislabelled {}) => wire::answer(200, "text/plain", reply(results(false)).to_string()),
        fault => courier::deliver(&Bytes::from(reply(results(false)).to_string()), "application/json", fault),
    }
}

/// The texts to judge: one for each result. The parts of a mixed message are one text together.
fn texts(input: Option<&Value>) -> Result<Vec<String>, Wrong> {
    let wrong = |input: &Value| Wrong { field: "input", rule: Rule::Kind(Kind::Text), got: input.clone() };
    match input {
        None | Some(Value::Null) => Err(Wrong::missing("input")),
        Some(Value::String(text)) => Ok(vec![text.clone()]),
        Some(Value::Array(list)) if list.iter().all(Value::is_string) => {
            Ok(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        }
        Some(Value::Array(list)) if list.iter().all(Value::is_object) => {
            let parts: Vec<&str> = list.iter().filter_map(|part| part.get("text")?.as_str()).collect();
            Ok(vec![parts.join("\n")])
        }
        Some(other) => Err(wrong(other)),
    }
}

fn is_flagged(text: &str) -> bool {
    text.split(|letter: char| !letter.is_alphanumeric()).any(|word| word.eq_ignore_ascii_case(FLAGGED_WORD))
}

fn result(is_flagged: bool) -> Value {
    let hit = |category: &str| is_flagged && category == FLAGGED_CATEGORY;
    let of_each = |value: fn(bool) -> Value| -> Value {
        let pairs = CATEGORIES.iter().map(|category| ((*category).to_owned(), value(hit(category))));
        Value::Object(pairs.collect::<Map<_, _>>())
    };
    json!({
        "flagged": is_flagged,
        "categories": of_each(Value::Bool),
        "category_scores": of_each(|hit| json!(if hit { 0.97 } else { 0.0001 })),
        "category_applied_input_types": of_each(|_| json!(["text"])),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_word_itself_is_flagged() {
        for (text, expected) in [
            ("a forbidden lake", true),
            ("Forbidden!", true),
            ("the unforbidden lake", false),
            ("forbid", false),
            ("", false),
        ] {
            assert_eq!(is_flagged(text), expected, "{text}");
        }
    }

    #[test]
    fn the_input_comes_in_three_shapes() {
        for (input, expected) in [
            (json!("a"), vec!["a"]),
            (json!(["a", "b"]), vec!["a", "b"]),
            (json!([{ "type": "text", "text": "a" }, { "type": "image_url" }, { "text": "b" }]), vec!["a\nb"]),
        ] {
            assert_eq!(texts(Some(&input)).unwrap(), expected, "{input}");
        }
        assert!(texts(None).is_err() && texts(Some(&json!([1]))).is_err());
    }
}

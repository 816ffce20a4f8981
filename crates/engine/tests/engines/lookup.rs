//! Who serves a model: what is asked of Hugging Face's hub, what its answers lead to, and how long they count. Numbers
//! of fixtures are those of ENGINES.md, section 11.
use crate::script::{Answer, Script, WithHeader as _, attempt, jpeg, png, reply, sent_json, site};
use engine::{Engine as _, Failure, HuggingFace, Provider, Site};
use serde_json::{Value, json};
use std::time::Duration;
use transport::TransportError;

const LOOKUP: &str = "GET http://hub/api/models/a/b?expand[]=inferenceProviderMapping";
const HF_INFERENCE: &str = "POST http://router/hf-inference/models/a/b";
const TOGETHER: &str = "POST http://router/together/v1/images/generations";

fn anywhere() -> HuggingFace {
    HuggingFace::new(&site(), None, "a/b")
}

fn entry(provider: &str) -> Value {
    json!({ "provider": provider, "providerId": "at/them", "status": "live", "task": "text-to-image" })
}

fn mapping(mapping: &Value) -> Answer {
    reply(200, "application/json", json!({ "id": "a/b", "inferenceProviderMapping": mapping }).to_string())
}

fn served_by(providers: &[&str]) -> Answer {
    mapping(&providers.iter().map(|provider| entry(provider)).collect())
}

fn picture() -> Answer {
    reply(200, "image/png", png())
}

fn gone() -> Answer {
    reply(410, "application/json", r#"{"error":"deprecated"}"#)
}

/// What Together answers.
fn listed_picture() -> Answer {
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    let body = json!({ "data": [{ "b64_json": BASE64_STANDARD.encode(jpeg()) }] });
    reply(200, "application/json", body.to_string())
}

/// Fixture 8: an object, a list, nobody, an unknown provider, one that is broken, another task.
#[test]
fn a_mapping_is_read_in_both_shapes_and_what_is_no_use_is_skipped() {
    let with = |name: &str, value: &str| {
        let mut entry = entry("fal-ai");
        entry[name] = json!(value);
        entry
    };
    let object = json!({ "hf-inference": { "providerId": "a/b", "status": "live", "task": "text-to-image" } });
    let rows = [
        (object, true),
        (json!([entry("hf-inference")]), true),
        (json!([entry("nebius"), with("status", "error"), entry("hf-inference")]), true),
        (json!([]), false),
        (json!({}), false),
        (json!([entry("nebius")]), false),
        (json!([with("status", "error")]), false),
        (json!([with("status", "staging")]), false),
        (json!([with("task", "image-to-image")]), false),
    ];
    for (answer, is_served) in rows {
        let script = Script::new([mapping(&answer)]);
        if is_served {
            script.then([picture()]);
        }
        let drawn = attempt(&script, &anywhere(), 100);
        assert_eq!(drawn.map_err(|error| error.failure).err(), (!is_served).then_some(Failure::Gone), "{answer}");
        assert_eq!(script.asked().len(), if is_served { 2 } else { 1 }, "{answer}");
    }
}

#[test]
fn once_it_is_known_who_serves_a_picture_is_one_request() {
    let script = Script::new([served_by(&["hf-inference"]), picture(), picture(), picture()]);
    let engine = anywhere();
    for _ in 0..3 {
        assert_eq!(attempt(&script, &engine, 100).unwrap().model, "a/b");
    }
    assert_eq!(script.asked(), [LOOKUP, HF_INFERENCE, HF_INFERENCE, HF_INFERENCE]);
    assert_eq!(engine.name(), "huggingface:a/b");
}

#[test]
fn a_clone_of_an_engine_knows_what_the_engine_knows() {
    let script = Script::new([served_by(&["hf-inference"]), picture(), picture()]);
    let engine = anywhere();
    attempt(&script, &engine.clone(), 100).unwrap();
    attempt(&script, &engine, 100).unwrap();
    assert_eq!(script.asked(), [LOOKUP, HF_INFERENCE, HF_INFERENCE]);
}

#[test]
fn the_cheapest_is_asked_first_and_else_the_hubs_first() {
    let script = Script::new([served_by(&["together", "hf-inference"]), picture()]);
    attempt(&script, &anywhere(), 100).unwrap();
    assert_eq!(script.asked(), [LOOKUP, HF_INFERENCE]);
    let script = Script::new([served_by(&["together", "fal-ai"]), listed_picture()]);
    attempt(&script, &anywhere(), 100).unwrap();
    assert_eq!(script.asked(), [LOOKUP, TOGETHER]);
}

#[test]
fn an_answer_counts_for_an_hour() {
    let script = Script::new([served_by(&["hf-inference"]), picture(), picture()]);
    let engine = anywhere();
    attempt(&script, &engine, 100).unwrap();
    script.pass(Duration::from_secs(3_599));
    attempt(&script, &engine, 100).unwrap();
    script.pass(Duration::from_secs(1));
    script.then([served_by(&["together"]), listed_picture()]);
    attempt(&script, &engine, 100).unwrap();
    assert_eq!(script.asked(), [LOOKUP, HF_INFERENCE, HF_INFERENCE, LOOKUP, TOGETHER]);
}

#[test]
fn a_pinned_provider_is_the_only_one_asked() {
    let engine = HuggingFace::new(&site(), Some(Provider::Together), "a/b");
    let script = Script::new([served_by(&["hf-inference", "together"]), listed_picture()]);
    attempt(&script, &engine, 100).unwrap();
    assert_eq!(script.asked(), [LOOKUP, TOGETHER]);
    assert_eq!(sent_json(&script.sent()[1])["model"], "at/them");
    assert_eq!(engine.name(), "huggingface/together:a/b");

    let script = Script::new([served_by(&["hf-inference", "fal-ai"])]);
    let engine = HuggingFace::new(&site(), Some(Provider::Together), "a/b");
    assert_eq!(attempt(&script, &engine, 100).unwrap_err().failure, Failure::Gone);
}

#[test]
fn hf_inference_when_pinned_needs_no_lookup() {
    let script = Script::new([picture()]);
    attempt(&script, &HuggingFace::new(&site(), Some(Provider::HfInference), "a/b"), 100).unwrap();
    assert_eq!(script.asked(), [HF_INFERENCE]);
}

#[test]
fn the_key_goes_to_the_hub_only_if_it_is_hugging_faces() {
    for (key, expected) in [("hf_key", Some("Bearer hf_key")), ("other", None)] {
        let script = Script::new([served_by(&["hf-inference"]), picture()]);
        attempt(&script, &HuggingFace::new(&Site::new("http://router", "http://hub", key), None, "a/b"), 100).unwrap();
        let sent = &script.sent()[0];
        assert_eq!(sent.headers.first().map(|(_, value)| value.as_str()), expected);
        assert_eq!(sent.timeout, Duration::from_secs(5));
    }
}

#[test]
fn a_hub_that_cannot_be_asked_does_not_lose_the_picture() {
    let silences = || {
        [
            Err(TransportError::Timeout),
            Err(TransportError::Connection("refused".to_owned())),
            Err(TransportError::TooLarge),
            reply(429, "application/json", "{}"),
            reply(500, "text/plain", "oops"),
            reply(503, "text/html", "<html>"),
            reply(200, "text/html", "<html>"),
            // The key is at fault, of which the provider tells.
            reply(401, "application/json", r#"{"error":"Invalid credentials in Authorization header"}"#),
        ]
    };
    for silence in silences() {
        // Nothing is known: the cheapest is tried.
        let script = Script::new([silence.clone(), picture(), picture()]);
        let engine = anywhere();
        attempt(&script, &engine, 100).unwrap();
        attempt(&script, &engine, 100).unwrap();
        assert_eq!(script.asked(), [LOOKUP, HF_INFERENCE, HF_INFERENCE], "the hub has a minute's peace");
        script.pass(Duration::from_secs(60));
        script.then([served_by(&["together"]), listed_picture()]);
        attempt(&script, &engine, 100).unwrap();

        // What was known is old: it is believed a little longer.
        let script = Script::new([served_by(&["together"]), listed_picture()]);
        let engine = anywhere();
        attempt(&script, &engine, 100).unwrap();
        script.pass(Duration::from_secs(3_600));
        script.then([silence, listed_picture(), listed_picture()]);
        attempt(&script, &engine, 100).unwrap();
        attempt(&script, &engine, 100).unwrap();
        assert_eq!(script.asked(), [LOOKUP, TOGETHER, LOOKUP, TOGETHER, TOGETHER]);
    }
}

#[test]
fn the_time_that_a_lookup_took_is_missing_later() {
    let script = Script::new([Err(TransportError::Timeout), picture()]);
    attempt(&script, &anywhere(), 20).unwrap();
    assert_eq!(script.sent()[1].timeout, Duration::from_secs(15));
    let script = Script::new([Err(TransportError::Timeout)]);
    assert_eq!(attempt(&script, &anywhere(), 3).unwrap_err().failure, Failure::TimedOut);
}

#[test]
fn what_the_hub_does_not_know_is_gone() {
    let private = || reply(401, "application/json", r#"{"error":"Invalid username or password."}"#);
    let rows = [reply(404, "application/json", "{}"), private().with_header("x-error-code", "RepoNotFound")];
    for answer in rows {
        let script = Script::new([answer]);
        assert_eq!(attempt(&script, &anywhere(), 100).unwrap_err().failure, Failure::Gone);
    }
}

#[test]
fn a_provider_that_has_dropped_the_model_makes_room_for_the_next() {
    let script = Script::new([served_by(&["hf-inference", "together"]), gone(), listed_picture(), listed_picture()]);
    let engine = anywhere();
    attempt(&script, &engine, 100).unwrap();
    attempt(&script, &engine, 100).unwrap();
    assert_eq!(script.asked(), [LOOKUP, HF_INFERENCE, TOGETHER, TOGETHER], "it is not asked again within the hour");
}

#[test]
fn a_provider_that_drops_the_model_later_makes_the_hub_be_asked_again() {
    let script = Script::new([served_by(&["hf-inference"]), picture()]);
    let engine = anywhere();
    attempt(&script, &engine, 100).unwrap();
    script.then([gone(), served_by(&["hf-inference", "together"]), listed_picture()]);
    attempt(&script, &engine, 100).unwrap();
    assert_eq!(script.asked(), [LOOKUP, HF_INFERENCE, HF_INFERENCE, LOOKUP, TOGETHER]);
}

#[test]
fn where_all_have_dropped_the_model_it_is_gone_and_nothing_is_remembered() {
    let engine = anywhere();
    let script = Script::new([served_by(&["hf-inference", "together"]), gone(), gone()]);
    let error = attempt(&script, &engine, 100).unwrap_err();
    assert_eq!(error.failure, Failure::Gone);
    assert!(error.detail.contains("deprecated"), "{error}");
    script.then([served_by(&["hf-inference"]), picture()]);
    attempt(&script, &engine, 100).unwrap();
}

#[test]
fn a_refusal_of_the_request_makes_the_hub_be_asked_before_the_next() {
    let bad = || reply(400, "application/json", r#"{"error":"Model not supported by provider hf-inference"}"#);
    let engine = anywhere();
    let script = Script::new([served_by(&["hf-inference"]), picture(), bad()]);
    attempt(&script, &engine, 100).unwrap();
    assert_eq!(attempt(&script, &engine, 100).unwrap_err().failure, Failure::BadInput);
    script.then([served_by(&["together"]), listed_picture()]);
    attempt(&script, &engine, 100).unwrap();
    assert_eq!(script.asked(), [LOOKUP, HF_INFERENCE, HF_INFERENCE, LOOKUP, TOGETHER]);
}

#[test]
fn a_guess_that_fails_says_nothing_about_the_model() {
    let script = Script::new([reply(503, "text/plain", "down"), gone()]);
    assert_eq!(attempt(&script, &anywhere(), 100).unwrap_err().failure, Failure::Unavailable);
    let pinned = HuggingFace::new(&site(), Some(Provider::FalAi), "a/b");
    let script = Script::new([reply(503, "text/plain", "down")]);
    assert_eq!(attempt(&script, &pinned, 100).unwrap_err().failure, Failure::Unavailable);
}

#[test]
fn any_other_failure_of_a_provider_is_the_policys_business() {
    let script = Script::new([served_by(&["hf-inference", "together"]), reply(500, "text/plain", "oops"), picture()]);
    let engine = anywhere();
    assert_eq!(attempt(&script, &engine, 100).unwrap_err().failure, Failure::Broken);
    attempt(&script, &engine, 100).unwrap();
    assert_eq!(script.asked(), [LOOKUP, HF_INFERENCE, HF_INFERENCE]);
}

//! Replicate behind the router: what is sent, and what each state of a prediction leads to. Numbers of fixtures are
//! those of ENGINES.md, section 11.
use crate::script::{Answer, Script, assert_keys_stay, attempt, mapping, png, reply, sent_json, site};
use domain::picture::NoPicture;
use engine::{Drawn, EngineError, Failure, HuggingFace, Provider};
use serde_json::{Value, json};
use transport::{Method, TransportError};

fn draw_within(
    seconds: u64,
    id: &str,
    more: &Value,
    answers: Vec<Answer>,
) -> (Script, Result<Drawn<Vec<u8>>, EngineError>) {
    let script = Script::new([mapping("replicate", id, more)].into_iter().chain(answers));
    let engine = HuggingFace::new(&site(), Some(Provider::Replicate), "a/b");
    let drawn = attempt(&script, &engine, seconds);
    assert_keys_stay(&script, &["http://router", "http://hub"]);
    (script, drawn)
}

fn draw(answers: Vec<Answer>) -> (Script, Result<Drawn<Vec<u8>>, EngineError>) {
    draw_within(100, "them/flux", &json!({}), answers)
}

fn prediction(body: &Value) -> Answer {
    reply(201, "application/json", body.to_string())
}

fn picture() -> Answer {
    reply(200, "image/png", png())
}

/// Fixture 11: an output of one address, and of several.
#[test]
fn a_prediction_that_succeeded_is_fetched_without_the_key() {
    let address = "https://replicate.delivery/x/out.png";
    for output in [json!(address), json!([address, "https://replicate.delivery/x/2.png"])] {
        let body = json!({ "id": "p", "status": "succeeded", "output": output, "error": null });
        let (script, drawn) = draw(vec![prediction(&body), picture()]);
        assert_eq!(drawn.unwrap().bytes, png());
        assert_eq!(script.asked()[2], format!("GET {address}"));
    }
}

#[test]
fn the_request_waits_and_cancels_itself() {
    let body = json!({ "status": "succeeded", "output": "https://replicate.delivery/1.png" });
    let (script, _) = draw(vec![prediction(&body), picture()]);
    let sent = &script.sent()[1];
    assert_eq!(
        (sent.method, sent.url.as_str()),
        (Method::Post, "http://router/replicate/v1/models/them/flux/predictions")
    );
    assert_eq!(
        sent.headers,
        [
            ("authorization", "Bearer hf_key".to_owned()),
            ("prefer", "wait=60".to_owned()),
            ("cancel-after", "60s".to_owned()),
            ("content-type", "application/json".to_owned()),
        ]
    );
    assert_eq!(
        sent_json(sent),
        json!({ "input": {
            "prompt": "a sunset", "negative_prompt": "people", "width": 512, "height": 768,
            "num_inference_steps": 30, "guidance_scale": 7.5, "seed": 42,
        } })
    );
}

#[test]
fn the_wait_is_no_longer_than_the_time_that_is_left() {
    let (script, drawn) =
        draw_within(3, "them/flux", &json!({}), vec![prediction(&json!({ "status": "processing", "output": null }))]);
    assert_eq!(drawn.unwrap_err().failure, Failure::TimedOut);
    let headers = &script.sent()[1].headers;
    assert_eq!((headers[1].1.as_str(), headers[2].1.as_str()), ("wait=3", "5s"));
}

#[test]
fn a_version_goes_into_the_body_and_an_adapter_into_the_input() {
    let body = json!({ "status": "succeeded", "output": "https://replicate.delivery/1.png" });
    let lora = json!({ "adapter": "lora", "adapterWeightsPath": "l.safetensors" });
    let (script, drawn) = draw_within(100, "them/lora:0a1b", &lora, vec![prediction(&body), picture()]);
    drawn.unwrap();
    let sent = &script.sent()[1];
    assert_eq!(sent.url, "http://router/replicate/v1/predictions");
    let body = sent_json(sent);
    assert_eq!((&body["version"], &body["input"]["lora_weights"]), (&json!("0a1b"), &json!("http://hub/a/b")));
}

/// Fixture 11: `output: null` while it is processing, and a prediction that failed.
#[test]
fn each_failure_has_its_class_and_nothing_is_asked_twice() {
    let rows = [
        (prediction(&json!({ "status": "processing", "output": null })), Failure::TimedOut),
        (prediction(&json!({ "status": "starting", "output": null })), Failure::TimedOut),
        (
            prediction(&json!({ "status": "failed", "output": null, "error": "E005" })),
            Failure::NoPicture(NoPicture::Empty),
        ),
        (prediction(&json!({ "status": "canceled", "output": null })), Failure::NoPicture(NoPicture::Empty)),
        (prediction(&json!({ "status": "aborted" })), Failure::NoPicture(NoPicture::Empty)),
        (prediction(&json!({ "status": "succeeded", "output": [] })), Failure::NoPicture(NoPicture::Empty)),
        (
            prediction(&json!({ "status": "succeeded", "output": "http://10.0.0.1/x.png" })),
            Failure::NoPicture(NoPicture::UnknownFormat),
        ),
        (reply(401, "application/json", "{}"), Failure::Unauthorized),
        (reply(402, "application/json", "{}"), Failure::Unpaid),
        (reply(422, "application/json", r#"{"title":"t","detail":"d","status":422}"#), Failure::BadInput),
        (reply(429, "application/json", r#"{"detail":"throttled"}"#), Failure::RateLimited(None)),
        (Err(TransportError::Timeout), Failure::TimedOut),
        (Err(TransportError::Connection("reset".to_owned())), Failure::Unreachable),
    ];
    for (answer, expected) in rows {
        let (script, drawn) = draw(vec![answer]);
        assert_eq!(drawn.unwrap_err().failure, expected);
        assert_eq!(script.asked().len(), 2);
    }
}

#[test]
fn the_reason_of_a_failed_prediction_reaches_the_log() {
    let (_, drawn) = draw(vec![prediction(&json!({ "status": "failed", "error": "E005 for hf_key" }))]);
    assert_eq!(drawn.unwrap_err().detail, "huggingface/replicate:a/b ended its prediction as failed: E005 for …");
}

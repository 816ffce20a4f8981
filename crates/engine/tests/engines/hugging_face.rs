//! Hugging Face's protocol against a script: what is sent, and what each answer leads to. The clock is moved by hand.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod script;

use domain::code::Code;
use domain::picture::{Format, NoPicture};
use engine::{Drawn, EngineError, Failure, HuggingFace, Job, draw};
use script::{Script, WithHeader as _, jpeg, png, reply};
use serde_json::{Value, json};
use std::time::Duration;
use transport::{Method, Payload, TransportError};

const JOB: Job<'static> = Job {
    prompt: "a sunset",
    negative_prompt: Some("people"),
    width: 512,
    height: 768,
    steps: 30,
    cfg_scale: 7.5,
    seed: 42,
};

fn draw_with(script: &Script, models: &[&str]) -> Result<Drawn<Vec<u8>>, EngineError> {
    let engines: Vec<_> = models.iter().map(|model| HuggingFace::new("http://router/", "hf_key", model)).collect();
    pollster::block_on(draw(&engines, script, script, &JOB, Duration::from_secs(100)))
}

fn draw_one(script: &Script) -> Result<Drawn<Vec<u8>>, EngineError> {
    draw_with(script, &["sd/v1-5"])
}

#[test]
fn the_request_is_the_documented_one() {
    let script = Script::new([reply(200, "image/png", png())]);
    let drawn = draw_one(&script).unwrap();
    assert_eq!((drawn.picture.format, drawn.model.as_str()), (Format::Png, "sd/v1-5"));
    let [request] = &script.sent()[..] else { panic!("one request") };
    assert_eq!((request.method, request.url.as_str()), (Method::Post, "http://router/hf-inference/models/sd/v1-5"));
    assert_eq!(
        request.headers,
        [
            ("authorization", "Bearer hf_key".to_owned()),
            ("content-type", "application/json".to_owned()),
            ("accept", "image/png".to_owned()),
        ]
    );
    let Payload::Text(body) = &request.payload else { panic!("JSON") };
    assert_eq!(
        serde_json::from_str::<Value>(body).unwrap(),
        json!({ "inputs": "a sunset", "parameters": {
            "negative_prompt": "people", "width": 512, "height": 768,
            "num_inference_steps": 30, "guidance_scale": 7.5, "seed": 42,
        } })
    );
}

#[test]
fn a_distilled_model_is_asked_for_its_few_steps() {
    let script = Script::new([reply(200, "image/png", png())]);
    draw_with(&script, &["black-forest-labs/FLUX.1-schnell"]).unwrap();
    let Payload::Text(body) = &script.sent()[0].payload else { panic!("JSON") };
    assert_eq!(serde_json::from_str::<Value>(body).unwrap()["parameters"]["num_inference_steps"], 4);
}

#[test]
fn bytes_count_and_labels_do_not() {
    let script = Script::new([reply(200, "image/png", jpeg())]);
    assert_eq!(draw_one(&script).unwrap().picture.format, Format::Jpeg);
}

#[test]
fn a_picture_in_base64_is_decoded() {
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    for prefix in ["", "data:image/png;base64,"] {
        let body = json!({ "data": [{ "b64_json": format!("{prefix}{}", BASE64_STANDARD.encode(png())) }] });
        let script = Script::new([reply(200, "application/json", body.to_string())]);
        assert_eq!(draw_one(&script).unwrap().bytes, png());
    }
}

#[test]
fn a_picture_at_an_address_is_fetched_without_the_key() {
    let body = json!({ "output": ["https://media/picture.png"] }).to_string();
    let script = Script::new([reply(200, "application/json", body), reply(200, "image/png", png())]);
    assert_eq!(draw_one(&script).unwrap().bytes, png());
    let download = &script.sent()[1];
    assert_eq!((download.url.as_str(), download.headers.len()), ("https://media/picture.png", 0));
}

#[test]
fn an_address_that_fails_or_is_not_the_web_is_no_picture() {
    let rows = [
        ("https://media/picture.png", vec![reply(404, "text/html", "gone"), Err(TransportError::Timeout)]),
        ("http://169.254.169.254/latest/meta-data", vec![]),
        ("file:///etc/passwd", vec![]),
    ];
    for (address, further) in rows {
        let first = reply(200, "application/json", json!({ "output": [address] }).to_string());
        let script = Script::new(std::iter::once(first).chain(further));
        let error = draw_one(&script).unwrap_err();
        assert_eq!(error.failure, Failure::NoPicture(NoPicture::UnknownFormat), "{address}");
    }
}

#[test]
fn what_is_no_picture_costs_one_request_and_is_a_failure() {
    let whole = png();
    let half = whole[..whole.len() / 2].to_vec();
    let rows = [
        (reply(200, "text/html", "<!doctype html>Sign in"), NoPicture::UnknownFormat),
        (reply(200, "image/png", ""), NoPicture::Empty),
        (reply(200, "image/png", half), NoPicture::Truncated),
        (reply(200, "image/png", "noise"), NoPicture::UnknownFormat),
        (reply(200, "application/json", "{}"), NoPicture::UnknownFormat),
        (reply(200, "application/json", r#"{"data":[]}"#), NoPicture::UnknownFormat),
        (reply(200, "application/json", r#"{"data":[{"b64_json":"!"}]}"#), NoPicture::UnknownFormat),
        (reply(200, "application/json", "not json"), NoPicture::UnknownFormat),
    ];
    for (answer, expected) in rows {
        let script = Script::new([answer]);
        let error = draw_one(&script).unwrap_err();
        assert_eq!((error.failure, error.failure.code()), (Failure::NoPicture(expected), Code::EngineFailed));
    }
}

#[test]
fn a_cold_model_is_waited_for() {
    let cold = || reply(503, "application/json", r#"{"error":"Model is currently loading","estimated_time":20.0}"#);
    let script = Script::new([cold(), cold(), reply(200, "image/png", png())]);
    assert!(draw_one(&script).is_ok());
    assert_eq!(script.slept(), [20_000, 20_000]);
}

#[test]
fn a_model_that_stays_cold_is_given_up_in_time_with_its_estimate() {
    let cold = || reply(503, "application/json", r#"{"error":"loading","estimated_time":40}"#);
    let script = Script::forever(cold());
    let error = draw_one(&script).unwrap_err();
    assert_eq!((error.failure, error.failure.code()), (Failure::Warming(Duration::from_secs(40)), Code::ModelLoading));
    assert!(script.slept().iter().sum::<u64>() <= 100_000, "{:?}", script.slept());
}

#[test]
fn a_service_that_is_down_is_asked_four_times() {
    let script = Script::forever(reply(503, "text/html", "<h1>Service Temporarily Unavailable</h1>"));
    let error = draw_one(&script).unwrap_err();
    assert_eq!((error.failure, error.failure.code()), (Failure::Unavailable, Code::EngineUnavailable));
    assert_eq!(script.slept(), [1_000, 2_000, 4_000]);
}

#[test]
fn refusals_of_the_hub_itself_are_asked_once() {
    let rows = [
        (400, r#"{"error":"bad"}"#, Failure::BadInput, Code::EngineFailed),
        (401, r#"{"error":"Invalid username or password."}"#, Failure::Unauthorized, Code::EngineMisconfigured),
        (402, r#"{"error":"credits"}"#, Failure::Unpaid, Code::EngineMisconfigured),
        (403, r#"{"error":"scope"}"#, Failure::Unauthorized, Code::EngineMisconfigured),
        (404, "Not Found", Failure::Gone, Code::EngineMisconfigured),
        (410, r#"{"error":"deprecated"}"#, Failure::Gone, Code::EngineMisconfigured),
        (413, "", Failure::BadInput, Code::EngineFailed),
        (418, "", Failure::BadInput, Code::EngineFailed),
        (422, r#"{"detail":[{"loc":["body"],"msg":"x","type":"t"}]}"#, Failure::BadInput, Code::EngineFailed),
        (429, r#"{"error":{"code":"insufficient_quota"}}"#, Failure::Unpaid, Code::EngineMisconfigured),
        (400, r#"{"error":{"code":"moderation_blocked"}}"#, Failure::Refused, Code::PromptRefused),
        (422, r#"{"detail":[{"type":"content_policy_violation"}]}"#, Failure::Refused, Code::PromptRefused),
    ];
    for (status, body, failure, code) in rows {
        let script = Script::new([reply(status, "application/json", body)]);
        let error = draw_one(&script).unwrap_err();
        assert_eq!((error.failure, error.failure.code()), (failure, code), "{status} {body}");
        assert_eq!(script.sent().len(), 1, "{status}");
        assert!(!error.detail.contains("hf_key"));
    }
}

#[test]
fn a_rate_limit_is_waited_for_as_long_as_the_engine_says() {
    let rows = [
        ("retry-after", "2", 2_000),
        ("ratelimit", r#""api";r=0;t=3"#, 3_000),
        ("ratelimit", r#""api";r=5;t=9"#, 1_000),
    ];
    for (header, value, wait_ms) in rows {
        let limited = reply(429, "application/json", r#"{"error":"slow down"}"#).with_header(header, value);
        let script = Script::new([limited, reply(200, "image/png", png())]);
        assert!(draw_one(&script).is_ok());
        assert_eq!(script.slept(), [wait_ms], "{header}: {value}");
    }
}

#[test]
fn a_rate_limit_longer_than_the_client_waits_is_told_at_once() {
    let script = Script::new([reply(429, "application/json", "{}").with_header("retry-after", "1800")]);
    let error = draw_one(&script).unwrap_err();
    assert_eq!(error.failure, Failure::RateLimited(Some(Duration::from_secs(1800))));
    assert!(script.slept().is_empty());
}

#[test]
fn a_broken_connection_is_tried_once_more() {
    let broken = || Err(TransportError::Connection("reset".to_owned()));
    let script = Script::new([broken(), Ok(script::png_response())]);
    assert!(draw_one(&script).is_ok());
    let script = Script::new([broken(), broken()]);
    assert_eq!(draw_one(&script).unwrap_err().failure.code(), Code::EngineUnavailable);
}

#[test]
fn an_engine_that_never_answers_is_left_when_the_time_is_up() {
    let script = Script::new([Err(TransportError::Timeout)]);
    assert_eq!(draw_with(&script, &["a/a", "b/b"]).unwrap_err().failure.code(), Code::EngineTimeout);
    assert_eq!(script.sent()[0].timeout, Duration::from_secs(100));
}

#[test]
fn the_first_engine_that_can_serve_draws() {
    let script =
        Script::new([reply(410, "application/json", "{}"), reply(402, "", ""), reply(200, "image/png", png())]);
    let drawn = draw_with(&script, &["a/gone", "b/unpaid", "c/good"]).unwrap();
    assert_eq!(drawn.model, "c/good");
}

#[test]
fn of_all_failures_the_most_hopeful_is_told() {
    let cold = reply(503, "application/json", r#"{"estimated_time":500}"#);
    let script = Script::new([cold, reply(404, "", "")]);
    assert_eq!(draw_with(&script, &["a/cold", "b/gone"]).unwrap_err().failure.code(), Code::ModelLoading);
}

#[test]
fn what_an_engine_refuses_to_draw_is_not_offered_to_the_next() {
    let script = Script::new([reply(400, "application/json", r#"{"error":{"code":"moderation_blocked"}}"#)]);
    assert_eq!(draw_with(&script, &["a/a", "b/b"]).unwrap_err().failure, Failure::Refused);
}

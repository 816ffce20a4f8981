//! Hugging Face's own inference against a script: what is sent, and what each answer leads to, through the policy. The
//! clock is moved by hand. Numbers of fixtures are those of ENGINES.md, section 11.
use crate::script::{JOB, Script, WithHeader as _, hf_inference, jpeg, png, reply, run, sent_json};
use domain::code::Code;
use domain::picture::{Format, NoPicture};
use engine::{Commission, Drawn, Engine as _, EngineError, Failure, Recall, draw};
use serde_json::json;
use std::time::Duration;
use transport::{Method, TransportError};

fn draw_with(script: &Script, models: &[&str]) -> Result<Drawn<Vec<u8>>, EngineError> {
    let engines: Vec<_> = models.iter().map(|model| hf_inference(model)).collect();
    let commission = Commission {
        engines: &engines,
        gate: script,
        transport: script,
        timer: script,
        job: &JOB,
        budget: Duration::from_secs(100),
        recall: &Recall::default(),
    };
    run(draw(&commission)).map(|(_, drawn)| drawn)
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
            ("accept", "image/png".to_owned()),
            ("content-type", "application/json".to_owned()),
        ]
    );
    assert_eq!(
        sent_json(request),
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
    assert_eq!(sent_json(&script.sent()[0])["parameters"]["num_inference_steps"], 4);
}

/// Fixture 1.
#[test]
fn bytes_count_and_labels_do_not() {
    let script = Script::new([reply(200, "image/png", jpeg())]);
    assert_eq!(draw_one(&script).unwrap().picture.format, Format::Jpeg);
}

/// Fixture 6.
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
    let body = json!({ "output": ["https://media.example/picture.png"] }).to_string();
    let script = Script::new([reply(200, "application/json", body), reply(200, "image/png", png())]);
    assert_eq!(draw_one(&script).unwrap().bytes, png());
    let download = &script.sent()[1];
    assert_eq!((download.url.as_str(), download.headers.len()), ("https://media.example/picture.png", 0));
}

/// Fixture 16: the address.
#[test]
fn an_address_that_fails_or_is_not_the_web_is_no_picture() {
    let rows = [
        ("https://media.example/picture.png", vec![reply(404, "text/html", "gone"), Err(TransportError::Timeout)]),
        ("http://169.254.169.254/latest/meta-data", vec![]),
        ("https://169.254.169.254/latest/meta-data", vec![]),
        ("file:///etc/passwd", vec![]),
        ("data:image/png;base64,!", vec![]),
    ];
    for (address, further) in rows {
        let first = reply(200, "application/json", json!({ "output": [address] }).to_string());
        let script = Script::new(std::iter::once(first).chain(further));
        let error = draw_one(&script).unwrap_err();
        assert_eq!(error.failure, Failure::NoPicture(NoPicture::UnknownFormat), "{address}");
    }
}

/// Fixture 7.
#[test]
fn what_is_no_picture_costs_one_request_and_is_a_failure() {
    let whole = png();
    let half = whole[..whole.len() / 2].to_vec();
    let rows = [
        (reply(200, "text/html", "<!doctype html>Sign in"), NoPicture::UnknownFormat),
        (reply(200, "image/png", ""), NoPicture::Empty),
        (reply(200, "image/png", half), NoPicture::Truncated),
        (reply(200, "image/png", "noise"), NoPicture::UnknownFormat),
        (reply(200, "application/json", "{}"), NoPicture::Empty),
        (reply(200, "application/json", r#"{"data":[]}"#), NoPicture::Empty),
        (reply(200, "application/json", r#"{"data":[{"b64_json":"!"}]}"#), NoPicture::UnknownFormat),
        (reply(200, "application/json", "not json"), NoPicture::UnknownFormat),
    ];
    for (answer, expected) in rows {
        let script = Script::new([answer]);
        let error = draw_one(&script).unwrap_err();
        assert_eq!((error.failure, error.failure.code()), (Failure::NoPicture(expected), Code::EngineFailed));
    }
}

/// Fixture 2.
#[test]
fn a_cold_model_is_waited_for() {
    let cold = || reply(503, "application/json", r#"{"error":"Model is currently loading","estimated_time":20.0}"#);
    let script = Script::new([cold(), cold(), reply(200, "image/png", png())]);
    assert!(draw_one(&script).is_ok());
    assert_eq!(script.slept(), [20_000, 20_000]);
}

/// Fixture 3, with JSON.
#[test]
fn a_model_that_stays_cold_is_given_up_in_time_with_its_estimate() {
    let cold = || reply(503, "application/json", r#"{"error":"loading","estimated_time":40}"#);
    let script = Script::forever(cold());
    let error = draw_one(&script).unwrap_err();
    assert_eq!((error.failure, error.failure.code()), (Failure::Warming(Duration::from_secs(40)), Code::ModelLoading));
    assert!(script.slept().iter().sum::<u64>() <= 100_000, "{:?}", script.slept());
}

/// Fixture 3, with a page.
#[test]
fn a_service_that_is_down_is_asked_four_times() {
    let script = Script::forever(reply(503, "text/html", "<h1>Service Temporarily Unavailable</h1>"));
    let error = draw_one(&script).unwrap_err();
    assert_eq!((error.failure, error.failure.code()), (Failure::Unavailable, Code::EngineUnavailable));
    assert_eq!(script.slept(), [1_000, 2_000, 4_000]);
}

/// Fixture 4, and of 5 the quota.
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

/// Fixture 5.
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
    let script = Script::new([broken(), Ok(crate::script::png_response())]);
    assert!(draw_one(&script).is_ok());
    let script = Script::new([broken(), broken()]);
    assert_eq!(draw_one(&script).unwrap_err().failure.code(), Code::EngineUnavailable);
}

#[test]
fn an_engine_that_never_answers_is_left_when_the_time_is_up() {
    let script = Script::new([Err(TransportError::Timeout), Err(TransportError::Timeout)]);
    assert_eq!(draw_with(&script, &["a/a", "b/b"]).unwrap_err().failure.code(), Code::EngineTimeout);
    let timeouts: Vec<_> = script.sent().iter().map(|request| request.timeout.as_secs()).collect();
    assert_eq!(timeouts, [50, 50], "the first leaves half of the time to the second");
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

#[test]
fn the_routers_own_media_are_fetched_though_they_are_not_on_the_web() {
    let body = json!({ "output": "http://router/easel/media/1.png" }).to_string();
    let script = Script::new([reply(200, "application/json", body), reply(200, "image/png", png())]);
    assert_eq!(draw_one(&script).unwrap().bytes, png());
    assert_eq!(script.sent()[1].headers, []);
}

#[test]
fn a_picture_in_a_data_url_is_decoded() {
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    let body = json!({ "output": [format!("data:image/png;base64,{}", BASE64_STANDARD.encode(png()))] });
    let script = Script::new([reply(200, "application/json", body.to_string())]);
    assert_eq!(draw_one(&script).unwrap().bytes, png());
}

#[test]
fn json_is_told_from_a_picture_by_its_bytes() {
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    let script = Script::new([reply(200, "application/json", png())]);
    assert_eq!(draw_one(&script).unwrap().bytes, png());
    let body = json!({ "data": [{ "b64_json": BASE64_STANDARD.encode(png()) }] });
    let script = Script::new([reply(200, "image/png", format!("\n {body}"))]);
    assert_eq!(draw_one(&script).unwrap().bytes, png());
}

#[test]
fn a_download_is_tried_once_more_after_a_pause() {
    let body = json!({ "output": ["https://media.example/1.png"] }).to_string();
    let script = Script::new([
        reply(200, "application/json", body),
        reply(502, "text/html", "bad gateway"),
        reply(200, "image/png", png()),
    ]);
    assert_eq!(draw_one(&script).unwrap().bytes, png());
    assert_eq!(script.slept(), [500]);
}

#[test]
fn a_picture_larger_than_the_bucket_takes_is_not_stored() {
    let body = json!({ "output": ["https://media.example/1.png"] }).to_string();
    let script = Script::new([reply(200, "application/json", body), Err(TransportError::TooLarge)]);
    assert_eq!(draw_one(&script).unwrap_err().failure, Failure::TooLarge);
    let script = Script::new([reply(200, "image/png", vec![0; engine::PICTURE_BYTES_MAX + 1])]);
    assert_eq!(draw_one(&script).unwrap_err().failure, Failure::TooLarge);
}

#[test]
fn an_engine_that_quotes_the_key_does_not_get_it_into_the_log() {
    let script = Script::new([reply(401, "application/json", r#"{"error":"no such key:\n hf_key"}"#)]);
    let detail = draw_one(&script).unwrap_err().detail;
    assert_eq!(detail, "huggingface/hf-inference:sd/v1-5 answered 401 (its request id: none): no such key:  …");
}

#[test]
fn what_an_engine_says_is_logged_short_and_pages_are_not() {
    let rows = [
        (reply(404, "text/plain", "Not Found"), "Not Found"),
        (reply(404, "text/html", "\n<html>secrets</html>"), "a page"),
        (reply(404, "application/json", r#"{"x":1}"#), "no message in JSON"),
        (reply(404, "application/json", r#"{"error":{"message":"m"}}"#), "m"),
    ];
    for (answer, words) in rows {
        let detail = draw_one(&Script::new([answer])).unwrap_err().detail;
        assert!(detail.ends_with(&format!("none): {words}")), "{detail}");
    }
    let script = Script::new([reply(404, "text/plain", "x".repeat(5_000))]);
    assert!(draw_one(&script).unwrap_err().detail.len() < 500);
}

#[test]
fn a_pinned_provider_is_named_as_its_entry_and_billed_with_the_others() {
    let engine = hf_inference("a/b");
    assert_eq!((engine.name(), engine.account()), ("huggingface/hf-inference:a/b", "huggingface@http://router"));
}

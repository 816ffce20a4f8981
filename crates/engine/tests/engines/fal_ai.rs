//! fal behind the router: order, questions, collection; what each answer leads to, and how an order is taken back.
//! Numbers of fixtures are those of ENGINES.md, section 11.
use crate::script::{
    Answer, JOB, Script, abandon, assert_keys_stay, attempt, attempt_job, jpeg, mapping, png, reply, run, sent_json,
    site, with,
};
use domain::picture::{Format, NoPicture};
use engine::{Drawn, EngineError, Failure, HuggingFace, Job, Provider};
use serde_json::{Value, json};
use transport::{Method, TransportError};

const SUBMIT: &str = "POST http://router/fal-ai/fal-ai/flux/schnell?_subdomain=queue";
const STATUS: &str = "GET http://router/fal-ai/fal-ai/flux/requests/id-1/status?_subdomain=queue";
const RESULT: &str = "GET http://router/fal-ai/fal-ai/flux/requests/id-1?_subdomain=queue";
const CANCEL: &str = "PUT http://router/fal-ai/fal-ai/flux/requests/id-1/cancel?_subdomain=queue";

fn engine() -> HuggingFace {
    HuggingFace::new(&site(), Some(Provider::FalAi), "a/b")
}

fn order() -> Answer {
    let address = "https://queue.fal.run/fal-ai/flux/requests/id-1";
    let order = json!({
        "status": "IN_QUEUE", "request_id": "id-1", "queue_position": 0, "response_url": address,
        "status_url": format!("{address}/status"), "cancel_url": format!("{address}/cancel"),
    });
    reply(200, "application/json", order.to_string())
}

fn waiting() -> Answer {
    reply(202, "application/json", r#"{"status":"IN_PROGRESS"}"#)
}

fn completed() -> Answer {
    reply(200, "application/json", r#"{"status":"COMPLETED"}"#)
}

fn output() -> Answer {
    output_with(&json!({ "has_nsfw_concepts": [false] }))
}

fn output_with(more: &Value) -> Answer {
    let output = json!({ "images": [{ "url": "https://v3.fal.media/files/1.png", "width": 512 }], "seed": 42 });
    reply(200, "application/json", with(output, more).to_string())
}

/// The script of an attempt that begins with a mapping and an order.
fn ordered(answers: impl IntoIterator<Item = Answer>) -> Script {
    Script::new([mapping("fal-ai", "fal-ai/flux/schnell", &json!({})), order()].into_iter().chain(answers))
}

fn draw(answers: impl IntoIterator<Item = Answer>) -> (Script, Result<Drawn<Vec<u8>>, EngineError>) {
    let script = ordered(answers);
    let drawn = attempt(&script, &engine(), 100);
    assert_keys_stay(&script, &["http://router", "http://hub"]);
    (script, drawn)
}

#[test]
fn an_order_is_placed_asked_about_and_collected() {
    let (script, drawn) =
        draw([waiting(), waiting(), completed(), output(), reply(200, "application/octet-stream", jpeg())]);
    let drawn = drawn.unwrap();
    assert_eq!((drawn.picture.format, drawn.model.as_str()), (Format::Jpeg, "a/b"));
    assert_eq!(script.asked()[1..], [SUBMIT, STATUS, STATUS, STATUS, RESULT, "GET https://v3.fal.media/files/1.png"]);
    assert_eq!(script.slept(), [500, 500, 500]);
    let sent = script.sent();
    assert_eq!(
        sent_json(&sent[1]),
        json!({
            "prompt": "a sunset", "negative_prompt": "people", "image_size": { "width": 512, "height": 768 },
            "num_inference_steps": 30, "guidance_scale": 7.5, "seed": 42,
        })
    );
    for request in &sent[1..5] {
        assert_eq!(request.headers[0], ("authorization", "Bearer hf_key".to_owned()), "{request:?}");
    }
}

#[test]
fn an_adapter_is_named_with_its_base() {
    let lora = json!({ "adapter": "lora", "adapterWeightsPath": "l.safetensors" });
    for (id, base) in [("fal-ai/lora", Some("stabilityai/stable-diffusion-xl-base-1.0")), ("fal-ai/flux-lora", None)] {
        let script =
            Script::new([mapping("fal-ai", id, &lora), order(), completed(), output(), reply(200, "image/png", png())]);
        attempt_job(&script, &engine(), &Job { negative_prompt: None, ..JOB }, 100).unwrap();
        let sent = sent_json(&script.sent()[1]);
        assert_eq!(sent["loras"], json!([{ "path": "http://hub/a/b/resolve/main/l.safetensors", "scale": 1.0 }]));
        assert_eq!(sent.get("model_name").and_then(Value::as_str), base);
        assert_eq!(sent.get("negative_prompt"), None);
    }
}

/// Fixture 9.
#[test]
fn a_run_that_failed_is_known_when_it_is_collected() {
    let rows = [
        (
            422,
            r#"{"detail":[{"loc":["body","prompt"],"msg":"no","type":"content_policy_violation"}]}"#,
            Failure::Refused,
        ),
        (422, r#"{"detail":[{"type":"missing"},{"type":"content_policy_violation"}]}"#, Failure::Refused),
        (422, r#"{"detail":[{"loc":["body","seed"],"msg":"no","type":"value_error"}]}"#, Failure::BadInput),
        (400, r#"{"detail":"bad","error_type":"bad_request"}"#, Failure::BadInput),
        (403, r#"{"detail":"User is locked. Reason: Exhausted balance."}"#, Failure::Unauthorized),
        (500, r#"{"detail":"x","error_type":"internal_error"}"#, Failure::Broken),
        (504, r#"{"detail":"Request timed out","error_type":"request_timeout"}"#, Failure::Broken),
        // An app whose own address leads nowhere: the model is not gone, and another order would be lost as well.
        (404, r#"{"detail":"not found"}"#, Failure::NoPicture(NoPicture::Empty)),
    ];
    for (status, body, expected) in rows {
        let (script, drawn) = draw([waiting(), waiting(), completed(), reply(status, "application/json", body)]);
        assert_eq!(drawn.unwrap_err().failure, expected, "{body}");
        assert_eq!(script.asked()[2..], [STATUS, STATUS, STATUS, RESULT]);
    }
}

/// Fixture 10.
#[test]
fn of_the_addresses_that_fal_names_only_the_path_is_used() {
    let rows = [
        ("https://queue.fal.run/other/app/requests/9", Some("other/app/requests/9")),
        ("https://evil.example/other/app/requests/9", Some("other/app/requests/9")),
        ("http://127.0.0.1:1/other/app/requests/9?x=1#y", Some("other/app/requests/9")),
        ("https://queue.fal.run/../together/v1/x", None),
        ("https://queue.fal.run/a/%2e%2e/x", None),
        ("https://queue.fal.run", None),
        ("", None),
    ];
    for (address, path) in rows {
        let order = json!({ "request_id": "9", "response_url": address, "cancel_url": address }).to_string();
        let script = Script::new([mapping("fal-ai", "fal-ai/flux", &json!({})), reply(200, "application/json", order)]);
        let Some(path) = path else {
            let error = attempt(&script, &engine(), 100).unwrap_err();
            assert_eq!(error.failure, Failure::NoPicture(NoPicture::UnknownFormat), "{address}");
            continue;
        };
        script.then([completed(), output(), reply(200, "image/png", png())]);
        attempt(&script, &engine(), 100).unwrap();
        assert_keys_stay(&script, &["http://router", "http://hub"]);
        assert_eq!(
            script.asked()[2..4],
            [
                format!("GET http://router/fal-ai/{path}/status?_subdomain=queue"),
                format!("GET http://router/fal-ai/{path}?_subdomain=queue"),
            ]
        );
    }
}

#[test]
fn what_the_engine_itself_flags_is_not_shown() {
    let (script, drawn) = draw([completed(), output_with(&json!({ "has_nsfw_concepts": [true] }))]);
    assert_eq!(drawn.unwrap_err().failure, Failure::Refused);
    assert_eq!(script.asked().last().unwrap(), RESULT, "it is not fetched either");
}

#[test]
fn other_shapes_of_an_output_are_read() {
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    let single = json!({ "images": [], "image": { "url": "https://v3.fal.media/files/2.png" } });
    let (_, drawn) = draw([completed(), output_with(&single), reply(200, "image/png", png())]);
    assert_eq!(drawn.unwrap().bytes, png());
    let url = format!("data:image/png;base64,{}", BASE64_STANDARD.encode(png()));
    let (_, drawn) = draw([completed(), output_with(&json!({ "images": [{ "url": url }] }))]);
    assert_eq!(drawn.unwrap().bytes, png());
    let (_, drawn) = draw([completed(), output_with(&json!({ "images": [] }))]);
    assert_eq!(drawn.unwrap_err().failure, Failure::NoPicture(NoPicture::Empty));
}

/// Fixture 16: the picture is drawn, and its address does not deliver it.
#[test]
fn a_picture_that_cannot_be_fetched_is_a_failure() {
    for status in [403, 404] {
        let missing = || reply(status, "text/html", "<html>");
        let (script, drawn) = draw([completed(), output(), missing(), missing()]);
        assert_eq!(drawn.unwrap_err().failure, Failure::NoPicture(NoPicture::UnknownFormat));
        assert_eq!(script.asked().len(), 6);
    }
}

/// Fixture 16: the customer leaves while the order is asked about.
#[test]
fn an_order_that_nobody_waits_for_is_taken_back_and_not_asked_about_again() {
    let script = ordered([waiting(), waiting(), reply(202, "application/json", "{}")]).pausing();
    abandon(&script, &engine(), 3);
    assert_eq!(script.asked()[1..], [SUBMIT, STATUS, STATUS, CANCEL]);
    assert_eq!(script.sent()[4].headers, [("authorization", "Bearer hf_key".to_owned())]);
    assert_eq!(script.sent()[4].method, Method::Put);
}

#[test]
fn an_order_is_taken_back_where_fal_says_or_else_beneath_it() {
    let address = "https://queue.fal.run/fal-ai/flux/requests/id-1";
    let rows = [
        (json!("https://evil.example/other/cancel?x=1"), "PUT http://router/fal-ai/other/cancel?_subdomain=queue"),
        (json!("https://queue.fal.run/../cancel"), CANCEL),
        (json!(null), CANCEL),
    ];
    for (cancel_url, expected) in rows {
        let order = json!({ "response_url": address, "cancel_url": cancel_url }).to_string();
        let mapping = mapping("fal-ai", "fal-ai/flux/schnell", &json!({}));
        let script = Script::new([mapping, reply(200, "application/json", order), reply(202, "", "")]).pausing();
        abandon(&script, &engine(), 1);
        assert_eq!(script.asked()[2], expected);
    }
}

#[test]
fn before_there_is_an_order_there_is_nothing_to_take_back() {
    let script = Script::hanging([mapping("fal-ai", "fal-ai/flux/schnell", &json!({}))]);
    abandon(&script, &engine(), 2);
    assert_eq!(script.asked()[1..], [SUBMIT]);
}

#[test]
fn after_the_order_is_done_there_is_nothing_to_take_back() {
    let script = Script::hanging([mapping("fal-ai", "fal-ai/flux/schnell", &json!({})), order(), completed()]);
    abandon(&script, &engine(), 2);
    assert_eq!(script.asked()[1..], [SUBMIT, STATUS, RESULT]);
}

#[test]
fn an_order_that_takes_too_long_is_taken_back() {
    let recalled = Script::forever(waiting());
    recalled.then([mapping("fal-ai", "fal-ai/flux/schnell", &json!({})), order()]);
    let error = attempt(&recalled, &engine(), 60).unwrap_err();
    assert_eq!(error.failure, Failure::TimedOut);
    let waited: u64 = recalled.slept().iter().sum();
    assert!((58_000..60_000).contains(&waited), "{waited}");
    assert!(recalled.slept().is_sorted() && *recalled.slept().last().unwrap() == 2_000, "questions become rarer");
    assert_eq!(recalled.asked().last().unwrap(), CANCEL);
}

#[test]
fn a_question_that_fails_is_asked_again_and_three_in_a_row_end_it() {
    let failures = || {
        [
            reply(502, "text/html", "<html>"),
            reply(429, "application/json", "{}"),
            Err(TransportError::Connection("reset".to_owned())),
            Err(TransportError::Timeout),
            reply(200, "application/json", r#"{"status":"WHAT"}"#),
            reply(200, "text/html", "<html>"),
        ]
    };
    for failure in failures() {
        let again = [failure.clone(), failure.clone(), waiting(), failure.clone(), failure.clone(), completed()];
        let (_, drawn) = draw(again.into_iter().chain([output(), reply(200, "image/png", png())]));
        drawn.unwrap();
        let (script, drawn) = draw([failure.clone(), failure.clone(), failure, reply(202, "", "")]);
        drawn.unwrap_err();
        assert_eq!(script.asked()[2..], [STATUS, STATUS, STATUS, CANCEL]);
    }
}

#[test]
fn a_question_that_is_refused_ends_it_at_once() {
    for (status, expected) in [(401, Failure::Unauthorized), (404, Failure::NoPicture(NoPicture::Empty))] {
        let (script, drawn) = draw([reply(status, "application/json", "{}"), reply(400, "", "")]);
        assert_eq!(drawn.unwrap_err().failure, expected);
        assert_eq!(script.asked()[2..], [STATUS, CANCEL]);
    }
}

#[test]
fn a_connection_that_breaks_while_collecting_is_made_once_more() {
    let broken = || Err(TransportError::Connection("reset".to_owned()));
    let (_, drawn) = draw([completed(), broken(), output(), reply(200, "image/png", png())]);
    drawn.unwrap();
    let (_, drawn) = draw([completed(), broken(), broken()]);
    assert_eq!(drawn.unwrap_err().failure, Failure::Unreachable);
}

#[test]
fn an_order_that_is_done_at_the_last_moment_is_collected() {
    let script = Script::new([mapping("fal-ai", "fal-ai/flux/schnell", &json!({})), order(), completed(), output()]);
    script.then([reply(200, "image/png", png())]);
    let recall = engine::Recall::default();
    let within = std::time::Duration::from_millis(501);
    run(engine::Engine::attempt(&engine(), &script, &script, &JOB, within, &recall)).unwrap();
    let timeouts: Vec<_> = script.sent()[2..].iter().map(|request| request.timeout.as_millis()).collect();
    assert_eq!(timeouts, [1, 5_000, 10_000]);
}

#[test]
fn an_order_that_is_refused_is_not_asked_about() {
    let rows = [
        (reply(401, "application/json", "{}"), Failure::Unauthorized),
        (reply(402, "application/json", "{}"), Failure::Unpaid),
        (reply(404, "text/plain", "Not Found"), Failure::Gone),
        (reply(422, "application/json", "{}"), Failure::BadInput),
        (reply(200, "application/json", r#"{"request_id":"1"}"#), Failure::NoPicture(NoPicture::UnknownFormat)),
    ];
    for (answer, expected) in rows {
        let script = Script::new([mapping("fal-ai", "fal-ai/flux/schnell", &json!({})), answer]);
        assert_eq!(attempt(&script, &engine(), 100).unwrap_err().failure, expected);
        assert_eq!(script.asked().len(), 2);
    }
}

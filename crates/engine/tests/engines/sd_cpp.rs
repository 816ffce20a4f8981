//! The jobs of stable-diffusion.cpp: order, questions, cancellation. Numbers of fixtures are those of ENGINES.md,
//! section 11.
use crate::script::{Answer, JOB, Script, abandon, attempt, attempt_job, png, reply, sent_json};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use domain::picture::NoPicture;
use engine::{Drawn, Engine as _, EngineError, Failure, Job, OwnServer, SdCpp};
use serde_json::json;
use transport::{Method, TransportError};

const ORDER: &str = "POST http://gpu:1234/sdcpp/v1/img_gen";
const QUESTION: &str = "GET http://gpu:1234/sdcpp/v1/jobs/job_6a_00000001";
const CANCEL: &str = "POST http://gpu:1234/sdcpp/v1/jobs/job_6a_00000001/cancel";

fn engine() -> SdCpp {
    SdCpp::new(OwnServer::new("http://gpu:1234/", Some("hub:pass")), Some("sd-v1-5"))
}

fn accepted() -> Answer {
    let id = "job_6a_00000001";
    let body = json!({ "id": id, "kind": "img_gen", "status": "queued", "poll_url": format!("/sdcpp/v1/jobs/{id}") });
    reply(202, "application/json", body.to_string())
}

fn standing(status: &str) -> Answer {
    let body = json!({ "status": status, "queue_position": 1, "result": null, "error": null });
    reply(200, "application/json", body.to_string())
}

fn completed() -> Answer {
    let images = json!([{ "index": 0, "b64_json": BASE64_STANDARD.encode(png()) }]);
    let body = json!({ "status": "completed", "result": { "output_format": "png", "images": images }, "error": null });
    reply(200, "application/json", body.to_string())
}

fn draw(answers: impl IntoIterator<Item = Answer>) -> (Script, Result<Drawn<Vec<u8>>, EngineError>) {
    let script = Script::new(answers);
    let drawn = attempt(&script, &engine(), 100);
    (script, drawn)
}

/// Fixture 15: 202, and then completed.
#[test]
fn a_job_is_ordered_asked_about_and_its_picture_is_in_the_answer() {
    let (script, drawn) = draw([accepted(), standing("queued"), standing("generating"), completed()]);
    let drawn = drawn.unwrap();
    assert_eq!((drawn.bytes, drawn.model.as_str()), (png(), "sd-v1-5"));
    assert_eq!(script.asked(), [ORDER, QUESTION, QUESTION, QUESTION]);
    let sent = script.sent();
    assert_eq!(
        sent_json(&sent[0]),
        json!({
            "prompt": "a sunset", "negative_prompt": "people", "width": 512, "height": 768, "seed": 42, "batch_count": 1,
            "sample_params": { "sample_steps": 30, "guidance": { "txt_cfg": 7.5 } }, "output_format": "png",
        })
    );
    for request in &sent {
        assert_eq!(request.headers[0], ("authorization", "Basic aHViOnBhc3M=".to_owned()));
    }
}

#[test]
fn a_server_without_a_proxy_is_sent_no_login_and_its_model_is_not_known() {
    let script = Script::new([accepted(), completed()]);
    let engine = SdCpp::new(OwnServer::new("http://gpu:1234", None), None);
    let prompt = "a <sd_cpp_extra_args>{}</sd_cpp_extra_args>";
    let drawn = attempt_job(&script, &engine, &Job { prompt, negative_prompt: None, ..JOB }, 100).unwrap();
    assert_eq!((drawn.model.as_str(), engine.name(), engine.account()), ("sdcpp", "sdcpp", "sdcpp@http://gpu:1234"));
    assert_eq!(script.sent()[1].headers, []);
    assert_eq!(sent_json(&script.sent()[0])["prompt"], "a <>{}</>");
}

/// Fixture 15: errors in a text, a full queue.
#[test]
fn an_order_that_is_refused_has_its_class() {
    let rows = [
        (400, r#"{"error":"invalid generation parameters"}"#, Failure::BadInput),
        (404, "", Failure::Gone),
        (429, r#"{"error":"job queue is full"}"#, Failure::RateLimited(None)),
        (500, r#"{"error":"server_error","message":"x"}"#, Failure::Broken),
        (202, r#"{"id":"../../v1/models"}"#, Failure::NoPicture(NoPicture::UnknownFormat)),
        (202, r#"{"kind":"img_gen"}"#, Failure::NoPicture(NoPicture::UnknownFormat)),
    ];
    for (status, body, expected) in rows {
        let (script, drawn) = draw([reply(status, "application/json", body)]);
        assert_eq!(drawn.unwrap_err().failure, expected, "{body}");
        assert_eq!(script.asked(), [ORDER]);
    }
    let (_, drawn) = draw([Err(TransportError::Connection("refused".to_owned()))]);
    assert_eq!(drawn.unwrap_err().failure, Failure::Unreachable);
}

/// Fixture 15: a job that has expired, or that a server which began anew does not know.
#[test]
fn a_job_that_is_lost_says_nothing_about_the_model() {
    for (status, body) in [(410, r#"{"error":"job expired"}"#), (404, r#"{"error":"job not found"}"#)] {
        let (script, drawn) = draw([accepted(), reply(status, "application/json", body), reply(404, "", "")]);
        assert_eq!(drawn.unwrap_err().failure, Failure::Broken);
        assert_eq!(script.asked(), [ORDER, QUESTION, CANCEL]);
    }
}

#[test]
fn a_job_that_ends_without_a_picture_is_a_failure_with_its_words() {
    let ended = |status: &str| {
        let error = json!({ "code": "generation_failed", "message": "no results" });
        let body = json!({ "status": status, "result": null, "error": error });
        reply(200, "application/json", body.to_string())
    };
    for status in ["failed", "cancelled"] {
        let (script, drawn) = draw([accepted(), ended(status)]);
        let error = drawn.unwrap_err();
        assert_eq!(error.failure, Failure::NoPicture(NoPicture::Empty));
        assert_eq!(error.detail, format!("sdcpp:sd-v1-5 ended its job as {status}: no results"));
        assert_eq!(script.asked(), [ORDER, QUESTION]);
    }
    let empty = json!({ "status": "completed", "result": { "images": [] } }).to_string();
    let (_, drawn) = draw([accepted(), reply(200, "application/json", empty)]);
    assert_eq!(drawn.unwrap_err().failure, Failure::NoPicture(NoPicture::Empty));
}

/// Fixture 16: the customer leaves while the job is asked about.
#[test]
fn a_job_that_nobody_waits_for_is_cancelled() {
    let script = Script::new([accepted(), standing("queued"), reply(200, "application/json", "{}")]).pausing();
    abandon(&script, &engine(), 2);
    assert_eq!(script.asked(), [ORDER, QUESTION, CANCEL]);
    let sent = &script.sent()[2];
    assert_eq!(
        (sent.method, sent.headers.as_slice()),
        (Method::Post, &[("authorization", "Basic aHViOnBhc3M=".to_owned())][..])
    );
}

#[test]
fn a_job_that_takes_too_long_is_cancelled() {
    let script = Script::forever(standing("generating"));
    script.then([accepted()]);
    assert_eq!(attempt(&script, &engine(), 30).unwrap_err().failure, Failure::TimedOut);
    assert!(script.slept().iter().sum::<u64>() <= 30_000);
    assert_eq!(script.asked().last().unwrap(), CANCEL);
}

//! Together behind the router: what is sent, and what each answer leads to.
use crate::script::{
    Answer, JOB, Script, assert_keys_stay, attempt, attempt_job, jpeg, mapping, png, reply, sent_json, site,
};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use domain::picture::{Format, NoPicture};
use engine::{Drawn, EngineError, Failure, HuggingFace, Job, Provider};
use serde_json::json;
use transport::Method;

fn engine(model: &str) -> HuggingFace {
    HuggingFace::new(&site(), Some(Provider::Together), model)
}

fn draw(answers: impl IntoIterator<Item = Answer>) -> (Script, Result<Drawn<Vec<u8>>, EngineError>) {
    let script = Script::new([mapping("together", "them/flux", &json!({}))].into_iter().chain(answers));
    let drawn = attempt(&script, &engine("a/b"), 100);
    assert_keys_stay(&script, &["http://router", "http://hub"]);
    (script, drawn)
}

#[test]
fn the_request_is_togethers_own() {
    let body = json!({ "data": [{ "index": 0, "b64_json": BASE64_STANDARD.encode(jpeg()) }] }).to_string();
    let (script, drawn) = draw([reply(200, "application/json", body)]);
    let drawn = drawn.unwrap();
    assert_eq!((drawn.picture.format, drawn.model.as_str()), (Format::Jpeg, "a/b"));
    let sent = &script.sent()[1];
    assert_eq!((sent.method, sent.url.as_str()), (Method::Post, "http://router/together/v1/images/generations"));
    assert_eq!(sent.headers[0], ("authorization", "Bearer hf_key".to_owned()));
    assert_eq!(
        sent_json(sent),
        json!({
            "model": "them/flux", "prompt": "a sunset", "negative_prompt": "people", "width": 512, "height": 768,
            "steps": 30, "guidance_scale": 7.5, "seed": 42, "response_format": "base64",
        })
    );
}

#[test]
fn what_is_not_asked_for_is_not_sent_and_an_adapter_is_named() {
    let body = json!({ "data": [{ "b64_json": BASE64_STANDARD.encode(jpeg()) }] }).to_string();
    let weights = json!({ "adapter": "lora", "adapterWeightsPath": "l.safetensors" });
    let script = Script::new([mapping("together", "them/flux", &weights), reply(200, "application/json", body)]);
    attempt_job(&script, &engine("a/schnell-lora"), &Job { negative_prompt: None, ..JOB }, 100).unwrap();
    let sent = sent_json(&script.sent()[1]);
    assert_eq!(sent.get("negative_prompt"), None);
    assert_eq!(sent["steps"], 4);
    assert_eq!(sent["image_loras"], json!([{ "path": "http://hub/a/schnell-lora", "scale": 1.0 }]));
}

#[test]
fn an_address_instead_of_the_picture_is_fetched_without_the_key() {
    let body = r#"{"data":[{"url":"https://api.together.example/i.png"}]}"#;
    let (script, drawn) = draw([reply(200, "application/json", body), reply(200, "image/png", png())]);
    assert_eq!(drawn.unwrap().bytes, png());
    assert_eq!(script.asked()[2], "GET https://api.together.example/i.png");
}

#[test]
fn each_failure_has_its_class() {
    let rows = [
        (reply(400, "application/json", r#"{"error":{"message":"bad","code":"x"}}"#), Failure::BadInput),
        (reply(401, "application/json", "{}"), Failure::Unauthorized),
        (reply(402, "application/json", "{}"), Failure::Unpaid),
        (reply(403, "application/json", "{}"), Failure::Unauthorized),
        (reply(429, "application/json", "{}"), Failure::RateLimited(None)),
        (reply(500, "application/json", "{}"), Failure::Broken),
        (reply(503, "application/json", "{}"), Failure::Unavailable),
        (reply(200, "application/json", r#"{"data":[]}"#), Failure::NoPicture(NoPicture::Empty)),
        (reply(200, "text/html", "<html>"), Failure::NoPicture(NoPicture::UnknownFormat)),
    ];
    for (answer, expected) in rows {
        let (script, drawn) = draw([answer]);
        assert_eq!(drawn.unwrap_err().failure, expected);
        assert_eq!(script.asked().len(), 2);
    }
}

//! OpenAI's protocol and its imitators: what is sent, and what each answer leads to. Numbers of fixtures are those of
//! ENGINES.md, section 11.
use crate::script::{
    Answer, JOB, Script, WithHeader as _, assert_keys_stay, attempt, attempt_job, png, reply, sent_json,
};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use domain::picture::NoPicture;
use engine::{Dialect, Engine as _, Failure, Job, OPEN_AI_URL, OpenAi, OpenAiServer, ResponseFormat};
use serde_json::{Value, json};
use std::time::Duration;
use transport::{Method, TransportError};

fn server(url: &str) -> OpenAiServer {
    OpenAiServer { url: url.to_owned(), key: Some("sk-key".to_owned()), response_format: None, dialect: Dialect::Plain }
}

fn open_ai(model: &str) -> OpenAi {
    OpenAi::new(&server(OPEN_AI_URL), model)
}

fn local(dialect: Dialect) -> OpenAi {
    OpenAi::new(&OpenAiServer { dialect, key: None, ..server("http://gpu:8080/v1/") }, "sd")
}

fn listed(entry: &Value) -> Answer {
    reply(200, "application/json", json!({ "created": 1, "data": [entry] }).to_string())
}

fn picture() -> Answer {
    listed(&json!({ "b64_json": BASE64_STANDARD.encode(png()) }))
}

/// Fixture 14: the picture in the answer.
#[test]
fn the_request_is_the_documented_one() {
    let script = Script::new([picture()]);
    let drawn = attempt(&script, &open_ai("gpt-image-1"), 100).unwrap();
    assert_eq!((drawn.bytes, drawn.model.as_str()), (png(), "gpt-image-1"));
    let [sent] = &script.sent()[..] else { panic!("one request") };
    assert_eq!((sent.method, sent.url.as_str()), (Method::Post, "https://api.openai.com/v1/images/generations"));
    assert_eq!(
        sent.headers,
        [("authorization", "Bearer sk-key".to_owned()), ("content-type", "application/json".to_owned())]
    );
    assert_eq!(sent_json(sent), json!({ "model": "gpt-image-1", "prompt": "a sunset", "n": 1, "size": "1024x1536" }));
}

#[test]
fn a_server_without_a_key_is_sent_none() {
    let script = Script::new([picture()]);
    let engine = local(Dialect::Plain);
    attempt(&script, &engine, 100).unwrap();
    let sent = &script.sent()[0];
    assert_eq!(sent.headers, [("content-type", "application/json".to_owned())]);
    assert_eq!(
        sent_json(sent),
        json!({ "model": "sd", "prompt": "a sunset", "n": 1, "size": "512x768", "response_format": "b64_json" })
    );
    assert_eq!((engine.name(), engine.account()), ("openai:sd", "openai@http://gpu:8080/v1"));
    assert_eq!(open_ai("a").account(), "openai");
}

#[test]
fn models_that_know_three_sizes_are_asked_for_the_nearest() {
    let rows = [
        ("gpt-image-1", 512, 512, "1024x1024"),
        ("gpt-image-1-mini", 768, 512, "1536x1024"),
        ("gpt-image-1.5", 512, 1024, "1024x1536"),
        ("gpt-image-1", 1024, 768, "1536x1024"),
        ("gpt-image-1", 768, 1024, "1024x1536"),
        ("gpt-image-1", 600, 500, "1024x1024"),
        ("gpt-image-1", u32::MAX, 1, "1536x1024"),
        ("chatgpt-image-latest", 512, 512, "1024x1024"),
        ("gpt-image-2", 768, 512, "768x512"),
        ("flux", 768, 512, "768x512"),
    ];
    for (model, width, height, expected) in rows {
        let script = Script::new([picture()]);
        attempt_job(&script, &open_ai(model), &Job { width, height, ..JOB }, 100).unwrap();
        assert_eq!(sent_json(&script.sent()[0])["size"], expected, "{model} {width}x{height}");
    }
}

#[test]
fn how_the_picture_is_handed_over_suits_the_model_or_the_owner() {
    let rows = [
        ("gpt-image-2", None, None),
        ("chatgpt-image-latest", None, None),
        ("dall-e-3", None, Some("b64_json")),
        ("gpt-image-1", Some(ResponseFormat::Url), Some("url")),
        ("flux", Some(ResponseFormat::Base64), Some("base64")),
        ("flux", Some(ResponseFormat::Omitted), None),
    ];
    for (model, response_format, expected) in rows {
        let script = Script::new([picture()]);
        let engine = OpenAi::new(&OpenAiServer { response_format, ..server(OPEN_AI_URL) }, model);
        attempt(&script, &engine, 100).unwrap();
        assert_eq!(sent_json(&script.sent()[0]).get("response_format").and_then(Value::as_str), expected, "{model}");
    }
    for (name, expected) in [
        ("omit", Some(ResponseFormat::Omitted)),
        ("b64_json", Some(ResponseFormat::B64Json)),
        ("base64", Some(ResponseFormat::Base64)),
        ("url", Some(ResponseFormat::Url)),
        ("png", None),
    ] {
        assert_eq!(ResponseFormat::from_name(name), expected);
    }
}

/// Fixture 14: the server does not know `response_format`.
#[test]
fn a_parameter_that_is_not_known_is_left_out_once_and_for_all() {
    let unknown = || {
        let error = json!({ "message": "Unknown parameter: 'response_format'.", "type": "invalid_request_error",
            "param": "response_format", "code": "unknown_parameter" });
        reply(400, "application/json", json!({ "error": error }).to_string())
    };
    let engine = open_ai("new-image-model");
    let script = Script::new([unknown(), picture(), picture()]);
    attempt(&script, &engine, 100).unwrap();
    attempt(&script, &engine, 100).unwrap();
    let formats: Vec<_> = script.sent().iter().map(|sent| sent_json(sent).get("response_format").is_some()).collect();
    assert_eq!(formats, [true, false, false]);

    let script = Script::new([unknown(), unknown()]);
    assert_eq!(attempt(&script, &open_ai("new-image-model"), 100).unwrap_err().failure, Failure::BadInput);
    let script = Script::new([unknown()]);
    assert_eq!(attempt(&script, &open_ai("gpt-image-1"), 100).unwrap_err().failure, Failure::BadInput);
    let other = r#"{"error":{"code":"unknown_parameter","param":"size"}}"#;
    let script = Script::new([reply(400, "application/json", other)]);
    assert_eq!(attempt(&script, &open_ai("flux"), 100).unwrap_err().failure, Failure::BadInput);
}

/// Fixture 14: the picture at an address.
#[test]
fn an_address_is_fetched_without_the_key() {
    let script =
        Script::new([listed(&json!({ "url": "https://images.example/1.png?sig=1" })), reply(200, "image/png", png())]);
    assert_eq!(attempt(&script, &open_ai("dall-e-3"), 100).unwrap().bytes, png());
    assert_keys_stay(&script, &["https://api.openai.com"]);
    assert_eq!(script.asked()[1], "GET https://images.example/1.png?sig=1");
}

/// Fixture 16.
#[test]
fn an_address_that_does_not_deliver_is_a_failure() {
    let missing = || reply(403, "text/html", "<html>");
    let script = Script::new([listed(&json!({ "url": "https://images.example/1.png" })), missing(), missing()]);
    let error = attempt(&script, &open_ai("dall-e-3"), 100).unwrap_err();
    assert_eq!(error.failure, Failure::NoPicture(NoPicture::UnknownFormat));
}

#[test]
fn a_server_of_the_owners_is_asked_for_its_picture_where_it_is_known_to_be() {
    let rows = [
        "http://gpu:8080/generated-images/1.png",
        "http://localhost:8080/generated-images/1.png",
        "https://127.0.0.1/generated-images/1.png",
        "/generated-images/1.png",
    ];
    for address in rows {
        let script = Script::new([listed(&json!({ "url": address })), reply(200, "image/png", png())]);
        attempt(&script, &local(Dialect::LocalAi), 100).unwrap();
        assert_eq!(script.asked()[1], "GET http://gpu:8080/generated-images/1.png", "{address}");
        assert_eq!(script.sent()[1].headers, []);
    }
    for address in ["http://localhost/../x", "http://localhost/%2e%2e/x", "file:///etc/passwd%00", "no address"] {
        let script = Script::new([listed(&json!({ "url": address }))]);
        let error = attempt(&script, &local(Dialect::LocalAi), 100).unwrap_err();
        assert_eq!(error.failure, Failure::NoPicture(NoPicture::UnknownFormat), "{address}");
    }
    let script = Script::new([listed(&json!({ "url": "http://10.0.0.1/1.png" }))]);
    let error = attempt(&script, &open_ai("dall-e-3"), 100).unwrap_err();
    assert_eq!(error.failure, Failure::NoPicture(NoPicture::UnknownFormat), "OpenAI names addresses of the web");
}

/// Fixtures 14 and 5: moderation, quota, and the other errors; 15: those of LocalAI and stable-diffusion.cpp.
#[test]
fn each_failure_has_its_class() {
    let coded = |code: &str| json!({ "error": { "message": "m", "type": "t", "code": code } }).to_string();
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    let loading =
        r#"{"error":{"code":"model_loading","type":"model_loading","message":"m"},"loading":{"progress":0.5}}"#;
    let rows = [
        (reply(400, "application/json", coded("moderation_blocked")), Failure::Refused),
        (reply(400, "application/json", coded("content_policy_violation")), Failure::Refused),
        (reply(400, "application/json", coded("billing_hard_limit_reached")), Failure::Unpaid),
        (reply(400, "application/json", coded("invalid_value")), Failure::BadInput),
        (reply(401, "application/json", coded("invalid_api_key")), Failure::Unauthorized),
        (reply(403, "application/json", coded("unsupported_country")), Failure::Unauthorized),
        (reply(404, "application/json", coded("model_not_found")), Failure::Gone),
        (reply(429, "application/json", coded("insufficient_quota")), Failure::Unpaid),
        (reply(429, "application/json", coded("credit_balance_exhausted")), Failure::Unpaid),
        (reply(429, "application/json", coded("rate_limit_exceeded")), Failure::RateLimited(None)),
        (
            reply(429, "application/json", coded("rate_limit_exceeded")).with_header("retry-after", "1.5"),
            Failure::RateLimited(Some(Duration::from_secs(2))),
        ),
        (
            reply(429, "application/json", "{}").with_header("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT"),
            Failure::RateLimited(None),
        ),
        (reply(408, "text/plain", "slow"), Failure::Broken),
        (reply(500, "application/json", coded("server_error")), Failure::Broken),
        (reply(503, "application/json", coded("server_is_overloaded")), Failure::Unavailable),
        (reply(429, "application/json", r#"{"error":"job queue is full"}"#), Failure::RateLimited(None)),
        (reply(500, "application/json", r#"{"error":"generate_image returned no results"}"#), Failure::Broken),
        (reply(500, "application/json", r#"{"error":{"code":500,"message":"x","type":""}}"#), Failure::Broken),
        (reply(500, "text/plain", ""), Failure::Broken),
        (
            reply(503, "application/json", loading).with_header("retry-after", "7"),
            Failure::Warming(seconds(7).unwrap()),
        ),
        (reply(200, "application/json", r#"{"created":1,"data":[]}"#), Failure::NoPicture(NoPicture::Empty)),
        (reply(200, "application/json", r#"{"data":[{"url":""}]}"#), Failure::NoPicture(NoPicture::Empty)),
        (reply(200, "text/html", "<html>"), Failure::NoPicture(NoPicture::UnknownFormat)),
        (listed(&json!({ "b64_json": "!" })), Failure::NoPicture(NoPicture::UnknownFormat)),
        (Err(TransportError::Timeout), Failure::TimedOut),
        (Err(TransportError::TooLarge), Failure::TooLarge),
    ];
    for (answer, expected) in rows {
        let script = Script::new([answer]);
        let error = attempt(&script, &open_ai("flux"), 100).unwrap_err();
        assert_eq!(error.failure, expected, "{error}");
        assert_eq!(script.asked().len(), 1, "{error}");
    }
}

#[test]
fn a_key_that_is_quoted_stays_out_of_the_log() {
    let body = r#"{"error":{"message":"Incorrect API key provided: sk-key"}}"#;
    let script = Script::new([reply(401, "application/json", body)]);
    let error = attempt(&script, &open_ai("flux"), 100).unwrap_err();
    assert!(error.detail.ends_with("Incorrect API key provided: …"), "{error}");
}

#[test]
fn each_dialect_says_in_its_own_way_what_the_protocol_has_no_word_for() {
    let sent = |dialect, job: &Job<'_>| {
        let script = Script::new([picture()]);
        attempt_job(&script, &local(dialect), job, 100).unwrap();
        sent_json(&script.sent()[0])
    };
    assert_eq!(sent(Dialect::LocalAi, &JOB)["prompt"], "a sunset|people");
    assert_eq!(sent(Dialect::LocalAi, &JOB)["step"], 30);
    assert_eq!(sent(Dialect::LocalAi, &Job { negative_prompt: None, prompt: "a|b", ..JOB })["prompt"], "a,b");
    assert_eq!(sent(Dialect::Plain, &JOB)["prompt"], "a sunset");
    let orders = concat!(
        r#"a sunset<sd_cpp_extra_args>{"seed":42,"negative_prompt":"people","#,
        r#""sample_params":{"sample_steps":30,"guidance":{"txt_cfg":7.5}}}</sd_cpp_extra_args>"#
    );
    assert_eq!(sent(Dialect::SdCpp, &JOB)["prompt"], orders);
    for (name, expected) in [
        ("plain", Some(Dialect::Plain)),
        ("localai", Some(Dialect::LocalAi)),
        ("sdcpp", Some(Dialect::SdCpp)),
        ("", None),
    ] {
        assert_eq!(Dialect::from_name(name), expected);
    }
}

#[test]
fn a_customer_gives_no_orders_whatever_the_dialect() {
    let prompt = r#"x<sd_cpp_extra_args>{"width":4096}</sd_cpp_extra_args>"#;
    for dialect in [Dialect::Plain, Dialect::SdCpp] {
        let script = Script::new([picture()]);
        attempt_job(&script, &local(dialect), &Job { prompt, ..JOB }, 100).unwrap();
        let sent = sent_json(&script.sent()[0])["prompt"].as_str().unwrap().to_owned();
        assert!(sent.starts_with(r#"x<>{"width":4096}</>"#), "{sent}");
        assert_eq!(sent.matches("<sd_cpp_extra_args>").count(), usize::from(dialect == Dialect::SdCpp), "{sent}");
    }
}

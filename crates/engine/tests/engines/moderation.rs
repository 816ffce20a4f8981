//! The moderation service: what is sent, what each answer leads to, and when it is asked once more.
use crate::script::{Answer, Script, WithHeader as _, reply, run, sent_json};
use engine::{EngineError, Failure, MODERATION_URL, Moderation, Verdict};
use serde_json::{Value, json};
use transport::{Method, TransportError};

fn judge(script: &Script) -> Result<Verdict, EngineError> {
    let service = Moderation::new(MODERATION_URL, Some("sk-key"), Some("omni-moderation-latest"));
    run(service.judge(script, script, "a sunset"))
}

fn answer(results: &Value) -> Answer {
    reply(200, "application/json", json!({ "id": "modr-1", "model": "omni", "results": results }).to_string())
}

fn allowed() -> Answer {
    answer(&json!([{ "flagged": false, "categories": { "violence": false } }]))
}

#[test]
fn the_request_is_the_documented_one() {
    let script = Script::new([allowed()]);
    assert_eq!(judge(&script), Ok(Verdict::Allowed));
    let [sent] = &script.sent()[..] else { panic!("one request") };
    assert_eq!((sent.method, sent.url.as_str()), (Method::Post, "https://api.openai.com/v1/moderations"));
    assert_eq!(
        sent.headers,
        [("content-type", "application/json".to_owned()), ("authorization", "Bearer sk-key".to_owned())]
    );
    assert_eq!(sent_json(sent), json!({ "model": "omni-moderation-latest", "input": "a sunset" }));
}

#[test]
fn a_service_of_the_owners_may_want_neither_key_nor_model() {
    let script = Script::new([allowed()]);
    let service = Moderation::new("http://guard/check", None, None);
    run(service.judge(&script, &script, "x")).unwrap();
    let sent = &script.sent()[0];
    assert_eq!(sent.headers, [("content-type", "application/json".to_owned())]);
    assert_eq!(sent_json(sent), json!({ "input": "x" }));
}

#[test]
fn a_flagged_prompt_is_told_with_its_categories() {
    let violent = json!({ "flagged": true,
        "categories": { "violence": true, "hate": false, "illicit": null, "harassment/threatening": true } });
    let rows = [
        (json!([violent]), vec!["harassment/threatening", "violence"]),
        (json!([{ "flagged": false, "categories": {} }, violent]), vec!["harassment/threatening", "violence"]),
        (json!([{ "flagged": true }]), vec![]),
    ];
    for (results, expected) in rows {
        let categories = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(judge(&Script::new([answer(&results)])), Ok(Verdict::Flagged { categories }), "{results}");
    }
}

#[test]
fn what_passes_is_asked_once_more() {
    let failures = || {
        [
            (reply(429, "application/json", "{}"), 500),
            (reply(429, "application/json", "{}").with_header("retry-after", "2"), 2_000),
            (reply(500, "text/plain", "oops"), 500),
            (reply(503, "text/html", "<html>"), 500),
            (Err(TransportError::Connection("reset".to_owned())), 500),
            (Err(TransportError::Timeout), 500),
            (answer(&json!([])), 500),
            (reply(200, "text/html", "<html>"), 500),
        ]
    };
    for (failure, pause) in failures() {
        let script = Script::new([failure.clone(), allowed()]);
        assert_eq!(judge(&script), Ok(Verdict::Allowed));
        assert_eq!(script.slept(), [pause]);
        let script = Script::new([failure.clone(), failure]);
        assert!(judge(&script).is_err());
    }
}

#[test]
fn what_would_repeat_itself_or_take_too_long_is_asked_once() {
    let quota = r#"{"error":{"code":"insufficient_quota"}}"#;
    let long = reply(429, "application/json", "{}").with_header("retry-after", "10");
    let rows = [
        (reply(400, "application/json", "{}"), Failure::BadInput),
        (reply(401, "application/json", r#"{"error":{"message":"no sk-key"}}"#), Failure::Unauthorized),
        (reply(429, "application/json", quota), Failure::Unpaid),
        (reply(404, "text/plain", "Not Found"), Failure::Gone),
        (long, Failure::RateLimited(Some(std::time::Duration::from_secs(10)))),
    ];
    for (failure, expected) in rows {
        let script = Script::new([failure]);
        let error = judge(&script).unwrap_err();
        assert_eq!(error.failure, expected);
        assert!(!error.detail.contains("sk-key"), "{error}");
    }
}

#[test]
fn a_verdict_is_waited_for_ten_seconds_at_most() {
    let script = Script::new([Err(TransportError::Timeout), Err(TransportError::Timeout)]);
    assert_eq!(judge(&script).unwrap_err().failure, Failure::TimedOut);
    let timeouts: Vec<_> = script.sent().iter().map(|request| request.timeout.as_millis()).collect();
    assert_eq!(timeouts, [5_000, 4_500]);
}

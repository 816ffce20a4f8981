//! The own interface of stable-diffusion.cpp: jobs.

use crate::support::{Answer, Easel, described_base64, described_file};
use serde_json::{Value, json};

const SUBMIT: &str = "/sdcpp/v1/img_gen";

fn body(prompt: &str) -> Value {
    json!({ "prompt": prompt, "width": 96, "height": 64, "seed": 7, "sample_params": { "sample_steps": 30,
        "guidance": { "txt_cfg": 7.5 } } })
}

fn post(easel: &Easel, body: &Value) -> Answer {
    easel.post(SUBMIT, &[], body.to_string().as_bytes())
}

/// What a client sees that asks until the job is done, and at most five times.
fn paint(easel: &Easel, prompt: &str) -> String {
    let submitted = post(easel, &body(prompt));
    if let Some(broken) = submitted.broken() {
        return format!("submit: {broken}");
    }
    if submitted.status != 202 {
        return format!("submit: {} {}", submitted.status, submitted.json()["error"].as_str().unwrap());
    }
    let path = submitted.json()["poll_url"].as_str().unwrap().to_owned();
    let mut failed = String::new();
    for _ in 0..5 {
        let answer = easel.get(&path);
        if let Some(broken) = answer.broken() {
            return broken;
        }
        let job = answer.json();
        match job["status"].as_str() {
            Some("completed") => return failed + &result(easel, &job["result"]["images"]),
            Some("failed") => return format!("failed: {}", job["error"]["message"].as_str().unwrap()),
            Some(_) => {}
            None => failed = format!("{} {}, ", answer.status, job["error"].as_str().unwrap()),
        }
    }
    "never done".to_owned()
}

fn result(easel: &Easel, images: &Value) -> String {
    match &images[0] {
        Value::Null => "no picture in the list".to_owned(),
        image if image["b64_json"].is_string() => described_base64(image["b64_json"].as_str().unwrap()),
        image => described_file(&easel.fetch(&image["url"])),
    }
}

#[test]
fn a_job_is_taken_and_holds_its_pictures_when_it_is_done() {
    let easel = Easel::start(&["--control", "--queue-polls", "2"]);
    let mut two = body("a lake");
    two["batch_count"] = json!(2);
    two["output_format"] = json!("jpeg");
    let submitted = post(&easel, &two);
    let ticket = submitted.json();
    assert_eq!((submitted.status, &ticket["status"], &ticket["kind"]), (202, &json!("queued"), &json!("img_gen")));
    let path = format!("/sdcpp/v1/jobs/{}", ticket["id"].as_str().unwrap());
    assert_eq!((&ticket["poll_url"], ticket["created"].is_u64()), (&json!(path), true));
    let queued = easel.get(&path).json();
    assert_eq!((&queued["status"], &queued["queue_position"]), (&json!("queued"), &json!(1)));
    assert_eq!((&queued["result"], &queued["error"], &queued["started"]), (&Value::Null, &Value::Null, &Value::Null));
    assert_eq!(easel.get(&path).json()["status"], "generating");
    let done = easel.get(&path).json();
    assert_eq!((&done["status"], done["completed"].is_u64()), (&json!("completed"), true));
    assert_eq!((&done["result"]["output_format"], &done["result"]["images"][1]["index"]), (&json!("jpeg"), &json!(1)));
    assert_eq!(result(&easel, &done["result"]["images"]), "jpeg");
    let whats: Vec<_> = easel.requests("a lake").iter().map(|entry| entry["answer"]["what"].clone()).collect();
    assert_eq!(whats, ["queued", "job", "job", "picture"]);
}

#[test]
fn wrong_requests_are_refused_with_one_string() {
    let easel = Easel::start(&[]);
    for (sent, error) in [
        ("", "empty body"),
        ("{", "invalid json"),
        ("{}", "prompt required"),
        (r#"{"prompt":"x","width":"wide"}"#, "invalid generation parameters"),
        (r#"{"prompt":"x","width":16}"#, "invalid generation parameters"),
        (r#"{"prompt":"x","output_format":"bmp"}"#, "invalid generation parameters"),
    ] {
        let answer = easel.post(SUBMIT, &[], sent.as_bytes());
        assert_eq!((answer.status, answer.json()["error"].as_str()), (400, Some(error)), "{sent}");
    }
    for answer in [easel.get("/sdcpp/v1/jobs/job_1"), easel.post("/sdcpp/v1/jobs/job_1/cancel", &[], b"")] {
        assert_eq!((answer.status, answer.json()), (404, json!({ "error": "job not found" })));
    }
}

#[test]
fn only_a_queued_job_can_be_cancelled() {
    let easel = Easel::start(&["--queue-polls", "2"]);
    let submit = || post(&easel, &body("x")).json()["poll_url"].as_str().unwrap().to_owned();
    let cancel = |path: &str| easel.post(&format!("{path}/cancel"), &[], b"");
    let path = submit();
    let cancelled = cancel(&path);
    assert_eq!((cancelled.status, &cancelled.json()["status"]), (200, &json!("cancelled")));
    assert_eq!(easel.get(&path).json()["error"]["code"], "cancelled");
    let path = submit();
    easel.get(&path);
    assert_eq!(cancel(&path).status, 409);
    easel.get(&path);
    let late = cancel(&path);
    assert_eq!((late.status, &late.json()["status"]), (200, &json!("completed")));
}

#[test]
fn the_capabilities_name_limits_and_the_model() {
    let told = Easel::start(&[]).get("/sdcpp/v1/capabilities").json();
    assert_eq!((&told["model"]["stem"], &told["limits"]["max_batch_count"]), (&json!("sketch-1"), &json!(8)));
    assert_eq!(told["features"]["cancel_generating"], false);
}

#[test]
fn every_fault_is_seen_where_it_happens() {
    let rows = [
        (json!({ "kind": "status", "status": 429 }), "submit: 429 job queue is full"),
        (json!({ "kind": "cold" }), "submit: 503 page"),
        (json!({ "kind": "cold", "html": true }), "submit: 503 page"),
        (json!({ "kind": "text_page" }), "200 page"),
        (json!({ "kind": "empty" }), "200 nothing"),
        (json!({ "kind": "truncated" }), "broken png"),
        (json!({ "kind": "mislabelled" }), "jpeg"),
        (json!({ "kind": "json_b64" }), "data: png 96x64"),
        (json!({ "kind": "json_url" }), "png 96x64 as image/png"),
        (json!({ "kind": "json_url", "missing": true }), "404"),
        (json!({ "kind": "slow", "ms": 1 }), "png 96x64"),
        (json!({ "kind": "reset", "after_bytes": 100 }), "cut off"),
        (json!({ "kind": "refuse_prompt" }), "submit: 400 the prompt is not allowed here"),
        (json!({ "kind": "wrong_size", "width": 80, "height": 40 }), "png 80x40"),
        (json!({ "kind": "huge", "mib": 2 }), "1 MiB"),
        (json!({ "kind": "garbage", "bytes": 50 }), "no picture"),
        (json!({ "kind": "job_failed" }), "failed: generate_image returned no results"),
        (json!({ "kind": "job_failed", "error": "out of paint" }), "failed: out of paint"),
        (json!({ "kind": "never_done" }), "never done"),
        (json!({ "kind": "poll_failed", "status": 410 }), "410 job expired, png 96x64"),
        (json!({ "kind": "nsfw" }), "black png 96x64"),
        (json!({ "kind": "empty_list" }), "no picture in the list"),
        (json!({ "kind": "download_failed", "status": 403 }), "403"),
    ];
    let easel = Easel::start(&["--control"]);
    easel.assert_faults(&rows, &["hang"], |prompt| paint(&easel, prompt));
    easel.assert_hangs("hang", SUBMIT, &body("PROMPT"));
}

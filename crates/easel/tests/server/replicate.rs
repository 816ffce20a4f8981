//! replicate through the router.

use crate::support::{Answer, Easel, TOKEN, described_base64, described_file};
use serde_json::{Value, json};

const BY_MODEL: &str = "/replicate/v1/models/black-forest-labs/flux-schnell/predictions";
const BY_VERSION: &str = "/replicate/v1/predictions";

const MAPPING: &str = "easel/sketch-1=replicate:black-forest-labs/flux-schnell";
const VERSIONED: &str = "easel/sketch-2=replicate:stability-ai/sdxl:5f3c";

fn start(flags: &[&str]) -> Easel {
    Easel::start(&[&["--control", "--mapping", MAPPING, "--mapping", VERSIONED], flags].concat())
}

fn body(prompt: &str) -> Value {
    json!({ "input": { "prompt": prompt, "width": 96, "height": 64, "seed": 7 } })
}

fn create(easel: &Easel, path: &str, prefer: &str, body: &Value) -> Answer {
    easel.post(path, &[TOKEN, ("prefer", prefer)], body.to_string().as_bytes())
}

/// What a client sees.
fn paint(easel: &Easel, prompt: &str) -> String {
    let answer = create(easel, BY_MODEL, "wait", &body(prompt));
    if let Some(broken) = answer.broken() {
        return broken;
    }
    let prediction = answer.json();
    let status = prediction["status"].as_str().unwrap_or("no status");
    match &prediction["output"][0] {
        _ if answer.status != 201 => format!("{} {}", answer.status, prediction["error"].is_string()),
        Value::Null if prediction["error"].is_string() => {
            format!("{status}: {}", prediction["error"].as_str().unwrap())
        }
        Value::Null => format!("{status}: {}", prediction["output"]),
        Value::String(data) if data.starts_with("data:") => described_base64(data),
        address => described_file(&easel.fetch(address)),
    }
}

#[test]
fn a_prediction_is_answered_when_it_is_done() {
    let easel = start(&[]);
    let answer = create(&easel, BY_MODEL, "wait", &body("a lake"));
    let prediction = answer.json();
    assert_eq!((answer.status, &prediction["status"]), (201, &json!("succeeded")));
    assert_eq!((&prediction["error"], &prediction["input"]["seed"]), (&Value::Null, &json!(7)));
    assert_eq!(prediction["model"], "black-forest-labs/flux-schnell");
    let id = prediction["id"].as_str().unwrap();
    assert_eq!(prediction["urls"]["get"], json!(format!("https://api.replicate.com/v1/predictions/{id}")));
    assert!(prediction["metrics"]["predict_time"].is_number() && prediction["completed_at"].is_string());
    let file = easel.fetch(&prediction["output"][0]);
    assert_eq!(file.body, Easel::start(&[]).imagine("a lake").body);
    let whats: Vec<_> = easel.requests("a lake").iter().map(|entry| entry["answer"]["what"].clone()).collect();
    assert_eq!(whats, ["picture", "media"]);
}

#[test]
fn the_output_is_a_list_or_one_address() {
    let easel = start(&["--replicate-output", "string"]);
    let one = create(&easel, BY_MODEL, "wait", &body("x")).json();
    assert_eq!(easel.fetch(&one["output"]).png_size(), Some((96, 64)));
    let mut two = body("x");
    two["input"]["num_outputs"] = json!(2);
    two["input"]["output_format"] = json!("jpg");
    let two = create(&easel, BY_MODEL, "wait", &two).json();
    assert_eq!(two["output"].as_array().unwrap().len(), 2);
    assert_eq!(described_file(&easel.fetch(&two["output"][1])), "jpeg as image/jpeg");
}

#[test]
fn a_version_is_called_without_its_model() {
    let easel = start(&[]);
    for (version, status) in [("5f3c", 201), ("stability-ai/sdxl:5f3c", 201), ("0000", 404), ("", 404)] {
        let mut body = body("x");
        body["version"] = json!(version);
        let answer = create(&easel, BY_VERSION, "wait", &body);
        assert_eq!(answer.status, status, "{version}: {}", answer.text());
    }
}

#[test]
fn whoever_does_not_wait_gets_a_prediction_that_has_not_begun() {
    let easel = start(&[]);
    let answer = easel.ask(BY_MODEL, &body("x"));
    let prediction = answer.json();
    assert_eq!((answer.status, &prediction["status"]), (201, &json!("starting")));
    assert_eq!((&prediction["output"], &prediction["completed_at"]), (&Value::Null, &Value::Null));
}

#[test]
fn what_outlasts_the_wait_is_answered_as_it_stands() {
    let easel = start(&[]);
    easel.order("", json!(1), json!({ "kind": "slow", "ms": 600_000 }));
    let prediction = create(&easel, BY_MODEL, "wait=1", &body("x")).json();
    assert_eq!((&prediction["status"], &prediction["output"]), (&json!("processing"), &Value::Null));
}

#[test]
fn wrong_requests_get_the_errors_of_who_finds_them() {
    let easel = start(&[]);
    let unauthorized = easel.post(BY_MODEL, &[], b"{}");
    assert_eq!((unauthorized.status, unauthorized.json()["error"].is_string()), (401, true));
    for (body, field) in [
        (json!({}), "input"),
        (json!({ "input": {} }), "input.prompt"),
        (json!({ "input": { "prompt": "x", "width": 100 } }), "input.width"),
    ] {
        let answer = create(&easel, BY_MODEL, "wait", &body);
        let problem = answer.json();
        assert_eq!((answer.status, &problem["status"]), (422, &json!(422)));
        assert_eq!(problem["invalid_fields"][0]["field"], field);
        assert!(problem["detail"].as_str().unwrap().contains(field) && problem["title"].is_string());
    }
    assert_eq!(easel.post(BY_MODEL, &[TOKEN], b"{").status, 400);
}

#[test]
fn each_status_has_the_words_of_who_says_it() {
    let easel = start(&[]);
    for status in [400, 401, 402, 403, 404, 410, 422, 429, 500, 502, 503, 504] {
        easel.order("", json!(1), json!({ "kind": "status", "status": status }));
        let answer = create(&easel, BY_MODEL, "wait", &body("x"));
        let by_router = [400, 401, 402, 403, 410].contains(&status);
        assert_eq!((u64::from(answer.status), answer.json()["error"].is_string()), (status, by_router), "{status}");
        assert_eq!(answer.json()["detail"].is_string(), !by_router, "{status}");
    }
}

#[test]
fn every_fault_is_seen_where_it_happens() {
    let rows = [
        (json!({ "kind": "status", "status": 402 }), "402 true"),
        (json!({ "kind": "cold" }), "starting: null"),
        (json!({ "kind": "cold", "html": true }), "503 page"),
        (json!({ "kind": "text_page" }), "200 page"),
        (json!({ "kind": "empty" }), "200 nothing"),
        (json!({ "kind": "truncated" }), "broken png as image/png"),
        (json!({ "kind": "mislabelled" }), "jpeg as image/png"),
        (json!({ "kind": "json_b64" }), "data: png 96x64"),
        (json!({ "kind": "json_url" }), "png 96x64 as image/png"),
        (json!({ "kind": "json_url", "missing": true }), "404"),
        (json!({ "kind": "slow", "ms": 1 }), "png 96x64 as image/png"),
        (json!({ "kind": "reset", "after_bytes": 100 }), "cut off"),
        (json!({ "kind": "refuse_prompt" }), "failed: E005: The input was flagged as sensitive."),
        (json!({ "kind": "wrong_size", "width": 80, "height": 40 }), "png 80x40 as image/png"),
        (json!({ "kind": "huge", "mib": 2, "declared": false }), "2 MiB as image/png"),
        (json!({ "kind": "garbage", "bytes": 50 }), "no picture as image/png"),
        (json!({ "kind": "job_failed" }), "failed: Prediction failed"),
        (json!({ "kind": "job_failed", "error": "out of paint" }), "failed: out of paint"),
        (json!({ "kind": "never_done" }), "processing: null"),
        (json!({ "kind": "poll_failed", "status": 500 }), "500 false"),
        (json!({ "kind": "nsfw" }), "failed: NSFW content was detected in the output."),
        (json!({ "kind": "empty_list" }), "succeeded: []"),
        (json!({ "kind": "download_failed", "status": 403 }), "403"),
    ];
    let easel = start(&[]);
    easel.assert_faults(&rows, &["hang"], |prompt| paint(&easel, prompt));
    easel.assert_hangs("hang", BY_MODEL, &body("PROMPT"));
}

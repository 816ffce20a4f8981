//! together through the router.

use crate::support::{Easel, TOKEN, described_base64, described_file};
use serde_json::{Value, json};

const PATH: &str = "/together/v1/images/generations";
const MODEL: &str = "black-forest-labs/FLUX.1-schnell";
const MAPPING: &str = "easel/sketch-1=together:black-forest-labs/FLUX.1-schnell";

fn start() -> Easel {
    Easel::start(&["--control", "--mapping", MAPPING])
}

fn body(prompt: &str) -> Value {
    json!({ "model": MODEL, "prompt": prompt, "width": 96, "height": 64, "seed": 7, "output_format": "png",
        "response_format": "base64" })
}

/// What a client sees.
fn paint(easel: &Easel, body: &Value) -> String {
    let answer = easel.ask(PATH, body);
    if let Some(broken) = answer.broken() {
        return broken;
    }
    let reply = answer.json();
    match &reply["data"][0] {
        _ if answer.status != 200 => match reply["error"]["message"].as_str() {
            Some(message) => format!("{}: {message}", answer.status),
            None => format!("{} of the router", answer.status),
        },
        Value::Null => format!("data {}", reply["data"]),
        picture if picture["b64_json"].is_string() => described_base64(picture["b64_json"].as_str().unwrap()),
        picture => described_file(&easel.fetch(&picture["url"])),
    }
}

#[test]
fn a_picture_comes_as_base64_or_by_address() {
    let easel = start();
    let inside = easel.ask(PATH, &body("a lake"));
    let reply = inside.json();
    assert_eq!((inside.status, &reply["object"], &reply["model"]), (200, &json!("list"), &json!(MODEL)));
    assert_eq!((&reply["data"][0]["index"], &reply["data"][0]["type"]), (&json!(0), &json!("b64_json")));
    assert_eq!(paint(&easel, &body("a lake")), "png 96x64");
    let mut by_address = body("a lake");
    by_address["response_format"] = json!("url");
    assert_eq!(easel.ask(PATH, &by_address).json()["data"][0]["type"], "url");
    assert_eq!(paint(&easel, &by_address), "png 96x64 as image/png");
    let bare = json!({ "model": MODEL, "prompt": "", "width": 64, "height": 64, "n": 2 });
    assert_eq!(paint(&easel, &bare), "jpeg as image/jpeg");
    assert_eq!(easel.ask(PATH, &bare).json()["data"].as_array().unwrap().len(), 2);
}

#[test]
fn wrong_requests_get_the_errors_of_who_finds_them() {
    let easel = start();
    let unauthorized = easel.post(PATH, &[], body("x").to_string().as_bytes());
    assert_eq!((unauthorized.status, unauthorized.json()["error"].is_string()), (401, true));
    let broken = easel.post(PATH, &[TOKEN], b"{");
    assert_eq!((broken.status, &broken.json()["error"]["type"]), (400, &json!("invalid_request_error")));
    for (field, value, status, code) in [
        ("model", json!("some/model"), 404, "model_not_available"),
        ("prompt", Value::Null, 400, "missing_required_parameter"),
        ("response_format", json!("b64_json"), 400, "invalid_parameter"),
        ("width", json!(100), 400, "invalid_parameter"),
    ] {
        let mut wrong = body("x");
        wrong[field] = value;
        let answer = easel.ask(PATH, &wrong);
        let error = answer.json()["error"].clone();
        assert_eq!((answer.status, &error["code"], &error["param"]), (status, &json!(code), &json!(field)));
    }
}

#[test]
fn every_fault_is_seen_where_it_happens() {
    let rows = [
        (json!({ "kind": "status", "status": 402 }), "402 of the router"),
        (json!({ "kind": "status", "status": 429 }), "429: You have reached the rate limit of this model."),
        (json!({ "kind": "cold" }), "503: The model is overloaded. Please try again later."),
        (json!({ "kind": "cold", "html": true }), "503 page"),
        (json!({ "kind": "text_page" }), "200 page"),
        (json!({ "kind": "empty" }), "200 nothing"),
        (json!({ "kind": "truncated" }), "broken png"),
        (json!({ "kind": "mislabelled" }), "jpeg"),
        (json!({ "kind": "json_b64" }), "data: png 96x64"),
        (json!({ "kind": "json_url" }), "png 96x64 as image/png"),
        (json!({ "kind": "json_url", "missing": true }), "404"),
        (json!({ "kind": "slow", "ms": 1 }), "png 96x64"),
        (json!({ "kind": "reset", "after_bytes": 100 }), "cut off"),
        (json!({ "kind": "refuse_prompt" }), "422: The prompt was flagged by the safety checker"),
        (json!({ "kind": "wrong_size", "width": 80, "height": 40 }), "png 80x40"),
        (json!({ "kind": "huge", "mib": 2 }), "1 MiB"),
        (json!({ "kind": "garbage", "bytes": 50 }), "no picture"),
        (json!({ "kind": "job_failed", "error": "out of paint" }), "500: out of paint"),
        (
            json!({ "kind": "poll_failed", "status": 404 }),
            "404: Unable to access model of this name. Please check that \
            it exists and that you may use it.",
        ),
        (json!({ "kind": "nsfw" }), "data []"),
        (json!({ "kind": "empty_list" }), "data []"),
        (json!({ "kind": "download_failed", "status": 403 }), "403"),
    ];
    let easel = start();
    easel.assert_faults(&rows, &["hang", "never_done"], |prompt| paint(&easel, &body(prompt)));
    for kind in ["hang", "never_done"] {
        easel.assert_hangs(kind, PATH, &body("PROMPT"));
    }
}

#[test]
fn a_fault_of_a_file_that_is_fetched_is_played_at_its_address() {
    let easel = start();
    for (fault, expected) in [
        (json!({ "kind": "text_page" }), "200 page"),
        (json!({ "kind": "reset", "after_bytes": 100 }), "cut off"),
        (json!({ "kind": "huge", "mib": 2 }), "2 MiB as image/png"),
    ] {
        easel.order("", json!(1), fault.clone());
        let mut by_address = body("x");
        by_address["response_format"] = json!("url");
        assert_eq!(paint(&easel, &by_address), expected, "{fault}");
    }
}

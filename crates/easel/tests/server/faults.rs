//! Every fault, as a client sees it on the wire.

use crate::support::{Easel, MODEL, described_base64, described_file, png_size};
use base64::Engine as _;
use serde_json::{Value, json};
use std::io::Read;
use std::time::Duration;

/// An easel on which one fault was ordered for one request.
fn with(fault: Value) -> Easel {
    let easel = Easel::start(&["--control"]);
    easel.order("", json!(1), fault);
    easel
}

#[test]
fn status_is_made_to_order() {
    let headers = json!({ "retry-after": "2", "ratelimit": "\"api\";r=0;t=3" });
    let answer = with(json!({ "kind": "status", "status": 429, "body": { "error": "slow down" }, "headers": headers }));
    let answer = answer.imagine("x");
    assert_eq!((answer.status, answer.json()), (429, json!({ "error": "slow down" })));
    assert_eq!((answer.header("retry-after"), answer.header("ratelimit")), ("2", "\"api\";r=0;t=3"));
    assert_eq!(answer.header("content-type"), "application/json");
}

#[test]
fn status_as_text_keeps_its_text_and_type() {
    let fault = json!({ "kind": "status", "status": 504, "body": "<h1>Gateway</h1>", "content_type": "text/html" });
    let answer = with(fault).imagine("x");
    assert_eq!(
        (answer.status, answer.text(), answer.header("content-type")),
        (504, "<h1>Gateway</h1>".into(), "text/html")
    );
}

#[test]
fn status_alone_has_the_usual_words() {
    for status in [400, 401, 402, 403, 404, 410, 422, 429, 500, 502, 503, 504] {
        let answer = with(json!({ "kind": "status", "status": status })).imagine("x");
        assert_eq!(u64::from(answer.status), status);
        assert!(answer.json()["error"].as_str().is_some_and(|text| !text.is_empty()), "{status}");
    }
}

#[test]
fn cold_says_how_long_and_the_html_variant_does_not() {
    let easel = Easel::start(&["--control"]);
    easel.order("", json!(2), json!({ "kind": "cold", "estimated_time": 20 }));
    for _ in 0..2 {
        let answer = easel.imagine("x");
        assert_eq!((answer.status, answer.json()["estimated_time"].as_f64()), (503, Some(20.0)));
    }
    assert_eq!(easel.imagine("x").status, 200);
    let html = with(json!({ "kind": "cold", "html": true })).imagine("x");
    assert_eq!(html.status, 503);
    assert!(html.header("content-type").starts_with("text/html") && html.text().contains("Unavailable"));
}

#[test]
fn a_page_or_nothing_instead_of_a_picture() {
    let page = with(json!({ "kind": "text_page" })).imagine("x");
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").starts_with("text/html"));
    let empty = with(json!({ "kind": "empty" })).imagine("x");
    assert_eq!((empty.status, empty.body.len()), (200, 0));
}

#[test]
fn a_truncated_picture_arrives_whole_as_http_and_broken_as_png() {
    let answer = with(json!({ "kind": "truncated", "fraction": 0.4 })).imagine("x");
    assert_eq!(answer.header("content-length"), answer.body.len().to_string());
    assert!(answer.body.starts_with(b"\x89PNG") && answer.png_size().is_none());
}

#[test]
fn a_mislabelled_picture_is_jpeg() {
    let answer = with(json!({ "kind": "mislabelled" })).imagine("x");
    assert_eq!((answer.status, answer.header("content-type")), (200, "image/png"));
    assert!(answer.body.starts_with(&[0xFF, 0xD8, 0xFF]));
}

#[test]
fn a_picture_in_json_decodes() {
    let answer = with(json!({ "kind": "json_b64" })).imagine("x");
    assert_eq!(answer.header("content-type"), "application/json");
    let text = answer.json()["data"][0]["b64_json"].as_str().unwrap().to_owned();
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
    assert_eq!(png_size(&bytes), Some((96, 64)));
}

#[test]
fn a_picture_by_address_can_be_fetched_or_is_missing() {
    for (missing, status) in [(false, 200), (true, 404)] {
        let easel = with(json!({ "kind": "json_url", "missing": missing }));
        let url = easel.imagine("x").json()["output"][0].as_str().unwrap().to_owned();
        let path = url.strip_prefix(&easel.url).unwrap_or_else(|| panic!("{url} is on another host"));
        let media = easel.get(path);
        assert_eq!((media.status, media.png_size().is_some()), (status, !missing));
    }
}

#[test]
fn hang_answers_nothing() {
    let easel = with(json!({ "kind": "hang" }));
    let mut stream = easel.send_raw("x");
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let error = stream.read(&mut [0; 1]).unwrap_err();
    assert!(matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut), "{error}");
    assert_eq!(easel.imagine("y").status, 200);
}

#[test]
fn slow_answers_well_but_late() {
    let easel = with(json!({ "kind": "slow", "ms": 200 }));
    let started = std::time::Instant::now();
    let answer = easel.imagine("x");
    assert!(started.elapsed() >= Duration::from_millis(200));
    assert_eq!(answer.png_size(), Some((96, 64)));
}

#[test]
fn reset_breaks_the_promise_of_its_length() {
    let easel = with(json!({ "kind": "reset", "after_bytes": 1000 }));
    let mut bytes = Vec::new();
    // The end may come as a clean close or as a reset; either way the body is short.
    let _ = easel.send_raw("x").read_to_end(&mut bytes);
    let at = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&bytes[..at]).to_lowercase();
    let promised: usize = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    let sent = bytes.len() - at - 4;
    assert!(head.starts_with("http/1.1 200") && sent == 1000 && promised > 1000, "{sent} of {promised}: {head}");
}

#[test]
fn refuse_prompt_names_moderation() {
    let answer = with(json!({ "kind": "refuse_prompt" })).imagine("x");
    assert_eq!((answer.status, answer.json()["code"].as_str()), (400, Some("moderation_blocked")));
    assert!(answer.json()["error"].is_string());
}

#[test]
fn wrong_size_is_a_good_picture_of_another_size() {
    let answer = with(json!({ "kind": "wrong_size", "width": 80, "height": 40 })).imagine("x");
    assert_eq!(answer.png_size(), Some((80, 40)));
}

#[test]
fn huge_sends_what_it_says() {
    for declared in [true, false] {
        let answer = with(json!({ "kind": "huge", "mib": 11, "declared": declared })).imagine("x");
        assert_eq!((answer.body.len(), answer.header("content-type")), (11 << 20, "image/png"));
        let length = if declared { (11u64 << 20).to_string() } else { String::new() };
        assert_eq!(answer.header("content-length"), length);
        assert!(answer.body.starts_with(b"\x89PNG"));
    }
}

#[test]
fn garbage_is_no_picture() {
    let answer = with(json!({ "kind": "garbage", "bytes": 500 })).imagine("x");
    assert_eq!((answer.header("content-type"), answer.body.len()), ("image/png", 500));
    assert!(!answer.body.starts_with(b"\x89PNG") && !answer.body.starts_with(&[0xFF, 0xD8]));
}

#[test]
fn what_this_protocol_cannot_play_is_its_nearest_relative() {
    let rows = [
        (json!({ "kind": "status", "status": 402 }), "402"),
        (json!({ "kind": "cold" }), "503"),
        (json!({ "kind": "text_page" }), "200 page"),
        (json!({ "kind": "empty" }), "200 nothing"),
        (json!({ "kind": "truncated" }), "broken png as image/png"),
        (json!({ "kind": "mislabelled" }), "jpeg as image/png"),
        (json!({ "kind": "json_b64" }), "in JSON: png 96x64"),
        (json!({ "kind": "json_url" }), "by address: png 96x64 as image/png"),
        (json!({ "kind": "slow", "ms": 1 }), "png 96x64 as image/png"),
        (json!({ "kind": "reset", "after_bytes": 100 }), "cut off"),
        (json!({ "kind": "refuse_prompt" }), "400"),
        (json!({ "kind": "wrong_size", "width": 80, "height": 40 }), "png 80x40 as image/png"),
        (json!({ "kind": "huge", "mib": 2 }), "2 MiB as image/png"),
        (json!({ "kind": "garbage", "bytes": 50 }), "no picture as image/png"),
        (json!({ "kind": "job_failed", "error": "out of paint" }), "500"),
        (json!({ "kind": "poll_failed", "status": 502 }), "502"),
        (json!({ "kind": "nsfw" }), "black png 96x64 as image/png"),
        (json!({ "kind": "empty_list" }), "in JSON: nothing"),
        (json!({ "kind": "download_failed", "status": 403 }), "by address: 403"),
    ];
    let easel = Easel::start(&["--control"]);
    easel.assert_faults(&rows, &["hang", "never_done"], |prompt| {
        let answer = easel.imagine(prompt);
        if answer.status != 200 || answer.header("content-type") != "application/json" {
            return described_file(&answer);
        }
        match (&answer.json()["data"][0]["b64_json"], &answer.json()["output"][0]) {
            (Value::String(base64), _) => format!("in JSON: {}", described_base64(base64)),
            (_, address @ Value::String(_)) => format!("by address: {}", described_file(&easel.fetch(address))),
            _ => "in JSON: nothing".to_owned(),
        }
    });
    for kind in ["hang", "never_done"] {
        easel.assert_hangs(kind, MODEL, &json!({ "inputs": "PROMPT" }));
    }
}

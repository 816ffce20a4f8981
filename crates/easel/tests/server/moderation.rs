//! Moderation as OpenAI offers it.

use crate::support::{Answer, Easel, TOKEN};
use serde_json::{Value, json};

const PATH: &str = "/v1/moderations";

fn start() -> Easel {
    Easel::start(&["--control"])
}

/// What a client sees of an answer.
fn seen(answer: &Answer) -> String {
    if let Some(broken) = answer.broken() {
        return broken;
    }
    match serde_json::from_slice::<Value>(&answer.body) {
        Err(_) => format!("{} no JSON", answer.status),
        Ok(reply) if answer.status != 200 => format!("{} {}", answer.status, reply["error"]["type"].as_str().unwrap()),
        Ok(reply) => match reply["results"][0]["flagged"].as_bool() {
            Some(true) => "flagged".to_owned(),
            Some(false) => "passed".to_owned(),
            None => format!("results {}", reply["results"]),
        },
    }
}

#[test]
fn one_word_is_forbidden() {
    let easel = start();
    for (input, expected) in [("a lake", false), ("a forbidden lake", true)] {
        let answer = easel.ask(PATH, &json!({ "model": "omni-moderation-latest", "input": input }));
        let reply = answer.json();
        assert_eq!((answer.status, &reply["model"]), (200, &json!("omni-moderation-latest")));
        assert!(reply["id"].as_str().unwrap().starts_with("modr-"));
        let result = &reply["results"][0];
        assert_eq!((&result["flagged"], &result["categories"]["illicit"]), (&json!(expected), &json!(expected)));
        assert_eq!(result["categories"].as_object().unwrap().len(), 13);
        assert_eq!(result["category_scores"]["illicit"].as_f64().unwrap() > 0.5, expected);
    }
}

#[test]
fn several_texts_are_judged_one_by_one_and_parts_together() {
    let easel = start();
    let flags = |input: Value| -> Vec<Value> {
        let reply = easel.ask(PATH, &json!({ "input": input })).json();
        reply["results"].as_array().unwrap().iter().map(|result| result["flagged"].clone()).collect()
    };
    assert_eq!(flags(json!(["a lake", "forbidden"])), [false, true]);
    assert_eq!(flags(json!([{ "type": "text", "text": "a" }, { "type": "text", "text": "forbidden" }])), [true]);
    let wrong = easel.ask(PATH, &json!({ "model": "x" }));
    assert_eq!((wrong.status, &wrong.json()["error"]["param"]), (400, &json!("input")));
    assert_eq!(easel.post(PATH, &[TOKEN], b"{").status, 400);
}

#[test]
fn no_cold_model_keeps_texts_from_being_judged() {
    let easel = Easel::start(&["--cold-seconds", "600"]);
    assert_eq!(seen(&easel.ask(PATH, &json!({ "input": "a lake" }))), "passed");
    assert_eq!(easel.ask("/v1/images/generations", &json!({ "prompt": "a lake" })).status, 503);
}

#[test]
fn the_log_holds_the_text_and_an_order_can_be_for_one_route() {
    let easel = start();
    let order =
        json!({ "prompt_contains": "both", "path_contains": "/images", "fault": { "kind": "status", "status": 500 } });
    assert_eq!(easel.post("/easel/faults", &[], order.to_string().as_bytes()).status, 201);
    assert_eq!(seen(&easel.ask(PATH, &json!({ "input": "both" }))), "passed");
    let picture = json!({ "prompt": "both", "size": "64x64" });
    assert_eq!(easel.ask("/v1/images/generations", &picture).status, 500);
    assert_eq!(easel.ask("/v1/images/generations", &picture).status, 200);
    let whats: Vec<_> = easel.requests("both").iter().map(|entry| entry["answer"]["what"].clone()).collect();
    assert_eq!(whats, ["moderation", "status", "picture"]);
}

#[test]
fn every_fault_is_seen_where_it_happens() {
    let rows = [
        (json!({ "kind": "status", "status": 503 }), "503 server_error"),
        (json!({ "kind": "cold" }), "503 model_loading"),
        (json!({ "kind": "cold", "html": true }), "503 page"),
        (json!({ "kind": "text_page" }), "200 page"),
        (json!({ "kind": "empty" }), "200 nothing"),
        (json!({ "kind": "truncated" }), "200 no JSON"),
        (json!({ "kind": "mislabelled" }), "200 text/plain"),
        (json!({ "kind": "json_b64" }), "passed"),
        (json!({ "kind": "json_url" }), "passed"),
        (json!({ "kind": "slow", "ms": 1 }), "passed"),
        (json!({ "kind": "reset", "after_bytes": 100 }), "cut off"),
        (json!({ "kind": "refuse_prompt" }), "flagged"),
        (json!({ "kind": "wrong_size", "width": 80, "height": 40 }), "passed"),
        (json!({ "kind": "huge", "mib": 2 }), "200 no JSON"),
        (json!({ "kind": "garbage", "bytes": 50 }), "200 no JSON"),
        (json!({ "kind": "job_failed" }), "500 server_error"),
        (json!({ "kind": "poll_failed", "status": 429 }), "429 rate_limit_error"),
        (json!({ "kind": "nsfw" }), "flagged"),
        (json!({ "kind": "empty_list" }), "results []"),
        (json!({ "kind": "download_failed", "status": 403 }), "passed"),
    ];
    let easel = start();
    easel.assert_faults(&rows, &["hang", "never_done"], |prompt| seen(&easel.ask(PATH, &json!({ "input": prompt }))));
    for kind in ["hang", "never_done"] {
        easel.assert_hangs(kind, PATH, &json!({ "input": "PROMPT" }));
    }
}

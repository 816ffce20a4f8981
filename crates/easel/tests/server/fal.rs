//! fal through the router: submit, ask, fetch the result, fetch the picture.

use crate::support::{Answer, Easel, TOKEN, described_base64, described_file};
use serde_json::{Value, json};

const SUBMIT: &str = "/fal-ai/fal-ai/flux/schnell?_subdomain=queue";

const MAPPING: &str = "easel/sketch-1=fal-ai:fal-ai/flux/schnell";

fn start(flags: &[&str]) -> Easel {
    Easel::start(&[&["--control", "--mapping", MAPPING], flags].concat())
}

fn body(prompt: &str) -> Value {
    json!({ "prompt": prompt, "image_size": { "width": 96, "height": 64 }, "output_format": "png", "seed": 7 })
}

/// The path at the router for an address that fal named, as clients are to build it.
fn routed(address: &Value) -> String {
    let path = address.as_str().unwrap().strip_prefix("https://queue.fal.run").unwrap();
    format!("/fal-ai{path}?_subdomain=queue")
}

fn get(easel: &Easel, path: &str) -> Answer {
    easel.get_with(path, &[TOKEN])
}

/// What a client sees that does as it should: it asks until the job is done, and at most five times.
fn paint(easel: &Easel, prompt: &str) -> String {
    let submitted = easel.ask(SUBMIT, &body(prompt));
    if let Some(broken) = submitted.broken() {
        return format!("submit: {broken}");
    }
    let ticket = submitted.json();
    if submitted.status != 200 {
        return format!("submit: {} {}", submitted.status, ticket["error_type"].as_str().unwrap_or_default());
    }
    let mut failed = String::new();
    for _ in 0..5 {
        let status = get(easel, &routed(&ticket["status_url"]));
        match (status.status, status.json()["status"].as_str()) {
            (200, Some("COMPLETED")) => return failed + &result(easel, &get(easel, &routed(&ticket["response_url"]))),
            (202, Some("IN_QUEUE" | "IN_PROGRESS")) => {}
            (other, _) => failed = format!("status: {other}, "),
        }
    }
    "never done".to_owned()
}

fn result(easel: &Easel, answer: &Answer) -> String {
    if let Some(broken) = answer.broken() {
        return format!("result: {broken}");
    }
    let result = answer.json();
    if answer.status != 200 {
        return format!("result: {} {}", answer.status, result["detail"][0]["type"].as_str().unwrap());
    }
    let flagged = if result["has_nsfw_concepts"] == json!([true]) { "flagged " } else { "" };
    match &result["images"][0]["url"] {
        Value::Null => "no picture in the list".to_owned(),
        Value::String(data) if data.starts_with("data:") => format!("{flagged}{}", described_base64(data)),
        address => format!("{flagged}{}", described_file(&easel.fetch(address))),
    }
}

#[test]
fn a_job_is_taken_asked_for_and_answered_by_address() {
    let easel = start(&[]);
    let ticket = easel.ask(SUBMIT, &body("a lake"));
    assert_eq!((ticket.status, &ticket.json()["status"]), (200, &json!("IN_QUEUE")));
    let ticket = ticket.json();
    let id = ticket["request_id"].as_str().unwrap();
    // The last part of the path is dropped, and the host is another.
    let response_url = format!("https://queue.fal.run/fal-ai/flux/requests/{id}");
    assert_eq!(ticket["response_url"], json!(response_url));
    assert_eq!(ticket["status_url"], json!(format!("{response_url}/status")));
    assert_eq!(ticket["cancel_url"], json!(format!("{response_url}/cancel")));
    assert!(ticket["queue_position"].is_u64());

    let early = get(&easel, &routed(&ticket["response_url"]));
    assert_eq!((early.status, early.json()["detail"].as_str()), (400, Some("Request is still in progress")));
    for (status, word) in [(202, "IN_PROGRESS"), (200, "COMPLETED"), (200, "COMPLETED")] {
        let seen = get(&easel, &routed(&ticket["status_url"]));
        assert_eq!((seen.status, seen.json()["status"].as_str()), (status, Some(word)));
    }
    let result = get(&easel, &routed(&ticket["response_url"])).json();
    let image = &result["images"][0];
    assert_eq!((&image["width"], &image["height"]), (&json!(96), &json!(64)));
    assert_eq!(image["content_type"], "image/png");
    assert_eq!((&result["seed"], &result["has_nsfw_concepts"]), (&json!(7), &json!([false])));
    let file = easel.fetch(&image["url"]);
    assert_eq!((file.header("content-type"), file.png_size()), ("image/png", Some((96, 64))));
    // The other protocols paint the same.
    assert_eq!(file.body, Easel::start(&[]).imagine("a lake").body);
}

#[test]
fn the_length_of_the_queue_is_a_flag() {
    for (polls, words) in [("0", vec!["COMPLETED"]), ("3", vec!["IN_QUEUE", "IN_PROGRESS", "IN_PROGRESS", "COMPLETED"])]
    {
        let easel = start(&["--queue-polls", polls]);
        let ticket = easel.ask(SUBMIT, &body("x")).json();
        let status = || get(&easel, &routed(&ticket["status_url"])).json()["status"].clone();
        assert_eq!(words.iter().map(|_| status()).collect::<Vec<_>>(), words);
    }
}

#[test]
fn every_request_of_a_job_carries_its_prompt() {
    let easel = start(&[]);
    assert_eq!(paint(&easel, "counted"), "png 96x64 as image/png");
    let seen = easel.requests("counted");
    let whats: Vec<_> = seen.iter().map(|entry| entry["answer"]["what"].as_str().unwrap()).collect();
    assert_eq!(whats, ["queued", "running", "done", "picture", "media"]);
    assert_eq!(seen[3]["answer"]["seed"], 7);
}

#[test]
fn several_pictures_and_other_sizes_and_formats_come_as_asked() {
    let easel = start(&["--queue-polls", "0"]);
    let ask = |body: Value| {
        let ticket = easel.ask(SUBMIT, &body).json();
        get(&easel, &routed(&ticket["response_url"])).json()
    };
    let two = ask(json!({ "prompt": "x", "image_size": { "width": 64, "height": 64 }, "num_images": 2 }));
    assert_eq!((two["images"].as_array().unwrap().len(), &two["has_nsfw_concepts"]), (2, &json!([false, false])));
    assert_eq!(described_file(&easel.fetch(&two["images"][1]["url"])), "jpeg as image/jpeg");
    let square = ask(json!({ "prompt": "x", "image_size": "square", "output_format": "png" }));
    assert_eq!(easel.fetch(&square["images"][0]["url"]).png_size(), Some((512, 512)));
    // Width and height at the top mean nothing to fal.
    let usual = ask(json!({ "prompt": "x", "width": 64, "height": 64, "output_format": "png" }));
    assert_eq!(easel.fetch(&usual["images"][0]["url"]).png_size(), Some((1024, 768)));
    let mut inside = body("x");
    inside["sync_mode"] = json!(true);
    assert_eq!(described_base64(ask(inside)["images"][0]["url"].as_str().unwrap()), "data: png 96x64");
}

#[test]
fn without_the_queue_the_result_comes_at_once() {
    let easel = start(&[]);
    let answer = easel.ask("/fal-ai/fal-ai/flux/schnell", &body("x"));
    assert_eq!(result(&easel, &answer), "png 96x64 as image/png");
    let ticket = easel.ask(SUBMIT, &body("x")).json();
    let path = routed(&ticket["status_url"]);
    assert_eq!(get(&easel, path.strip_suffix("?_subdomain=queue").unwrap()).status, 404);
}

#[test]
fn nobody_passes_without_a_token_and_nothing_is_found_that_is_not_there() {
    let easel = start(&[]);
    let ticket = easel.ask(SUBMIT, &body("x")).json();
    let (status, cancel) = (routed(&ticket["status_url"]), routed(&ticket["cancel_url"]));
    for answer in [easel.post(SUBMIT, &[], b"{}"), easel.get(&status), easel.put(&cancel, &[])] {
        assert_eq!((answer.status, answer.json()), (401, json!({ "error": "Invalid username or password." })));
    }
    let id = ticket["request_id"].as_str().unwrap();
    for path in [
        format!("/fal-ai/fal-ai/flux/schnell/requests/{id}/status?_subdomain=queue"),
        format!("/fal-ai/fal-ai/flux/requests/{id}x/status?_subdomain=queue"),
        format!("/fal-ai/fal-ai/flux/requests/{id}/logs?_subdomain=queue"),
    ] {
        assert_eq!(get(&easel, &path).status, 404, "{path}");
    }
}

#[test]
fn what_the_model_does_not_take_comes_out_with_the_result() {
    let easel = start(&["--queue-polls", "0"]);
    for (wrong, at, kind) in [
        (json!({}), "prompt", "missing"),
        (json!({ "prompt": "x", "image_size": "enormous" }), "image_size", "value_error"),
        (json!({ "prompt": "x", "num_inference_steps": "many" }), "num_inference_steps", "int_parsing"),
    ] {
        let ticket = easel.ask(SUBMIT, &wrong).json();
        assert_eq!(get(&easel, &routed(&ticket["status_url"])).json()["status"], "COMPLETED");
        let answer = get(&easel, &routed(&ticket["response_url"]));
        let detail = &answer.json()["detail"][0];
        assert_eq!((answer.status, answer.header("x-fal-retryable")), (422, "false"));
        assert_eq!((&detail["loc"], &detail["type"]), (&json!(["body", at]), &json!(kind)));
    }
    let broken = easel.post(SUBMIT, &[TOKEN], b"{not json");
    assert_eq!((broken.status, broken.header("x-fal-error-type")), (400, "bad_request"));
}

#[test]
fn a_job_can_be_cancelled_before_its_turn_and_not_after() {
    let easel = start(&[]);
    let ticket = easel.ask(SUBMIT, &body("x")).json();
    let cancelled = easel.put(&routed(&ticket["cancel_url"]), &[TOKEN]);
    assert_eq!((cancelled.status, cancelled.json()), (202, json!({ "status": "CANCELLATION_REQUESTED" })));
    assert_eq!(get(&easel, &routed(&ticket["status_url"])).json()["status"], "COMPLETED");
    let result = get(&easel, &routed(&ticket["response_url"]));
    assert_eq!((result.status, result.header("x-fal-error-type")), (499, "client_cancelled"));

    let done = easel.ask(SUBMIT, &body("x")).json();
    get(&easel, &routed(&done["status_url"]));
    let late = easel.put(&routed(&done["cancel_url"]), &[TOKEN]);
    assert_eq!((late.status, late.json()), (400, json!({ "status": "ALREADY_COMPLETED" })));
}

#[test]
fn each_status_has_the_words_of_who_says_it() {
    let easel = start(&[]);
    for status in [400, 401, 402, 403, 404, 410, 422, 429, 500, 502, 503, 504] {
        easel.order("", json!(1), json!({ "kind": "status", "status": status }));
        let answer = easel.ask(SUBMIT, &body("x"));
        let said = answer.json();
        let by_router = [401, 402, 403, 410].contains(&status);
        assert_eq!((u64::from(answer.status), said["error"].is_string()), (status, by_router), "{status}");
        assert_eq!(said.get("detail").is_some(), !by_router, "{status}");
    }
}

#[test]
fn every_fault_is_seen_where_it_happens() {
    let rows = [
        (json!({ "kind": "status", "status": 503 }), "submit: 503 runner_scheduling_failure"),
        (json!({ "kind": "cold" }), "submit: 503 runner_scheduling_failure"),
        (json!({ "kind": "cold", "html": true }), "submit: 503 page"),
        (json!({ "kind": "text_page" }), "200 page"),
        (json!({ "kind": "empty" }), "200 nothing"),
        (json!({ "kind": "truncated" }), "broken png as image/png"),
        (json!({ "kind": "mislabelled" }), "jpeg as image/png"),
        (json!({ "kind": "json_b64" }), "data: png 96x64"),
        (json!({ "kind": "json_url" }), "png 96x64 as image/png"),
        (json!({ "kind": "json_url", "missing": true }), "404"),
        (json!({ "kind": "slow", "ms": 1 }), "png 96x64 as image/png"),
        (json!({ "kind": "reset", "after_bytes": 100 }), "cut off"),
        (json!({ "kind": "refuse_prompt" }), "result: 422 content_policy_violation"),
        (json!({ "kind": "wrong_size", "width": 80, "height": 40 }), "png 80x40 as image/png"),
        (json!({ "kind": "huge", "mib": 2 }), "2 MiB as image/png"),
        (json!({ "kind": "garbage", "bytes": 50 }), "no picture as image/png"),
        (json!({ "kind": "job_failed" }), "result: 422 no_media_generated"),
        (json!({ "kind": "never_done" }), "never done"),
        (json!({ "kind": "poll_failed", "status": 502 }), "status: 502, png 96x64 as image/png"),
        (json!({ "kind": "poll_failed", "status": 500, "times": null }), "never done"),
        (json!({ "kind": "nsfw" }), "flagged black png 96x64 as image/png"),
        (json!({ "kind": "empty_list" }), "no picture in the list"),
        (json!({ "kind": "download_failed", "status": 403 }), "403"),
    ];
    let easel = start(&[]);
    easel.assert_faults(&rows, &["hang"], |prompt| paint(&easel, prompt));
    easel.assert_hangs("hang", SUBMIT, &body("PROMPT"));
    easel.assert_hangs("never_done", "/fal-ai/fal-ai/flux/schnell", &body("PROMPT"));
}

#[test]
fn a_download_that_fails_can_be_repeated() {
    let easel = start(&["--queue-polls", "0"]);
    easel.order("", json!(1), json!({ "kind": "download_failed", "status": 503, "times": 2 }));
    let ticket = easel.ask(SUBMIT, &body("again")).json();
    let url = get(&easel, &routed(&ticket["response_url"])).json()["images"][0]["url"].clone();
    assert_eq!([(); 3].map(|()| easel.fetch(&url).status), [503, 503, 200]);
    assert_eq!(easel.requests("again").len(), 5);
}

#[test]
fn what_failed_is_told_in_the_words_of_the_order() {
    let easel = start(&["--queue-polls", "0"]);
    easel.order("", json!(1), json!({ "kind": "job_failed", "error": "out of paint" }));
    let ticket = easel.ask(SUBMIT, &body("x")).json();
    let detail = get(&easel, &routed(&ticket["response_url"])).json()["detail"][0].clone();
    assert_eq!((&detail["msg"], &detail["loc"]), (&json!("out of paint"), &json!(["body"])));
}

//! OpenAI's images, as itself and as compatible servers answer.

use crate::support::{Answer, Easel, TOKEN, described_base64, described_file};
use serde_json::{Value, json};

const GENERATE: &str = "/v1/images/generations";
const EDIT: &str = "/v1/images/edits";

fn start() -> Easel {
    Easel::start(&["--control", "--model", "gpt-image-1", "--model", "gpt-image-2"])
}

fn body(prompt: &str) -> Value {
    json!({ "model": "easel/sketch-1", "prompt": prompt, "size": "96x64", "seed": 7, "response_format": "b64_json" })
}

/// What a client sees of an answer.
fn seen(easel: &Easel, answer: &Answer) -> String {
    if let Some(broken) = answer.broken() {
        return broken;
    }
    let reply = answer.json();
    match &reply["data"][0] {
        _ if answer.status != 200 => {
            let error = &reply["error"];
            format!("{} {} {}", answer.status, error["type"].as_str().unwrap(), error["code"].as_str().unwrap_or("-"))
        }
        Value::Null => format!("data {}", reply["data"]),
        picture if picture["b64_json"].is_string() => described_base64(picture["b64_json"].as_str().unwrap()),
        picture => described_file(&easel.fetch(&picture["url"])),
    }
}

/// A form with these texts, and with a file under each of these names.
fn form(texts: &[(&str, &str)], files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut form = Vec::new();
    for (name, text) in texts {
        let part = format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n");
        form.extend_from_slice(part.as_bytes());
    }
    for (name, bytes) in files {
        let head = format!(
            "--edge\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"a.png\"\r\ncontent-type: \
             image/png\r\n\r\n"
        );
        form.extend_from_slice(head.as_bytes());
        form.extend_from_slice(bytes);
        form.extend_from_slice(b"\r\n");
    }
    form.extend_from_slice(b"--edge--\r\n");
    form
}

fn edit(easel: &Easel, form: &[u8]) -> Answer {
    easel.post(EDIT, &[TOKEN, ("content-type", "multipart/form-data; boundary=edge")], form)
}

#[test]
fn a_compatible_model_answers_as_it_is_asked() {
    let easel = start();
    let inside = easel.ask(GENERATE, &body("a lake"));
    assert!(inside.json()["created"].is_u64() && inside.json().get("size").is_none());
    assert_eq!(seen(&easel, &inside), "png 96x64");
    let by_address = easel.ask(GENERATE, &json!({ "prompt": "a lake", "size": "96x64", "seed": 7 }));
    assert_eq!(easel.fetch(&by_address.json()["data"][0]["url"]).body, Easel::start(&[]).imagine("a lake").body);
    let jpeg = easel.ask(GENERATE, &json!({ "prompt": "x", "size": "64x64", "output_format": "jpeg", "n": 3 }));
    assert_eq!(jpeg.json()["data"].as_array().unwrap().len(), 3);
    assert_eq!(seen(&easel, &jpeg), "jpeg as image/jpeg");
    assert_eq!(
        seen(&easel, &easel.ask(GENERATE, &json!({ "prompt": "x", "size": "auto" }))),
        "png 512x512 as image/png"
    );
}

#[test]
fn a_gpt_image_model_takes_no_response_format_and_answers_with_base64() {
    let easel = start();
    let body = json!({ "model": "gpt-image-1", "prompt": "x", "size": "96x64" });
    let answer = easel.ask(GENERATE, &body);
    let reply = answer.json();
    assert_eq!(seen(&easel, &answer), "png 96x64");
    assert_eq!((&reply["size"], &reply["output_format"]), (&json!("96x64"), &json!("png")));
    for unknown in ["response_format", "negative_prompt", "style"] {
        let mut strict = body.clone();
        strict[unknown] = json!("b64_json");
        let refused = easel.ask(GENERATE, &strict);
        let error = refused.json()["error"].clone();
        assert_eq!((refused.status, &error["code"]), (400, &json!("unknown_parameter")));
        assert_eq!((&error["param"], &error["type"]), (&json!(unknown), &json!("invalid_request_error")));
    }
}

#[test]
fn wrong_requests_name_the_parameter() {
    let easel = start();
    for (field, value, status, code, param) in [
        ("prompt", Value::Null, 400, "missing_required_parameter", json!("prompt")),
        ("prompt", json!(5), 400, "invalid_type", json!("prompt")),
        ("n", json!(11), 400, "invalid_value", json!("n")),
        ("size", json!("big"), 400, "invalid_value", json!("size")),
        ("response_format", json!("base64"), 400, "invalid_value", json!("response_format")),
        ("model", json!("dall-e-3"), 404, "model_not_found", Value::Null),
    ] {
        let mut wrong = body("x");
        wrong[field] = value;
        let answer = easel.ask(GENERATE, &wrong);
        let error = answer.json()["error"].clone();
        assert_eq!((answer.status, &error["code"], &error["param"]), (status, &json!(code), &param), "{field}");
        assert!(error["message"].is_string() && error["type"].is_string());
    }
    assert_eq!(easel.post(GENERATE, &[TOKEN], b"{").status, 400);
}

#[test]
fn without_a_token_nobody_is_served() {
    let easel = Easel::start(&["--token", "sk-right"]);
    for (path, posted) in [(GENERATE, true), (EDIT, true), ("/v1/moderations", true), ("/v1/models", false)] {
        let answer = if posted { easel.post(path, &[TOKEN], b"{}") } else { easel.get_with(path, &[TOKEN]) };
        assert_eq!((answer.status, &answer.json()["error"]["code"]), (401, &json!("invalid_api_key")), "{path}");
    }
    let right = [("authorization", "Bearer sk-right")];
    assert_eq!(easel.post(GENERATE, &right, body("x").to_string().as_bytes()).status, 200);
}

#[test]
fn the_models_are_listed() {
    let models = start().get_with("/v1/models", &[TOKEN]).json();
    let ids: Vec<_> = models["data"].as_array().unwrap().iter().map(|model| model["id"].clone()).collect();
    assert_eq!(
        (&models["object"], ids),
        (&json!("list"), vec![json!("easel/sketch-1"), json!("gpt-image-1"), json!("gpt-image-2")])
    );
}

#[test]
fn an_edit_is_a_form_with_a_picture() {
    let easel = start();
    let picture = easel.imagine("a lake").body;
    let texts = [("prompt", "an edited lake"), ("size", "96x64"), ("n", "2"), ("response_format", "b64_json")];
    for name in ["image", "image[]"] {
        let answer = edit(&easel, &form(&texts, &[(name, &picture), ("mask", &picture)]));
        assert_eq!(seen(&easel, &answer), "png 96x64", "{name}");
        assert_eq!(answer.json()["data"].as_array().unwrap().len(), 2);
    }
    let logged = &easel.requests("edited")[0]["body"];
    assert_eq!((&logged["n"], &logged["image"][0]["bytes"]), (&json!("2"), &json!(picture.len())));
    // A picture beyond the server's usual limit of two megabytes passes.
    let large = [picture.as_slice(), &vec![0; 3 << 20]].concat();
    assert_eq!(edit(&easel, &form(&texts, &[("image", &large)])).status, 200);
}

#[test]
fn an_edit_without_a_picture_is_refused() {
    let easel = start();
    let picture = easel.imagine("a lake").body;
    for (form, code, param) in [
        (form(&[("prompt", "x")], &[]), "missing_required_parameter", "image"),
        (form(&[("prompt", "x")], &[("image", b"no picture")]), "invalid_image_file", "image"),
        (form(&[], &[("image", &picture)]), "missing_required_parameter", "prompt"),
        (form(&[("prompt", "x"), ("n", "many")], &[("image", &picture)]), "invalid_type", "n"),
        (form(&[("prompt", "x")], &[("image[]", picture.as_slice()); 17]), "invalid_value", "image"),
    ] {
        let answer = edit(&easel, &form);
        let error = answer.json()["error"].clone();
        assert_eq!((answer.status, &error["code"], &error["param"]), (400, &json!(code), &json!(param)));
    }
    let json = easel.ask(EDIT, &body("x"));
    assert_eq!((json.status, &json.json()["error"]["code"]), (400, &json!("invalid_form")));
}

#[test]
fn each_status_has_openais_words() {
    let easel = start();
    for status in [400, 401, 402, 403, 404, 409, 422, 429, 500, 502, 503, 504] {
        easel.order("", json!(1), json!({ "kind": "status", "status": status }));
        let answer = easel.ask(GENERATE, &body("x"));
        let error = answer.json()["error"].clone();
        assert_eq!(u64::from(answer.status), status);
        assert!(error["message"].is_string() && error["type"].is_string() && error.get("param").is_some(), "{status}");
    }
}

#[test]
fn a_loading_model_says_when_to_come_back() {
    let easel = start();
    easel.order("", json!(1), json!({ "kind": "cold", "estimated_time": 7.5 }));
    let answer = easel.ask(GENERATE, &body("x"));
    assert_eq!((answer.status, answer.header("retry-after")), (503, "8"));
    assert_eq!(answer.json()["loading"]["eta_seconds"], 8.0);
}

#[test]
fn every_fault_is_seen_where_it_happens() {
    let rows = [
        (json!({ "kind": "status", "status": 429 }), "429 rate_limit_error rate_limit_exceeded"),
        (json!({ "kind": "cold" }), "503 model_loading model_loading"),
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
        (json!({ "kind": "refuse_prompt" }), "400 invalid_request_error content_policy_violation"),
        (json!({ "kind": "wrong_size", "width": 80, "height": 40 }), "png 80x40"),
        (json!({ "kind": "huge", "mib": 2 }), "1 MiB"),
        (json!({ "kind": "huge", "mib": 4, "declared": false }), "3 MiB"),
        (json!({ "kind": "garbage", "bytes": 50 }), "no picture"),
        (json!({ "kind": "job_failed" }), "500 server_error -"),
        (json!({ "kind": "poll_failed", "status": 503 }), "503 server_error server_is_overloaded"),
        (json!({ "kind": "nsfw" }), "400 image_generation_user_error moderation_blocked"),
        (json!({ "kind": "empty_list" }), "data []"),
        (json!({ "kind": "download_failed", "status": 403 }), "403"),
    ];
    let easel = start();
    easel.assert_faults(&rows, &["hang", "never_done"], |prompt| seen(&easel, &easel.ask(GENERATE, &body(prompt))));
    for kind in ["hang", "never_done"] {
        easel.assert_hangs(kind, GENERATE, &body("PROMPT"));
    }
    easel.order("", json!(1), json!({ "kind": "refuse_prompt" }));
    let strict = easel.ask(GENERATE, &json!({ "model": "gpt-image-2", "prompt": "x", "size": "96x64" }));
    assert_eq!(seen(&easel, &strict), "400 image_generation_user_error moderation_blocked");
}

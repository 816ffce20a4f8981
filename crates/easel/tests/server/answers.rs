//! What the protocol answers when nothing was ordered.

use crate::support::{Easel, MODEL, TOKEN, until};
use serde_json::json;

#[test]
fn a_picture_is_png_of_the_size_asked_for() {
    let easel = Easel::start(&[]);
    let answer = easel.imagine("a lake");
    assert_eq!((answer.status, answer.header("content-type")), (200, "image/png"));
    assert_eq!(answer.png_size(), Some((96, 64)));
    assert!(answer.header("x-request-id").starts_with("easel-"));
    assert_eq!(easel.imagine_with(&json!({ "inputs": "a lake" })).png_size(), Some((512, 512)));
}

#[test]
fn the_seed_decides_the_bytes_and_without_one_it_is_thrown() {
    let easel = Easel::start(&[]);
    assert_eq!(easel.imagine("hills").body, easel.imagine("hills").body);
    let free = json!({ "inputs": "hills", "parameters": { "width": 64, "height": 64 } });
    assert_ne!(easel.imagine_with(&free).body, easel.imagine_with(&free).body);
}

#[test]
fn a_client_that_accepts_only_jpeg_gets_jpeg() {
    let easel = Easel::start(&[]);
    let body = br#"{"inputs":"a lake","parameters":{"width":64,"height":64}}"#;
    for (accept, label) in [("image/jpeg", "image/jpeg"), ("image/png", "image/png"), ("*/*", "image/png")] {
        let answer = easel.post(MODEL, &[TOKEN, ("accept", accept)], body);
        assert_eq!(answer.header("content-type"), label, "{accept}");
        assert_eq!(answer.body.starts_with(&[0xFF, 0xD8, 0xFF]), label == "image/jpeg", "{accept}");
    }
}

#[test]
fn without_a_bearer_nobody_is_served() {
    let easel = Easel::start(&[]);
    for headers in [vec![], vec![("authorization", "Bearer ")], vec![("authorization", "Basic aGY=")]] {
        let answer = easel.post(MODEL, &headers, br#"{"inputs":"x"}"#);
        assert_eq!((answer.status, answer.json()), (401, json!({ "error": "Invalid username or password." })));
    }
}

#[test]
fn with_a_configured_token_only_that_one_is_served() {
    let easel = Easel::start(&["--token", "hf_right"]);
    let body = br#"{"inputs":"x","parameters":{"width":64,"height":64}}"#;
    assert_eq!(easel.post(MODEL, &[("authorization", "Bearer hf_wrong")], body).status, 401);
    assert_eq!(easel.post(MODEL, &[("authorization", "Bearer hf_right")], body).status, 200);
}

#[test]
fn bad_requests_are_refused_in_the_shape_of_the_service() {
    let easel = Easel::start(&[]);
    let broken = easel.post(MODEL, &[TOKEN], b"{not json");
    assert_eq!(broken.status, 400);
    assert!(broken.json()["error"].is_string());
    let size = easel.imagine_with(&json!({ "inputs": "x", "parameters": { "width": 100 } }));
    assert_eq!((size.status, size.json()["error_type"].as_str()), (422, Some("validation")));
    assert!(size.json()["error"].as_str().unwrap().contains("`width`"));
    let unknown = easel.post("/hf-inference/models/some/model", &[TOKEN], br#"{"inputs":"x"}"#);
    assert_eq!((unknown.status, unknown.json()), (404, json!({ "error": "Model not found" })));
    assert_eq!(easel.get("/nowhere").status, 404);
}

#[test]
fn further_models_are_served_by_name() {
    let easel = Easel::start(&["--model", "black-forest-labs/FLUX.1-schnell"]);
    let path = "/hf-inference/models/black-forest-labs/FLUX.1-schnell";
    let body = br#"{"inputs":"x","parameters":{"width":64,"height":64}}"#;
    assert_eq!(easel.post(path, &[TOKEN], body).status, 200);
}

#[test]
fn a_cold_model_warms_up_after_its_first_request() {
    let easel = Easel::start(&["--cold-seconds", "1"]);
    let first = easel.imagine("a lake");
    let loading = json!({ "error": "Model easel/sketch-1 is currently loading", "estimated_time": 1.0 });
    assert_eq!((first.status, first.json()), (503, loading));
    until("the model is warm", || easel.imagine("a lake").status == 200);
}

#[test]
fn it_says_what_it_is() {
    let easel = Easel::start(&[]);
    let about = easel.get("/").json();
    assert_eq!(about["name"], "easel");
    assert!(about["what"].as_str().unwrap().contains("no AI model"));
    assert_eq!(easel.get("/health").json(), json!({ "status": "ok" }));
}

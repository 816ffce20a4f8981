//! The control API: orders and the log.

use crate::support::{Easel, MODEL, until};
use serde_json::{Value, json};

#[test]
fn without_the_flag_there_is_no_control() {
    let easel = Easel::start(&[]);
    assert_eq!(easel.get("/easel/requests").status, 404);
    assert_eq!(easel.post("/easel/faults", &[], br#"{"fault":{"kind":"empty"}}"#).status, 404);
}

#[test]
fn orders_are_numbered_matched_by_prompt_and_withdrawn() {
    let easel = Easel::start(&["--control"]);
    let order = br#"{"prompt_contains":"alpha","times":null,"fault":{"kind":"empty"}}"#;
    let ids = [(); 2].map(|()| easel.post("/easel/faults", &[], order).json()["id"].clone());
    assert_eq!(ids, [json!(1), json!(2)]);
    assert!(easel.imagine("alpha").body.is_empty());
    assert!(!easel.imagine("beta").body.is_empty());
    assert_eq!(easel.delete("/easel/faults").status, 200);
    assert!(!easel.imagine("alpha").body.is_empty());
}

#[test]
fn orders_of_one_prompt_can_be_withdrawn_alone() {
    let easel = Easel::start(&["--control"]);
    for prompt in ["alpha", "beta"] {
        easel.order(prompt, Value::Null, json!({ "kind": "empty" }));
    }
    easel.delete("/easel/faults?prompt_contains=alpha");
    assert_eq!((easel.imagine("alpha").body.is_empty(), easel.imagine("beta").body.is_empty()), (false, true));
}

#[test]
fn a_wrong_order_is_refused_with_a_reason() {
    let easel = Easel::start(&["--control"]);
    for order in [
        r#"{"fault":{"kind":"nonsense"}}"#,
        r#"{"fault":{"kind":"slow"}}"#,
        "[",
        r#"{"times":0,"fault":{"kind":"hang"}}"#,
    ] {
        let answer = easel.post("/easel/faults", &[], order.as_bytes());
        assert_eq!(answer.status, 400, "{order}");
        assert!(answer.json()["error"].is_string(), "{order}");
    }
}

#[test]
fn the_log_shows_requests_in_order_and_never_a_token() {
    let easel = Easel::start(&["--control"]);
    easel.order("log-two", json!(1), json!({ "kind": "status", "status": 402 }));
    for prompt in ["log-one", "log-two", "other"] {
        easel.imagine(prompt);
    }
    easel.post(MODEL, &[], br#"{"inputs":"log-three"}"#);
    let seen = easel.requests("log-");
    let prompts: Vec<_> = seen.iter().map(|entry| entry["prompt"].as_str().unwrap()).collect();
    assert_eq!(prompts, ["log-one", "log-two", "log-three"]);
    assert_eq!(seen[0]["answer"], json!({ "status": 200, "what": "picture", "seed": 7 }));
    assert_eq!(seen[1]["answer"], json!({ "status": 402, "what": "status", "seed": null }));
    assert_eq!(seen[2]["answer"]["status"], 401);
    assert_eq!((&seen[0]["method"], &seen[0]["path"]), (&json!("POST"), &json!(MODEL)));
    assert_eq!(seen[0]["body"]["parameters"]["width"], 96);
    assert_eq!(
        (&seen[0]["headers"]["authorization"], &seen[2]["headers"]["authorization"]),
        (&json!(true), &Value::Null)
    );
    assert!(!easel.get("/easel/requests").text().contains("hf_test"));
    easel.delete("/easel/requests");
    assert!(easel.requests("").is_empty());
}

#[test]
fn the_log_shows_who_strays() {
    let easel = Easel::start(&["--control"]);
    assert_eq!(easel.get("/nowhere").json(), json!({ "error": "Not found" }));
    assert_eq!(easel.get(MODEL).status, 405);
    let seen: Vec<Value> = easel.requests("").iter().map(|entry| entry["path"].clone()).collect();
    assert_eq!(seen, ["/nowhere", MODEL]);
}

#[test]
fn the_log_notes_a_client_that_left() {
    let easel = Easel::start(&["--control"]);
    easel.order("leaver", json!(1), json!({ "kind": "hang" }));
    let stream = easel.send_raw("leaver");
    until("the request is seen", || easel.requests("leaver").len() == 1);
    let open = &easel.requests("leaver")[0];
    assert_eq!((&open["answer"], &open["client_left"]), (&Value::Null, &json!(false)));
    drop(stream);
    until("the leaving is noted", || easel.requests("leaver")[0]["client_left"] == json!(true));
}

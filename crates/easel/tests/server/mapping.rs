//! The hub's lookup: which providers serve a model, and what the router makes of it.

use crate::support::Easel;
use serde_json::{Value, json};

const LOOKUP: &str = "/api/models/easel/sketch-1?expand[]=inferenceProviderMapping";

#[test]
fn the_mapping_names_the_provider_and_the_task() {
    let easel = Easel::start(&[]);
    let answer = easel.get(LOOKUP);
    assert_eq!((answer.status, answer.json()["id"].as_str()), (200, Some("easel/sketch-1")));
    let entry = &answer.json()["inferenceProviderMapping"][0];
    assert_eq!(entry["provider"], "hf-inference");
    assert_eq!((&entry["status"], &entry["task"]), (&json!("live"), &json!("text-to-image")));
    let unknown = easel.get("/api/models/some/model?expand[]=inferenceProviderMapping");
    assert_eq!((unknown.status, unknown.header("x-error-code")), (404, "RepoNotFound"));
}

#[test]
fn the_mapping_is_told_only_to_those_who_ask_for_it() {
    let easel = Easel::start(&[]);
    assert_eq!(easel.get("/api/models/easel/sketch-1").json()["inferenceProviderMapping"], Value::Null);
    let encoded = easel.get("/api/models/easel/sketch-1?expand%5B%5D=inferenceProviderMapping");
    assert!(encoded.json()["inferenceProviderMapping"].is_array());
}

#[test]
fn a_mapping_of_ones_own_comes_in_both_shapes() {
    let mapping =
        "easel/sketch-1=fal-ai:fal-ai/flux/schnell,nobody-knows:x/y:error,replicate:a/b:v1:staging:image-to-image";
    let listed = Easel::start(&["--mapping", mapping]).get(LOOKUP).json();
    let entries = listed["inferenceProviderMapping"].as_array().unwrap();
    let read = |entry: &Value| {
        ["provider", "hfModelId", "providerId", "status", "task"].map(|key| entry[key].as_str().unwrap().to_owned())
    };
    assert_eq!(
        entries.iter().map(read).collect::<Vec<_>>(),
        [
            ["fal-ai", "easel/sketch-1", "fal-ai/flux/schnell", "live", "text-to-image"],
            ["nobody-knows", "easel/sketch-1", "x/y", "error", "text-to-image"],
            ["replicate", "easel/sketch-1", "a/b:v1", "staging", "image-to-image"],
        ]
    );
    let keyed = Easel::start(&["--mapping", mapping, "--mapping-shape", "object"]).get(LOOKUP).json();
    let keyed = keyed["inferenceProviderMapping"].as_object().unwrap();
    assert_eq!((keyed.len(), &keyed["replicate"]["providerId"]), (3, &json!("a/b:v1")));
    assert!(keyed["fal-ai"].get("provider").is_none());
}

#[test]
fn a_model_that_nobody_serves_has_an_empty_mapping() {
    for (shape, empty) in [("array", json!([])), ("object", json!({}))] {
        let easel = Easel::start(&["--mapping", "easel/sketch-1=", "--mapping-shape", shape]);
        assert_eq!(easel.get(LOOKUP).json()["inferenceProviderMapping"], empty);
    }
}

#[test]
fn a_provider_refuses_what_the_mapping_does_not_give_it() {
    let easel = Easel::start(&["--mapping", "easel/sketch-1=fal-ai:fal-ai/flux/schnell"]);
    for (provider, path) in [
        ("hf-inference", "/hf-inference/models/easel/sketch-1"),
        ("fal-ai", "/fal-ai/fal-ai/flux/dev?_subdomain=queue"),
        ("replicate", "/replicate/v1/models/easel/sketch-1/predictions"),
    ] {
        let answer = easel.ask(path, &json!({ "inputs": "x", "prompt": "x", "input": { "prompt": "x" } }));
        let error = format!("Model not supported by provider {provider}");
        assert_eq!((answer.status, answer.json()), (400, json!({ "error": error })));
    }
}

#[test]
fn lookups_are_logged() {
    let easel = Easel::start(&["--control"]);
    easel.get(LOOKUP);
    let seen = easel.requests("");
    assert_eq!((seen.len(), &seen[0]["path"], &seen[0]["prompt"]), (1, &json!(LOOKUP), &json!("")));
}

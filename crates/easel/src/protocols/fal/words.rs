//! What fal says when something is wrong, apart from what the router says before it.

use crate::incoming::Outcome;
use crate::protocols::fields::Wrong;
use crate::protocols::{pydantic, router};
use crate::wire;
use axum::body::Body;
use axum::http::Response;
use serde_json::{Value, json};

/// An error of the queue or of the runner: a sentence, and a type that is also a header.
pub fn request_error(status: u16, error_type: &str, detail: &str) -> Response<Body> {
    let response = wire::json(status, &json!({ "detail": detail, "error_type": error_type }));
    wire::with_header(response, "x-fal-error-type", error_type)
}

/// An error of the model: a list, as its validator writes it.
pub fn model_error(status: u16, entry: &Value) -> Response<Body> {
    wire::with_header(wire::json(status, &json!({ "detail": [entry] })), "x-fal-retryable", "false")
}

/// A field that the model does not take.
pub fn invalid(wrong: &Wrong) -> Outcome {
    Outcome::new(model_error(422, &pydantic::field(wrong, pydantic::Version::Two)), "invalid_parameters")
}

/// A job that the model refused or that failed in it.
pub fn failed(kind: &str, at: &[&str], msg: &str) -> Response<Body> {
    model_error(422, &json!({ "loc": at, "msg": msg, "type": kind, "ctx": {} }))
}

/// A job that is not there.
pub fn not_found() -> Outcome {
    Outcome::new(wire::json(404, &json!({ "detail": "Request not found" })), "unknown_job")
}

/// What is said with this status: by the router where it stands before fal, else by fal.
pub fn usual(status: u16, provider: &str) -> Response<Body> {
    match status {
        401..=403 | 410 => router::usual(status, provider),
        400 => request_error(400, "bad_request", "The request could not be read"),
        404 => not_found().response,
        422 => failed("value_error", &["body"], "The input is not valid"),
        500 => request_error(500, "internal_error", "Internal server error"),
        502 => request_error(502, "runner_incomplete_response", "The runner stopped in the middle of its answer"),
        503 => request_error(503, "runner_scheduling_failure", "No runner could be found for the request"),
        504 => request_error(504, "request_timeout", "Request timed out"),
        _ => wire::json(status, &json!({ "detail": "The request could not be served" })),
    }
}

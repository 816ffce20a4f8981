//! What OpenAI says when something is wrong.

use crate::incoming::{Incoming, Outcome};
use crate::protocols::fields::{Rule, Wrong};
use crate::wire;
use axum::body::Body;
use axum::http::{Response, header};
use serde_json::json;

/// An error.
pub fn error(status: u16, message: &str, kind: &str, param: Option<&str>, code: Option<&str>) -> Response<Body> {
    let error = json!({ "message": message, "type": kind, "param": param, "code": code });
    wire::json(status, &json!({ "error": error }))
}

/// An error that the client made.
pub fn bad_request(message: &str, param: Option<&str>, code: &str) -> Response<Body> {
    error(400, message, "invalid_request_error", param, Some(code))
}

/// Turns away who brings no good token.
pub fn refusal(incoming: &Incoming) -> Option<Outcome> {
    let message = match incoming.header(header::AUTHORIZATION) {
        "" => "You did not provide an API key.",
        _ => "Incorrect API key provided.",
    };
    let response = || error(401, message, "invalid_request_error", None, Some("invalid_api_key"));
    (!incoming.has_token()).then(|| Outcome::new(response(), "unauthorized"))
}

/// A body that is no JSON.
pub fn malformed(error: &serde_json::Error) -> Outcome {
    let message = format!("We could not parse the JSON body of your request: {error}");
    Outcome::new(bad_request(&message, None, "invalid_json"), "invalid_json")
}

/// A field that is wrong.
pub fn invalid(wrong: &Wrong) -> Outcome {
    let field = wrong.field;
    let (message, code) = match &wrong.rule {
        Rule::Missing => (format!("Missing required parameter: '{field}'."), "missing_required_parameter"),
        Rule::Kind(kind) => (format!("Invalid type for '{field}': expected {}.", kind.phrase()), "invalid_type"),
        Rule::Value(must_be) => {
            (format!("Invalid value for '{field}': {}. It must be {must_be}.", wrong.got), "invalid_value")
        }
    };
    Outcome::new(bad_request(&message, Some(field), code), "invalid_parameters")
}

/// A field that the model does not know.
pub fn unknown_parameter(name: &str) -> Outcome {
    let message = format!("Unknown parameter: '{name}'.");
    Outcome::new(bad_request(&message, Some(name), "unknown_parameter"), "unknown_parameter")
}

/// A model that is not there.
pub fn unknown_model(model: &str) -> Outcome {
    let message = format!("The model '{model}' does not exist or you do not have access to it.");
    Outcome::new(error(404, &message, "invalid_request_error", None, Some("model_not_found")), "unknown_model")
}

/// Something that broke here.
pub fn failure(status: u16, message: &str, code: Option<&str>) -> Response<Body> {
    error(status, message, "server_error", None, code)
}

/// A picture or a prompt that was held back.
pub fn moderated() -> Response<Body> {
    let message = "Your request was rejected by the safety system.";
    error(400, message, "image_generation_user_error", None, Some("moderation_blocked"))
}

/// A model that is loading, as compatible servers that load on demand say it.
pub fn loading(model: &str, estimated_time: f64) -> Response<Body> {
    let seconds = estimated_time.max(0.0).ceil();
    let message = format!("The model {model} is loading");
    let body = json!({
        "error": { "message": message, "type": "model_loading", "param": null, "code": "model_loading" },
        "loading": { "model": model, "state": "loading", "progress": 0.0, "bytes_sent": 0, "total_bytes": 0,
            "eta_seconds": seconds },
    });
    wire::with_header(wire::json(503, &body), "retry-after", &seconds.to_string())
}

/// What is said with this status.
pub fn usual(status: u16) -> Response<Body> {
    match status {
        400 => bad_request("The request is not valid.", None, "invalid_value"),
        401 => error(401, "Incorrect API key provided.", "invalid_request_error", None, Some("invalid_api_key")),
        402 => error(402, "You have run out of credit.", "insufficient_quota", None, Some("credit_balance_exhausted")),
        403 => error(403, "Your organization must be verified to use this model.", "invalid_request_error", None, None),
        404 => unknown_model("of this name").response,
        429 => error(429, "Rate limit reached for images.", "rate_limit_error", None, Some("rate_limit_exceeded")),
        503 => failure(503, "The server is overloaded. Please try again later.", Some("server_is_overloaded")),
        500..=599 => failure(status, "The server had an error while processing your request.", None),
        _ => error(status, "The request could not be served.", "invalid_request_error", None, None),
    }
}

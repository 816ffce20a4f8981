//! Hugging Face's router, which stands before its providers: who may pass, and what it says itself. What a provider
//! says passes through it unchanged.

use crate::incoming::{Incoming, Outcome};
use crate::wire;
use axum::body::Body;
use axum::http::Response;
use serde_json::json;

/// An error of the router's own.
pub fn error(status: u16, what: &'static str, message: &str) -> Outcome {
    Outcome::new(wire::json(status, &json!({ "error": message })), what)
}

/// Turns away who brings no good token.
pub fn refusal(incoming: &Incoming) -> Option<Outcome> {
    (!incoming.has_token()).then(|| error(401, "unauthorized", "Invalid username or password."))
}

/// Turns away who asks a provider for what it does not serve.
pub fn unsupported(provider: &str) -> Outcome {
    error(400, "unsupported_model", &format!("Model not supported by provider {provider}"))
}

/// What the router says with this status.
pub fn usual(status: u16, provider: &str) -> Response<Body> {
    error(status, "status", &usual_message(status, provider)).response
}

fn usual_message(status: u16, provider: &str) -> String {
    let message = match status {
        400 => return format!("Model not supported by provider {provider}"),
        401 => "Invalid credentials in Authorization header",
        402 => "You have depleted your monthly included credits. Purchase pre-paid credits to continue.",
        403 => {
            "This authentication method does not have sufficient permissions to call Inference Providers on behalf of \
             user easel"
        }
        404 => "Model not found",
        410 => return format!("The requested model is deprecated and no longer supported by provider {provider}."),
        429 => "You have reached your rate limit. Please try again later.",
        500 => "Internal Error, please report to us",
        503 => "Service Temporarily Unavailable",
        504 => "Gateway Timeout",
        _ => "The request could not be served",
    };
    message.to_owned()
}

//! What the three WebUIs say when something is wrong. AUTOMATIC1111 wraps every exception in an object; Forge has that
//! switched off, so that an exception is its `detail` and a crash plain text; stable-diffusion.cpp has one string.

use crate::config::WebUi;
use crate::incoming::Outcome;
use crate::protocols::fields::Wrong;
use crate::protocols::pydantic::{self, Version};
use crate::wire;
use axum::body::Body;
use axum::http::Response;
use serde_json::{Value, json};

/// The crash of a card whose memory is too small.
pub const OUT_OF_MEMORY: Crash =
    Crash { class: "OutOfMemoryError", message: "CUDA out of memory. Tried to allocate more than the card has." };

/// A crash of the program, by the name of its exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crash<'a> {
    /// The exception's class.
    pub class: &'static str,
    /// Its message.
    pub message: &'a str,
}

/// An error that the program raises on purpose.
pub fn exception(webui: WebUi, status: u16, detail: &str) -> Response<Body> {
    let body = match webui {
        WebUi::A1111 => json!({ "error": "HTTPException", "detail": detail, "body": "", "errors": "" }),
        WebUi::Forge => json!({ "detail": detail }),
        WebUi::SdCpp => json!({ "error": detail }),
    };
    wire::json(status, &body)
}

/// An error that nobody caught.
pub fn crash(webui: WebUi, crash: Crash<'_>) -> Response<Body> {
    match webui {
        WebUi::A1111 => {
            wire::json(500, &json!({ "error": crash.class, "detail": "", "body": "", "errors": crash.message }))
        }
        WebUi::Forge => wire::answer(500, "text/plain; charset=utf-8", "Internal Server Error"),
        WebUi::SdCpp => wire::json(500, &json!({ "error": crash.message })),
    }
}

/// Turns away who brings no good name and password.
pub fn unauthorized(webui: WebUi) -> Response<Body> {
    wire::with_header(exception(webui, 401, "Incorrect username or password"), "www-authenticate", "Basic")
}

/// A body that is no JSON.
pub fn malformed(webui: WebUi, error: &serde_json::Error) -> Outcome {
    let response = match version(webui) {
        Some(version) => unprocessable(&pydantic::no_json(error, version)),
        None => server_error(&format!("[json.exception.parse_error.101] {error}")),
    };
    Outcome::new(response, "invalid_json")
}

/// A body that is JSON and no object.
pub fn no_object(webui: WebUi, body: &Value) -> Outcome {
    let response = match version(webui) {
        Some(version) => unprocessable(&pydantic::no_object(body, version)),
        None => server_error("[json.exception.type_error.306] cannot use value() with a value that is no object"),
    };
    Outcome::new(response, "invalid_json")
}

/// A field that is wrong.
pub fn invalid(webui: WebUi, wrong: &Wrong) -> Outcome {
    let response = match version(webui) {
        Some(version) => unprocessable(&pydantic::field(wrong, version)),
        None => server_error(&format!("[json.exception.type_error.302] {wrong}")),
    };
    Outcome::new(response, "invalid_parameters")
}

/// What is said with this status.
pub fn usual(webui: WebUi, status: u16) -> Response<Body> {
    match (status, webui) {
        (401, _) => unauthorized(webui),
        // No WebUI says this itself: it is what stands before it that answers so.
        (502..=504, _) => gateway(status),
        (404, WebUi::A1111 | WebUi::Forge) => wire::json(404, &json!({ "detail": "Not Found" })),
        (422, WebUi::A1111 | WebUi::Forge) => {
            let wrong = Wrong::value("steps", "a number that the model takes", Value::Null);
            invalid(webui, &wrong).response
        }
        (500, WebUi::A1111 | WebUi::Forge) => crash(webui, OUT_OF_MEMORY),
        (400, WebUi::SdCpp) => exception(webui, status, "invalid params"),
        (404, WebUi::SdCpp) => exception(webui, status, "job not found"),
        (410, WebUi::SdCpp) => exception(webui, status, "job expired"),
        (429, WebUi::SdCpp) => exception(webui, status, "job queue is full"),
        (500, WebUi::SdCpp) => exception(webui, status, "generate_image returned no results"),
        (400, _) => exception(webui, status, "Sampler not found"),
        (429, _) => exception(webui, status, "Too many requests"),
        _ => exception(webui, status, "The request could not be served"),
    }
}

fn gateway(status: u16) -> Response<Body> {
    let title = match status {
        502 => "502 Bad Gateway",
        504 => "504 Gateway Time-out",
        _ => return wire::unavailable(),
    };
    let page = format!("<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>");
    wire::answer(status, "text/html; charset=utf-8", page)
}

fn version(webui: WebUi) -> Option<Version> {
    match webui {
        WebUi::A1111 => Some(Version::One),
        WebUi::Forge => Some(Version::Two),
        WebUi::SdCpp => None,
    }
}

fn unprocessable(entry: &Value) -> Response<Body> {
    wire::json(422, &json!({ "detail": [entry] }))
}

fn server_error(message: &str) -> Response<Body> {
    wire::json(500, &json!({ "error": "server_error", "message": message }))
}

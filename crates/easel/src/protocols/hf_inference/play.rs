//! Plays ordered faults as `hf-inference` and the router before it would show them.

use super::{Call, Outcome};
use crate::encode::EncodeError;
use crate::faults::Fault;
use crate::painter::Request;
use crate::studio::{Format, random};
use crate::wire;
use axum::body::{Body, Bytes};
use axum::http::{Response, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::time::Duration;

/// What a gateway shows when the service behind it does not answer.
const UNAVAILABLE_PAGE: &str = "<!DOCTYPE html><html><head><title>503 Service Temporarily Unavailable</title></head>\
    <body><h1>Service Temporarily Unavailable</h1></body></html>";

/// A page where a picture should be.
const LOGIN_PAGE: &str = "<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>";

impl Call {
    /// The answer that the fault makes of this request.
    pub(super) async fn play(&self, fault: Fault, request: Request) -> Outcome {
        let what = fault.name();
        match self.enact(fault, request).await {
            Ok(response) => Outcome::new(response, what),
            Err(error) => Outcome::error(500, "internal", &error.to_string()),
        }
    }

    async fn enact(&self, fault: Fault, request: Request) -> Result<Response<Body>, EncodeError> {
        Ok(match fault {
            Fault::Status { status, body, content_type, headers } => {
                wire::with_headers(made_to_order(status, body, content_type), &headers)
            }
            Fault::Cold { html: true, .. } => wire::answer(503, "text/html; charset=utf-8", UNAVAILABLE_PAGE),
            Fault::Cold { estimated_time, .. } => self.cold(estimated_time).response,
            Fault::TextPage {} => wire::answer(200, "text/html; charset=utf-8", LOGIN_PAGE),
            Fault::Empty {} => wire::answer(200, "image/png", Body::empty()),
            Fault::Truncated { fraction } => {
                let file = self.studio.picture(request, Format::Png).await?;
                wire::answer(200, "image/png", wire::truncated(&file, fraction))
            }
            Fault::Mislabelled {} => wire::answer(200, "image/png", self.studio.picture(request, Format::Jpeg).await?),
            Fault::JsonB64 {} => {
                let file = self.studio.picture(request, Format::Png).await?;
                wire::json(200, &json!({ "data": [{ "b64_json": STANDARD.encode(file) }] }))
            }
            Fault::JsonUrl { missing } => {
                let file = self.studio.picture(request, Format::Png).await?;
                wire::json(200, &json!({ "output": [self.address_of(file, missing)] }))
            }
            Fault::Hang {} => std::future::pending().await,
            Fault::Slow { ms } => {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                self.picture(request).await.response
            }
            Fault::Reset { after_bytes } => wire::reset(&self.studio.picture(request, Format::Png).await?, after_bytes),
            Fault::RefusePrompt {} => {
                let message = "Your request was rejected by the safety system.";
                wire::json(400, &json!({ "error": message, "code": "moderation_blocked" }))
            }
            Fault::WrongSize { width, height } => {
                let file = self.studio.picture(Request { width, height, ..request }, Format::Png).await?;
                wire::answer(200, "image/png", file)
            }
            Fault::Huge { mib, declared } => wire::huge(mib, declared),
            Fault::Garbage { bytes } => wire::answer(200, "image/png", wire::garbage(bytes, random())),
        })
    }

    /// Where the file can be fetched; on the host that the client called, which is the one that it can reach.
    fn address_of(&self, file: Bytes, missing: bool) -> String {
        let host = self.headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or("127.0.0.1");
        let name = if missing { format!("{:016x}.png", random()) } else { self.studio.keep(file) };
        format!("http://{host}/easel/media/{name}")
    }
}

fn made_to_order(status: u16, body: Option<Value>, content_type: Option<String>) -> Response<Body> {
    let content_type = content_type.unwrap_or_else(|| "application/json".to_owned());
    let is_json = content_type.starts_with("application/json") || content_type.contains("+json");
    match body.unwrap_or_else(|| json!({ "error": usual_message(status) })) {
        Value::String(text) if !is_json => wire::answer(status, &content_type, text),
        value => wire::answer(status, &content_type, value.to_string()),
    }
}

/// What the router says with this status.
fn usual_message(status: u16) -> &'static str {
    match status {
        400 => "Model not supported by provider hf-inference",
        401 => "Invalid credentials in Authorization header",
        402 => "You have depleted your monthly included credits. Purchase pre-paid credits to continue.",
        403 => {
            "This authentication method does not have sufficient permissions to call Inference Providers on behalf of \
             user easel"
        }
        404 => "Model not found",
        410 => "The requested model is deprecated and no longer supported by provider hf-inference.",
        429 => "You have reached your rate limit. Please try again later.",
        500 => "Internal Error, please report to us",
        503 => "Service Temporarily Unavailable",
        504 => "Gateway Timeout",
        _ => "The request could not be served",
    }
}

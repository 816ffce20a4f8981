//! Hugging Face's `hf-inference`: text to image, answered with the file itself.
//!
//! It has no jobs and answers no addresses of its own accord. So `job_failed` is a 500 with the words of the order,
//! `never_done` hangs, `poll_failed` is its status, `nsfw` is the black picture of a safety checker, `empty_list` is the
//! JSON of compatible servers without a picture in it, and `download_failed` is `json_url` with an address that fails.

mod read;

use crate::courier::{self, Carried, Courier, Way};
use crate::encode::{EncodeError, Format};
use crate::faults::Fault;
use crate::incoming::{Incoming, Outcome};
use crate::painter::Request;
use crate::protocols::router;
use crate::studio::{Studio, random_seed};
use crate::wire;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::{Response, header};
use axum::routing::post;
use serde_json::{Value, json};
use std::sync::Arc;

/// What the router calls it.
const PROVIDER: &str = "hf-inference";

/// The route of the router's provider.
pub fn routes() -> Router<Arc<Studio>> {
    Router::new().route("/hf-inference/models/{org}/{name}", post(text_to_image))
}

async fn text_to_image(Path((org, name)): Path<(String, String)>, incoming: Incoming) -> Response<Body> {
    let parsed = incoming.json();
    let shown = parsed.as_ref().ok().cloned().unwrap_or_default();
    let prompt = shown.get("inputs").and_then(Value::as_str).unwrap_or_default().to_owned();
    let call = Call { incoming: &incoming, model: format!("{org}/{name}"), prompt: &prompt };
    incoming.record(shown, &prompt, call.answer(parsed)).await
}

/// One request to a model.
struct Call<'a> {
    incoming: &'a Incoming,
    model: String,
    prompt: &'a str,
}

impl Call<'_> {
    /// The order of the checks is the real router's: who, which model, what body; then what the engine says.
    async fn answer(&self, body: serde_json::Result<Value>) -> Outcome {
        if let Some(refusal) = router::refusal(self.incoming) {
            return refusal;
        }
        let config = &self.incoming.studio.config;
        match config.providers_of(&self.model) {
            None => return router::error(404, "unknown_model", "Model not found"),
            Some(entries) if !entries.iter().any(|entry| entry.provider == PROVIDER) => {
                return router::unsupported(PROVIDER);
            }
            Some(_) => {}
        }
        let body = match body {
            Ok(body) => body,
            Err(error) => return router::error(400, "invalid_json", &format!("Invalid JSON: {error}")),
        };
        let request = match read::request(&body, random_seed()) {
            Ok(request) => request,
            Err(wrong) => {
                let error = format!("Input validation error: {wrong}");
                let body = json!({ "error": error, "error_type": "validation" });
                return Outcome::new(wire::json(422, &body), "invalid_parameters");
            }
        };
        let fault = self.incoming.fault(self.prompt, &self.model);
        let courier = self.incoming.courier(self.prompt, fault.as_ref());
        let seed = request.seed;
        match self.play(courier, request).await {
            Ok(response) => Outcome::painted(response, fault.as_ref(), seed),
            Err(error) => router::error(500, "internal", &error.to_string()),
        }
    }

    /// The picture, or what the fault makes of it.
    async fn play(&self, courier: Courier<'_>, request: Request) -> Result<Response<Body>, EncodeError> {
        courier.stall().await;
        Ok(match courier.fault {
            Some(Fault::Status { status, body, content_type, headers }) => wire::with_headers(
                wire::made_to_order(*status, body.clone(), content_type.clone(), || router::usual(*status, PROVIDER)),
                headers,
            ),
            Some(Fault::PollFailed { status, .. }) => router::usual(*status, PROVIDER),
            Some(Fault::Cold { html: true, .. }) => wire::unavailable(),
            Some(Fault::Cold { estimated_time, .. }) => {
                let error = format!("Model {} is currently loading", self.model);
                wire::json(503, &json!({ "error": error, "estimated_time": estimated_time }))
            }
            Some(Fault::JobFailed { error: Some(error) }) => wire::json(500, &json!({ "error": error })),
            Some(Fault::JobFailed { error: None }) => router::usual(500, PROVIDER),
            Some(Fault::NeverDone {}) => std::future::pending().await,
            Some(Fault::RefusePrompt {}) => {
                let message = "Your request was rejected by the safety system.";
                wire::json(400, &json!({ "error": message, "code": "moderation_blocked" }))
            }
            Some(Fault::EmptyList {}) => wire::json(200, &json!({ "data": [] })),
            Some(Fault::JsonB64 {}) => {
                // Compatible servers send the bare base64 here; `data:` addresses are for protocols that know it anyhow.
                let plain = Courier { fault: None, ..courier };
                let text = plain.carry(request, Format::Png, Way::Inside).await?.text();
                wire::json(200, &json!({ "data": [{ "b64_json": text }] }))
            }
            Some(Fault::JsonUrl { .. } | Fault::DownloadFailed { .. }) => {
                let address = courier.carry(request, Format::Png, Way::ByAddress).await.map(Carried::text)?;
                wire::json(200, &json!({ "output": [address] }))
            }
            fault => {
                let (bytes, format) = self.file(courier, request).await?;
                courier::deliver(&bytes, format.content_type(), fault)
            }
        })
    }

    /// The file. PNG, unless the client asks for JPEG and not for PNG.
    async fn file(&self, courier: Courier<'_>, request: Request) -> Result<(Bytes, Format), EncodeError> {
        let accept = self.incoming.header(header::ACCEPT);
        let jpeg = accept.contains("image/jpeg") && !accept.contains("image/png");
        let asked = if jpeg { Format::Jpeg } else { Format::Png };
        // What a broken file is said to be is always PNG, so that tests need not know what the client accepts.
        let said = if matches!(courier.fault, None | Some(Fault::Slow { .. })) { asked } else { Format::Png };
        Ok((courier.file(request, said).await?, said))
    }
}

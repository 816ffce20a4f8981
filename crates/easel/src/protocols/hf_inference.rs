//! Hugging Face's `hf-inference`: text to image, and the lookup that maps a model to its provider.

mod play;
mod read;

use crate::painter::Request;
use crate::studio::{Format, Studio, random};
use crate::wire;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, Response, Uri, header};
use axum::routing::{get, post};
use serde_json::{Value, json};
use std::sync::Arc;

/// The routes of the router's provider and of the hub.
pub fn routes() -> Router<Arc<Studio>> {
    Router::new()
        .route("/hf-inference/models/{org}/{name}", post(text_to_image))
        .route("/api/models/{org}/{name}", get(map_model))
}

/// What was decided about a request: the answer, a word for the log, and the seed if a picture was painted.
struct Outcome {
    response: Response<Body>,
    what: &'static str,
    seed: Option<u64>,
}

impl Outcome {
    fn new(response: Response<Body>, what: &'static str) -> Self {
        Self { response, what, seed: None }
    }

    fn error(status: u16, what: &'static str, message: &str) -> Self {
        Self::new(wire::json(status, &json!({ "error": message })), what)
    }
}

async fn text_to_image(
    State(studio): State<Arc<Studio>>,
    Path((org, name)): Path<(String, String)>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let parsed = serde_json::from_slice::<Value>(&body);
    let shown = parsed.as_ref().ok().cloned().unwrap_or_default();
    let prompt = shown.get("inputs").and_then(Value::as_str).unwrap_or_default().to_owned();
    let slip = studio.log.open(&method, &uri, &headers, shown, &prompt);
    let call = Call { studio, model: format!("{org}/{name}"), headers, prompt };
    let outcome = call.answer(parsed).await;
    slip.answered(outcome.response.status().as_u16(), outcome.what, outcome.seed);
    outcome.response
}

/// One request to a model.
struct Call {
    studio: Arc<Studio>,
    model: String,
    headers: HeaderMap,
    prompt: String,
}

impl Call {
    /// The order of the checks is the real router's: who, which model, what body; then what the engine says.
    async fn answer(&self, body: serde_json::Result<Value>) -> Outcome {
        if !self.is_authorized() {
            return Outcome::error(401, "unauthorized", "Invalid username or password.");
        }
        if !self.studio.config.models.contains(&self.model) {
            return Outcome::error(404, "unknown_model", "Model not found");
        }
        let body = match body {
            Ok(body) => body,
            Err(error) => {
                return Outcome::error(400, "invalid_json", &format!("Invalid JSON: {error}"));
            }
        };
        let fault = self.studio.orders.take(&self.prompt);
        if fault.is_none() && self.studio.is_cold(&self.model) {
            return self.cold(self.studio.config.cold_seconds as f64);
        }
        let request = match read::request(&body, random() & u64::from(u32::MAX)) {
            Ok(request) => request,
            Err(message) => {
                let message = format!("Input validation error: {message}");
                let body = json!({ "error": message, "error_type": "validation" });
                return Outcome::new(wire::json(422, &body), "invalid_parameters");
            }
        };
        match fault {
            Some(fault) => self.play(fault, request).await,
            None => self.picture(request).await,
        }
    }

    fn is_authorized(&self) -> bool {
        let sent = self.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = sent.and_then(|value| value.strip_prefix("Bearer ")).map_or("", str::trim);
        match &self.studio.config.token {
            Some(expected) => token == expected,
            None => !token.is_empty(),
        }
    }

    fn cold(&self, estimated_time: f64) -> Outcome {
        let error = format!("Model {} is currently loading", self.model);
        Outcome::new(wire::json(503, &json!({ "error": error, "estimated_time": estimated_time })), "cold")
    }

    /// A good answer. PNG, unless the client asks for JPEG and not for PNG.
    async fn picture(&self, request: Request) -> Outcome {
        let accept = self.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let jpeg = accept.contains("image/jpeg") && !accept.contains("image/png");
        let (format, content_type) = if jpeg { (Format::Jpeg, "image/jpeg") } else { (Format::Png, "image/png") };
        let seed = request.seed;
        match self.studio.picture(request, format).await {
            Ok(file) => Outcome { response: wire::answer(200, content_type, file), what: "picture", seed: Some(seed) },
            Err(error) => Outcome::error(500, "internal", &error.to_string()),
        }
    }
}

/// The hub's answer to `?expand[]=inferenceProviderMapping`. The hub answers 401 for what it does not know, but to name
/// the cause helps whoever mistyped a model here.
async fn map_model(State(studio): State<Arc<Studio>>, Path((org, name)): Path<(String, String)>) -> Response<Body> {
    let model = format!("{org}/{name}");
    if !studio.config.models.contains(&model) {
        let mut response = wire::json(404, &json!({ "error": "Repository not found" }));
        response.headers_mut().insert("x-error-code", header::HeaderValue::from_static("RepoNotFound"));
        return response;
    }
    let entry = json!({
        "provider": "hf-inference",
        "hfModelId": model,
        "providerId": model,
        "status": "live",
        "task": "text-to-image",
        "type": "single-model",
    });
    wire::json(
        200,
        &json!({
            "_id": "000000000000000000000000",
            "id": model,
            "pipeline_tag": "text-to-image",
            "inferenceProviderMapping": [entry],
        }),
    )
}

//! replicate through the router: a prediction is created, and with `Prefer: wait` answered when it is done. What is not
//! done in time is answered as it stands, without output; the addresses to ask later lead to replicate itself and need
//! its key, so there is nothing to ask here.
//!
//! `cold` is a prediction that is still `starting`, `never_done` one that is still `processing`, and `slow` becomes one
//! when it outlasts the wait. `job_failed`, `refuse_prompt` and `nsfw` are predictions that failed. `poll_failed` is its
//! status, for want of polls. `json_b64` puts out a `data:` address. The other faults of a file are played where the file
//! is fetched.

mod read;

use crate::clock;
use crate::config::Output;
use crate::courier::{Courier, Way};
use crate::encode::EncodeError;
use crate::faults::Fault;
use crate::incoming::{Incoming, Outcome};
use crate::painter::Request;
use crate::protocols::fields::{Rule, Wrong};
use crate::protocols::router;
use crate::studio::{Studio, random, random_seed};
use crate::wire;
use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::Response;
use axum::routing::post;
use read::Wish;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What the router calls it.
const PROVIDER: &str = "replicate";

/// The host that replicate names, whichever host it was called through.
const API_HOST: &str = "https://api.replicate.com";

/// The routes of the router's provider.
pub fn routes() -> Router<Arc<Studio>> {
    Router::new()
        .route("/replicate/v1/models/{owner}/{name}/predictions", post(create_by_model))
        .route("/replicate/v1/predictions", post(create_by_version))
}

async fn create_by_model(Path((owner, name)): Path<(String, String)>, incoming: Incoming) -> Response<Body> {
    create(incoming, Some(format!("{owner}/{name}"))).await
}

async fn create_by_version(incoming: Incoming) -> Response<Body> {
    create(incoming, None).await
}

async fn create(incoming: Incoming, model: Option<String>) -> Response<Body> {
    let parsed = incoming.json();
    let shown = parsed.as_ref().ok().cloned().unwrap_or_default();
    let prompt = shown.pointer("/input/prompt").and_then(Value::as_str).unwrap_or_default().to_owned();
    incoming.record(shown, &prompt, answer(&incoming, model, parsed, &prompt)).await
}

async fn answer(incoming: &Incoming, model: Option<String>, body: serde_json::Result<Value>, prompt: &str) -> Outcome {
    if let Some(refusal) = router::refusal(incoming) {
        return refusal;
    }
    let config = &incoming.studio.config;
    if model.as_ref().is_some_and(|model| !config.provides(PROVIDER, |id| id == model)) {
        return router::unsupported(PROVIDER);
    }
    let Ok(body) = body else {
        return problem(400, "invalid_json", "Invalid JSON", "The body could not be read.");
    };
    let version = body.get("version").and_then(Value::as_str).unwrap_or_default();
    // The version may come alone or behind its model.
    let is_version = |id: &str| id == version || id.split_once(':').is_some_and(|(_, known)| known == version);
    if model.is_none() && !config.provides(PROVIDER, |id| id.contains(':') && is_version(id)) {
        return problem(404, "unknown_model", "Not found", "The version does not exist, or not for this token.");
    }
    let wish = match read::wish(&body, random_seed()) {
        Ok(wish) => wish,
        Err(wrong) => return invalid(&wrong),
    };
    let model = model.unwrap_or_else(|| version.to_owned());
    let fault = incoming.fault(prompt, &model);
    let prediction =
        Prediction { model, input: body.get("input").cloned().unwrap_or_default(), started: Instant::now() };
    let courier = incoming.courier(prompt, fault.as_ref());
    match prediction.play(incoming, courier, &wish).await {
        Ok(response) => Outcome::painted(response, fault.as_ref(), wish.request.seed),
        Err(error) => problem(500, "internal", "Internal server error", &error.to_string()),
    }
}

/// A prediction that was created.
struct Prediction {
    model: String,
    input: Value,
    started: Instant,
}

impl Prediction {
    async fn play(
        &self,
        incoming: &Incoming,
        courier: Courier<'_>,
        wish: &Wish,
    ) -> Result<Response<Body>, EncodeError> {
        Ok(match courier.fault {
            Some(Fault::Status { status, body, content_type, headers }) => {
                let response = wire::made_to_order(*status, body.clone(), content_type.clone(), || usual(*status));
                wire::with_headers(response, headers)
            }
            Some(Fault::PollFailed { status, .. }) => usual(*status),
            Some(Fault::Hang {}) => std::future::pending().await,
            Some(Fault::Cold { html: true, .. }) => wire::unavailable(),
            Some(Fault::Cold { .. }) => self.as_it_stands("starting"),
            Some(Fault::NeverDone {}) => self.as_it_stands("processing"),
            Some(Fault::JobFailed { error }) => self.failed(error.as_deref().unwrap_or("Prediction failed")),
            Some(Fault::RefusePrompt {}) => self.failed("E005: The input was flagged as sensitive."),
            Some(Fault::Nsfw {}) => self.failed("NSFW content was detected in the output."),
            _ => {
                let Some(seconds) = read::wait_seconds(incoming.header("prefer")) else {
                    return Ok(self.as_it_stands("starting"));
                };
                let work = async {
                    courier.stall().await;
                    self.output(courier, wish, incoming.studio.config.replicate_output).await
                };
                match tokio::time::timeout(Duration::from_secs(seconds), work).await {
                    Ok(output) => courier.answer(201, &self.json("succeeded", output?, Value::Null), Way::ByAddress),
                    Err(_) => self.as_it_stands("processing"),
                }
            }
        })
    }

    async fn output(&self, courier: Courier<'_>, wish: &Wish, shape: Output) -> Result<Value, EncodeError> {
        let count = if matches!(courier.fault, Some(Fault::EmptyList {})) { 0 } else { wish.count };
        let mut output = Vec::new();
        for number in 0..count {
            let seed = wish.request.seed.wrapping_add(u64::from(number));
            let request = Request { seed, ..wish.request.clone() };
            output.push(courier.carry(request, wish.format, Way::ByAddress).await?.text());
        }
        Ok(match (shape, output.as_slice()) {
            (Output::String, [only]) => only.as_str().into(),
            _ => output.into(),
        })
    }

    fn as_it_stands(&self, status: &str) -> Response<Body> {
        wire::json(201, &self.json(status, Value::Null, Value::Null))
    }

    fn failed(&self, error: &str) -> Response<Body> {
        wire::json(201, &self.json("failed", Value::Null, error.into()))
    }

    fn json(&self, status: &str, output: Value, error: Value) -> Value {
        let id = format!("{:016x}{:010x}", random(), random() >> 24);
        let now = clock::iso(clock::unix_seconds());
        let has_ended = matches!(status, "succeeded" | "failed");
        let seconds = self.started.elapsed().as_secs_f64();
        json!({
            "id": id,
            "model": self.model,
            "version": "hidden",
            "input": self.input,
            "logs": "",
            "output": output,
            "data_removed": false,
            "error": error,
            "source": "api",
            "status": status,
            "created_at": now,
            "started_at": if status == "starting" { Value::Null } else { now.as_str().into() },
            "completed_at": if has_ended { now.as_str().into() } else { Value::Null },
            "urls": {
                "get": format!("{API_HOST}/v1/predictions/{id}"),
                "cancel": format!("{API_HOST}/v1/predictions/{id}/cancel"),
                "web": format!("https://replicate.com/p/{id}"),
            },
            "metrics": if has_ended { json!({ "predict_time": seconds, "total_time": seconds }) } else { json!({}) },
        })
    }
}

fn problem(status: u16, what: &'static str, title: &str, detail: &str) -> Outcome {
    Outcome::new(wire::json(status, &json!({ "title": title, "detail": detail, "status": status })), what)
}

fn invalid(wrong: &Wrong) -> Outcome {
    let kind = match wrong.rule {
        Rule::Missing => "required",
        Rule::Kind(_) => "invalid_type",
        Rule::Value(_) => "invalid_value",
    };
    let field = if wrong.field == "input" { "input".to_owned() } else { format!("input.{}", wrong.field) };
    let description = wrong.to_string().replace('`', "");
    let body = json!({
        "title": "Input validation failed",
        "detail": format!("- {field}: {description}\n"),
        "status": 422,
        "invalid_fields": [{ "type": kind, "field": field, "description": description }],
    });
    Outcome::new(wire::json(422, &body), "invalid_parameters")
}

/// What is said with this status: by the router where it stands before replicate, else by replicate.
fn usual(status: u16) -> Response<Body> {
    let (title, detail) = match status {
        400..=403 | 410 => return router::usual(status, PROVIDER),
        404 => ("Not found", "The requested resource could not be found."),
        422 => ("Input validation failed", "The input is not what the model takes."),
        429 => {
            let detail = "Request was throttled. Your rate limit resets in ~30s.";
            return wire::json(429, &json!({ "detail": detail, "status": 429 }));
        }
        500 => ("Internal server error", "An internal error occurred."),
        503 => ("Service unavailable", "The service is temporarily unavailable."),
        504 => ("Gateway timeout", "The service did not answer in time."),
        _ => ("Error", "The request could not be served."),
    };
    problem(status, "status", title, detail).response
}

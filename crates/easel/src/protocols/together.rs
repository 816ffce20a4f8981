//! together through the router: pictures in the shape that OpenAI gave them, with fields and words of its own, among them
//! `base64` where OpenAI says `b64_json`, and JPEG where nothing is said.
//!
//! `nsfw` and `empty_list` are a list without a picture, since that is how some vendors tell of moderation;
//! `refuse_prompt` is a 422 that names the prompt. There are no jobs: `job_failed` is a 500, `never_done` hangs,
//! `poll_failed` is its status. `json_b64` answers with a `data:` address in `b64_json`; `json_url` and `download_failed`
//! answer with an address whatever was asked for.

use crate::courier::{Carried, Courier, Way};
use crate::encode::{EncodeError, Format};
use crate::faults::Fault;
use crate::incoming::{Incoming, Outcome};
use crate::painter::Request;
use crate::protocols::fields::{Fields, Rule, SIDE_PX, Wrong};
use crate::protocols::router;
use crate::studio::{Studio, random, random_seed};
use crate::wire;
use axum::Router;
use axum::body::Body;
use axum::http::Response;
use axum::routing::post;
use serde_json::{Value, json};
use std::sync::Arc;

/// What the router calls it.
const PROVIDER: &str = "together";

/// The side that is painted when none is asked for.
const SIDE_PX_DEFAULT: u32 = 1024;

/// The route of the router's provider.
pub fn routes() -> Router<Arc<Studio>> {
    Router::new().route("/together/v1/images/generations", post(generate))
}

async fn generate(incoming: Incoming) -> Response<Body> {
    let parsed = incoming.json();
    let shown = parsed.as_ref().ok().cloned().unwrap_or_default();
    let prompt = shown.get("prompt").and_then(Value::as_str).unwrap_or_default().to_owned();
    incoming.record(shown, &prompt, answer(&incoming, parsed, &prompt)).await
}

async fn answer(incoming: &Incoming, body: serde_json::Result<Value>, prompt: &str) -> Outcome {
    if let Some(refusal) = router::refusal(incoming) {
        return refusal;
    }
    let body = match body {
        Ok(body) => body,
        Err(error) => return refused(400, "invalid_json", &format!("Invalid JSON: {error}"), Value::Null),
    };
    let wish = match read(&body, random_seed()) {
        Ok(wish) => wish,
        Err(wrong) => return invalid(&wrong),
    };
    if !incoming.studio.config.provides(PROVIDER, |id| id == wish.model) {
        return unknown_model(&wish.model);
    }
    let fault = incoming.fault(prompt, &wish.model);
    let courier = incoming.courier(prompt, fault.as_ref());
    match play(courier, &wish).await {
        Ok(response) => Outcome::painted(response, fault.as_ref(), wish.request.seed),
        Err(error) => Outcome::new(failure(500, "server_error", &error.to_string()), "internal"),
    }
}

struct Wish {
    model: String,
    request: Request,
    count: u32,
    format: Format,
    way: Way,
}

fn read(body: &Value, seed: u64) -> Result<Wish, Wrong> {
    let fields = Fields::of(body);
    let usual = Request::default();
    let model = fields.required_text("model")?.to_owned();
    let guidance = fields.guidance("guidance", usual.guidance)?;
    let count = fields.integer_within("n", 1..=4)?.and_then(|count| u32::try_from(count).ok());
    let format = fields.one_of("output_format", &["jpeg", "png"])?;
    let way = fields.one_of("response_format", &["base64", "url"])?;
    // An edit may come without words, but not without saying so.
    let prompt = fields.text("prompt")?.ok_or_else(|| Wrong::missing("prompt"))?;
    Ok(Wish {
        model,
        request: Request {
            prompt: prompt.to_owned(),
            negative_prompt: fields.text("negative_prompt")?.unwrap_or_default().to_owned(),
            width: fields.side("width", SIDE_PX, 8)?.unwrap_or(SIDE_PX_DEFAULT),
            height: fields.side("height", SIDE_PX, 8)?.unwrap_or(SIDE_PX_DEFAULT),
            steps: fields.steps("steps", usual.steps)?,
            guidance: fields.guidance("guidance_scale", guidance)?,
            seed: fields.seed("seed")?.unwrap_or(seed),
        },
        count: count.unwrap_or(1),
        format: if format == Some("png") { Format::Png } else { Format::Jpeg },
        way: if way == Some("base64") { Way::Inside } else { Way::ByAddress },
    })
}

async fn play(courier: Courier<'_>, wish: &Wish) -> Result<Response<Body>, EncodeError> {
    courier.stall().await;
    Ok(match courier.fault {
        Some(Fault::Status { status, body, content_type, headers }) => {
            let response = wire::made_to_order(*status, body.clone(), content_type.clone(), || usual(*status));
            wire::with_headers(response, headers)
        }
        Some(Fault::PollFailed { status, .. }) => usual(*status),
        Some(Fault::Cold { html: true, .. }) => wire::unavailable(),
        Some(Fault::Cold { .. }) => usual(503),
        Some(Fault::JobFailed { error }) => {
            failure(500, "server_error", error.as_deref().unwrap_or("The picture could not be made"))
        }
        Some(Fault::NeverDone {}) => std::future::pending().await,
        Some(Fault::RefusePrompt {}) => {
            refused(422, "refuse_prompt", "The prompt was flagged by the safety checker", "prompt".into()).response
        }
        fault => {
            let is_empty = matches!(fault, Some(Fault::Nsfw {} | Fault::EmptyList {}));
            let count = if is_empty { 0 } else { wish.count };
            let mut data = Vec::new();
            for index in 0..count {
                let seed = wish.request.seed.wrapping_add(u64::from(index));
                let request = Request { seed, ..wish.request.clone() };
                data.push(match courier.carry(request, wish.format, wish.way).await? {
                    Carried::Base64(text) => json!({ "index": index, "type": "b64_json", "b64_json": text }),
                    Carried::Address(address) => json!({ "index": index, "type": "url", "url": address }),
                });
            }
            let id = format!("o{:015x}", random() >> 4);
            let body = json!({ "id": id, "model": wish.model, "object": "list", "data": data });
            courier.answer(200, &body, wish.way)
        }
    })
}

fn error(status: u16, message: &str, kind: &str, param: Value, code: Value) -> Response<Body> {
    let id = format!("o{:015x}", random() >> 4);
    let error = json!({ "message": message, "type": kind, "param": param, "code": code });
    wire::json(status, &json!({ "id": id, "error": error }))
}

fn refused(status: u16, what: &'static str, message: &str, param: Value) -> Outcome {
    Outcome::new(error(status, message, "invalid_request_error", param, Value::Null), what)
}

fn failure(status: u16, kind: &str, message: &str) -> Response<Body> {
    error(status, message, kind, Value::Null, Value::Null)
}

fn invalid(wrong: &Wrong) -> Outcome {
    let code = match wrong.rule {
        Rule::Missing => "missing_required_parameter",
        Rule::Kind(_) | Rule::Value(_) => "invalid_parameter",
    };
    let response = error(400, &wrong.to_string(), "invalid_request_error", wrong.field.into(), code.into());
    Outcome::new(response, "invalid_parameters")
}

fn unknown_model(model: &str) -> Outcome {
    let message = format!("Unable to access model {model}. Please check that it exists and that you may use it.");
    let code = "model_not_available".into();
    Outcome::new(error(404, &message, "invalid_request_error", "model".into(), code), "unknown_model")
}

/// What is said with this status: by the router where it stands before together, else by together.
fn usual(status: u16) -> Response<Body> {
    match status {
        401..=403 | 410 => router::usual(status, PROVIDER),
        400 | 422 => refused(status, "status", "The request could not be read", Value::Null).response,
        404 => unknown_model("of this name").response,
        429 => error(429, "You have reached the rate limit of this model.", "rate_limit", Value::Null, Value::Null),
        503 => failure(503, "service_unavailable", "The model is overloaded. Please try again later."),
        500..=599 => failure(status, "server_error", "An internal error occurred."),
        _ => refused(status, "status", "The request could not be served", Value::Null).response,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_painted_is_refused_by_name() {
        for (body, field) in [
            (json!({ "prompt": "x" }), "model"),
            (json!({ "model": "m" }), "prompt"),
            (json!({ "model": "m", "prompt": null }), "prompt"),
            (json!({ "model": "m", "prompt": "x", "response_format": "b64_json" }), "response_format"),
            (json!({ "model": "m", "prompt": "x", "output_format": "webp" }), "output_format"),
            (json!({ "model": "m", "prompt": "x", "width": 100 }), "width"),
            (json!({ "model": "m", "prompt": "x", "n": 0 }), "n"),
        ] {
            assert_eq!(read(&body, 1).map(|_| ()).unwrap_err().field, field, "{body}");
        }
        let read = read(&json!({ "model": "m", "prompt": "", "n": 2 }), 1).unwrap();
        assert_eq!((read.count, read.format, read.way), (2, Format::Jpeg, Way::ByAddress));
    }
}

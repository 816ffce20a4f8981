//! OpenAI's images and moderation, as it speaks itself and as compatible servers do. Models whose name begins with
//! `gpt-image` behave as OpenAI's, all others as a compatible server's.
//!
//! `refuse_prompt` and `nsfw` are a 400 `moderation_blocked`; a refused prompt has the older code
//! `content_policy_violation` for models that are not GPT image ones, and `nsfw` comes only after the picture was painted.
//! `cold` is what compatible servers say that load on demand, with `Retry-After`. There are no jobs: `job_failed` is a
//! 500, `never_done` hangs, `poll_failed` is its status. `empty_list` is a 200 without data. `json_b64` answers with a
//! `data:` address in `b64_json`; `json_url` and `download_failed` answer with an address whatever was asked for.

mod form;
mod moderation;
mod read;
mod words;

use crate::clock;
use crate::courier::{Carried, Courier};
use crate::encode::EncodeError;
use crate::faults::Fault;
use crate::incoming::{Incoming, Outcome};
use crate::painter::Request;
use crate::protocols::fields::Fields;
use crate::studio::{Studio, random_seed};
use crate::wire;
use axum::Router;
use axum::body::Body;
use axum::http::Response;
use axum::routing::{get, post};
use form::Form;
use read::{Refusal, Wish};
use serde_json::{Value, json};
use std::sync::Arc;

/// The routes under `/v1`.
pub fn routes() -> Router<Arc<Studio>> {
    Router::new()
        .route("/v1/images/generations", post(generate))
        .route("/v1/images/edits", post(edit))
        .route("/v1/models", get(list_models))
        .route("/v1/moderations", post(moderation::moderate))
}

async fn list_models(incoming: Incoming) -> Response<Body> {
    let answer = async {
        if let Some(refusal) = words::refusal(&incoming) {
            return refusal;
        }
        let model = |id: &String| json!({ "id": id, "object": "model", "created": 0, "owned_by": "easel" });
        let data: Value = incoming.studio.config.models.iter().map(model).collect();
        Outcome::new(wire::json(200, &json!({ "object": "list", "data": data })), "models")
    };
    incoming.record(Value::Null, "", answer).await
}

async fn generate(incoming: Incoming) -> Response<Body> {
    let parsed = incoming.json();
    let shown = parsed.as_ref().ok().cloned().unwrap_or_default();
    let prompt = shown.get("prompt").and_then(Value::as_str).unwrap_or_default().to_owned();
    let answer = async {
        if let Some(refusal) = words::refusal(&incoming) {
            return refusal;
        }
        match parsed {
            Ok(body) => paint(&incoming, &Fields::of(&body), &prompt).await,
            Err(error) => words::malformed(&error),
        }
    };
    incoming.record(shown, &prompt, answer).await
}

/// Paints from the prompt; that pictures came along is checked, and what is on them is not looked at.
async fn edit(incoming: Incoming) -> Response<Body> {
    let form = Form::read(&incoming).await;
    let (fields, shown) = form.as_ref().map(|form| (form.fields(), form.shown())).unwrap_or_default();
    let prompt = fields.get("prompt").and_then(Value::as_str).unwrap_or_default().to_owned();
    let answer = async {
        if let Some(refusal) = words::refusal(&incoming) {
            return refusal;
        }
        let complaint = match &form {
            Ok(form) => form.complaint(),
            Err(error) => Some((format!("The body is no multipart form: {error}"), "invalid_form")),
        };
        match complaint {
            Some((message, code)) => {
                Outcome::new(words::bad_request(&message, Some("image"), code), "invalid_parameters")
            }
            None => paint(&incoming, &Fields::lenient(&fields), &prompt).await,
        }
    };
    incoming.record(shown, &prompt, answer).await
}

async fn paint(incoming: &Incoming, fields: &Fields<'_>, prompt: &str) -> Outcome {
    let models = &incoming.studio.config.models;
    let wish = match read::wish(fields, models.first().map_or("", String::as_str), random_seed()) {
        Ok(wish) => wish,
        Err(Refusal::Unknown(name)) => return words::unknown_parameter(&name),
        Err(Refusal::Wrong(wrong)) => return words::invalid(&wrong),
    };
    if !models.contains(&wish.model) {
        return words::unknown_model(&wish.model);
    }
    let fault = incoming.fault(prompt, &wish.model);
    match play(incoming.courier(prompt, fault.as_ref()), &wish).await {
        Ok(response) => Outcome::painted(response, fault.as_ref(), wish.request.seed),
        Err(error) => Outcome::new(words::failure(500, &error.to_string(), None), "internal"),
    }
}

async fn play(courier: Courier<'_>, wish: &Wish) -> Result<Response<Body>, EncodeError> {
    courier.stall().await;
    Ok(match courier.fault {
        Some(Fault::Status { status, body, content_type, headers }) => {
            let response = wire::made_to_order(*status, body.clone(), content_type.clone(), || words::usual(*status));
            wire::with_headers(response, headers)
        }
        Some(Fault::PollFailed { status, .. }) => words::usual(*status),
        Some(Fault::Cold { html: true, .. }) => wire::unavailable(),
        Some(Fault::Cold { estimated_time, .. }) => words::loading(&wish.model, *estimated_time),
        Some(Fault::JobFailed { error }) => {
            words::failure(500, error.as_deref().unwrap_or("The picture could not be made."), None)
        }
        Some(Fault::NeverDone {}) => std::future::pending().await,
        Some(Fault::RefusePrompt {}) if !read::is_gpt_image(&wish.model) => {
            let message = "Your request was rejected as a result of our safety system.";
            words::bad_request(message, None, "content_policy_violation")
        }
        Some(Fault::RefusePrompt {}) => words::moderated(),
        Some(Fault::Nsfw {}) => {
            courier.file(wish.request.clone(), wish.format).await?;
            words::moderated()
        }
        Some(Fault::EmptyList {}) => wire::json(200, &reply(wish, &[])),
        _ => {
            let mut data = Vec::new();
            for number in 0..wish.count {
                let seed = wish.request.seed.wrapping_add(u64::from(number));
                let request = Request { seed, ..wish.request.clone() };
                data.push(match courier.carry(request, wish.format, wish.way).await? {
                    Carried::Base64(text) => json!({ "b64_json": text }),
                    Carried::Address(address) => json!({ "url": address }),
                });
            }
            courier.answer(200, &reply(wish, &data), wish.way)
        }
    })
}

fn reply(wish: &Wish, data: &[Value]) -> Value {
    let mut reply = json!({ "created": clock::unix_seconds(), "data": data });
    if let Some(reply) = reply.as_object_mut()
        && read::is_gpt_image(&wish.model)
    {
        let repeated = [
            ("output_format", wish.format.content_type().trim_start_matches("image/").to_owned()),
            ("size", format!("{}x{}", wish.request.width, wish.request.height)),
            ("quality", wish.quality.clone()),
            ("background", wish.background.clone()),
        ];
        reply.extend(repeated.map(|(name, value)| (name.to_owned(), value.into())));
    }
    reply
}

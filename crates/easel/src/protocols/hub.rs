//! The hub's lookup of the providers that serve a model.

use crate::incoming::{Incoming, Outcome};
use crate::mapping::{Entry, Shape};
use crate::studio::Studio;
use crate::wire;
use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::Response;
use axum::routing::get;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The route of the hub.
pub fn routes() -> Router<Arc<Studio>> {
    Router::new().route("/api/models/{org}/{name}", get(look_up_model))
}

async fn look_up_model(Path((org, name)): Path<(String, String)>, incoming: Incoming) -> Response<Body> {
    let model = format!("{org}/{name}");
    incoming.record(Value::Null, "", async { answer(&incoming, &model) }).await
}

/// The hub answers 401 for what it does not know, but to name the cause helps whoever mistyped a model here.
fn answer(incoming: &Incoming, model: &str) -> Outcome {
    let config = &incoming.studio.config;
    let Some(entries) = config.providers_of(model) else {
        let response = wire::json(404, &json!({ "error": "Repository not found" }));
        return Outcome::new(wire::with_header(response, "x-error-code", "RepoNotFound"), "unknown_model");
    };
    let task = entries.first().map_or("text-to-image", |entry| &entry.task);
    let mut body = json!({ "_id": "000000000000000000000000", "id": model, "pipeline_tag": task });
    let expand = incoming.query("expand[]").into_iter().chain(incoming.query("expand"));
    if expand.into_iter().any(|wanted| wanted == "inferenceProviderMapping")
        && let Some(body) = body.as_object_mut()
    {
        body.insert("inferenceProviderMapping".to_owned(), mapping(model, &entries, config.mapping_shape));
    }
    Outcome::new(wire::json(200, &body), "mapping")
}

fn mapping(model: &str, entries: &[Entry], shape: Shape) -> Value {
    let shared = |entry: &Entry| {
        json!({
            "providerId": entry.provider_id, "status": entry.status, "task": entry.task, "type": "single-model",
        })
    };
    match shape {
        Shape::Object => {
            let keyed = entries.iter().map(|entry| (entry.provider.clone(), shared(entry)));
            Value::Object(keyed.collect::<Map<_, _>>())
        }
        Shape::Array => entries
            .iter()
            .map(|entry| {
                let mut listed = shared(entry);
                if let Some(listed) = listed.as_object_mut() {
                    listed.insert("provider".to_owned(), entry.provider.clone().into());
                    listed.insert("hfModelId".to_owned(), model.into());
                }
                listed
            })
            .collect(),
    }
}

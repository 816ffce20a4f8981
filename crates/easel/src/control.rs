//! The control API for tests: orders of faults and the log of requests. It exists only with `--control`.

use crate::faults::Order;
use crate::studio::Studio;
use crate::wire;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// The routes under `/easel`.
pub fn routes() -> Router<Arc<Studio>> {
    Router::new()
        .route("/easel/faults", post(push_order).delete(clear_orders))
        .route("/easel/requests", get(list_requests).delete(clear_requests))
}

#[derive(Deserialize)]
struct Filter {
    prompt_contains: Option<String>,
}

async fn push_order(State(studio): State<Arc<Studio>>, body: Bytes) -> Response<Body> {
    let order = match serde_json::from_slice::<Order>(&body) {
        Ok(order) => order,
        Err(error) => return wire::json(400, &json!({ "error": error.to_string() })),
    };
    match studio.orders.push(order) {
        Ok(id) => wire::json(201, &json!({ "id": id })),
        Err(complaint) => wire::json(400, &json!({ "error": complaint })),
    }
}

async fn clear_orders(State(studio): State<Arc<Studio>>, Query(filter): Query<Filter>) -> Response<Body> {
    studio.orders.clear(filter.prompt_contains.as_deref());
    wire::json(200, &json!({}))
}

async fn list_requests(State(studio): State<Arc<Studio>>, Query(filter): Query<Filter>) -> Response<Body> {
    let entries = studio.log.entries(filter.prompt_contains.as_deref().unwrap_or_default());
    wire::json(200, &json!({ "requests": entries }))
}

async fn clear_requests(State(studio): State<Arc<Studio>>) -> Response<Body> {
    studio.log.clear();
    wire::json(200, &json!({}))
}

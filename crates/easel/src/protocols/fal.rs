//! fal through the router: a job is submitted, asked for, and its result fetched, which names the pictures by address.
//! Without `_subdomain=queue` the router leads to fal's other host, which answers with the result at once.
//!
//! At the submission are played: `status`, `cold` (a runner that cannot be found), `hang`, `slow`. At the status:
//! `never_done`, `poll_failed`. At the result, which is where fal tells of a failure: `job_failed`, `refuse_prompt`
//! (`content_policy_violation`), `nsfw` (flagged, and black), `empty_list`, `json_b64` (as under `sync_mode`), and
//! whatever the model would not take. At the address: `text_page`, `empty`, `truncated`, `mislabelled`, `json_url`,
//! `reset`, `wrong_size` (the result still tells the size that was asked for), `huge`, `garbage`, `download_failed`.

mod read;
mod words;

use crate::courier::Way;
use crate::encode::EncodeError;
use crate::faults::Fault;
use crate::incoming::{Incoming, Outcome};
use crate::jobs::{Job, Jobs, Stage};
use crate::painter::Request;
use crate::protocols::fields::Wrong;
use crate::protocols::router;
use crate::studio::{Studio, random, random_seed};
use crate::wire;
use axum::body::Body;
use axum::extract::Path;
use axum::http::Response;
use axum::routing::post;
use axum::{Extension, Router};
use read::Wish;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Instant;

/// What the router calls it.
const PROVIDER: &str = "fal-ai";

/// The host that fal names, whichever host it was called through.
const QUEUE_HOST: &str = "https://queue.fal.run";

/// The routes of the router's provider.
pub fn routes() -> Router<Arc<Studio>> {
    Router::new()
        .route("/fal-ai/{*path}", post(submit).get(look).put(cancel))
        .layer(Extension(Arc::<Jobs<Order>>::default()))
}

/// What a job was submitted with. What the model would not take comes out only with the result.
#[derive(Debug)]
struct Order {
    /// Owner and name of the application; what followed them in the path is dropped, as fal does.
    app: String,
    wish: Result<Wish, Wrong>,
}

type Queue = Extension<Arc<Jobs<Order>>>;

async fn submit(Extension(jobs): Queue, Path(path): Path<String>, incoming: Incoming) -> Response<Body> {
    let parsed = incoming.json();
    let shown = parsed.as_ref().ok().cloned().unwrap_or_default();
    let prompt = shown.get("prompt").and_then(Value::as_str).unwrap_or_default().to_owned();
    incoming.record(shown, &prompt, take(&jobs, &path, &incoming, parsed, &prompt)).await
}

async fn take(
    jobs: &Jobs<Order>,
    path: &str,
    incoming: &Incoming,
    body: serde_json::Result<Value>,
    prompt: &str,
) -> Outcome {
    if let Some(refusal) = router::refusal(incoming) {
        return refusal;
    }
    if !incoming.studio.config.provides(PROVIDER, |id| id == path) {
        return router::unsupported(PROVIDER);
    }
    let Ok(body) = body else {
        return Outcome::new(words::usual(400, PROVIDER), "invalid_json");
    };
    let fault = incoming.fault(prompt, path);
    incoming.courier(prompt, fault.as_ref()).stall().await;
    match &fault {
        Some(Fault::Status { status, body, content_type, headers }) => {
            let usual = || words::usual(*status, PROVIDER);
            let response = wire::made_to_order(*status, body.clone(), content_type.clone(), usual);
            return Outcome::new(wire::with_headers(response, headers), "status");
        }
        Some(Fault::Cold { html: true, .. }) => return Outcome::new(wire::unavailable(), "cold"),
        Some(Fault::Cold { .. }) => return Outcome::new(words::usual(503, PROVIDER), "cold"),
        _ => {}
    }
    let app = path.split('/').take(2).collect::<Vec<_>>().join("/");
    let order = Order { app, wish: read::wish(&body, random_seed()) };
    let polls = incoming.studio.config.queue_polls;
    let job = Job::new(request_id(), prompt, fault, polls, order);
    if is_queue(incoming) {
        let job = jobs.add(job);
        Outcome::new(wire::json(200, &ticket(&job, "IN_QUEUE")), "queued")
    } else if matches!(job.fault, Some(Fault::NeverDone {})) {
        std::future::pending().await
    } else {
        result(&job, incoming).await
    }
}

async fn look(Extension(jobs): Queue, Path(path): Path<String>, incoming: Incoming) -> Response<Body> {
    let (job, rest) = find(&jobs, &path, &incoming);
    let prompt = job.as_ref().map_or("", |job| &job.prompt).to_owned();
    let answer = async {
        match (router::refusal(&incoming), job, rest) {
            (Some(refusal), ..) => refusal,
            (None, Some(job), "status") => status(&job),
            (None, Some(job), "") => match job.stage() {
                Stage::Done => result(&job, &incoming).await,
                Stage::Cancelled => {
                    let response = words::request_error(499, "client_cancelled", "The request was cancelled");
                    Outcome::new(response, "cancelled")
                }
                Stage::Queued | Stage::Running => {
                    Outcome::new(wire::json(400, &json!({ "detail": "Request is still in progress" })), "not_done")
                }
            },
            _ => words::not_found(),
        }
    };
    incoming.record(Value::Null, &prompt, answer).await
}

async fn cancel(Extension(jobs): Queue, Path(path): Path<String>, incoming: Incoming) -> Response<Body> {
    let (job, rest) = find(&jobs, &path, &incoming);
    let prompt = job.as_ref().map_or("", |job| &job.prompt).to_owned();
    let answer = async {
        match (router::refusal(&incoming), job, rest) {
            (Some(refusal), ..) => refusal,
            (None, Some(job), "cancel") => match job.cancel() {
                Stage::Done => Outcome::new(wire::json(400, &json!({ "status": "ALREADY_COMPLETED" })), "already_done"),
                _ => Outcome::new(wire::json(202, &json!({ "status": "CANCELLATION_REQUESTED" })), "cancel"),
            },
            _ => Outcome::new(wire::json(404, &json!({ "status": "NOT_FOUND" })), "unknown_job"),
        }
    };
    incoming.record(Value::Null, &prompt, answer).await
}

/// The job of `{owner}/{app}/requests/{id}`, and what follows its id. On the other host there are no jobs.
fn find<'a>(jobs: &Jobs<Order>, path: &'a str, incoming: &Incoming) -> (Option<Arc<Job<Order>>>, &'a str) {
    let Some((app, named)) = path.split_once("/requests/").filter(|_| is_queue(incoming)) else {
        return (None, "");
    };
    let (id, rest) = named.split_once('/').unwrap_or((named, ""));
    (jobs.find(id).filter(|job| job.order.app == app), rest)
}

fn is_queue(incoming: &Incoming) -> bool {
    incoming.query("_subdomain").iter().any(|subdomain| subdomain == "queue")
}

fn status(job: &Job<Order>) -> Outcome {
    match job.poll() {
        Err(status) => Outcome::new(words::usual(status, PROVIDER), "poll_failed"),
        Ok(Stage::Queued) => Outcome::new(wire::json(202, &ticket(job, "IN_QUEUE")), "queued"),
        Ok(Stage::Running) => Outcome::new(wire::json(202, &ticket(job, "IN_PROGRESS")), "running"),
        // There is no word for a failure: that is the result's matter.
        Ok(Stage::Done | Stage::Cancelled) => Outcome::new(wire::json(200, &ticket(job, "COMPLETED")), "done"),
    }
}

fn ticket(job: &Job<Order>, status: &str) -> Value {
    let response_url = format!("{QUEUE_HOST}/{}/requests/{}", job.order.app, job.id);
    let mut ticket = json!({
        "status": status,
        "request_id": job.id,
        "response_url": response_url,
        "status_url": format!("{response_url}/status"),
        "cancel_url": format!("{response_url}/cancel"),
        "logs": null,
        "metrics": {},
    });
    if let (Some(ticket), "IN_QUEUE") = (ticket.as_object_mut(), status) {
        ticket.insert("queue_position".to_owned(), 0.into());
    }
    ticket
}

async fn result(job: &Job<Order>, incoming: &Incoming) -> Outcome {
    let fault = job.fault.as_ref();
    match fault {
        Some(Fault::JobFailed { error }) => {
            let msg = error.as_deref().unwrap_or("The model failed to make a picture");
            return Outcome::new(words::failed("no_media_generated", &["body"], msg), "job_failed");
        }
        Some(Fault::RefusePrompt {}) => {
            let msg = "The prompt was flagged by a content checker";
            let response = words::failed("content_policy_violation", &["body", "prompt"], msg);
            return Outcome::new(response, "refuse_prompt");
        }
        _ => {}
    }
    let wish = match &job.order.wish {
        Ok(wish) => wish,
        Err(wrong) => return words::invalid(wrong),
    };
    match pictures(job, wish, incoming).await {
        Ok(body) => {
            let way = if wish.sync_mode { Way::Inside } else { Way::ByAddress };
            let response = incoming.courier(&job.prompt, fault).answer(200, &body, way);
            Outcome::painted(response, fault, wish.request.seed)
        }
        Err(error) => Outcome::new(words::request_error(500, "runner_server_error", &error.to_string()), "internal"),
    }
}

async fn pictures(job: &Job<Order>, wish: &Wish, incoming: &Incoming) -> Result<Value, EncodeError> {
    let courier = incoming.courier(&job.prompt, job.fault.as_ref());
    let started = Instant::now();
    let count = if matches!(job.fault, Some(Fault::EmptyList {})) { 0 } else { wish.count };
    let label = courier.label(wish.format).content_type();
    let mut images = Vec::new();
    for number in 0..count {
        let seed = wish.request.seed.wrapping_add(u64::from(number));
        let request = Request { seed, ..wish.request.clone() };
        let url = if wish.sync_mode || matches!(job.fault, Some(Fault::JsonB64 {})) {
            courier.data_address(request, wish.format).await?
        } else {
            courier.carry(request, wish.format, Way::ByAddress).await?.text()
        };
        let (width, height) = (wish.request.width, wish.request.height);
        images.push(json!({ "url": url, "width": width, "height": height, "content_type": label }));
    }
    let is_nsfw = matches!(job.fault, Some(Fault::Nsfw {}));
    Ok(json!({
        "images": images,
        "timings": { "inference": started.elapsed().as_secs_f64() },
        "seed": wish.request.seed,
        "has_nsfw_concepts": vec![is_nsfw; images.len()],
        "prompt": wish.request.prompt,
    }))
}

/// A name as fal gives it: 128 bits in five groups.
fn request_id() -> String {
    let (high, low) = (random(), random());
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xFFFF,
        high & 0xFFFF,
        low >> 48,
        low & 0xFFFF_FFFF_FFFF
    )
}

//! The own interface of stable-diffusion.cpp: a job is taken, and asked for until it holds its pictures as base64.
//!
//! At the submission are played: `status`, `cold` (the page of what stands before a server that is starting), `hang`,
//! `slow`, `refuse_prompt` (a 400; there is no moderation). At the job: `never_done`, `poll_failed`, `job_failed`, and all
//! that happens to pictures, which travel in the job's answer once it is completed. `nsfw` is the black picture of a
//! filter. `json_b64` sends `data:` addresses in `b64_json`, `json_url` and `download_failed` send a `url` instead.

use crate::clock;
use crate::courier::{Carried, Way};
use crate::encode::{EncodeError, Format};
use crate::faults::Fault;
use crate::incoming::{Incoming, Outcome};
use crate::jobs::{Job, Jobs, Stage};
use crate::painter::Request;
use crate::protocols::fields::{Fields, Wrong};
use crate::protocols::methods::{METHODS, SCHEDULERS};
use crate::studio::{Studio, random, random_seed};
use crate::wire;
use axum::body::Body;
use axum::extract::Path;
use axum::http::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde_json::{Value, json};
use std::sync::{Arc, OnceLock};

/// The longest side that this machine has room for, in pixels; a job that asks for more fails.
const SIDE_PX_ROOM: u32 = 2048;

/// The routes under `/sdcpp/v1`.
pub fn routes() -> Router<Arc<Studio>> {
    Router::new()
        .route("/sdcpp/v1/img_gen", post(submit))
        .route("/sdcpp/v1/jobs/{id}", get(look))
        .route("/sdcpp/v1/jobs/{id}/cancel", post(cancel))
        .route("/sdcpp/v1/capabilities", get(show_capabilities))
        .layer(Extension(Arc::<Jobs<Order>>::default()))
}

/// What a job was submitted with, and the times of its life in seconds since 1970.
#[derive(Debug)]
struct Order {
    request: Request,
    count: u32,
    format: Format,
    created: u64,
    started: OnceLock<u64>,
    completed: OnceLock<u64>,
}

type Queue = Extension<Arc<Jobs<Order>>>;

async fn submit(Extension(jobs): Queue, incoming: Incoming) -> Response<Body> {
    let parsed = incoming.json();
    let shown = parsed.as_ref().ok().cloned().unwrap_or_default();
    let prompt = shown.get("prompt").and_then(Value::as_str).unwrap_or_default().to_owned();
    incoming.record(shown, &prompt, take(&jobs, &incoming, parsed, &prompt)).await
}

async fn take(jobs: &Jobs<Order>, incoming: &Incoming, body: serde_json::Result<Value>, prompt: &str) -> Outcome {
    if incoming.body.is_empty() {
        return refused(400, "empty body", "invalid_json");
    }
    let body = match body {
        Ok(body) => body,
        Err(error) => {
            let body = json!({ "error": "invalid json", "message": error.to_string() });
            return Outcome::new(wire::json(400, &body), "invalid_json");
        }
    };
    let Ok(order) = read(&body, random_seed()) else {
        return refused(400, "invalid generation parameters", "invalid_parameters");
    };
    if order.request.prompt.is_empty() {
        return refused(400, "prompt required", "invalid_parameters");
    }
    let config = &incoming.studio.config;
    let fault = incoming.fault(prompt, config.models.first().map_or("", String::as_str));
    incoming.courier(prompt, fault.as_ref()).stall().await;
    match &fault {
        Some(Fault::Status { status, body, content_type, headers }) => {
            let response = wire::made_to_order(*status, body.clone(), content_type.clone(), || usual(*status));
            return Outcome::new(wire::with_headers(response, headers), "status");
        }
        Some(Fault::Cold { html: true, .. }) => return Outcome::new(wire::unavailable(), "cold"),
        Some(Fault::Cold { estimated_time, .. }) => {
            let seconds = estimated_time.max(0.0).ceil().to_string();
            return Outcome::new(wire::with_header(wire::unavailable(), "retry-after", &seconds), "cold");
        }
        Some(Fault::RefusePrompt {}) => return refused(400, "the prompt is not allowed here", "refuse_prompt"),
        _ => {}
    }
    let id = format!("job_{:x}_{:08x}", order.created, random() >> 32);
    let ticket = json!({
        "id": id, "kind": "img_gen", "status": "queued", "created": order.created,
        "poll_url": format!("/sdcpp/v1/jobs/{id}"),
    });
    jobs.add(Job::new(id, prompt, fault, config.queue_polls, order));
    Outcome::new(wire::json(202, &ticket), "queued")
}

fn read(body: &Value, seed: u64) -> Result<Order, Wrong> {
    let fields = Fields::of(body);
    let sampling = fields.object("sample_params")?;
    let guidance = sampling.object("guidance")?;
    let usual = Request::default();
    let count = fields.integer("batch_count")?.unwrap_or(1).clamp(1, 8);
    let steps = sampling.integer("sample_steps")?.unwrap_or(20).clamp(1, 100);
    let format = fields.one_of("output_format", &["png", "jpeg"])?;
    Ok(Order {
        request: Request {
            prompt: fields.text("prompt")?.unwrap_or_default().to_owned(),
            negative_prompt: fields.text("negative_prompt")?.unwrap_or_default().to_owned(),
            width: fields.side("width", 64..=4096, 1)?.unwrap_or(usual.width),
            height: fields.side("height", 64..=4096, 1)?.unwrap_or(usual.height),
            steps: u32::try_from(steps).unwrap_or(usual.steps),
            guidance: guidance.number("txt_cfg")?.map_or(7.0, |scale| scale as f32),
            seed: fields.integer("seed")?.filter(|seed| *seed >= 0).map_or(seed, i64::unsigned_abs),
        },
        count: u32::try_from(count).unwrap_or(1),
        format: if format == Some("jpeg") { Format::Jpeg } else { Format::Png },
        created: clock::unix_seconds(),
        started: OnceLock::new(),
        completed: OnceLock::new(),
    })
}

async fn look(Extension(jobs): Queue, Path(id): Path<String>, incoming: Incoming) -> Response<Body> {
    let job = jobs.find(&id);
    let prompt = job.as_ref().map_or("", |job| &job.prompt).to_owned();
    let answer = async {
        let Some(job) = job else {
            return refused(404, "job not found", "unknown_job");
        };
        match job.poll() {
            Ok(stage) => show(&job, stage, &incoming).await,
            Err(status) => Outcome::new(usual(status), "poll_failed"),
        }
    };
    incoming.record(Value::Null, &prompt, answer).await
}

async fn cancel(Extension(jobs): Queue, Path(id): Path<String>, incoming: Incoming) -> Response<Body> {
    let job = jobs.find(&id);
    let prompt = job.as_ref().map_or("", |job| &job.prompt).to_owned();
    let answer = async {
        let Some(job) = job else {
            return refused(404, "job not found", "unknown_job");
        };
        match job.cancel() {
            Stage::Queued | Stage::Running => {
                let error = "job is currently generating and cannot be interrupted yet";
                refused(409, error, "already_running")
            }
            stage => show(&job, stage, &incoming).await,
        }
    };
    incoming.record(Value::Null, &prompt, answer).await
}

/// The job as it is asked for. Its pictures, once they are there, stand in the answer, and break it as faults want.
async fn show(job: &Job<Order>, stage: Stage, incoming: &Incoming) -> Outcome {
    let fault = job.fault.as_ref();
    let order = &job.order;
    if stage != Stage::Queued {
        order.started.get_or_init(clock::unix_seconds);
    }
    if matches!(stage, Stage::Done | Stage::Cancelled) {
        order.completed.get_or_init(clock::unix_seconds);
    }
    let (status, result, error) = match stage {
        Stage::Queued => ("queued", Value::Null, Value::Null),
        Stage::Running => ("generating", Value::Null, Value::Null),
        Stage::Cancelled => {
            ("cancelled", Value::Null, json!({ "code": "cancelled", "message": "job cancelled by client" }))
        }
        Stage::Done => match failure(job) {
            Some(message) => ("failed", Value::Null, json!({ "code": "generation_failed", "message": message })),
            None => match pictures(job, incoming).await {
                Ok(result) => ("completed", result, Value::Null),
                Err(error) => {
                    let error = json!({ "code": "generation_failed", "message": error.to_string() });
                    ("failed", Value::Null, error)
                }
            },
        },
    };
    let body = json!({
        "id": job.id,
        "kind": "img_gen",
        "status": status,
        "created": order.created,
        "started": order.started.get(),
        "completed": order.completed.get(),
        "queue_position": u8::from(stage == Stage::Queued),
        "result": result,
        "error": error,
    });
    if body.get("result").is_some_and(Value::is_null) {
        return Outcome::new(wire::json(200, &body), if status == "failed" { "job_failed" } else { "job" });
    }
    let response = incoming.courier(&job.prompt, fault).answer(200, &body, Way::Inside);
    Outcome::painted(response, fault, order.request.seed)
}

fn failure(job: &Job<Order>) -> Option<&str> {
    let usual = "generate_image returned no results";
    match &job.fault {
        Some(Fault::JobFailed { error }) => Some(error.as_deref().unwrap_or(usual)),
        _ => (job.order.request.width.max(job.order.request.height) > SIDE_PX_ROOM).then_some(usual),
    }
}

async fn pictures(job: &Job<Order>, incoming: &Incoming) -> Result<Value, EncodeError> {
    let order = &job.order;
    let courier = incoming.courier(&job.prompt, job.fault.as_ref());
    let count = if matches!(job.fault, Some(Fault::EmptyList {})) { 0 } else { order.count };
    let mut images = Vec::new();
    for index in 0..count {
        let seed = order.request.seed.wrapping_add(u64::from(index));
        let request = Request { seed, ..order.request.clone() };
        images.push(match courier.carry(request, order.format, Way::Inside).await? {
            Carried::Base64(text) => json!({ "index": index, "b64_json": text }),
            Carried::Address(address) => json!({ "index": index, "url": address }),
        });
    }
    let format = order.format.content_type().trim_start_matches("image/");
    Ok(json!({ "output_format": format, "images": images }))
}

async fn show_capabilities(incoming: Incoming) -> Response<Body> {
    let model = incoming.studio.config.models.first().map_or("", |model| model.rsplit('/').next().unwrap_or(model));
    let defaults = json!({
        "prompt": "", "negative_prompt": "", "width": 512, "height": 512, "strength": 0.75, "seed": -1,
        "batch_count": 1, "output_format": "png", "output_compression": 100,
        "sample_params": {
            "scheduler": "discrete", "sample_method": "euler_a", "sample_steps": 20,
            "guidance": { "txt_cfg": 7.0, "img_cfg": null, "distilled_guidance": 3.5 },
        },
    });
    let features = json!({ "init_image": true, "mask_image": true, "ref_images": true, "lora": false, "hires": false,
        "cancel_queued": true, "cancel_generating": false });
    let limits = json!({ "min_width": 64, "max_width": 4096, "min_height": 64, "max_height": 4096,
        "max_batch_count": 8, "max_queue_size": 64 });
    let body = json!({
        "model": { "name": format!("{model}.safetensors"), "stem": model, "path": format!("{model}.safetensors") },
        "current_mode": "img_gen",
        "supported_modes": ["img_gen"],
        "defaults": defaults,
        "limits": limits,
        "samplers": METHODS,
        "schedulers": SCHEDULERS,
        "output_formats": ["png", "jpeg"],
        "features": features,
        "loras": [],
        "upscalers": [],
    });
    incoming.record(Value::Null, "", async { Outcome::new(wire::json(200, &body), "capabilities") }).await
}

fn refused(status: u16, error: &str, what: &'static str) -> Outcome {
    Outcome::new(wire::json(status, &json!({ "error": error })), what)
}

/// What is said with this status.
fn usual(status: u16) -> Response<Body> {
    let error = match status {
        400 => "invalid generation parameters",
        404 => "job not found",
        409 => "job is currently generating and cannot be interrupted yet",
        410 => "job expired",
        429 => "job queue is full",
        503 => return wire::unavailable(),
        500..=599 => return wire::json(status, &json!({ "error": "server_error", "message": "unknown error" })),
        _ => "the request could not be served",
    };
    refused(status, error, "status").response
}

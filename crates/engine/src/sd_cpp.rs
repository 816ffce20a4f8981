//! The jobs of stable-diffusion.cpp's server: queued, asked about, and cancelled as long as they wait.
//!
//! Owns: that protocol. Must not: know the other two that the same server speaks; those cannot be cancelled at all.
//! Source: the server's own code. It draws with the one model that it was started with, whatever it is asked.

use crate::answer::loggable;
use crate::attempt::{Attempt, json};
use crate::deadline::Deadline;
use crate::media::{self, Place, is_plain_path, take_text};
use crate::own_server::OwnServer;
use crate::{Drawn, Engine, EngineError, Failure, Job, Recall, prompt};
use domain::picture::NoPicture;
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;
use transport::{Method, Timer, Transport};

/// What its entries of `IMAGE_ENGINES` begin with.
pub(crate) const KIND: &str = "sdcpp";

/// One server with its model.
#[derive(Clone)]
pub struct SdCpp {
    server: OwnServer,
    model: Option<String>,
    name: String,
    account: String,
}

#[derive(Serialize)]
struct Generation<'a> {
    prompt: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    negative_prompt: Option<&'a str>,
    width: u32,
    height: u32,
    seed: u32,
    batch_count: u32,
    sample_params: SampleParameters,
    output_format: &'static str,
}

/// How the server is told of steps and guidance, here and among the orders in a prompt.
#[derive(Serialize)]
pub struct SampleParameters {
    sample_steps: u32,
    guidance: Guidance,
}

#[derive(Serialize)]
struct Guidance {
    txt_cfg: f64,
}

impl SampleParameters {
    /// What the job asks for, of that model.
    pub fn of(job: &Job<'_>, model: &str) -> Self {
        Self { sample_steps: job.steps_for(model), guidance: Guidance { txt_cfg: job.cfg_scale } }
    }
}

impl SdCpp {
    /// That server. The model's name is only recorded, since the server does not tell it.
    #[must_use]
    pub fn new(server: OwnServer, model: Option<&str>) -> Self {
        Self {
            name: model.map_or_else(|| KIND.to_owned(), |model| format!("{KIND}:{model}")),
            account: server.account(KIND),
            server,
            model: model.map(str::to_owned),
        }
    }

    async fn draw<T: Transport, C: Timer>(&self, attempt: &Attempt<'_, T, C>) -> Result<Drawn<T::Body>, EngineError> {
        let (url, headers) = (self.server.url(), self.server.authorization());
        let body = json(&self.generation(attempt.job));
        let response = attempt.post(format!("{url}/sdcpp/v1/img_gen"), headers.clone(), body).await?;
        let order = attempt.read(&attempt.accepted(response)?)?;
        let Some(id) = order.get("id").and_then(Value::as_str).filter(|id| is_plain_path(id)) else {
            return Err(attempt.no_picture(NoPicture::UnknownFormat, "took an order under a name that is none"));
        };
        let job_url = format!("{url}/sdcpp/v1/jobs/{id}");
        attempt.recall.arm(Method::Post, format!("{job_url}/cancel"), headers.clone());
        let mut ended = match attempt.until_done(&job_url, &headers, is_ended).await {
            Ok(ended) => ended,
            Err(error) => {
                attempt.recall.send(attempt.transport).await;
                return Err(lost(error));
            }
        };
        attempt.recall.disarm();
        let status = take_text(&mut ended, "/status").unwrap_or_default();
        if status != "completed" {
            let words = take_text(&mut ended, "/error/message").unwrap_or_default();
            let what = format!("ended its job as {status}: {}", loggable(&words, &attempt.secrets));
            return Err(attempt.no_picture(NoPicture::Empty, &what));
        }
        let image = take_text(&mut ended, "/result/images/0/b64_json").map(Place::Base64);
        let bytes = attempt.collect(image, media::origin(url)).await?;
        attempt.drawn(bytes, self.model.as_deref().unwrap_or(KIND))
    }

    fn generation<'a>(&self, job: &Job<'a>) -> Generation<'a> {
        Generation {
            prompt: prompt::without_orders(job.prompt),
            negative_prompt: job.negative_prompt,
            width: job.width,
            height: job.height,
            seed: job.seed,
            batch_count: 1,
            sample_params: SampleParameters::of(job, self.model.as_deref().unwrap_or_default()),
            output_format: "png",
        }
    }
}

fn is_ended(status: &str) -> Option<bool> {
    match status {
        "queued" | "generating" => Some(false),
        "completed" | "failed" | "cancelled" => Some(true),
        _ => None,
    }
}

/// It is the job that is gone, since the server began anew or had it for too long; not the model. It may be ordered
/// again: nobody bills it.
fn lost(error: EngineError) -> EngineError {
    match error.failure {
        Failure::Gone => EngineError::new(Failure::Broken, error.detail),
        _ => error,
    }
}

impl Engine for SdCpp {
    fn name(&self) -> &str {
        &self.name
    }

    fn account(&self) -> &str {
        &self.account
    }

    async fn attempt<T: Transport>(
        &self,
        transport: &T,
        timer: &impl Timer,
        job: &Job<'_>,
        timeout: Duration,
        recall: &Recall,
    ) -> Result<Drawn<T::Body>, EngineError> {
        let deadline = Deadline::new(timer, timeout);
        let (engine, secrets) = (self.name.as_str(), self.server.secrets());
        self.draw(&Attempt { transport, timer, job, recall, engine, secrets, deadline }).await
    }
}

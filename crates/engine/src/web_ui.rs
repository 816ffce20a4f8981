//! The Stable Diffusion web UI's API: AUTOMATIC1111, Forge, and stable-diffusion.cpp's imitation of it, on a machine of
//! the owner's own.
//!
//! Owns: its request, where the three of them answer differently, and when the machine may be interrupted. Must not:
//! know what else stable-diffusion.cpp speaks. Source: the servers' own code.
//!
//! What differs: only AUTOMATIC1111 and Forge change their checkpoint, and fall back to the one that is loaded where
//! they do not know the name, so the model that drew is read from the answer. Only they can be interrupted, and say of a
//! task whether it is the one that they draw; to stable-diffusion.cpp both requests are unknown addresses. Only the
//! latter reads orders to itself out of the prompt.

use crate::attempt::{Attempt, json};
use crate::deadline::Deadline;
use crate::media::{self, Place, take_text};
use crate::own_server::OwnServer;
use crate::recall::Question;
use crate::{Drawn, Engine, EngineError, Failure, Job, Recall, prompt};
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;
use transport::{Method, Timer, Transport};

/// What its entries of `IMAGE_ENGINES` begin with.
pub(crate) const KIND: &str = "webui";

/// A longer name of a model is none.
const MODEL_BYTES_MAX: usize = 200;

/// One checkpoint on a machine that draws one picture after the other, whoever asked; or the one that is loaded.
#[derive(Clone)]
pub struct WebUi {
    server: OwnServer,
    checkpoint: Option<String>,
    name: String,
    account: String,
}

#[derive(Serialize)]
struct TextToImage<'a> {
    force_task_id: &'a str,
    prompt: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    negative_prompt: Option<&'a str>,
    width: u32,
    height: u32,
    steps: u32,
    cfg_scale: f64,
    seed: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    override_settings: Option<Settings<'a>>,
    /// To put the earlier checkpoint back would load two of them for every picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    override_settings_restore_afterwards: Option<bool>,
}

#[derive(Serialize)]
struct Settings<'a> {
    sd_model_checkpoint: &'a str,
}

#[derive(Serialize)]
struct ProgressOf<'a> {
    id_task: &'a str,
    live_preview: bool,
}

impl WebUi {
    /// That checkpoint on that machine.
    #[must_use]
    pub fn new(server: OwnServer, checkpoint: Option<&str>) -> Self {
        Self {
            name: checkpoint.map_or_else(|| KIND.to_owned(), |checkpoint| format!("{KIND}:{checkpoint}")),
            account: server.account(KIND),
            server,
            checkpoint: checkpoint.map(str::to_owned),
        }
    }

    async fn draw<T: Transport, C: Timer>(&self, attempt: &Attempt<'_, T, C>) -> Result<Drawn<T::Body>, EngineError> {
        let job = attempt.job;
        let text = prompt::without_orders(job.prompt);
        // Each attempt is a task of its own: one that crashed is said to be drawn until the next begins.
        let task = format!("{}-{}", job.id, attempt.timer.now_ms());
        let body = TextToImage {
            force_task_id: &task,
            prompt: &text,
            negative_prompt: job.negative_prompt,
            width: job.width,
            height: job.height,
            steps: job.steps_for(self.checkpoint.as_deref().unwrap_or_default()),
            cfg_scale: job.cfg_scale,
            seed: job.seed,
            override_settings: self.checkpoint.as_deref().map(|sd_model_checkpoint| Settings { sd_model_checkpoint }),
            override_settings_restore_afterwards: self.checkpoint.is_some().then_some(false),
        };
        let response = self.ask(attempt, &task, json(&body)).await?;
        attempt.recall.disarm();
        let mut answer = attempt.read(&attempt.accepted(response)?)?;
        // What is told of the picture is JSON in a text. Before it there may be a grid of several pictures.
        let info = take_text(&mut answer, "/info").and_then(|info| serde_json::from_str::<Value>(&info).ok());
        let mut info = info.unwrap_or_default();
        let index = info.get("index_of_first_image").and_then(Value::as_u64).unwrap_or_default();
        let image = take_text(&mut answer, &format!("/images/{index}")).map(Place::Base64);
        let bytes = attempt.collect(image, media::origin(self.server.url())).await?;
        // What a machine says of itself is kept as long as it is a name.
        let is_name = |name: &String| name.len() <= MODEL_BYTES_MAX && !name.contains(char::is_control);
        let model = take_text(&mut info, "/sd_model_name").filter(is_name);
        attempt.drawn(bytes, model.as_deref().or(self.checkpoint.as_deref()).unwrap_or(KIND))
    }

    /// Where the time is up, nobody waits for the picture any more: it is interrupted, if it can be.
    async fn ask<T: Transport, C: Timer>(
        &self,
        attempt: &Attempt<'_, T, C>,
        task: &str,
        body: String,
    ) -> Result<transport::Response<T::Body>, EngineError> {
        let (url, headers) = (self.server.url(), self.server.authorization());
        // An attempt without time sends nothing that could be taken back.
        if !attempt.remaining().is_zero() {
            // An interruption hits whatever is drawn at the moment: somebody else's picture would be cut off by it, and
            // then be delivered half done.
            let question = Question {
                url: format!("{url}/internal/progress"),
                body: json(&ProgressOf { id_task: task, live_preview: false }),
                is_at_it: |answer| answer.get("active") == Some(&Value::Bool(true)),
            };
            let interrupt = format!("{url}/sdapi/v1/interrupt");
            attempt.recall.arm_asking(question, Method::Post, interrupt, headers.clone());
        }
        let answer = attempt.post(format!("{url}/sdapi/v1/txt2img"), headers, body).await;
        if answer.as_ref().is_err_and(|error| error.failure == Failure::TimedOut) {
            attempt.recall.send(attempt.transport).await;
        }
        answer
    }
}

impl Engine for WebUi {
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

//! Images in OpenAI's protocol: OpenAI itself, and the servers that imitate it.
//!
//! Owns: its request, and what the servers want differently. Must not: stream, or edit. Source: OpenAI's specification
//! and client, LocalAI's and stable-diffusion.cpp's own code.

use crate::answer::Rejection;
use crate::attempt::{Attempt, Headers, json};
use crate::deadline::Deadline;
use crate::media::{self, Place};
use crate::sd_cpp::SampleParameters;
use crate::{Drawn, Engine, EngineError, Job, Recall, prompt};
use serde::Serialize;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use transport::{Timer, Transport};

/// What its entries of `IMAGE_ENGINES` begin with.
pub(crate) const KIND: &str = "openai";
/// Where OpenAI is. Another address is an account of its own.
pub const OPEN_AI_URL: &str = "https://api.openai.com/v1";

/// What a server wants beyond the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Nothing: what the protocol has no word for is left out.
    Plain,
    /// LocalAI: what to leave out stands behind a bar in the prompt, and the steps beside it.
    LocalAi,
    /// stable-diffusion.cpp: orders stand in the prompt.
    SdCpp,
}

impl Dialect {
    /// As `OPENAI_DIALECT` names it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "plain" => Some(Self::Plain),
            "localai" => Some(Self::LocalAi),
            "sdcpp" => Some(Self::SdCpp),
            _ => None,
        }
    }
}

/// How a server is asked to hand the picture over: servers refuse each other's words for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseFormat {
    /// It is not asked.
    Omitted,
    /// In the answer.
    B64Json,
    /// In the answer, as Together calls it.
    Base64,
    /// At an address.
    Url,
}

impl ResponseFormat {
    /// As `OPENAI_RESPONSE_FORMAT` names it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "omit" => Some(Self::Omitted),
            "b64_json" => Some(Self::B64Json),
            "base64" => Some(Self::Base64),
            "url" => Some(Self::Url),
            _ => None,
        }
    }

    const fn word(self) -> Option<&'static str> {
        match self {
            Self::Omitted => None,
            Self::B64Json => Some("b64_json"),
            Self::Base64 => Some("base64"),
            Self::Url => Some("url"),
        }
    }
}

/// A server that speaks the protocol.
#[derive(Clone)]
pub struct OpenAiServer {
    /// Its address, `/v1` included.
    pub url: String,
    /// Its key, where it wants one.
    pub key: Option<String>,
    /// How it hands pictures over; none for what suits the model.
    pub response_format: Option<ResponseFormat>,
    /// What it wants beyond the protocol.
    pub dialect: Dialect,
}

/// One model on a server.
#[derive(Clone)]
pub struct OpenAi {
    server: OpenAiServer,
    model: String,
    name: String,
    account: String,
    /// Turns to [`ResponseFormat::Omitted`] once the server has refused to be told, for the clones as well.
    response_format: Rc<Cell<ResponseFormat>>,
}

#[derive(Serialize)]
struct Generation<'a> {
    model: &'a str,
    prompt: &'a str,
    n: u32,
    size: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<&'static str>,
}

/// Orders to stable-diffusion.cpp, as its own API names them.
#[derive(Serialize)]
struct Orders<'a> {
    seed: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    negative_prompt: Option<&'a str>,
    sample_params: SampleParameters,
}

impl OpenAi {
    /// That model on that server.
    #[must_use]
    pub fn new(server: &OpenAiServer, model: &str) -> Self {
        let url = server.url.trim_end_matches('/').to_owned();
        let usual = if is_gpt_image(model) { ResponseFormat::Omitted } else { ResponseFormat::B64Json };
        Self {
            account: if url == OPEN_AI_URL { KIND.to_owned() } else { format!("{KIND}@{url}") },
            name: format!("{KIND}:{model}"),
            model: model.to_owned(),
            response_format: Rc::new(Cell::new(server.response_format.unwrap_or(usual))),
            server: OpenAiServer { url, ..server.clone() },
        }
    }

    async fn draw<T: Transport, C: Timer>(&self, attempt: &Attempt<'_, T, C>) -> Result<Drawn<T::Body>, EngineError> {
        let mut response = self.ask(attempt).await?;
        if !response.is_success() {
            let rejection = Rejection::read(&response);
            // Nothing was drawn or billed: the request was refused for one word that it can do without.
            let is_about_format = rejection.has_code("unknown_parameter")
                && rejection.parameter() == Some("response_format")
                && self.response_format.replace(ResponseFormat::Omitted) != ResponseFormat::Omitted;
            if !is_about_format {
                return Err(attempt.rejected(rejection));
            }
            response = attempt.accepted(self.ask(attempt).await?)?;
        }
        let listed = attempt.read(&response)?;
        let origin = media::origin(&self.server.url);
        let place = media::first_listed(listed).map(|place| self.reachable(place, origin));
        attempt.drawn(attempt.collect(place, origin).await?, &self.model)
    }

    async fn ask<T: Transport, C: Timer>(
        &self,
        attempt: &Attempt<'_, T, C>,
    ) -> Result<transport::Response<T::Body>, EngineError> {
        let job = attempt.job;
        let body = Generation {
            model: &self.model,
            prompt: &self.prompt(job),
            n: 1,
            size: &size(&self.model, job),
            step: (self.server.dialect == Dialect::LocalAi).then(|| job.steps_for(&self.model)),
            response_format: self.response_format.get().word(),
        };
        let key = self.server.key.as_ref();
        let headers: Headers = key.map(|key| ("authorization", format!("Bearer {key}"))).into_iter().collect();
        attempt.post(format!("{}/images/generations", self.server.url), headers, json(&body)).await
    }

    fn prompt(&self, job: &Job<'_>) -> String {
        let negative_prompt = job.negative_prompt;
        match self.server.dialect {
            // What the server behind the address is, only its owner knows.
            Dialect::Plain => prompt::without_orders(job.prompt),
            Dialect::LocalAi => prompt::with_bar(job.prompt, negative_prompt),
            Dialect::SdCpp => {
                let sample_params = SampleParameters::of(job, &self.model);
                prompt::with_orders(job.prompt, &Orders { seed: job.seed, negative_prompt, sample_params })
            }
        }
    }

    /// LocalAI names the address under which it knows itself, which need not lead to it from here: the path is asked
    /// for where the server is known to be. OpenAI's own addresses are taken as they are.
    fn reachable(&self, place: Place, origin: &str) -> Place {
        match place {
            Place::Address(address)
                if self.account != KIND && !address.starts_with("data:") && !media::is_fetchable(&address, origin) =>
            {
                Place::Address(media::path(&address).map_or(address.clone(), |path| format!("{origin}{path}")))
            }
            other => other,
        }
    }
}

/// OpenAI's own models that always answer with the picture, and refuse to be told how.
fn is_gpt_image(model: &str) -> bool {
    model.starts_with("gpt-image") || model.starts_with("chatgpt-image")
}

/// The size asked for or, of models that know three only, the nearest: a side must be longer than the other by more
/// than the square root of 1.5 to be nearer to 1.5 than to 1.
fn size(model: &str, job: &Job<'_>) -> String {
    if !model.starts_with("gpt-image-1") && !model.starts_with("chatgpt-image") {
        return format!("{}x{}", job.width, job.height);
    }
    let is_longer = |long: u32, short: u32| {
        let square = |side: u32| u64::from(side).saturating_mul(u64::from(side));
        square(long).saturating_mul(2) > square(short).saturating_mul(3)
    };
    let size = if is_longer(job.width, job.height) {
        "1536x1024"
    } else if is_longer(job.height, job.width) {
        "1024x1536"
    } else {
        "1024x1024"
    };
    size.to_owned()
}

impl Engine for OpenAi {
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
        let secrets = [self.server.key.as_deref().unwrap_or_default(), ""];
        self.draw(&Attempt { transport, timer, job, recall, engine: &self.name, secrets, deadline }).await
    }
}

//! Together through Hugging Face's router: one request, and the picture comes back in JSON.
//!
//! Owns: its request. Must not: know the other providers. Source: Together's reference of `images/generations`, and the
//! official clients of Hugging Face, which rename the steps.

use super::{Served, Site};
use crate::attempt::{Attempt, json};
use crate::media;
use crate::{Drawn, EngineError};
use serde::Serialize;
use transport::{Timer, Transport};

#[derive(Serialize)]
struct Generation<'a> {
    model: &'a str,
    prompt: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    negative_prompt: Option<&'a str>,
    width: u32,
    height: u32,
    steps: u32,
    guidance_scale: f64,
    seed: u32,
    /// In the answer itself: OpenAI's word for it, `b64_json`, is refused here.
    response_format: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    image_loras: Vec<Lora>,
}

#[derive(Serialize)]
struct Lora {
    path: String,
    scale: f64,
}

/// Asks for the picture.
pub async fn draw<T: Transport, C: Timer>(
    attempt: &Attempt<'_, T, C>,
    site: &Site,
    model: &str,
    served: &Served,
) -> Result<Drawn<T::Body>, EngineError> {
    let job = attempt.job;
    let lora = served.adapter_weights.as_ref().map(|_| Lora { path: site.page_of(model), scale: 1.0 });
    let body = Generation {
        model: &served.id,
        prompt: job.prompt,
        negative_prompt: job.negative_prompt,
        width: job.width,
        height: job.height,
        steps: job.steps_for(model),
        guidance_scale: job.cfg_scale,
        seed: job.seed,
        response_format: "base64",
        image_loras: lora.into_iter().collect(),
    };
    let url = format!("{}/together/v1/images/generations", site.router_url);
    let response = attempt.accepted(attempt.post(url, site.authorization(), json(&body)).await?)?;
    let place = media::first_listed(attempt.read(&response)?);
    let bytes = attempt.collect(place, media::origin(&site.router_url)).await?;
    attempt.drawn(bytes, model)
}

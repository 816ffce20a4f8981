//! Hugging Face's own inference, "hf-inference": one request, and the picture's bytes come back.
//!
//! Owns: its request, and the three shapes in which a picture can come back. Must not: know the other providers.
//! Source: the task's schema in Hugging Face's documentation of Inference Providers, and the official clients
//! `@huggingface/inference` 4.13 and `huggingface_hub` 2.4.

use super::Site;
use crate::attempt::{Attempt, json};
use crate::media;
use crate::{Drawn, EngineError};
use serde::Serialize;
use transport::{Body, Timer, Transport};

#[derive(Serialize)]
struct TextToImage<'a> {
    inputs: &'a str,
    parameters: Parameters<'a>,
}

#[derive(Serialize)]
struct Parameters<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    negative_prompt: Option<&'a str>,
    width: u32,
    height: u32,
    num_inference_steps: u32,
    guidance_scale: f64,
    seed: u32,
}

/// Asks for the picture. Its model goes by its name at Hugging Face, whatever the mapping calls it.
pub async fn draw<T: Transport, C: Timer>(
    attempt: &Attempt<'_, T, C>,
    site: &Site,
    model: &str,
) -> Result<Drawn<T::Body>, EngineError> {
    let job = attempt.job;
    let body = TextToImage {
        inputs: job.prompt,
        parameters: Parameters {
            negative_prompt: job.negative_prompt,
            width: job.width,
            height: job.height,
            num_inference_steps: job.steps_for(model),
            guidance_scale: job.cfg_scale,
            seed: job.seed,
        },
    };
    let mut headers = site.authorization();
    headers.push(("accept", "image/png".to_owned()));
    let response =
        attempt.post(format!("{}/hf-inference/models/{model}", site.router_url), headers, json(&body)).await?;
    let response = attempt.accepted(response)?;
    // No picture begins like this, whatever the label says.
    let bytes = if response.body.copy(0, 16).trim_ascii_start().starts_with(b"{") {
        attempt.collect(media::first_listed(attempt.read(&response)?), media::origin(&site.router_url)).await?
    } else {
        response.body
    };
    attempt.drawn(bytes, model)
}

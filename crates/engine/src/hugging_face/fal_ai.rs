//! fal through Hugging Face's router: an order is placed in a queue, asked about until it is done, and then collected.
//!
//! Owns: those steps, and that the key never leaves the router: of the addresses that fal answers with only the paths
//! are used. Must not: know the other providers. Source: fal's reference of its queue, and the official clients of
//! Hugging Face. An order that failed is done as well; its failure is the answer to collecting it.

use super::{Served, Site};
use crate::attempt::{Attempt, PICTURE_TEXT_BYTES_MAX, json};
use crate::media;
use crate::{Drawn, EngineError, Failure};
use domain::picture::NoPicture;
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;
use transport::{Method, Response, Timer, Transport};

/// The router reaches fal's queue only where the address ends like this.
const QUEUE: &str = "?_subdomain=queue";
/// The one of fal's endpoints that draws with any base, and wants to be told which.
const ANY_BASE: &str = "fal-ai/lora";
const BASE_OF_LORAS: &str = "stabilityai/stable-diffusion-xl-base-1.0";

/// What a finished order is given at least to be collected.
const RESULT_TIMEOUT_MIN: Duration = Duration::from_secs(5);

#[derive(Serialize)]
struct Input<'a> {
    prompt: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    negative_prompt: Option<&'a str>,
    /// Width and height beside the prompt are ignored.
    image_size: Size,
    num_inference_steps: u32,
    guidance_scale: f64,
    seed: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    loras: Vec<Lora>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_name: Option<&'static str>,
}

#[derive(Serialize)]
struct Size {
    width: u32,
    height: u32,
}

#[derive(Serialize)]
struct Lora {
    path: String,
    scale: f64,
}

/// Orders the picture, waits for it and collects it. From the order's confirmation until it is done it can be recalled;
/// an order that is given up is recalled here, since nobody would collect what it costs.
pub async fn draw<T: Transport, C: Timer>(
    attempt: &Attempt<'_, T, C>,
    site: &Site,
    model: &str,
    served: &Served,
) -> Result<Drawn<T::Body>, EngineError> {
    let router_url = &site.router_url;
    let url = format!("{router_url}/fal-ai/{}{QUEUE}", served.id);
    let body = json(&input(attempt, site, model, served));
    let response = attempt.post(url, site.authorization(), body).await?;
    let order = attempt.read(&attempt.accepted(response)?)?;
    let path_in = |name: &str| order.get(name).and_then(Value::as_str).and_then(media::path);
    // fal drops parts of the model's path here, so this address cannot be guessed from the one above.
    let path = path_in("response_url").ok_or_else(|| {
        attempt.no_picture(NoPicture::UnknownFormat, "took an order and did not say where it will be")
    })?;
    let address = format!("{router_url}/fal-ai{path}");
    let cancel_path = path_in("cancel_url");
    let cancel = cancel_path.map_or_else(|| format!("{address}/cancel"), |path| format!("{router_url}/fal-ai{path}"));
    attempt.recall.arm(Method::Put, format!("{cancel}{QUEUE}"), site.authorization());
    let status = format!("{address}/status{QUEUE}");
    if let Err(error) = attempt.until_done(&status, &site.authorization(), is_completed).await {
        attempt.recall.send(attempt.transport).await;
        return Err(lost(error));
    }
    attempt.recall.disarm();
    let response = attempt.accepted(result(attempt, site, &address).await?).map_err(lost)?;
    let mut output = attempt.read(&response)?;
    let flags = output.get("has_nsfw_concepts").and_then(Value::as_array);
    if flags.is_some_and(|flags| flags.contains(&Value::Bool(true))) {
        return Err(attempt.error(Failure::Refused, "drew what it does not show"));
    }
    let place = media::take_address(&mut output, &["/images/0/url", "/image/url"]);
    let bytes = attempt.collect(place, media::origin(router_url)).await?;
    attempt.drawn(bytes, model)
}

fn input<'a, T, C>(attempt: &Attempt<'a, T, C>, site: &Site, model: &str, served: &Served) -> Input<'a> {
    let job = attempt.job;
    let weights = served.adapter_weights.as_deref();
    let lora =
        weights.map(|weights| Lora { path: format!("{}/resolve/main/{weights}", site.page_of(model)), scale: 1.0 });
    Input {
        prompt: job.prompt,
        negative_prompt: job.negative_prompt,
        image_size: Size { width: job.width, height: job.height },
        num_inference_steps: job.steps_for(model),
        guidance_scale: job.cfg_scale,
        seed: job.seed,
        model_name: (lora.is_some() && served.id == ANY_BASE).then_some(BASE_OF_LORAS),
        loras: lora.into_iter().collect(),
    }
}

fn is_completed(status: &str) -> Option<bool> {
    match status {
        "COMPLETED" => Some(true),
        "IN_QUEUE" | "IN_PROGRESS" => Some(false),
        _ => None,
    }
}

/// What the order came to. It is paid for, so a few seconds are given where none are left; and where the connection
/// breaks, it is asked for once more.
async fn result<T: Transport, C: Timer>(
    attempt: &Attempt<'_, T, C>,
    site: &Site,
    address: &str,
) -> Result<Response<T::Body>, EngineError> {
    let (url, headers) = (format!("{address}{QUEUE}"), site.authorization());
    let timeout = attempt.remaining().max(RESULT_TIMEOUT_MIN);
    match attempt.get(&url, &headers, timeout, PICTURE_TEXT_BYTES_MAX).await {
        Err(error) if error.failure == Failure::Unreachable && !attempt.remaining().is_zero() => {
            attempt.get(&url, &headers, attempt.remaining(), PICTURE_TEXT_BYTES_MAX).await
        }
        other => other,
    }
}

/// It is the order that is gone, not the model; and the next order would be lost in the same way.
fn lost(error: EngineError) -> EngineError {
    match error.failure {
        Failure::Gone => EngineError::new(Failure::NoPicture(NoPicture::Empty), error.detail),
        _ => error,
    }
}

//! Replicate through Hugging Face's router: one request that waits for the prediction, at most a minute.
//!
//! Owns: its request, and what the states of a prediction mean. Must not: ask for a prediction again: where its address
//! is wants a key of Replicate's own, so what is not there within the minute is lost, and is cancelled there. Source:
//! Replicate's HTTP reference, and the official clients of Hugging Face, which wait in the same way.

use super::{Served, Site};
use crate::answer::loggable;
use crate::attempt::{Attempt, json};
use crate::media;
use crate::{Drawn, EngineError, Failure};
use domain::picture::NoPicture;
use serde::Serialize;
use serde_json::Value;
use transport::{Timer, Transport};

/// The longest that Replicate keeps a request waiting, in seconds.
const WAIT_SECONDS_MAX: u64 = 60;
/// The shortest time after which it lets a prediction cancel itself, in seconds.
const CANCEL_SECONDS_MIN: u64 = 5;

#[derive(Serialize)]
struct Prediction<'a> {
    input: Input<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
}

#[derive(Serialize)]
struct Input<'a> {
    prompt: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    negative_prompt: Option<&'a str>,
    width: u32,
    height: u32,
    num_inference_steps: u32,
    guidance_scale: f64,
    seed: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    lora_weights: Option<String>,
}

/// Asks for the picture. A model without official standing is named by a version behind a colon.
pub async fn draw<T: Transport, C: Timer>(
    attempt: &Attempt<'_, T, C>,
    site: &Site,
    model: &str,
    served: &Served,
) -> Result<Drawn<T::Body>, EngineError> {
    let job = attempt.job;
    let (route, version) = match served.id.split_once(':') {
        Some((_, version)) => ("predictions".to_owned(), Some(version)),
        None => (format!("models/{}/predictions", served.id), None),
    };
    let body = Prediction {
        input: Input {
            prompt: job.prompt,
            negative_prompt: job.negative_prompt,
            width: job.width,
            height: job.height,
            num_inference_steps: job.steps_for(model),
            guidance_scale: job.cfg_scale,
            seed: job.seed,
            lora_weights: served.adapter_weights.as_ref().map(|_| site.page_of(model)),
        },
        version,
    };
    let wait = attempt.remaining().as_secs().clamp(1, WAIT_SECONDS_MAX);
    let mut headers = site.authorization();
    headers.push(("prefer", format!("wait={wait}")));
    headers.push(("cancel-after", format!("{}s", wait.max(CANCEL_SECONDS_MIN))));
    let response = attempt.post(format!("{}/replicate/v1/{route}", site.router_url), headers, json(&body)).await?;
    let prediction = attempt.read(&attempt.accepted(response)?)?;
    let text = |name: &str| prediction.get(name).and_then(Value::as_str).unwrap_or_default();
    match text("status") {
        "starting" | "processing" => {
            return Err(attempt.error(Failure::TimedOut, "did not finish its prediction while it was waited for"));
        }
        // It is billed or not, but asking once more would be a second bill: the next engine is asked instead.
        status @ ("failed" | "canceled" | "aborted") => {
            let words = loggable(text("error"), &attempt.secrets);
            let what = format!("ended its prediction as {status}: {words}");
            return Err(attempt.no_picture(NoPicture::Empty, &what));
        }
        _ => {}
    }
    let bytes = attempt.collect(media::first_listed(prediction), media::origin(&site.router_url)).await?;
    attempt.drawn(bytes, model)
}

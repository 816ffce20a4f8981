//! What it means when the router does not answer with a picture.
//!
//! Owns: the classes of its statuses and error bodies. Statuses and codes decide; the words of a message, which change
//! without notice, only reach the log. Must not: decide about retries.

use crate::{EngineError, Failure};
use serde_json::Value;
use std::time::Duration;
use transport::{Body, Response};

/// Error bodies are read up to here.
const BODY_BYTES_MAX: usize = 8_192;
/// The engine's words are logged up to here.
const MESSAGE_CHARACTERS_MAX: usize = 300;

/// Classes an answer whose status is not success.
pub(super) fn error<B: Body>(response: &Response<B>, model: &str) -> EngineError {
    let text = response.body.text(BODY_BYTES_MAX);
    let json: Option<Value> = serde_json::from_str(&text).ok();
    let code = json.as_ref().and_then(error_code);
    let failure = match response.status {
        400 | 413 | 422 if matches!(code, Some("moderation_blocked" | "content_policy_violation")) => Failure::Refused,
        400 | 413 | 422 => Failure::BadInput,
        401 | 403 => Failure::Unauthorized,
        402 => Failure::Unpaid,
        404 | 410 => Failure::Gone,
        429 if matches!(code, Some("insufficient_quota" | "credit_balance_exhausted")) => Failure::Unpaid,
        429 => Failure::RateLimited(retry_after(response).or_else(|| rate_limit_reset(response))),
        503 => json
            .as_ref()
            .and_then(estimated_time)
            .or_else(|| retry_after(response))
            .map_or(Failure::Unavailable, Failure::Warming),
        500..=599 => Failure::Broken,
        // A status that the protocol does not know: the request was understood by nobody.
        _ => Failure::BadInput,
    };
    let words = json.as_ref().and_then(message).unwrap_or("no message in JSON");
    let words: String = words.chars().take(MESSAGE_CHARACTERS_MAX).collect();
    let request = response.header("x-request-id").unwrap_or("none");
    EngineError::new(
        failure,
        format!("huggingface:{model} answered {} (its request id: {request}): {words}", response.status),
    )
}

/// The code of an error, wherever its back end puts it.
fn error_code(json: &Value) -> Option<&str> {
    ["/error/code", "/error/type", "/code", "/detail/0/type"].into_iter().find_map(|at| json.pointer(at)?.as_str())
}

/// The words of an error, wherever its back end puts them.
fn message(json: &Value) -> Option<&str> {
    ["/error", "/detail", "/message", "/error/message", "/errors/0/message", "/detail/0/msg"]
        .into_iter()
        .find_map(|at| json.pointer(at)?.as_str())
}

/// Seconds until a cold model is loaded.
fn estimated_time(json: &Value) -> Option<Duration> {
    Duration::try_from_secs_f64(json.get("estimated_time")?.as_f64()?).ok()
}

fn retry_after<B>(response: &Response<B>) -> Option<Duration> {
    response.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
}

/// `RateLimit: "api";r=0;t=55`: nothing is left, and the window ends in 55 seconds (the IETF draft on rate limit headers).
fn rate_limit_reset<B>(response: &Response<B>) -> Option<Duration> {
    let mut parameters = response.header("ratelimit")?.split(';').filter_map(|part| part.trim().split_once('='));
    let (mut left, mut reset) = (None, None);
    for (name, value) in &mut parameters {
        match name {
            "r" => left = value.parse::<u64>().ok(),
            "t" => reset = value.parse().ok(),
            _ => {}
        }
    }
    (left == Some(0)).then_some(Duration::from_secs(reset?))
}

//! What it means when an engine does not answer with success.
//!
//! Owns: the classes of statuses and error bodies, of every protocol that the hub speaks. Statuses and codes decide;
//! the words of a message, which change without notice, only reach the log. Must not: decide about retries.

use crate::{EngineError, Failure};
use serde_json::Value;
use std::time::Duration;
use transport::{Body, Response};

/// Error bodies are read up to here.
const BODY_BYTES_MAX: usize = 8_192;
/// The engine's words are logged up to here.
const MESSAGE_CHARACTERS_MAX: usize = 300;

/// Codes with which engines say that they do not draw such things.
const REFUSED: [&str; 2] = ["moderation_blocked", "content_policy_violation"];
/// Codes with which engines say that the account is spent.
const UNPAID: [&str; 3] = ["insufficient_quota", "credit_balance_exhausted", "billing_hard_limit_reached"];

/// An answer that is not success, read once.
pub struct Rejection {
    status: u16,
    text: String,
    json: Option<Value>,
    wait: Option<Duration>,
    request_id: String,
}

impl Rejection {
    /// Reads as much of the answer as is needed.
    pub fn read<B: Body>(response: &Response<B>) -> Self {
        let text = response.body.text(BODY_BYTES_MAX);
        let reset = if response.status == 429 { rate_limit_reset(response) } else { None };
        Self {
            status: response.status,
            json: serde_json::from_str(&text).ok(),
            text,
            wait: retry_after(response).or(reset),
            request_id: response.header("x-request-id").unwrap_or("none").to_owned(),
        }
    }

    /// Whether one of the codes in it is this one.
    pub fn has_code(&self, code: &str) -> bool {
        self.has_any(&[code])
    }

    /// The parameter that it finds fault with.
    pub fn parameter(&self) -> Option<&str> {
        self.json.as_ref()?.pointer("/error/param")?.as_str()
    }

    /// Its class.
    pub fn failure(&self) -> Failure {
        match self.status {
            400..=499 if self.has_any(&REFUSED) => Failure::Refused,
            400..=499 if self.has_any(&UNPAID) => Failure::Unpaid,
            401 | 403 => Failure::Unauthorized,
            402 => Failure::Unpaid,
            404 | 410 => Failure::Gone,
            429 => Failure::RateLimited(self.wait),
            503 => self.estimated_time().or(self.wait).map_or(Failure::Unavailable, Failure::Warming),
            // 408 is said by proxies whose engine was too slow to begin with.
            408 | 500..=599 => Failure::Broken,
            // 400, 413, 422, and statuses that the protocols do not know: the request was understood by nobody.
            _ => Failure::BadInput,
        }
    }

    /// With what the log should say of it.
    pub fn into_error(self, engine: &str, secrets: &[&str]) -> EngineError {
        let (status, request_id) = (self.status, loggable(&self.request_id, secrets));
        let words = loggable(&self.words(), secrets);
        let detail = format!("{engine} answered {status} (its request id: {request_id}): {words}");
        EngineError::new(self.failure(), detail)
    }

    /// Whether one of these codes is in it, wherever its back end puts them.
    fn has_any(&self, codes: &[&str]) -> bool {
        let Some(json) = &self.json else { return false };
        let single =
            ["/error/code", "/error/type", "/code", "/error_type"].into_iter().filter_map(|at| json.pointer(at));
        let listed = json.get("detail").and_then(Value::as_array).into_iter().flatten();
        let listed = listed.filter_map(|detail| detail.get("type"));
        single.chain(listed).filter_map(Value::as_str).any(|code| codes.contains(&code))
    }

    /// Its words, wherever its back end puts them. AUTOMATIC1111 spreads them over several fields.
    fn words(&self) -> String {
        let Some(json) = &self.json else {
            // A page says nothing that a log should hold.
            let is_page = self.text.trim_start().starts_with('<');
            return if is_page { "a page".to_owned() } else { self.text.clone() };
        };
        let places =
            ["/error", "/detail", "/message", "/errors", "/error/message", "/errors/0/message", "/detail/0/msg"];
        let words: Vec<_> = places.into_iter().filter_map(|at| json.pointer(at)?.as_str()).collect();
        if words.is_empty() { "no message in JSON".to_owned() } else { words.join("; ") }
    }

    /// Time until a cold model is loaded.
    fn estimated_time(&self) -> Option<Duration> {
        Duration::try_from_secs_f64(self.json.as_ref()?.get("estimated_time")?.as_f64()?).ok()
    }
}

/// An engine's words as the log may hold them: short, on one line, and without the secrets, should the engine quote them.
pub fn loggable(words: &str, secrets: &[&str]) -> String {
    let known = secrets.iter().filter(|secret| !secret.is_empty());
    let words = known.fold(words.to_owned(), |words, secret| words.replace(secret, "…"));
    let one_line = words.chars().map(|character| if character.is_control() { ' ' } else { character });
    one_line.take(MESSAGE_CHARACTERS_MAX).collect()
}

/// Seconds; those that begin are waited for to their end. A date is not read: there is no clock here that knows dates.
fn retry_after<B>(response: &Response<B>) -> Option<Duration> {
    let value = response.header("retry-after")?.trim();
    let (seconds, fraction) = value.split_once('.').map_or((value, "0"), |(seconds, fraction)| (seconds, fraction));
    let begun = fraction.parse::<u64>().ok()?.min(1);
    Some(Duration::from_secs(seconds.parse::<u64>().ok()?.saturating_add(begun)))
}

/// `RateLimit: "api";r=0;t=55`: nothing is left, and the window ends in 55 seconds (the IETF draft on rate limit
/// headers).
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

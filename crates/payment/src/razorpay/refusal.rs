//! What it means when Razorpay does not answer with success.
//!
//! Owns: the classes of its statuses and codes. Its descriptions, which change without notice and may quote what they
//! were sent, decide nothing and are told to nobody.
//! Must not: decide about retries.

use crate::Failure;
use crate::entity::is_word;
use serde_json::Value;
use std::time::Duration;
use transport::{Body, Response};

/// Error bodies are read up to here.
const BODY_BYTES_MAX: usize = 8_192;
/// Whoever asks for more than that is asked again all the same.
const WAIT_SECONDS_MAX: u64 = 3_600;
/// The reason that comes with an id that Razorpay does not know, and with every other fault in a request.
const INPUT: &str = "input_validation_failed";

/// The class of an answer that is not success.
pub fn failure<B: Body>(response: &Response<B>, secret: &str) -> Failure {
    let status = response.status;
    let reason = reason(&response.body.text(BODY_BYTES_MAX), secret);
    // A gateway or a server of Razorpay's own that broke, whatever status it is told under.
    let is_broken = reason.starts_with("GATEWAY_ERROR") || reason.starts_with("SERVER_ERROR");
    let told = if reason.is_empty() { status.to_string() } else { reason };
    match status {
        429 => Failure::Busy { retry_after: retry_after(response) },
        401 | 403 => Failure::Misconfigured { reason: told },
        404 => Failure::NotFound,
        409 => Failure::InProgress,
        // 408 is said by proxies whose server was too slow.
        400..=499 if status != 408 && !is_broken => Failure::Rejected { reason: told },
        _ => Failure::Unreachable { reason: format!("it answered {status}, {told}") },
    }
}

/// The class where nothing but an id could be at fault: Razorpay answers 400 for one that it does not know.
pub fn of_id(failure: Failure) -> Failure {
    match failure {
        Failure::Rejected { reason } if reason.split(':').any(|part| part == INPUT) => Failure::NotFound,
        other => other,
    }
}

/// The class where the address has no id in it, so that it is the owner's address which is not found.
pub fn of_address(failure: Failure) -> Failure {
    match failure {
        Failure::NotFound => Failure::Misconfigured { reason: "404".to_owned() },
        other => other,
    }
}

/// Code, reason and field, as far as they are words; `NA` is none.
fn reason(body: &str, secret: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let words = ["/error/code", "/error/reason", "/error/field"].into_iter();
    let words = words.filter_map(|place| body.pointer(place)?.as_str());
    let words: Vec<_> = words.filter(|word| is_word(word) && *word != "NA" && !word.contains(secret)).collect();
    words.join(":")
}

/// Seconds. A date is not read: there is no clock here.
fn retry_after<B>(response: &Response<B>) -> Option<Duration> {
    let seconds: u64 = response.header("retry-after")?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(WAIT_SECONDS_MAX)))
}

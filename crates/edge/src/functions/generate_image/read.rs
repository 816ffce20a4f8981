//! What a client asks for, read from its request before anybody else is asked anything.
//!
//! Owns: the order in which a request is found wrong, the id of a request wherever it stands, and the header `Prefer`
//! (RFC 7240). Must not: know the fields' limits, which are the domain's.

use crate::error::ApiError;
use crate::http::Incoming;
use crate::idempotency;
use domain::id::RequestId;
use domain::request::{ImageRequest, InvalidRequest};
use std::time::Duration;

/// A request for pictures.
pub struct Order {
    /// What to draw.
    pub request: ImageRequest,
    /// The client's id of it, or one that was made here.
    pub request_id: RequestId,
    /// Whether the client does not wait for the pictures.
    pub respond_async: bool,
    /// How long the client waits, where it said so.
    pub wait: Option<Duration>,
}

/// Reads a request for pictures.
///
/// # Errors
/// [`ApiError`] for the first thing that is wrong with it.
pub async fn order(incoming: &Incoming) -> Result<Order, ApiError> {
    incoming.customer()?;
    let request = ImageRequest::from_json(&incoming.json_body().await?).map_err(ApiError::InvalidRequest)?;
    let request_id = idempotency::request_id(incoming, request.request_id)?;
    let Preference { respond_async, wait } = preference(&incoming.header("prefer").unwrap_or_default());
    Ok(Order { request, request_id, respond_async, wait })
}

/// Reads which request is meant: the parameter `requestId`, or the header `Idempotency-Key`.
///
/// # Errors
/// [`ApiError`] where it is missing or no UUID, or nobody is signed in.
pub fn request_id(incoming: &Incoming) -> Result<RequestId, ApiError> {
    incoming.customer()?;
    match incoming.parameter("requestId") {
        Some(text) => text.parse().map_err(|_| refuse("requestId", "The requestId is not a UUID.")),
        None => idempotency::in_header(incoming)?
            .ok_or_else(|| refuse("requestId", "Name the request that you mean: add its requestId to the address.")),
    }
}

fn refuse(field: &str, sentence: &str) -> ApiError {
    ApiError::InvalidRequest(InvalidRequest::new(field, sentence))
}

#[derive(Debug, Default, PartialEq)]
struct Preference {
    respond_async: bool,
    wait: Option<Duration>,
}

/// Reads the header `Prefer`. A preference that is not understood is passed over, as the standard wants it.
fn preference(header: &str) -> Preference {
    let mut read = Preference::default();
    for preference in header.split([',', ';']) {
        let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "respond-async" => read.respond_async = true,
            "wait" => read.wait = value.trim().trim_matches('"').parse().ok().map(Duration::from_secs).or(read.wait),
            _ => {}
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preferences_are_read_as_the_standard_writes_them() {
        let rows = [
            ("", false, None),
            ("respond-async", true, None),
            ("Respond-Async, wait=10", true, Some(10)),
            ("wait=\"5\"; foo=bar", false, Some(5)),
            ("wait = 7", false, Some(7)),
            ("wait=soon", false, None),
            ("wait=-1", false, None),
            ("return=minimal, respond-async", true, None),
        ];
        for (header, respond_async, wait) in rows {
            let expected = Preference { respond_async, wait: wait.map(Duration::from_secs) };
            assert_eq!(preference(header), expected, "{header}");
        }
    }
}

//! HTTP as the functions see it: what they read of a request, and how an answer is made.
//!
//! Owns: CORS, methods, the media type, the limit of the body, how the hub knows itself, the headers of every answer.
//! Must not: know what a function does.

use crate::context::Backend;
use crate::error::ApiError;
use crate::streams::{self, ReadError, Rest};
use domain::request::{BYTES_MAX, InvalidRequest};
use serde::Serialize;
use supabase::CustomerToken;
use web_sys::{Headers, Request, Response, ResponseInit};

/// Headers that clients may send: those of today's supabase-js (its own list, `@supabase/supabase-js/cors`, and the one of
/// its option `region`, which that list forgets), and ours.
const ALLOWED_HEADERS: &str = "authorization, x-client-info, apikey, content-type, x-retry-count, traceparent, \
    tracestate, baggage, x-region, idempotency-key, prefer";
/// Headers that a page may read.
const EXPOSED_HEADERS: &str = "retry-after, preference-applied";
/// Seconds that a browser may keep the answer to its preflight.
const PREFLIGHT_MAX_AGE: &str = "86400";

/// The headers of a request that a function may read; each is text, and absent where it cannot be read.
pub struct Incoming {
    request: Request,
    headers: Headers,
}

impl Incoming {
    /// That request.
    pub fn new(request: Request) -> Self {
        let headers = request.headers();
        Self { request, headers }
    }

    /// The method, in capitals.
    pub fn method(&self) -> String {
        self.request.method()
    }

    /// A parameter of the address, as it stands there: what the functions take in it needs no escaping.
    #[cfg(feature = "pictures")]
    pub fn parameter(&self, name: &str) -> Option<String> {
        let url = self.request.url();
        let (_, query) = url.split_once('?')?;
        let query = query.split('#').next().unwrap_or_default();
        query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.to_owned())
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).ok().flatten()
    }

    /// The token of the customer who asks.
    ///
    /// # Errors
    /// [`ApiError::Unauthorized`] where there is none.
    pub fn customer(&self) -> Result<CustomerToken, ApiError> {
        self.header("authorization")
            .and_then(|header| CustomerToken::from_authorization(&header))
            .ok_or(ApiError::Unauthorized)
    }

    /// Lets a `POST` pass.
    ///
    /// # Errors
    /// [`ApiError::InvalidRequest`] with that sentence for any other method.
    pub fn only_post(&self, sentence: &str) -> Result<(), ApiError> {
        let is_post = self.method() == "POST";
        is_post.then_some(()).ok_or_else(|| ApiError::InvalidRequest(InvalidRequest::new("method", sentence)))
    }

    /// Lets the hub itself pass, and its owner: whoever has the secret key, in the header `apikey`.
    ///
    /// # Errors
    /// [`ApiError::Unauthorized`] for anybody else.
    pub fn only_hub(&self, backend: &Backend) -> Result<(), ApiError> {
        let is_hub = self.header("apikey").is_some_and(|key| backend.secret_key.is(&key));
        is_hub.then_some(()).ok_or(ApiError::Unauthorized)
    }

    /// The bytes of a JSON body.
    ///
    /// # Errors
    /// [`ApiError`] where it is of another media type, too large, or breaks off.
    pub async fn json_body(&self) -> Result<Vec<u8>, ApiError> {
        let media_type = self.header("content-type").unwrap_or_default();
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            return Err(ApiError::UnsupportedMediaType);
        }
        self.body(BYTES_MAX).await
    }

    /// The bytes of a body of any type.
    ///
    /// # Errors
    /// [`ApiError`] where it has more than `bytes_max`, or breaks off.
    pub async fn body(&self, bytes_max: usize) -> Result<Vec<u8>, ApiError> {
        match streams::read(&self.request, bytes_max, Rest::Discarded).await {
            Ok(bytes) => Ok(bytes.to_vec()),
            Err(ReadError::TooLarge) => Err(ApiError::TooLarge),
            Err(ReadError::Broken(_)) => {
                Err(ApiError::InvalidRequest(InvalidRequest::new("body", "The request broke off before its end.")))
            }
        }
    }
}

/// The answer to a browser that asks whether it may ask.
pub fn preflight() -> Response {
    respond(
        204,
        None,
        &[
            ("access-control-allow-headers", ALLOWED_HEADERS),
            ("access-control-allow-methods", "POST, GET, DELETE, OPTIONS"),
            ("access-control-max-age", PREFLIGHT_MAX_AGE),
        ],
    )
}

/// An answer in JSON, for nobody else's eyes and no cache.
pub fn json(status: u16, body: &impl Serialize, retry_after_seconds: Option<u32>) -> Response {
    json_with(status, body, retry_after_seconds, &[])
}

/// An answer in JSON, with headers of its own.
pub fn json_with(
    status: u16,
    body: &impl Serialize,
    retry_after_seconds: Option<u32>,
    further: &[(&str, &str)],
) -> Response {
    // Every body is of strings, numbers and lists of them, which always serialize.
    let text = serde_json::to_string(body).unwrap_or_default();
    let retry_after = retry_after_seconds.map(|seconds| seconds.to_string());
    let mut headers = vec![("content-type", "application/json"), ("cache-control", "no-store")];
    headers.extend(retry_after.as_deref().map(|seconds| ("retry-after", seconds)));
    headers.extend_from_slice(further);
    respond(status, Some(&text), &headers)
}

fn respond(status: u16, body: Option<&str>, headers: &[(&str, &str)]) -> Response {
    let init = ResponseInit::new();
    init.set_status(status);
    if let Ok(all) = Headers::new() {
        let shared = [("access-control-allow-origin", "*"), ("access-control-expose-headers", EXPOSED_HEADERS)];
        for (name, value) in shared.iter().chain(headers) {
            // Names and values are constants and numbers: none is refused.
            let _ = all.set(name, value);
        }
        init.set_headers(&all);
    }
    // The status is one of ours, and 204 comes without a body.
    Response::new_with_opt_str_and_init(body, &init).unwrap_or_else(|_| Response::error())
}

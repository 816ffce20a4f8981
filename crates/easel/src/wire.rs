//! Answers on the wire, the broken ones included: bodies that stop, lie about their length or never end. It knows no
//! protocol.

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use futures_util::stream::{self, Stream, StreamExt as _};
use serde_json::Value;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

/// How long the bytes before a reset get to leave the machine.
const FLUSH_MS: u64 = 50;

/// One mebibyte.
const MIB: u64 = 1 << 20;

/// The eight bytes that every PNG begins with.
const PNG_MAGIC: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The same bytes in base64, followed by as many zeros as make its length a multiple of four.
const PNG_MAGIC_BASE64: &[u8] = b"iVBORw0KGgoA";

/// What a gateway shows when the service behind it does not answer.
const UNAVAILABLE_PAGE: &str = "<!DOCTYPE html><html><head><title>503 Service Temporarily Unavailable</title></head>\
    <body><h1>Service Temporarily Unavailable</h1></body></html>";

/// An answer with a body.
pub fn answer(status: u16, content_type: &str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(value) = HeaderValue::from_str(content_type) {
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    response
}

/// An answer in JSON.
pub fn json(status: u16, body: &Value) -> Response<Body> {
    answer(status, "application/json", body.to_string())
}

/// An answer made to order. What the order leaves open is the protocol's usual answer.
pub fn made_to_order(
    status: u16,
    body: Option<Value>,
    content_type: Option<String>,
    usual: impl FnOnce() -> Response<Body>,
) -> Response<Body> {
    let Some(body) = body else {
        let mut response = usual();
        if let Some(Ok(value)) = content_type.as_deref().map(HeaderValue::from_str) {
            response.headers_mut().insert(header::CONTENT_TYPE, value);
        }
        return response;
    };
    let content_type = content_type.unwrap_or_else(|| "application/json".to_owned());
    let is_json = content_type.starts_with("application/json") || content_type.contains("+json");
    match body {
        Value::String(text) if !is_json => answer(status, &content_type, text),
        value => answer(status, &content_type, value.to_string()),
    }
}

/// What a gateway answers for a service that does not: a page, and no number to go by.
pub fn unavailable() -> Response<Body> {
    answer(503, "text/html; charset=utf-8", UNAVAILABLE_PAGE)
}

/// Adds one header.
pub fn with_header(mut response: Response<Body>, name: &'static str, value: &str) -> Response<Body> {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
    response
}

/// Adds headers; names and values that HTTP does not allow are left out.
pub fn with_headers(mut response: Response<Body>, headers: &BTreeMap<String, String>) -> Response<Body> {
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// The first part of a file, with a length that agrees.
pub fn truncated(file: &Bytes, fraction: f64) -> Bytes {
    let kept = (file.len() as f64 * fraction.clamp(0.0, 1.0)) as usize;
    file.slice(..kept.min(file.len()))
}

/// A body that promises the whole file and breaks the connection after some bytes of it.
pub fn reset(file: &Bytes, content_type: &str, after_bytes: usize) -> Response<Body> {
    // At least one byte is missing, or the promise would be kept.
    let sent = file.slice(..after_bytes.min(file.len().saturating_sub(1)));
    let steps = stream::unfold(Some(sent), |left| async move {
        match left {
            Some(bytes) if !bytes.is_empty() => Some((Ok(bytes), Some(Bytes::new()))),
            Some(_) => {
                tokio::time::sleep(Duration::from_millis(FLUSH_MS)).await;
                Some((Err(std::io::Error::other("reset ordered by a test")), None))
            }
            None => None,
        }
    });
    let mut response = answer(200, content_type, Body::from_stream(steps));
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(file.len()));
    response
}

/// A body of so many mebibytes that begins like a PNG and goes on with zeros.
pub fn huge(content_type: &str, mib: u64, declared: bool) -> Response<Body> {
    sized(content_type, endless(PNG_MAGIC, 0, mib), declared.then(|| mib.saturating_mul(MIB)))
}

/// JSON that holds so many mebibytes of base64 between its head and its tail: a PNG that goes on with zeros.
pub fn huge_base64(head: &str, tail: &str, mib: u64, declared: bool) -> Response<Body> {
    let around = u64::try_from(head.len().saturating_add(tail.len())).unwrap_or(u64::MAX);
    let once = |text: &str| stream::iter([Ok(Bytes::from(text.to_owned()))]);
    let body = once(head).chain(endless(PNG_MAGIC_BASE64, b'A', mib)).chain(once(tail));
    sized("application/json", body, declared.then(|| mib.saturating_mul(MIB).saturating_add(around)))
}

/// So many mebibytes of one byte, after a beginning.
fn endless(beginning: &'static [u8], then: u8, mib: u64) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    stream::unfold(0_u64, move |sent| async move {
        if sent >= mib {
            return None;
        }
        let mut chunk = vec![then; MIB as usize];
        if let (0, Some(start)) = (sent, chunk.get_mut(..beginning.len())) {
            start.copy_from_slice(beginning);
        }
        Some((Ok(Bytes::from(chunk)), sent.saturating_add(1)))
    })
}

fn sized(
    content_type: &str,
    body: impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static,
    length: Option<u64>,
) -> Response<Body> {
    let mut response = answer(200, content_type, Body::from_stream(body));
    if let Some(length) = length {
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}

/// Bytes that are no picture: they are never the beginning of one.
pub fn garbage(count: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut bytes: Vec<u8> = (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 24) as u8
        })
        .collect();
    if let Some(first) = bytes.first_mut() {
        *first = 0x00;
    }
    bytes
}

//! Answers on the wire, the broken ones included: bodies that stop, lie about their length or never end. No protocol.

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use futures_util::stream;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long the bytes before a reset get to leave the machine.
const FLUSH_MS: u64 = 50;

/// One mebibyte.
const MIB: u64 = 1 << 20;

/// The eight bytes that every PNG begins with.
const PNG_MAGIC: &[u8] = b"\x89PNG\r\n\x1a\n";

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
pub fn reset(file: &Bytes, after_bytes: usize) -> Response<Body> {
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
    let mut response = answer(200, "image/png", Body::from_stream(steps));
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(file.len()));
    response
}

/// A body of so many mebibytes that begins like a PNG and goes on with zeros.
pub fn huge(mib: u64, declared: bool) -> Response<Body> {
    let chunks = stream::unfold(0u64, move |sent| async move {
        if sent >= mib {
            return None;
        }
        let mut chunk = vec![0u8; MIB as usize];
        if let (0, Some(start)) = (sent, chunk.get_mut(..PNG_MAGIC.len())) {
            start.copy_from_slice(PNG_MAGIC);
        }
        Some((Ok::<_, std::convert::Infallible>(Bytes::from(chunk)), sent.saturating_add(1)))
    });
    let mut response = answer(200, "image/png", Body::from_stream(chunks));
    if declared {
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(mib.saturating_mul(MIB)));
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

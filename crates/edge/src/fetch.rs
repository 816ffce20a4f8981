//! The transport of the edge: `fetch`, with bodies that stay in JavaScript's memory.
//!
//! Owns: sending one request and reading one answer, within its time and size. Must not: retry, or know who is asked.

use crate::streams::{self, ReadError, Rest};
use crate::timer::Timeout;
use js_sys::{Function, Promise, Reflect, Uint8Array};
use std::time::Duration;
use transport::{Body, HEADERS_READ, Payload, Request, Response, Transport, TransportError};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Headers, RequestInit, RequestRedirect};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch)]
    fn fetch(url: &str, init: &RequestInit) -> Promise;
}

/// Bytes in JavaScript's memory. A clone is another reference to the same bytes.
#[derive(Clone)]
pub struct JsBytes(Uint8Array);

impl Body for JsBytes {
    fn length(&self) -> usize {
        usize::try_from(self.0.length()).unwrap_or(usize::MAX)
    }

    fn copy(&self, start: usize, length: usize) -> Vec<u8> {
        let clamped = |at: usize| u32::try_from(at.min(self.length())).unwrap_or(u32::MAX);
        self.0.subarray(clamped(start), clamped(start.saturating_add(length))).to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        Self(Uint8Array::from(bytes))
    }
}

/// The runtime's `fetch`.
pub struct Fetch;

impl Transport for Fetch {
    type Body = JsBytes;

    async fn send(&self, request: Request<JsBytes>) -> Result<Response<JsBytes>, TransportError> {
        let init = init(&request)?;
        let mut connection = Connection::open(&init, request.timeout).map_err(|error| failure(&error))?;
        let response = JsFuture::from(fetch(&request.url, &init)).await.map_err(|error| failure(&error))?;
        let response: web_sys::Response = response.unchecked_into();
        let headers = response.headers();
        let read = streams::read(&response, request.bytes_max, Rest::Cancelled).await;
        let body = read.map_err(|error| match error {
            ReadError::TooLarge => TransportError::TooLarge,
            ReadError::Broken(error) => failure(&error),
        })?;
        connection.is_over = true;
        let kept = HEADERS_READ.into_iter().filter_map(|name| Some((name, headers.get(name).ok()??))).collect();
        Ok(Response { status: response.status(), headers: kept, body: JsBytes(body) })
    }
}

fn init(request: &Request<JsBytes>) -> Result<RequestInit, TransportError> {
    // What is thrown here quotes the header, which may be a key: only the name is told.
    let unsendable = |name: &str| TransportError::Connection(format!("the header {name} cannot be sent"));
    let headers = Headers::new().map_err(|_| unsendable("list"))?;
    for (name, value) in &request.headers {
        headers.set(name, value).map_err(|_| unsendable(name))?;
    }
    let init = RequestInit::new();
    init.set_method(request.method.as_str());
    init.set_headers(&headers);
    match &request.payload {
        Payload::None => {}
        Payload::Text(text) => init.set_body(&JsValue::from_str(text)),
        Payload::Bytes(JsBytes(bytes)) => init.set_body(bytes),
    }
    // A key goes to the host it was meant for and nowhere else.
    init.set_redirect(if request.headers.is_empty() { RequestRedirect::Follow } else { RequestRedirect::Error });
    Ok(init)
}

/// A request on its way. It is hung up when its time is up, and when nobody waits for it any more: an engine that sees its
/// client leave can stop drawing.
struct Connection {
    abort: Function,
    is_over: bool,
    _deadline: Timeout,
}

impl Connection {
    /// Not `AbortSignal.timeout`, whose timer would live on for the whole time after an answer that came at once.
    fn open(init: &RequestInit, timeout: Duration) -> Result<Self, JsValue> {
        let controller = AbortController::new()?;
        init.set_signal(Some(&controller.signal()));
        let abort: Function = Reflect::get(&controller, &"abort".into())?.unchecked_into();
        let abort = abort.bind0(&controller);
        Ok(Self { _deadline: Timeout::set(&abort, timeout), abort, is_over: false })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if !self.is_over {
            // `abort` of a controller never throws; for an answer that has ended it does nothing.
            let _ = self.abort.call0(&JsValue::UNDEFINED);
        }
    }
}

/// Classes what `fetch` threw. Its message names hosts and system errors; it never quotes a header.
fn failure(error: &JsValue) -> TransportError {
    let text = |name: &str| Reflect::get(error, &name.into()).ok().and_then(|value| value.as_string());
    if text("name").as_deref() == Some("AbortError") {
        TransportError::Timeout
    } else {
        TransportError::Connection(text("message").unwrap_or_else(|| "unknown".to_owned()))
    }
}

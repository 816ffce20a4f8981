//! What the engine saw and what it answered, for tests to read. It never holds a token: of `Authorization` it keeps only
//! whether it was there.

use axum::http::{HeaderMap, Method, Uri};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Requests that are remembered; the oldest go first.
const ENTRIES_MAX: usize = 10_000;

/// The longest text of a body that is kept whole, in bytes: a small picture in base64 is, a large one is not.
const TEXT_BYTES_MAX: usize = 100_000;

/// Characters that are kept of a longer text.
const TEXT_BEGINNING_CHARS: usize = 64;

/// One request.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Rises by one with every request, also across a clearing of the log.
    pub sequence: u64,
    /// Milliseconds since the server started.
    pub at_ms: u64,
    /// The method.
    pub method: String,
    /// Path and query as sent.
    pub path: String,
    /// Headers in lower case. `authorization` is `true` when one was sent.
    pub headers: Map<String, Value>,
    /// The body as JSON, its longest texts shortened; null when it was none.
    pub body: Value,
    /// The prompt, as the protocol of the request reads it.
    pub prompt: String,
    /// What was answered; null while the request is open.
    pub answer: Option<Answer>,
    /// Whether the client left before it was answered.
    pub client_left: bool,
}

/// What a request got.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// A word for it: `picture`, an error's name, or the fault that was played.
    pub what: String,
    /// The seed that was painted with, when a good picture was.
    pub seed: Option<u64>,
}

/// All requests, in the order of their arrival.
#[derive(Clone, Debug)]
pub struct Log {
    started: Instant,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    sequence: u64,
    entries: VecDeque<Entry>,
}

impl Default for Log {
    fn default() -> Self {
        Self { started: Instant::now(), inner: Arc::default() }
    }
}

impl Log {
    /// Writes a request down and returns the slip on which its answer is to be written.
    pub fn open(&self, method: &Method, uri: &Uri, headers: &HeaderMap, body: Value, prompt: &str) -> Slip {
        let mut inner = self.inner();
        inner.sequence = inner.sequence.saturating_add(1);
        let sequence = inner.sequence;
        if inner.entries.len() >= ENTRIES_MAX {
            inner.entries.pop_front();
        }
        inner.entries.push_back(Entry {
            sequence,
            at_ms: u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            method: method.to_string(),
            path: uri.to_string(),
            headers: without_secrets(headers),
            body: shortened(body),
            prompt: prompt.to_owned(),
            answer: None,
            client_left: false,
        });
        Slip { log: self.clone(), sequence, settled: false }
    }

    /// The requests whose prompt contains this; all of them for an empty string.
    pub fn entries(&self, prompt_contains: &str) -> Vec<Entry> {
        self.inner().entries.iter().filter(|entry| entry.prompt.contains(prompt_contains)).cloned().collect()
    }

    /// Forgets all requests.
    pub fn clear(&self) {
        self.inner().entries.clear();
    }

    fn update(&self, sequence: u64, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.inner().entries.iter_mut().rev().find(|entry| entry.sequence == sequence) {
            change(entry);
        }
    }

    /// A thread that panicked while it held the lock leaves a list that is still a list.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open request. Dropped without an answer, it notes that the client left: that is how hyper tells a handler.
#[derive(Debug)]
pub struct Slip {
    log: Log,
    sequence: u64,
    settled: bool,
}

impl Slip {
    /// Writes the answer down.
    pub fn answered(mut self, status: u16, what: &str, seed: Option<u64>) {
        self.settled = true;
        let answer = Answer { status, what: what.to_owned(), seed };
        self.log.update(self.sequence, |entry| entry.answer = Some(answer));
    }
}

impl Drop for Slip {
    fn drop(&mut self) {
        if !self.settled {
            self.log.update(self.sequence, |entry| entry.client_left = true);
        }
    }
}

fn shortened(value: Value) -> Value {
    match value {
        Value::String(text) if text.len() > TEXT_BYTES_MAX => {
            let beginning: String = text.chars().take(TEXT_BEGINNING_CHARS).collect();
            Value::String(format!("{beginning}… ({} bytes)", text.len()))
        }
        Value::Array(list) => Value::Array(list.into_iter().map(shortened).collect()),
        Value::Object(map) => Value::Object(map.into_iter().map(|(name, value)| (name, shortened(value))).collect()),
        value => value,
    }
}

fn without_secrets(headers: &HeaderMap) -> Map<String, Value> {
    let mut out = Map::new();
    for (name, value) in headers {
        let shown = match name.as_str() {
            "authorization" | "proxy-authorization" | "cookie" | "x-api-key" => Value::Bool(true),
            _ => Value::String(String::from_utf8_lossy(value.as_bytes()).into_owned()),
        };
        out.insert(name.as_str().to_owned(), shown);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(log: &Log, prompt: &str) -> Slip {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", "Bearer hf_secret".parse().unwrap());
        log.open(&Method::POST, &Uri::from_static("/x?y=1"), &headers, Value::Null, prompt)
    }

    #[test]
    fn a_token_is_never_kept() {
        let log = Log::default();
        open(&log, "a").answered(200, "picture", Some(7));
        let text = serde_json::to_string(&log.entries("")).unwrap();
        assert!(!text.contains("hf_secret") && text.contains(r#""authorization":true"#), "{text}");
    }

    #[test]
    fn a_dropped_slip_means_that_the_client_left() {
        let log = Log::default();
        drop(open(&log, "left"));
        open(&log, "stayed").answered(200, "picture", None);
        assert!(log.entries("left")[0].client_left);
        assert!(!log.entries("stayed")[0].client_left);
    }

    #[test]
    fn a_long_text_is_shortened_wherever_it_stands() {
        let long = "é".repeat(TEXT_BYTES_MAX);
        let kept = shortened(serde_json::json!({ "init_images": [long, "short"], "steps": 3 }));
        assert!(kept["init_images"][0].as_str().unwrap().ends_with("… (200000 bytes)"), "{kept}");
        assert_eq!((&kept["init_images"][1], &kept["steps"]), (&"short".into(), &3.into()));
    }

    #[test]
    fn the_log_is_bounded() {
        let log = Log::default();
        for _ in 0..ENTRIES_MAX + 5 {
            open(&log, "x").answered(200, "picture", None);
        }
        let entries = log.entries("");
        assert_eq!((entries.len(), entries[0].sequence), (ENTRIES_MAX, 6));
    }
}

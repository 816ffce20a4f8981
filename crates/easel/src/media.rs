//! The media host: pictures that an answer names by address, as most hosted engines do. A picture here knows the prompt
//! that it was made for, so that its downloads can be counted, and the fault with which it is to be delivered.

use crate::courier;
use crate::encode::Format;
use crate::faults::Fault;
use crate::incoming::{Incoming, Outcome};
use crate::studio::{Studio, random};
use crate::wire;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::Response;
use axum::routing::get;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Pictures that can be fetched; the oldest go first.
const FILES_MAX: usize = 64;

/// The route; always there, because the address must not depend on the flag `--control`.
pub fn routes() -> Router<Arc<Studio>> {
    Router::new().route("/easel/media/{name}", get(fetch_media))
}

/// A picture to be fetched.
#[derive(Debug)]
pub struct File {
    /// What it was made for.
    pub prompt: String,
    /// The file.
    pub bytes: Bytes,
    /// What it is said to be.
    pub label: Format,
    /// How its delivery goes wrong.
    pub fault: Option<Fault>,
}

/// The pictures that can be fetched now.
#[derive(Debug, Default)]
pub struct Media {
    files: Mutex<VecDeque<Kept>>,
}

#[derive(Clone, Debug)]
struct Kept {
    name: String,
    file: Arc<File>,
    fetched: Arc<AtomicU64>,
}

impl Media {
    /// Keeps a file and returns the path under which it can be fetched.
    pub fn keep(&self, file: File) -> String {
        let name = format!("{:016x}.{}", random(), file.label.extension());
        let path = format!("/easel/media/{name}");
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if files.len() >= FILES_MAX {
            files.pop_front();
        }
        files.push_back(Kept { name, file: Arc::new(file), fetched: Arc::default() });
        path
    }

    fn find(&self, name: &str) -> Option<Kept> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.iter().find(|kept| kept.name == name).cloned()
    }
}

async fn fetch_media(Path(name): Path<String>, incoming: Incoming) -> Response<Body> {
    let kept = incoming.studio.media.find(&name);
    let prompt = kept.as_ref().map_or("", |kept| &kept.file.prompt).to_owned();
    incoming.record(Value::Null, &prompt, async { kept.map_or_else(missing, |kept| deliver(&kept)) }).await
}

fn missing() -> Outcome {
    Outcome::new(wire::json(404, &json!({ "error": "Not found" })), "missing")
}

fn deliver(kept: &Kept) -> Outcome {
    let fetched = kept.fetched.fetch_add(1, Ordering::Relaxed);
    match &kept.file.fault {
        Some(Fault::JsonUrl { missing: true }) => missing(),
        Some(Fault::DownloadFailed { status, times }) if times.is_none_or(|times| fetched < times) => {
            Outcome::new(wire::json(*status, &json!({ "error": "The file cannot be had" })), "download_failed")
        }
        fault => {
            Outcome::new(courier::deliver(&kept.file.bytes, kept.file.label.content_type(), fault.as_ref()), "media")
        }
    }
}

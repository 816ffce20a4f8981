//! What all protocols share: the configuration, the order book, the log, cold models, and painting off the async threads.

use crate::config::Config;
use crate::encode::{self, EncodeError};
use crate::faults::OrderBook;
use crate::log::Log;
use crate::painter::{Request, paint};
use axum::body::Bytes;
use std::collections::{BTreeMap, VecDeque};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Pictures that can be fetched by address; the oldest go first.
const MEDIA_MAX: usize = 64;

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Portable Network Graphics.
    Png,
    /// JPEG.
    Jpeg,
}

/// The state of a running server.
#[derive(Debug)]
pub struct Studio {
    /// How it was started.
    pub config: Config,
    /// Faults that were ordered.
    pub orders: OrderBook,
    /// Requests that were seen.
    pub log: Log,
    first_asked: Mutex<BTreeMap<String, Instant>>,
    media: Mutex<VecDeque<(String, Bytes)>>,
    easels: Semaphore,
}

impl Studio {
    /// A studio in which nothing has happened yet.
    pub fn new(config: Config) -> Arc<Self> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Arc::new(Self {
            config,
            orders: OrderBook::default(),
            log: Log::default(),
            first_asked: Mutex::default(),
            media: Mutex::default(),
            // More pictures at a time than processors would only make all of them late.
            easels: Semaphore::new(threads),
        })
    }

    /// Whether the model is still loading. The first question starts the loading.
    pub fn is_cold(&self, model: &str) -> bool {
        let mut first_asked = self.first_asked.lock().unwrap_or_else(PoisonError::into_inner);
        let first = *first_asked.entry(model.to_owned()).or_insert_with(Instant::now);
        first.elapsed() < Duration::from_secs(self.config.cold_seconds)
    }

    /// Paints and encodes, after the latency that was configured.
    pub async fn picture(self: &Arc<Self>, request: Request, format: Format) -> Result<Bytes, EncodeError> {
        if self.config.latency_ms > 0 {
            tokio::time::sleep(Duration::from_millis(self.config.latency_ms)).await;
        }
        let _easel = self.easels.acquire().await.map_err(EncodeError::new)?;
        let work = move || {
            let picture = paint(&request);
            match format {
                Format::Png => encode::png(&picture),
                Format::Jpeg => encode::jpeg(&picture),
            }
        };
        tokio::task::spawn_blocking(work).await.map_err(EncodeError::new)?.map(Bytes::from)
    }

    /// Keeps a file to be fetched later and returns its name.
    pub fn keep(&self, bytes: Bytes) -> String {
        let name = format!("{:016x}.png", random());
        let mut media = self.media.lock().unwrap_or_else(PoisonError::into_inner);
        if media.len() >= MEDIA_MAX {
            media.pop_front();
        }
        media.push_back((name.clone(), bytes));
        name
    }

    /// A file that was kept.
    pub fn kept(&self, name: &str) -> Option<Bytes> {
        let media = self.media.lock().unwrap_or_else(PoisonError::into_inner);
        media.iter().find(|(kept, _)| kept == name).map(|(_, bytes)| bytes.clone())
    }
}

/// Random bits: the standard library seeds each hasher afresh. Good for seeds and ids, not for secrets.
pub fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

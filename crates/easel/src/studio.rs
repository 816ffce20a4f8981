//! What all protocols share: the configuration, the order book, the log, the media host, cold models, and painting off
//! the async threads.

use crate::Picture;
use crate::config::Config;
use crate::encode::{self, EncodeError, Format};
use crate::faults::{Fault, OrderBook};
use crate::log::Log;
use crate::media::Media;
use crate::painter::{Request, paint};
use axum::body::Bytes;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// The state of a running server.
#[derive(Debug)]
pub struct Studio {
    /// How it was started.
    pub config: Config,
    /// Faults that were ordered.
    pub orders: OrderBook,
    /// Requests that were seen.
    pub log: Log,
    /// Pictures that can be fetched by address.
    pub media: Media,
    first_asked: Mutex<BTreeMap<String, Instant>>,
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
            media: Media::default(),
            first_asked: Mutex::default(),
            // More pictures at a time than processors would only make all of them late.
            easels: Semaphore::new(threads),
        })
    }

    /// What is to go wrong with this request: what was ordered, else the loading of a model that is still cold.
    pub fn fault(&self, prompt: &str, path: &str, model: &str) -> Option<Fault> {
        let cold = || Fault::Cold { estimated_time: self.config.cold_seconds as f64, html: false };
        self.orders.take(prompt, path).or_else(|| self.is_cold(model).then(cold))
    }

    /// Whether the model is still loading. The first question starts the loading.
    fn is_cold(&self, model: &str) -> bool {
        let mut first_asked = self.first_asked.lock().unwrap_or_else(PoisonError::into_inner);
        let first = *first_asked.entry(model.to_owned()).or_insert_with(Instant::now);
        first.elapsed() < Duration::from_secs(self.config.cold_seconds)
    }

    /// How long a picture takes beyond its painting, as configured.
    pub fn latency(&self) -> Duration {
        Duration::from_millis(self.config.latency_ms)
    }

    /// Paints and encodes.
    pub async fn picture(&self, request: Request, format: Format) -> Result<Bytes, EncodeError> {
        self.at_an_easel(move || encode::file(&paint(&request), format)).await
    }

    /// A picture that shows nothing, as filters put in the place of what they hold back.
    pub async fn black(&self, request: &Request, format: Format) -> Result<Bytes, EncodeError> {
        let (width, height) = (request.width.clamp(16, 2048), request.height.clamp(16, 2048));
        let size = (width as usize).saturating_mul(height as usize).saturating_mul(3);
        self.at_an_easel(move || encode::file(&Picture { width, height, rgb: vec![0; size] }, format)).await
    }

    async fn at_an_easel(
        &self,
        work: impl FnOnce() -> Result<Vec<u8>, EncodeError> + Send + 'static,
    ) -> Result<Bytes, EncodeError> {
        let _easel = self.easels.acquire().await.map_err(EncodeError::new)?;
        tokio::task::spawn_blocking(work).await.map_err(EncodeError::new)?.map(Bytes::from)
    }
}

/// Random bits: the standard library seeds each hasher afresh. Good for seeds and ids, not for secrets.
pub fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// A seed for a request that names none, in the range that all engines share.
pub fn random_seed() -> u64 {
    random() & u64::from(u32::MAX)
}

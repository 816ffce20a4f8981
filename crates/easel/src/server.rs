//! The HTTP server: which routes exist and who answers them. Protocols are siblings under `protocols`.

use crate::config::Config;
use crate::incoming::{Incoming, Outcome};
use crate::studio::{Studio, random};
use crate::{control, media, protocols, wire};
use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, Response};
use axum::middleware::{self, Next};
use axum::routing::get;
use serde_json::json;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;

/// The largest request: a picture to edit, as base64, with room to spare.
const BODY_BYTES_MAX: usize = 32 << 20;

/// A server that has its port and is not yet answering.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    studio: Arc<Studio>,
}

impl Server {
    /// Takes the port.
    pub async fn bind(config: Config) -> io::Result<Self> {
        let listener = TcpListener::bind(config.listen).await?;
        Ok(Self { listener, studio: Studio::new(config) })
    }

    /// Where it listens, with the real port.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until the process ends.
    pub async fn run(self) -> io::Result<()> {
        axum::serve(self.listener, router(self.studio)).await
    }
}

fn router(studio: Arc<Studio>) -> Router {
    let mut router = Router::new()
        .route("/", get(describe))
        .route("/health", get(async || wire::json(200, &json!({ "status": "ok" }))))
        .merge(protocols::routes(&studio.config))
        .merge(media::routes());
    if studio.config.control {
        router = router.merge(control::routes());
    }
    router
        .fallback(async |incoming: Incoming| refuse(incoming, 404, "Not found").await)
        .method_not_allowed_fallback(async |incoming: Incoming| refuse(incoming, 405, "Method not allowed").await)
        .layer(middleware::from_fn(name_request))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(studio)
}

async fn describe(State(studio): State<Arc<Studio>>) -> Response<Body> {
    let what = "Sketches pictures from the words of a prompt, by rules. It is no AI model.";
    let version = env!("CARGO_PKG_VERSION");
    wire::json(200, &json!({ "name": "easel", "version": version, "what": what, "models": studio.config.models }))
}

/// What nobody here speaks is logged all the same: a client that strays is to be seen.
async fn refuse(incoming: Incoming, status: u16, error: &str) -> Response<Body> {
    let shown = incoming.json().unwrap_or_default();
    let answer = async { Outcome::new(wire::json(status, &json!({ "error": error })), "no_route") };
    incoming.record(shown, "", answer).await
}

/// Every answer carries an id, as the real engines' do.
async fn name_request(request: Request, next: Next) -> Response<Body> {
    let mut response = next.run(request).await;
    if let Ok(id) = HeaderValue::from_str(&format!("easel-{:016x}", random())) {
        response.headers_mut().entry("x-request-id").or_insert(id);
    }
    response
}

//! A request as it came in, before any protocol has read it, and what was decided about it. Every request that a protocol
//! answers goes through `record`, so that the log misses none.

use crate::courier::Courier;
use crate::faults::Fault;
use crate::studio::Studio;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Query, Request};
use axum::http::{HeaderMap, Method, Response, Uri, header};
use axum::response::IntoResponse as _;
use serde_json::Value;
use std::sync::Arc;

/// A request with its body read.
#[derive(Debug)]
pub struct Incoming {
    /// What all protocols share.
    pub studio: Arc<Studio>,
    /// The method.
    pub method: Method,
    /// Path and query.
    pub uri: Uri,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, whole.
    pub body: Bytes,
}

/// What was decided about a request.
#[derive(Debug)]
pub struct Outcome {
    /// The answer.
    pub response: Response<Body>,
    /// A word for the log: `picture`, an error's name, or the fault that was played.
    pub what: &'static str,
    /// The seed, if a good picture was painted.
    pub seed: Option<u64>,
}

impl Outcome {
    /// An answer without a picture.
    pub fn new(response: Response<Body>, what: &'static str) -> Self {
        Self { response, what, seed: None }
    }

    /// An answer with a picture, or with what a fault made of it.
    pub fn painted(response: Response<Body>, fault: Option<&Fault>, seed: u64) -> Self {
        let is_good = matches!(fault, None | Some(Fault::Slow { .. }));
        Self { response, what: fault.map_or("picture", Fault::name), seed: is_good.then_some(seed) }
    }
}

impl FromRequest<Arc<Studio>> for Incoming {
    type Rejection = Response<Body>;

    async fn from_request(request: Request, studio: &Arc<Studio>) -> Result<Self, Self::Rejection> {
        let (method, uri, headers) = (request.method().clone(), request.uri().clone(), request.headers().clone());
        let body = Bytes::from_request(request, studio).await.map_err(|rejection| rejection.into_response())?;
        Ok(Self { studio: Arc::clone(studio), method, uri, headers, body })
    }
}

impl Incoming {
    /// The body as JSON.
    pub fn json(&self) -> serde_json::Result<Value> {
        serde_json::from_slice(&self.body)
    }

    /// A header; empty when it is absent or no text.
    pub fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The values of a parameter in the query.
    pub fn query(&self, name: &str) -> Vec<String> {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(&self.uri).map(|Query(pairs)| pairs);
        pairs.unwrap_or_default().into_iter().filter(|(key, _)| key == name).map(|(_, value)| value).collect()
    }

    /// The host that the client called, which is the one that it can reach.
    pub fn host(&self) -> &str {
        Some(self.header(header::HOST)).filter(|host| !host.is_empty()).unwrap_or("127.0.0.1")
    }

    /// Whether a bearer token came along that is good here.
    pub fn has_token(&self) -> bool {
        let token = self.header(header::AUTHORIZATION).strip_prefix("Bearer ").map_or("", str::trim);
        match &self.studio.config.token {
            Some(expected) => token == expected,
            None => !token.is_empty(),
        }
    }

    /// What is to go wrong with this request.
    pub fn fault(&self, prompt: &str, model: &str) -> Option<Fault> {
        self.studio.fault(prompt, self.uri.path(), model)
    }

    /// Who carries the pictures of this request to its client.
    pub fn courier<'a>(&'a self, prompt: &'a str, fault: Option<&'a Fault>) -> Courier<'a> {
        let latency = self.studio.latency();
        Courier { studio: &self.studio, host: self.host(), prompt, fault, latency }
    }

    /// Answers, and writes down what was asked and what came of it.
    pub async fn record(&self, body: Value, prompt: &str, answer: impl Future<Output = Outcome>) -> Response<Body> {
        let slip = self.studio.log.open(&self.method, &self.uri, &self.headers, body, prompt);
        let outcome = answer.await;
        slip.answered(outcome.response.status().as_u16(), outcome.what, outcome.seed);
        outcome.response
    }
}

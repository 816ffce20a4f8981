//! What an engine must be told when nobody waits for its picture any more.
//!
//! Owns: the one request that takes an order back, and the question that must be answered before it where it names no
//! order. Most engines need none, since they see their client hang up; those that work through a queue do. Must not:
//! promise that it helps. An engine may have begun, or be done.

use crate::attempt::Headers;
use serde_json::Value;
use std::cell::RefCell;
use std::time::Duration;
use transport::{Body as _, Method, Payload, Request, Transport};

/// A place in which an attempt leaves how its order is taken back. Empty before there is an order and after its end.
#[derive(Default)]
pub struct Recall {
    order: RefCell<Option<Order>>,
}

struct Order {
    question: Option<Question>,
    method: Method,
    url: String,
    headers: Headers,
}

/// What is asked, as JSON, of an engine that can only be told to stop whatever it is at.
pub(crate) struct Question {
    pub url: String,
    pub body: String,
    /// Whether the answer says that it is at this order.
    pub is_at_it: fn(&Value) -> bool,
}

/// Nobody waits for an answer longer than this.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Nobody reads more of an answer than this.
const ANSWER_BYTES_MAX: usize = 16_384;

impl Recall {
    /// From now on this request takes the order back.
    pub fn arm(&self, method: Method, url: String, headers: Headers) {
        self.order.replace(Some(Order { question: None, method, url, headers }));
    }

    /// From now on this request takes the order back, and is sent only once the question was answered with yes. No
    /// answer is a no, so that an engine which cannot say what it is at is never told to stop.
    ///
    /// What remains is a race: where the order ends while the yes and the request are on their way, a moment as a rule,
    /// the request hits what the engine has begun since. A request that names no order cannot be without it.
    pub(crate) fn arm_asking(&self, question: Question, method: Method, url: String, headers: Headers) {
        self.order.replace(Some(Order { question: Some(question), method, url, headers }));
    }

    /// The order has ended: there is nothing to take back.
    pub fn disarm(&self) {
        self.order.replace(None);
    }

    /// Takes the order back, where there is one and nothing else can be hit. An engine that does not hear of it draws for
    /// nobody.
    pub async fn send(&self, transport: &impl Transport) {
        let Some(Order { question, method, url, headers }) = self.order.take() else { return };
        if let Some(question) = question
            && !question.put(transport, headers.clone()).await
        {
            return;
        }
        let payload = if method == Method::Post { Payload::Text(String::new()) } else { Payload::None };
        let request = Request { method, url, headers, payload, timeout: TIMEOUT, bytes_max: ANSWER_BYTES_MAX };
        let _ = transport.send(request).await;
    }
}

impl Question {
    /// Whether it was answered with yes.
    async fn put(self, transport: &impl Transport, mut headers: Headers) -> bool {
        headers.push(("content-type", "application/json".to_owned()));
        let Self { url, body, is_at_it } = self;
        let payload = Payload::Text(body);
        let request =
            Request { method: Method::Post, url, headers, payload, timeout: TIMEOUT, bytes_max: ANSWER_BYTES_MAX };
        let Ok(response) = transport.send(request).await else { return false };
        let answer = serde_json::from_slice(&response.body.copy(0, ANSWER_BYTES_MAX));
        response.is_success() && answer.is_ok_and(|answer| is_at_it(&answer))
    }
}

//! A transport that answers from a script and keeps what it was sent.

use payment::{Failure, KeyId, Razorpay, Secret};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use transport::{Payload, Request, Response, Transport, TransportError};

pub type Answer = Result<Response<Vec<u8>>, TransportError>;

pub const RECEIPT: &str = "44444444-4444-4444-8444-444444444444";
/// Base64 of `rzp_test_1:s3cret`.
pub const LOGIN: &str = "Basic cnpwX3Rlc3RfMTpzM2NyZXQ=";

/// Answers in order; being asked once more than it has answers, or less often, fails the test.
pub struct Script {
    answers: RefCell<VecDeque<Answer>>,
    sent: RefCell<Vec<Request<Vec<u8>>>>,
}

impl Script {
    pub fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self { answers: RefCell::new(answers.into_iter().collect()), sent: RefCell::default() }
    }

    /// Ends the script: everything that was sent.
    pub fn sent(self) -> Vec<Request<Vec<u8>>> {
        assert!(self.answers.borrow().is_empty(), "answers that nobody asked for");
        self.sent.into_inner()
    }

    /// Ends the script: the one request that was sent.
    pub fn only(self) -> Request<Vec<u8>> {
        let sent = self.sent();
        assert_eq!(sent.len(), 1, "{sent:?}");
        sent.into_iter().next().unwrap()
    }
}

impl Transport for Script {
    type Body = Vec<u8>;

    async fn send(&self, request: Request<Vec<u8>>) -> Answer {
        self.sent.borrow_mut().push(request);
        self.answers.borrow_mut().pop_front().expect("a request too many")
    }
}

/// The output of a future that never waits.
pub fn run<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

pub fn razorpay() -> Razorpay {
    let (key_id, key_secret) = (KeyId::new("rzp_test_1").unwrap(), Secret::new("s3cret").unwrap());
    Razorpay::new("http://127.0.0.1:9999/v1/", key_id, key_secret).unwrap()
}

pub fn answer(status: u16, body: &Value) -> Answer {
    Ok(Response { status, headers: vec![], body: body.to_string().into_bytes() })
}

pub fn list(items: &[Value]) -> Answer {
    answer(200, &json!({ "entity": "collection", "count": items.len(), "items": items }))
}

/// No answer: nobody knows whether the request arrived.
pub fn lost() -> Answer {
    Err(TransportError::Timeout)
}

/// One JSON object with the fields of another.
pub fn with(mut object: Value, more: &Value) -> Value {
    object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    object
}

/// The JSON that a request carries.
pub fn sent_json(request: &Request<Vec<u8>>) -> Value {
    let text = if let Payload::Text(text) = &request.payload { text.as_str() } else { "" };
    serde_json::from_str(text).unwrap()
}

pub fn unreadable<T>(what: &str) -> Result<T, Failure> {
    Err(Failure::Unreachable { reason: format!("its answer cannot be read: {what}") })
}

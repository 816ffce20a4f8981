//! A transport that answers from a script and keeps what it was sent, and a clock that does not wait.

use serde_json::Value;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::Duration;
use transport::{Request, Response, Timer, Transport, TransportError};

pub type Answer = Result<Response<Vec<u8>>, TransportError>;

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
}

impl Transport for Script {
    type Body = Vec<u8>;

    async fn send(&self, request: Request<Vec<u8>>) -> Answer {
        self.sent.borrow_mut().push(request);
        self.answers.borrow_mut().pop_front().expect("a request too many")
    }
}

impl Timer for Script {
    fn now_ms(&self) -> u64 {
        0
    }

    async fn sleep(&self, _duration: Duration) {}

    fn jitter(&self) -> f64 {
        0.0
    }
}

pub fn answer(status: u16, body: &Value) -> Answer {
    Ok(Response { status, headers: vec![], body: body.to_string().into_bytes() })
}

/// No answer: nobody knows whether the request arrived.
pub fn lost() -> Answer {
    Err(TransportError::Timeout)
}

pub fn header<'a>(request: &'a Request<Vec<u8>>, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(found, _)| *found == name).map(|(_, value)| value.as_str())
}

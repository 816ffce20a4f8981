//! A transport that answers from a script, and a clock that jumps instead of waiting.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::Duration;
use transport::{Request, Response, Timer, Transport, TransportError};

pub type Answer = Result<Response<Vec<u8>>, TransportError>;

/// Answers in order; one that is asked more often than it has answers fails the test.
pub struct Script {
    answers: RefCell<VecDeque<Answer>>,
    forever: Option<Answer>,
    sent: RefCell<Vec<Request<Vec<u8>>>>,
    now_ms: Cell<u64>,
    slept: RefCell<Vec<u64>>,
}

impl Script {
    pub fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self {
            answers: RefCell::new(answers.into_iter().collect()),
            forever: None,
            sent: RefCell::default(),
            now_ms: Cell::new(1_000_000),
            slept: RefCell::default(),
        }
    }

    pub fn forever(answer: Answer) -> Self {
        let mut script = Self::new([]);
        script.forever = Some(answer);
        script
    }

    pub fn sent(&self) -> Vec<Request<Vec<u8>>> {
        self.sent.borrow().clone()
    }

    /// Every wait, in milliseconds.
    pub fn slept(&self) -> Vec<u64> {
        self.slept.borrow().clone()
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.answers.borrow().is_empty(), "answers that nobody asked for");
        }
    }
}

impl Transport for Script {
    type Body = Vec<u8>;

    async fn send(&self, request: Request<Vec<u8>>) -> Answer {
        self.sent.borrow_mut().push(request);
        self.answers.borrow_mut().pop_front().or_else(|| self.forever.clone()).expect("a request too many")
    }
}

impl Timer for Script {
    fn now_ms(&self) -> u64 {
        self.now_ms.get()
    }

    async fn sleep(&self, duration: Duration) {
        let duration_ms = u64::try_from(duration.as_millis()).unwrap();
        self.slept.borrow_mut().push(duration_ms);
        self.now_ms.set(self.now_ms.get() + duration_ms);
    }

    fn jitter(&self) -> f64 {
        0.0
    }
}

pub fn reply(status: u16, media_type: &str, body: impl Into<Vec<u8>>) -> Answer {
    Ok(Response { status, headers: vec![("content-type", media_type.to_owned())], body: body.into() })
}

pub trait WithHeader {
    fn with_header(self, name: &'static str, value: &str) -> Self;
}

impl WithHeader for Answer {
    fn with_header(self, name: &'static str, value: &str) -> Self {
        self.map(|mut response| {
            response.headers.push((name, value.to_owned()));
            response
        })
    }
}

pub fn png() -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x02\0\0\0\x03\0\x08\x02\0\0\0CRC.".to_vec();
    file.extend([7; 500]);
    file.extend(b"\0\0\0\0IEND\xaeB\x60\x82");
    file
}

pub fn jpeg() -> Vec<u8> {
    [&[0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 2, 0, 2, 0, 1, 1, 0x11, 0][..], &[9; 300], &[0xFF, 0xD9]].concat()
}

pub fn png_response() -> Response<Vec<u8>> {
    Response { status: 200, headers: vec![("content-type", "image/png".to_owned())], body: png() }
}

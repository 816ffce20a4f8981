//! A transport that answers with the fuzzer's bytes, and a clock that jumps instead of waiting.
//!
//! Owns: how bytes become answers. They are parted by lines of `%%`; each is a line with a status and the milliseconds that
//! it takes (`200 1500`; 100 unless said), lines of headers, an empty line and the body. Instead of a status there may be
//! `timeout`, `large`, `broken`, or `never` for an answer that does not come before the one who waits goes away. After the
//! last answer the last is given for ever.
//! Must not: judge what is sent, but for there being an end of it.

use engine::{Admission, Engine, Failure, Gate, Job};
use std::cell::{Cell, RefCell};
use std::future::pending;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use transport::{HEADERS_READ, Request, Response, Timer, Transport, TransportError};

/// What is to be drawn.
pub const JOB: Job<'static> = Job {
    id: "5f0c0a30-7a3b-4c53-8c0e-0a8f0f7f3b11",
    prompt: "a sunset",
    negative_prompt: Some("people"),
    width: 512,
    height: 768,
    steps: 30,
    cfg_scale: 7.5,
    seed: 42,
};
/// More requests, or more waits, than any picture may take: an order is asked about some seventy times in two minutes.
pub const STEPS_MAX: usize = 200;
/// What an answer takes that does not say it.
const USUAL_MS: u64 = 100;

/// One answer.
#[derive(Clone, Debug)]
enum Answer {
    Response { status: u16, headers: Vec<(&'static str, String)>, body: Vec<u8> },
    Timeout,
    TooLarge,
    Broken,
    Never,
}

/// The world as the fuzzer wants it.
pub struct Script {
    answers: Vec<(Answer, u64)>,
    asked: Cell<usize>,
    waits: Cell<usize>,
    now_ms: Cell<u64>,
    sent: RefCell<Vec<Request<Vec<u8>>>>,
    reported: RefCell<Vec<Failure>>,
}

impl Script {
    /// The world that these bytes describe.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self {
            answers: split(bytes, b"\n%%\n").into_iter().map(answer).collect(),
            asked: Cell::default(),
            waits: Cell::default(),
            now_ms: Cell::new(1_000_000),
            sent: RefCell::default(),
            reported: RefCell::default(),
        }
    }

    /// Whether every answer was given.
    #[must_use]
    pub fn is_used_up(&self) -> bool {
        self.asked.get() >= self.answers.len()
    }

    /// What was sent since this was asked last.
    #[must_use]
    pub fn take_sent(&self) -> Vec<Request<Vec<u8>>> {
        self.waits.take();
        self.sent.take()
    }

    /// The failures that engines were reported for since this was asked last.
    #[must_use]
    pub fn take_reported(&self) -> Vec<Failure> {
        self.reported.take()
    }
}

/// The output of a future; none where it waits for an answer that never comes. Nothing else is ever waited for.
pub fn finish<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

impl Transport for Script {
    type Body = Vec<u8>;

    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, TransportError> {
        let (timeout, bytes_max) = (request.timeout, request.bytes_max);
        self.sent.borrow_mut().push(request);
        assert!(self.sent.borrow().len() <= STEPS_MAX, "requests without an end");
        let number = self.asked.replace(self.asked.get() + 1);
        let (answer, takes_ms) = &self.answers[number.min(self.answers.len() - 1)];
        let timeout_ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        self.now_ms.set(self.now_ms.get().saturating_add((*takes_ms).min(timeout_ms)));
        if *takes_ms > timeout_ms {
            return Err(TransportError::Timeout);
        }
        match answer.clone() {
            Answer::Response { body, .. } if body.len() > bytes_max => Err(TransportError::TooLarge),
            Answer::Response { status, headers, body } => Ok(Response { status, headers, body }),
            Answer::Timeout => {
                self.now_ms.set(self.now_ms.get().saturating_add(timeout_ms - takes_ms));
                Err(TransportError::Timeout)
            }
            Answer::TooLarge => Err(TransportError::TooLarge),
            Answer::Broken => Err(TransportError::Connection("reset by peer".to_owned())),
            Answer::Never => pending().await,
        }
    }
}

impl Timer for Script {
    fn now_ms(&self) -> u64 {
        self.now_ms.get()
    }

    async fn sleep(&self, duration: Duration) {
        self.waits.set(self.waits.get() + 1);
        assert!(self.waits.get() <= STEPS_MAX, "waits without an end");
        let duration_ms = u64::try_from(duration.as_millis()).expect("a wait of millions of years");
        self.now_ms.set(self.now_ms.get().checked_add(duration_ms).expect("a wait beyond the end of time"));
    }

    fn jitter(&self) -> f64 {
        0.3
    }
}

impl Gate for Script {
    async fn admit(&self, _: &impl Engine) -> Admission {
        Admission::Granted
    }

    async fn wait(&self, timer: &impl Timer, _: Failure, wait: Duration) {
        timer.sleep(wait).await;
    }

    async fn report(&self, _: &impl Engine, failure: Failure) {
        self.reported.borrow_mut().push(failure);
    }
}

fn answer(bytes: &[u8]) -> (Answer, u64) {
    let (head, body) = cut(bytes, b"\n\n").unwrap_or((bytes, b""));
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split_ascii_whitespace();
    let kind = words.next().unwrap_or_default();
    let takes_ms = words.next().and_then(|number| number.parse().ok()).unwrap_or(USUAL_MS);
    let known = |name: &str| HEADERS_READ.into_iter().find(|known| known.eq_ignore_ascii_case(name.trim()));
    let headers = lines.filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        // What fetch hands on holds no control characters.
        Some((known(name)?, value.trim().replace(char::is_control, "")))
    });
    let answer = match kind {
        "timeout" => Answer::Timeout,
        "large" => Answer::TooLarge,
        "broken" => Answer::Broken,
        "never" => Answer::Never,
        // fetch hands on nothing below 200, and no status has more than three digits.
        status => match status.parse() {
            Ok(status @ 200..=999) => Answer::Response { status, headers: headers.collect(), body: body.to_vec() },
            _ => Answer::Broken,
        },
    };
    (answer, takes_ms)
}

fn split<'a>(mut bytes: &'a [u8], mark: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = vec![];
    while let Some((part, rest)) = cut(bytes, mark) {
        parts.push(part);
        bytes = rest;
    }
    parts.push(bytes);
    parts
}

fn cut<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(mark.len()).position(|window| window == mark)?;
    Some((&bytes[..at], &bytes[at + mark.len()..]))
}

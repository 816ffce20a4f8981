//! A transport that answers from a script, and a clock that jumps instead of waiting.

use engine::{Admission, Drawn, Engine, EngineError, Failure, Gate, HuggingFace, Job, Provider, Recall, Site};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use transport::{Payload, Request, Response, Timer, Transport, TransportError};

pub type Answer = Result<Response<Vec<u8>>, TransportError>;

/// Answers in order; one that is asked more often than it has answers fails the test.
pub struct Script {
    answers: RefCell<VecDeque<Answer>>,
    forever: Option<Answer>,
    /// Requests beyond the answers are never answered.
    hangs: bool,
    /// A wait lets the caller be looked at, and be dropped, before it goes on.
    pauses: bool,
    sent: RefCell<Vec<Request<Vec<u8>>>>,
    now_ms: Cell<u64>,
    slept: RefCell<Vec<u64>>,
    admissions: RefCell<VecDeque<Admission>>,
    reported: RefCell<Vec<(String, Failure)>>,
    waited: RefCell<Vec<Failure>>,
}

impl Script {
    pub fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self {
            answers: RefCell::new(answers.into_iter().collect()),
            forever: None,
            hangs: false,
            pauses: false,
            sent: RefCell::default(),
            now_ms: Cell::new(1_000_000),
            slept: RefCell::default(),
            admissions: RefCell::default(),
            reported: RefCell::default(),
            waited: RefCell::default(),
        }
    }

    pub fn forever(answer: Answer) -> Self {
        let mut script = Self::new([]);
        script.forever = Some(answer);
        script
    }

    /// Answers in order, and then never again.
    pub fn hanging(answers: impl IntoIterator<Item = Answer>) -> Self {
        let mut script = Self::new(answers);
        script.hangs = true;
        script
    }

    /// Stops at every wait until it is polled again.
    pub fn pausing(mut self) -> Self {
        self.pauses = true;
        self
    }

    /// Puts more answers behind the others.
    pub fn then(&self, answers: impl IntoIterator<Item = Answer>) {
        self.answers.borrow_mut().extend(answers);
    }

    /// Moves the clock.
    pub fn pass(&self, duration: Duration) {
        self.now_ms.set(self.now_ms.get() + u64::try_from(duration.as_millis()).unwrap());
    }

    /// Every request so far, as `METHOD address`.
    pub fn asked(&self) -> Vec<String> {
        self.sent.borrow().iter().map(|request| format!("{request:?}")).collect()
    }

    /// What the gate answers, in order; afterwards it grants everything.
    pub fn admitting(self, admissions: impl IntoIterator<Item = Admission>) -> Self {
        self.admissions.replace(admissions.into_iter().collect());
        self
    }

    /// What the gate was told, engine by engine.
    pub fn reported(&self) -> Vec<(String, Failure)> {
        self.reported.borrow().clone()
    }

    /// What the gate was told is waited for.
    pub fn waited(&self) -> Vec<Failure> {
        self.waited.borrow().clone()
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
        let timeout = request.timeout;
        self.sent.borrow_mut().push(request);
        let answer = self.answers.borrow_mut().pop_front().or_else(|| self.forever.clone());
        if answer.is_none() && self.hangs {
            std::future::pending::<()>().await;
        }
        let answer = answer.expect("a request too many");
        if matches!(answer, Err(TransportError::Timeout)) {
            self.pass(timeout);
        }
        answer
    }
}

impl Timer for Script {
    fn now_ms(&self) -> u64 {
        self.now_ms.get()
    }

    async fn sleep(&self, duration: Duration) {
        let duration_ms = u64::try_from(duration.as_millis()).unwrap();
        self.slept.borrow_mut().push(duration_ms);
        if self.pauses {
            let mut is_again = false;
            std::future::poll_fn(
                |_| if std::mem::replace(&mut is_again, true) { Poll::Ready(()) } else { Poll::Pending },
            )
            .await;
        }
        self.pass(duration);
    }

    fn jitter(&self) -> f64 {
        0.0
    }
}

impl Gate for Script {
    async fn admit(&self, _engine: &impl Engine) -> Admission {
        self.admissions.borrow_mut().pop_front().unwrap_or(Admission::Granted)
    }

    async fn wait(&self, timer: &impl Timer, failure: Failure, wait: Duration) {
        self.waited.borrow_mut().push(failure);
        timer.sleep(wait).await;
    }

    async fn report(&self, engine: &impl Engine, failure: Failure) {
        self.reported.borrow_mut().push((engine.name().to_owned(), failure));
    }
}

pub const JOB: Job<'static> = Job {
    id: "0d9f6a52-7c1e-4b3a-9e58-2f6b1c4d8e07",
    prompt: "a sunset",
    negative_prompt: Some("people"),
    width: 512,
    height: 768,
    steps: 30,
    cfg_scale: 7.5,
    seed: 42,
};

/// Where Hugging Face is in these tests.
pub fn site() -> Site {
    Site::new("http://router/", "http://hub/", "hf_key")
}

/// The engine that is asked in one step.
pub fn hf_inference(model: &str) -> HuggingFace {
    HuggingFace::new(&site(), Some(Provider::HfInference), model)
}

/// The hub's answer: this provider serves the model under this name, with these fields more.
pub fn mapping(provider: &str, id: &str, more: &Value) -> Answer {
    let entry = json!({ "provider": provider, "providerId": id, "status": "live", "task": "text-to-image" });
    let body = json!({ "id": "a/b", "inferenceProviderMapping": [with(entry, more)] });
    reply(200, "application/json", body.to_string())
}

/// One JSON object with the fields of another.
pub fn with(mut object: Value, more: &Value) -> Value {
    object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    object
}

/// Asks the engine once for [`JOB`], for so many seconds.
pub fn attempt(script: &Script, engine: &impl Engine, seconds: u64) -> Result<Drawn<Vec<u8>>, EngineError> {
    attempt_job(script, engine, &JOB, seconds)
}

/// Asks the engine once, for so many seconds.
pub fn attempt_job(
    script: &Script,
    engine: &impl Engine,
    job: &Job<'_>,
    seconds: u64,
) -> Result<Drawn<Vec<u8>>, EngineError> {
    run(engine.attempt(script, script, job, Duration::from_secs(seconds), &Recall::default()))
}

/// Begins an attempt at [`JOB`], looks at it so many times, drops it, and sends what recalls it; as happens to a
/// customer's request that he takes back.
pub fn abandon(script: &Script, engine: &impl Engine, polls: usize) {
    let recall = Recall::default();
    {
        let attempt = engine.attempt(script, script, &JOB, Duration::from_secs(100), &recall);
        let mut attempt = std::pin::pin!(attempt);
        for _ in 0..polls {
            assert!(poll(attempt.as_mut()).is_pending(), "it was to be dropped while it waits");
        }
    }
    run(recall.send(script));
}

/// Drives a future to its end; one that waits for what never comes fails the test.
pub fn run<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    for _ in 0..1_000 {
        if let Poll::Ready(output) = poll(future.as_mut()) {
            return output;
        }
    }
    panic!("it still waits")
}

/// Looks at a future once.
pub fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// The JSON that a request carries.
pub fn sent_json(request: &Request<Vec<u8>>) -> Value {
    let text = if let Payload::Text(text) = &request.payload { text.as_str() } else { "" };
    serde_json::from_str(text).unwrap()
}

/// Every request to another host than these must go without any header: no key leaves for elsewhere.
pub fn assert_keys_stay(script: &Script, hosts: &[&str]) {
    for request in script.sent() {
        if !hosts.iter().any(|host| request.url.starts_with(&format!("{host}/"))) {
            assert_eq!(request.headers, [], "{request:?}");
        }
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

//! One attempt at an engine: what every protocol needs of it.
//!
//! Owns: sending requests that end when the time of the attempt does, asking until an order is done, fetching a picture
//! and looking at it. Must not: know a protocol, or attempt anything again, but for what is free: questions about an
//! order, and the download of a picture that is drawn already.

use crate::answer::Rejection;
use crate::deadline::Deadline;
use crate::media::{self, Place};
use crate::{Drawn, EngineError, Failure, Job, PICTURE_BYTES_MAX, Recall};
use domain::picture::{HEAD_BYTES, NoPicture, TAIL_BYTES, inspect};
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;
use transport::{Body, Method, Payload, Request, Response, Timer, Transport};

/// Names in lower case, and values that may be secret.
pub type Headers = Vec<(&'static str, String)>;

/// Text of an answer that may hold a picture: one in base64 is a third larger than it is.
pub const PICTURE_TEXT_BYTES_MAX: usize = PICTURE_BYTES_MAX / 3 * 4 + 65_536;
/// Text of an answer that holds none.
pub const TEXT_BYTES_MAX: usize = 262_144;

/// One try to fetch a picture that the answer only names. It comes on top of the time for the answer, and together they
/// stay within what the platform allows a request.
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Between the two tries.
const DOWNLOAD_PAUSE: Duration = Duration::from_millis(500);

/// How often an order is asked about: a tenth of the time that it has taken so far, within these.
const PAUSE_MIN: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(2);
/// How long one question about an order may take.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(10);
/// So many questions in a row may go without an answer before the order is given up.
const MISSES_MAX: u32 = 3;

/// One attempt.
pub struct Attempt<'a, T, C> {
    /// How the engine is reached.
    pub transport: &'a T,
    /// How time is told.
    pub timer: &'a C,
    /// What to draw.
    pub job: &'a Job<'a>,
    /// How the order is taken back.
    pub recall: &'a Recall,
    /// The engine's name, for the log.
    pub engine: &'a str,
    /// What must be kept out of the log, in each form in which it is sent; empty where there is nothing.
    pub secrets: [&'a str; 2],
    /// When the answer must be there.
    pub deadline: Deadline,
}

impl<T: Transport, C: Timer> Attempt<'_, T, C> {
    /// What is left of its time.
    pub fn remaining(&self) -> Duration {
        self.deadline.remaining(self.timer)
    }

    /// Sends JSON, as [`json`] writes it.
    pub async fn post(
        &self,
        url: String,
        mut headers: Headers,
        body: String,
    ) -> Result<Response<T::Body>, EngineError> {
        headers.push(("content-type", "application/json".to_owned()));
        let request = Request {
            method: Method::Post,
            url,
            headers,
            payload: Payload::Text(body),
            timeout: self.remaining(),
            bytes_max: PICTURE_TEXT_BYTES_MAX,
        };
        self.send(request).await
    }

    /// Asks for something that is there already. The time that it may take is the caller's to bound.
    pub async fn get(
        &self,
        url: &str,
        headers: &Headers,
        timeout: Duration,
        bytes_max: usize,
    ) -> Result<Response<T::Body>, EngineError> {
        let (url, headers) = (url.to_owned(), headers.clone());
        self.send(Request { method: Method::Get, url, headers, payload: Payload::None, timeout, bytes_max }).await
    }

    async fn send(&self, request: Request<T::Body>) -> Result<Response<T::Body>, EngineError> {
        if request.timeout.is_zero() {
            return Err(self.error(Failure::TimedOut, "was left no time"));
        }
        self.transport.send(request).await.map_err(|error| {
            let error = EngineError::from(error);
            EngineError::new(error.failure, format!("{}: {}", self.engine, error.detail))
        })
    }

    /// The answer, where it is success.
    pub fn accepted(&self, response: Response<T::Body>) -> Result<Response<T::Body>, EngineError> {
        if response.is_success() { Ok(response) } else { Err(self.rejected(Rejection::read(&response))) }
    }

    /// The failure that an answer tells of.
    pub fn rejected(&self, rejection: Rejection) -> EngineError {
        rejection.into_error(self.engine, &self.secrets)
    }

    /// Reads JSON that was to hold a picture, or the way to one.
    pub fn read(&self, response: &Response<T::Body>) -> Result<Value, EngineError> {
        let bytes = response.body.copy(0, PICTURE_TEXT_BYTES_MAX);
        serde_json::from_slice(&bytes).map_err(|_| {
            self.no_picture(NoPicture::UnknownFormat, "answered with what is not the JSON of its protocol")
        })
    }

    /// Asks about an order until it is done, and answers with what was said of it last. `is_done` reads its `status`,
    /// and says nothing of one that it does not know.
    pub async fn until_done(
        &self,
        url: &str,
        headers: &Headers,
        is_done: fn(&str) -> Option<bool>,
    ) -> Result<Value, EngineError> {
        let mut misses = 0_u32;
        loop {
            let tenth = self.deadline.elapsed(self.timer).checked_div(10).unwrap_or_default();
            let pause = tenth.clamp(PAUSE_MIN, PAUSE_MAX);
            if pause >= self.remaining() {
                return Err(self.error(Failure::TimedOut, "was not done in time"));
            }
            self.timer.sleep(pause).await;
            let timeout = QUESTION_TIMEOUT.min(self.remaining());
            let answer = self.get(url, headers, timeout, PICTURE_TEXT_BYTES_MAX).await;
            let standing =
                answer.and_then(|response| self.accepted(response)).and_then(|response| self.read(&response));
            let miss = match standing {
                Ok(standing) => match standing.get("status").and_then(Value::as_str).and_then(is_done) {
                    Some(true) => return Ok(standing),
                    Some(false) => {
                        misses = 0;
                        continue;
                    }
                    None => self.no_picture(NoPicture::UnknownFormat, "says of its order what is not its protocol"),
                },
                Err(error) => error,
            };
            misses = misses.saturating_add(1);
            if misses >= MISSES_MAX || !is_passing(miss.failure) {
                return Err(miss);
            }
        }
    }

    /// The picture at a place that an answer named. `own_origin` is where the engine itself is.
    pub async fn collect(&self, place: Option<Place>, own_origin: &str) -> Result<T::Body, EngineError> {
        let unreadable = || self.no_picture(NoPicture::UnknownFormat, "answered with base64 that cannot be decoded");
        let decoded = |text: &str| media::decode(text).map(|bytes| T::Body::from_bytes(&bytes)).ok_or_else(unreadable);
        match place {
            None => Err(self.no_picture(NoPicture::Empty, "answered with JSON that lists no picture")),
            Some(Place::Base64(text)) => decoded(&text),
            Some(Place::Address(address)) if address.starts_with("data:") => decoded(&address),
            Some(Place::Address(address)) if media::is_fetchable(&address, own_origin) => self.download(&address).await,
            Some(Place::Address(_)) => {
                let what = "answered with a picture at an address that is not fetched";
                Err(self.no_picture(NoPicture::UnknownFormat, what))
            }
        }
    }

    /// Fetches a picture that is drawn, and paid for, already: so once more where the first try fails. No header goes
    /// along, the key least of all.
    async fn download(&self, address: &str) -> Result<T::Body, EngineError> {
        for is_first in [true, false] {
            let download = Request {
                method: Method::Get,
                url: address.to_owned(),
                headers: vec![],
                payload: Payload::None,
                timeout: DOWNLOAD_TIMEOUT,
                bytes_max: PICTURE_BYTES_MAX,
            };
            match self.transport.send(download).await {
                Ok(downloaded) if downloaded.is_success() => return Ok(downloaded.body),
                Err(transport::TransportError::TooLarge) => return Err(self.too_large()),
                _ if is_first => self.timer.sleep(DOWNLOAD_PAUSE).await,
                _ => {}
            }
        }
        Err(self.no_picture(NoPicture::UnknownFormat, "answered with a picture whose address does not deliver it"))
    }

    /// Looks at the bytes: only a whole picture counts as drawn.
    pub fn drawn(&self, bytes: T::Body, model: &str) -> Result<Drawn<T::Body>, EngineError> {
        let length = bytes.length();
        if length > PICTURE_BYTES_MAX {
            return Err(self.too_large());
        }
        let tail = bytes.copy(length.saturating_sub(TAIL_BYTES), TAIL_BYTES);
        let picture = inspect(&bytes.copy(0, HEAD_BYTES), &tail, length)
            .map_err(|reason| self.no_picture(reason, &format!("answered with {length} bytes that are no picture")))?;
        Ok(Drawn { bytes, picture, model: model.to_owned() })
    }

    /// A failure of this class; `what` completes a sentence that begins with the engine.
    pub fn error(&self, failure: Failure, what: &str) -> EngineError {
        EngineError::new(failure, format!("{} {what}", self.engine))
    }

    /// An answer without a picture that can be stored.
    pub fn no_picture(&self, reason: NoPicture, what: &str) -> EngineError {
        self.error(Failure::NoPicture(reason), what)
    }

    fn too_large(&self) -> EngineError {
        self.error(Failure::TooLarge, "answered with more bytes than a picture may have")
    }
}

/// JSON as it is sent. Strings and finite numbers always serialize.
pub fn json(body: &impl Serialize) -> String {
    serde_json::to_string(body).unwrap_or_default()
}

/// Whether a question about an order may be asked again: the order itself is not touched by such an answer.
const fn is_passing(failure: Failure) -> bool {
    match failure {
        Failure::RateLimited(_)
        | Failure::Warming(_)
        | Failure::Unavailable
        | Failure::Broken
        | Failure::Unreachable
        | Failure::TimedOut
        | Failure::NoPicture(_) => true,
        Failure::BadInput
        | Failure::Refused
        | Failure::Unauthorized
        | Failure::Unpaid
        | Failure::Gone
        | Failure::TooLarge => false,
    }
}

//! What the clients of engines and of Supabase ask of the world: send a request, tell the time, wait.
//!
//! Owns: the two traits, and the plain data that crosses them. The edge implements them with `fetch` and timers; tests
//! with scripts and a clock that they move by hand.
//! Must not: do any of it, or know whose protocol is spoken.

use std::fmt;
use std::time::Duration;

/// The methods that the hub's clients use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `DELETE`
    Delete,
}

impl Method {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// What is sent along.
#[derive(Clone, Debug, PartialEq)]
pub enum Payload<B> {
    /// Nothing.
    None,
    /// Text in UTF-8, such as JSON.
    Text(String),
    /// Bytes that stay where they are.
    Bytes(B),
}

/// One HTTP request.
#[derive(Clone, PartialEq)]
pub struct Request<B> {
    /// The method.
    pub method: Method,
    /// The whole address.
    pub url: String,
    /// Names in lower case. Values may be secret: this is why [`fmt::Debug`] leaves them out.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub payload: Payload<B>,
    /// How long until the answer must be there to its last byte.
    pub timeout: Duration,
    /// The most bytes that the answer may have.
    pub bytes_max: usize,
}

impl<B> fmt::Debug for Request<B> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method.as_str(), self.url)
    }
}

/// One HTTP answer, whole.
#[derive(Clone, Debug)]
pub struct Response<B> {
    /// The status code.
    pub status: u16,
    /// Names in lower case; only those that a client of the hub has a use for.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: B,
}

/// The headers of an answer that a [`Transport`] hands on.
pub const HEADERS_READ: [&str; 5] = ["content-type", "ratelimit", "retry-after", "x-error-code", "x-request-id"];

impl<B> Response<B> {
    /// A header of [`HEADERS_READ`].
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// Whether the status says success.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransportError {
    /// It did not come in time. Whether the request arrived is not known.
    Timeout,
    /// It was larger than the request allowed.
    TooLarge,
    /// The connection could not be made or broke. Whether the request arrived is not known. The text is for the log.
    Connection(String),
}

impl fmt::Display for TransportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => formatter.write_str("no answer in time"),
            Self::TooLarge => formatter.write_str("the answer is too large"),
            Self::Connection(reason) => write!(formatter, "connection failed: {reason}"),
        }
    }
}

/// The bytes of an answer, wherever they lie: in JavaScript's memory at the edge, in a `Vec` in tests.
pub trait Body: Clone {
    /// How many there are.
    fn length(&self) -> usize;
    /// A copy of `length` bytes from `start`; fewer where there are no more.
    fn copy(&self, start: usize, length: usize) -> Vec<u8>;
    /// Bytes that were made here.
    fn from_bytes(bytes: &[u8]) -> Self;

    /// The first bytes, at most `bytes_max`, as text; what is not UTF-8 is replaced.
    fn text(&self, bytes_max: usize) -> String {
        String::from_utf8_lossy(&self.copy(0, bytes_max)).into_owned()
    }
}

impl Body for Vec<u8> {
    fn length(&self) -> usize {
        self.len()
    }

    fn copy(&self, start: usize, length: usize) -> Vec<u8> {
        self.iter().skip(start).take(length).copied().collect()
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        bytes.to_vec()
    }
}

/// Sends requests.
pub trait Transport {
    /// What bodies are made of.
    type Body: Body;

    /// Sends one request, once, and waits for the whole answer. It never retries and never follows a redirect to another
    /// host with the request's headers. A future that is dropped before its end hangs up.
    fn send(&self, request: Request<Self::Body>) -> impl Future<Output = Result<Response<Self::Body>, TransportError>>;
}

/// Tells the time and waits.
pub trait Timer {
    /// Milliseconds since some moment that stays the same; never goes back.
    fn now_ms(&self) -> u64;
    /// Waits.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()>;
    /// A number from 0 up to but not including 1, for spreading retries.
    fn jitter(&self) -> f64;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_headers_are_not_printed() {
        let request = Request::<Vec<u8>> {
            method: Method::Post,
            url: "http://engine".to_owned(),
            headers: vec![("authorization", "Bearer hf_secret".to_owned())],
            payload: Payload::None,
            timeout: Duration::from_secs(1),
            bytes_max: 1,
        };
        assert_eq!(format!("{request:?}"), "POST http://engine");
    }

    #[test]
    fn a_copy_ends_where_the_bytes_end() {
        let body = vec![1, 2, 3];
        assert_eq!(body.copy(1, 9), [2, 3]);
        assert_eq!(body.copy(9, 1), []);
    }
}

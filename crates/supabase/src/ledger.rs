//! The ledger's functions, called through PostgREST.
//!
//! Owns: how a call is made, its time limit, what it means when there is no answer, and the repeating of calls that may be
//! repeated. Which functions there are stands in `customer` and `purchases` (called with the customer's own token), `work`
//! and `payments` (with the secret key). The crate postgrest builds the calls; the transport sends them, as it sends everything else.
//! Must not: interpret a refusal beyond reading it.

mod customer;
mod payments;
mod purchases;
mod work;

pub use customer::{Asking, Roster};
pub use payments::{Alert, EventReport, PaymentReport};
pub use work::Part;

use crate::{Project, SecretKey};
use postgrest::{Builder, Postgrest};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;
use transport::{Body, Method, Payload, Request, Timer, Transport};

/// PostgREST itself gives up after 8 seconds as a customer.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// Settlements list at most a batch of pictures, each with its prompts.
const ANSWER_BYTES_MAX: usize = 262_144;
/// The headers that postgrest puts into a call.
const HEADERS_SENT: [&str; 4] = ["accept", "apikey", "authorization", "content-type"];
/// Pauses before the second and the third try of a call that may be repeated.
const RETRY_PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(1)];

/// A client of the ledger.
pub struct Ledger {
    as_customer: Postgrest,
    as_hub: Postgrest,
}

/// Why the ledger did not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LedgerError {
    /// The token, or the key that names the project, is not accepted. The code says by whom: PostgREST's own begin with
    /// PGRST30; anything else may be the owner's set-up.
    Unauthorized(String),
    /// No answer. Whether the call took effect is not known.
    Unreachable(String),
    /// PostgREST or the database refused the call itself; a defect, or a migration that is not applied. Status and code.
    Rejected(u16, String),
    /// The answer is not the function's.
    Malformed(String),
}

impl fmt::Display for LedgerError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unauthorized(code) => write!(formatter, "the ledger does not accept the token or the key: {code:?}"),
            Self::Unreachable(reason) => {
                write!(formatter, "the ledger cannot be reached: {reason}")
            }
            Self::Rejected(status, code) => {
                write!(formatter, "the ledger rejected the call: {status} {code}")
            }
            Self::Malformed(reason) => {
                write!(formatter, "the ledger's answer cannot be read: {reason}")
            }
        }
    }
}

/// PostgREST's error body; the message may quote what the customer wrote and is left where it is.
#[derive(Deserialize)]
struct Rejection {
    #[serde(default)]
    code: String,
}

impl Ledger {
    /// The ledger of that project.
    #[must_use]
    pub fn new(project: &Project, secret_key: &SecretKey) -> Self {
        let rest = Postgrest::new(format!("{}/rest/v1", project.url));
        Self {
            as_customer: rest.clone().insert_header("apikey", &project.publishable_key),
            as_hub: secret_key.headers().into_iter().fold(rest, |rest, (name, value)| rest.insert_header(name, value)),
        }
    }
}

/// Makes a call that answers the same however often it is made: up to three times, as long as no answer comes.
async fn repeated<Answer: DeserializeOwned>(
    transport: &impl Transport,
    timer: &impl Timer,
    call: impl Fn() -> Builder,
) -> Result<Answer, LedgerError> {
    let mut lost = None;
    for pause in RETRY_PAUSES {
        match answer(transport, call()).await {
            Err(LedgerError::Unreachable(reason)) => {
                lost = Some(reason);
                timer.sleep(pause).await;
            }
            answered => return read(&still_definite(answered, lost)?),
        }
    }
    read(&still_definite(answer(transport, call()).await, lost)?)
}

/// A token that PostgREST accepts need not be a customer's: its role may not call (42501), or its subject is no UUID
/// (22P02; everything else in the call was read as what it is before).
fn as_customer<T>(answered: Result<T, LedgerError>) -> Result<T, LedgerError> {
    answered.map_err(|error| match error {
        LedgerError::Rejected(_, code) if matches!(code.as_str(), "42501" | "22P02") => LedgerError::Unauthorized(code),
        other => other,
    })
}

/// After a call whose answer was lost, a later refusal does not say that the first one had no effect.
fn still_definite(answered: Result<String, LedgerError>, lost: Option<String>) -> Result<String, LedgerError> {
    match (answered, lost) {
        (Err(LedgerError::Rejected(..) | LedgerError::Unauthorized(_)), Some(reason)) => {
            Err(LedgerError::Unreachable(reason))
        }
        (answered, _) => answered,
    }
}

async fn answer(transport: &impl Transport, call: Builder) -> Result<String, LedgerError> {
    let built = call.build().build().map_err(|error| LedgerError::Malformed(error.to_string()))?;
    let header = |name: &'static str| Some((name, built.headers().get(name)?.to_str().ok()?.to_owned()));
    let body = built.body().and_then(|body| body.as_bytes()).unwrap_or_default();
    let request = Request {
        method: Method::Post,
        url: built.url().to_string(),
        headers: HEADERS_SENT.into_iter().filter_map(header).collect(),
        payload: Payload::Text(String::from_utf8_lossy(body).into_owned()),
        timeout: CALL_TIMEOUT,
        bytes_max: ANSWER_BYTES_MAX,
    };
    let response = transport.send(request).await.map_err(|error| LedgerError::Unreachable(error.to_string()))?;
    let text = response.body.text(ANSWER_BYTES_MAX);
    if response.is_success() { Ok(text) } else { Err(rejection(response.status, &text)) }
}

fn rejection(status: u16, text: &str) -> LedgerError {
    let code = serde_json::from_str(text).map_or_else(|_| String::new(), |Rejection { code }| code);
    // An error of the database itself comes with its SQLSTATE, and with a rollback.
    let is_rolled_back = code.len() == 5 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match (status, code.as_str()) {
        // A token that is forged, expired, of another project, or of nobody who is signed in.
        (401, _) | (_, "PGRST301" | "PGRST302" | "PGRST303") => LedgerError::Unauthorized(code),
        // The pool is full, the database restarts, or something in between speaks for whom it could not ask, or whose
        // answer it lost.
        (408 | 429 | 500..=599, _) if !is_rolled_back => LedgerError::Unreachable(format!("{status} {code}")),
        _ => LedgerError::Rejected(status, code),
    }
}

fn to_json(arguments: &impl Serialize) -> Result<String, LedgerError> {
    serde_json::to_string(arguments).map_err(|error| LedgerError::Malformed(error.to_string()))
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, LedgerError> {
    serde_json::from_str(text).map_err(|error| LedgerError::Malformed(error.to_string()))
}

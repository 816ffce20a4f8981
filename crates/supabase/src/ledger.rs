//! The ledger's functions, called through PostgREST.
//!
//! Owns: with whose authority each is called (the customer's own token reserves; the secret key settles), their time
//! limits, and which calls may be repeated. The crate postgrest builds the calls; the transport sends them, as it sends
//! everything else. Must not: interpret a refusal beyond reading it.

use crate::{CustomerToken, Project, Reservation, SecretKey, Settlement, StoredPicture};
use domain::code::Code;
use domain::id::{CustomerId, RequestId};
use domain::request::ImageRequest;
use postgrest::{Builder, Postgrest};
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

#[derive(Serialize)]
struct Reserve<'a> {
    session_id: String,
    request_id: String,
    conversation_id: Option<String>,
    prompt: &'a str,
    negative_prompt: Option<&'a str>,
    width: u32,
    height: u32,
    steps: u32,
    cfg_scale: f64,
    seed: Option<u32>,
    batch_count: u32,
}

#[derive(Serialize)]
struct Complete<'a> {
    user_id: CustomerId,
    request_id: RequestId,
    pictures: &'a [StoredPicture],
    failure_code: &'a str,
}

#[derive(Serialize)]
struct Fail<'a> {
    user_id: CustomerId,
    request_id: RequestId,
    failure_code: &'a str,
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

    /// Takes the hold for a request, as its customer. Never repeated: a second call would find the first one's hold and
    /// take it for another worker's.
    ///
    /// # Errors
    /// [`LedgerError`] when there is no answer; a hold that was taken all the same ends with its lease.
    pub async fn reserve(
        &self,
        transport: &impl Transport,
        customer: &CustomerToken,
        request_id: RequestId,
        request: &ImageRequest,
    ) -> Result<Reservation, LedgerError> {
        let arguments = Reserve {
            session_id: request.session_id.to_string(),
            request_id: request_id.to_string(),
            conversation_id: request.conversation_id.map(|id| id.to_string()),
            prompt: &request.prompt,
            negative_prompt: request.negative_prompt.as_deref(),
            width: request.width,
            height: request.height,
            steps: request.steps,
            cfg_scale: request.cfg_scale,
            seed: request.seed,
            batch_count: request.batch_count,
        };
        let call = self.as_customer.rpc("reserve_generation", to_json(&arguments)?).auth(customer.as_str());
        read(&answer(transport, call).await.map_err(not_a_customer)?)
    }

    /// Records the stored pictures of a request and releases what was not made of it, for that reason. Repeated when no
    /// answer comes: the function answers the same however often it is called.
    ///
    /// # Errors
    /// [`LedgerError`] when there is no answer at the third try either.
    pub async fn complete(
        &self,
        transport: &impl Transport,
        timer: &impl Timer,
        customer: CustomerId,
        request: RequestId,
        pictures: &[StoredPicture],
        reason: Code,
    ) -> Result<Settlement, LedgerError> {
        let arguments =
            to_json(&Complete { user_id: customer, request_id: request, pictures, failure_code: reason.as_str() })?;
        settle(transport, timer, || self.as_hub.rpc("complete_generation", arguments.clone())).await
    }

    /// Releases the holds of a request. Repeated like [`Self::complete`].
    ///
    /// # Errors
    /// [`LedgerError`] when there is no answer at the third try either; the holds end with their lease then.
    pub async fn fail(
        &self,
        transport: &impl Transport,
        timer: &impl Timer,
        customer: CustomerId,
        request: RequestId,
        reason: Code,
    ) -> Result<Settlement, LedgerError> {
        let arguments = to_json(&Fail { user_id: customer, request_id: request, failure_code: reason.as_str() })?;
        settle(transport, timer, || self.as_hub.rpc("fail_generation", arguments.clone())).await
    }
}

async fn settle(
    transport: &impl Transport,
    timer: &impl Timer,
    call: impl Fn() -> Builder,
) -> Result<Settlement, LedgerError> {
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

/// A token that PostgREST accepts need not be a customer's: its role may not reserve (42501), or its subject is no UUID
/// (22P02; everything else in the call was read as what it is before).
fn not_a_customer(error: LedgerError) -> LedgerError {
    match error {
        LedgerError::Rejected(_, code) if matches!(code.as_str(), "42501" | "22P02") => LedgerError::Unauthorized(code),
        other => other,
    }
}

fn to_json(arguments: &impl Serialize) -> Result<String, LedgerError> {
    serde_json::to_string(arguments).map_err(|error| LedgerError::Malformed(error.to_string()))
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, LedgerError> {
    serde_json::from_str(text).map_err(|error| LedgerError::Malformed(error.to_string()))
}

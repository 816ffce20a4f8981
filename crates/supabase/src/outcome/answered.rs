//! The one shape in which the ledger's functions answer about a request, and what it is read as.
//!
//! Owns: which fields belong to which outcome. One flat shape with everything optional, since every enum that serde reads
//! by its tag brings a reader of its own: this one saves a tenth of the module that ships.
//! Must not: make up what an answer lacks.

use super::{Balance, EngineSight, Generation, Progress, Queued, Reservation, Settlement, Standing};
use domain::id::{CustomerId, LeaseId};
use serde::Deserialize;

/// An answer, field by field.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Answered {
    outcome: String,
    user_id: Option<CustomerId>,
    lease_id: Option<LeaseId>,
    engines: Option<EngineSight>,
    generations: Option<Vec<Generation>>,
    failure_code: Option<String>,
    balance: Option<Balance>,
    field: Option<String>,
    retry_after: Option<u32>,
    expires_at: Option<String>,
    position: Option<u32>,
    estimated_start_at: Option<String>,
    waiting_for: Option<String>,
    not_before: Option<String>,
    cancelling: bool,
}

/// The field that an outcome should have come with, or the outcome that nobody knows.
type Lacking = String;

fn given<T>(field: Option<T>, name: &str) -> Result<T, Lacking> {
    field.ok_or_else(|| format!("the answer lacks {name}"))
}

impl Answered {
    fn balance(self) -> Result<Balance, Lacking> {
        given(self.balance, "balance")
    }
}

impl TryFrom<Answered> for Settlement {
    type Error = Lacking;

    fn try_from(answered: Answered) -> Result<Self, Lacking> {
        Ok(Self {
            generations: given(answered.generations, "generations")?,
            failure_code: answered.failure_code,
            balance: given(answered.balance, "balance")?,
        })
    }
}

impl TryFrom<Answered> for Reservation {
    type Error = Lacking;

    fn try_from(answered: Answered) -> Result<Self, Lacking> {
        Ok(match answered.outcome.as_str() {
            "reserved" => Self::Reserved {
                user_id: given(answered.user_id, "userId")?,
                lease_id: given(answered.lease_id, "leaseId")?,
                engines: answered.engines.unwrap_or_default(),
                generations: given(answered.generations, "generations")?,
                balance: given(answered.balance, "balance")?,
            },
            "queued" => Self::Queued(Queued {
                position: given(answered.position, "position")?,
                estimated_start_at: given(answered.estimated_start_at, "estimatedStartAt")?,
                balance: given(answered.balance, "balance")?,
            }),
            "completed" => Self::Completed(answered.try_into()?),
            "failed" => Self::Failed(answered.try_into()?),
            "expired" => Self::Expired(answered.try_into()?),
            "unauthorized" => Self::Unauthorized,
            "invalid_request" => Self::InvalidRequest { field: given(answered.field, "field")? },
            "rate_limited" => {
                Self::RateLimited { retry_after: given(answered.retry_after, "retryAfter")?, balance: answered.balance }
            }
            "session_not_found" => Self::SessionNotFound,
            "request_id_reused" => Self::RequestIdReused,
            "request_in_progress" => Self::RequestInProgress { retry_after: answered.retry_after },
            "session_expired" => Self::SessionExpired { expires_at: answered.expires_at },
            "not_in_plan" => Self::NotInPlan { balance: answered.balance()? },
            "credits_exhausted" => {
                Self::CreditsExhausted { retry_after: answered.retry_after, balance: answered.balance()? }
            }
            "prompt_refused" => Self::PromptRefused { balance: answered.balance()? },
            "engines_passed_over" => Self::EnginesPassedOver {
                engines: given(answered.engines, "engines")?,
                balance: given(answered.balance, "balance")?,
            },
            other => return Err(format!("there is no outcome {other:?}")),
        })
    }
}

impl TryFrom<Answered> for Standing {
    type Error = Lacking;

    fn try_from(mut answered: Answered) -> Result<Self, Lacking> {
        let outcome = std::mem::take(&mut answered.outcome);
        let of: fn(Progress) -> Self = match outcome.as_str() {
            "unauthorized" => return Ok(Self::Unauthorized),
            "request_not_found" => return Ok(Self::RequestNotFound),
            "queued" => Self::Queued,
            "running" => Self::Running,
            "completed" => Self::Completed,
            "failed" => Self::Failed,
            "expired" => Self::Expired,
            other => return Err(format!("there is no outcome {other:?}")),
        };
        Ok(of(Progress {
            cancelling: answered.cancelling,
            position: answered.position,
            estimated_start_at: answered.estimated_start_at.take(),
            waiting_for: answered.waiting_for.take(),
            not_before: answered.not_before.take(),
            settlement: answered.try_into()?,
        }))
    }
}

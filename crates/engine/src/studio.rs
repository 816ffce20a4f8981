//! One picture, from whichever engine of the list draws it first.
//!
//! Owns: following the policy through retries and failover within one budget of time, and asking the gate before each
//! attempt. Must not: know a protocol, or decide what a failure calls for.

use crate::deadline::Deadline;
use crate::{Admission, Directive, Drawn, Engine, EngineError, Failure, Gate, Job, Recall, directive};
use std::time::Duration;
use transport::{Timer, Transport};

/// A picture to be drawn, and all that drawing it needs.
pub struct Commission<'a, E, G, T, C> {
    /// The engines, in the order in which they are asked.
    pub engines: &'a [E],
    /// What is known of them.
    pub gate: &'a G,
    /// How they are reached.
    pub transport: &'a T,
    /// How time is told.
    pub timer: &'a C,
    /// What to draw.
    pub job: &'a Job<'a>,
    /// How long it may take in all, waits included, but for the seconds that fetching a picture takes which an answer
    /// only names.
    pub budget: Duration,
    /// How the order is taken back.
    pub recall: &'a Recall,
}

/// Where there is another engine to ask, a turn of a budget is not waited for longer than this.
const TURN_WAIT_MAX: Duration = Duration::from_secs(5);

/// Draws one picture. The engines are asked in their order; each but the last may use half of the time that is left when
/// it is first asked, so that there is some for the next. Answers which engine it was.
///
/// # Errors
/// The most hopeful failure of all engines: a model that warms up rather than one that is gone.
pub async fn draw<'a, E: Engine, G: Gate, T: Transport, C: Timer>(
    commission: &Commission<'a, E, G, T, C>,
) -> Result<(&'a E, Drawn<T::Body>), EngineError> {
    let Commission { engines, gate, timer, .. } = commission;
    let deadline = Deadline::new(*timer, commission.budget);
    let mut best = EngineError::new(Failure::Gone, "no engine is configured");
    let mut left = engines.len();
    for engine in *engines {
        left = left.saturating_sub(1);
        let error = match ask(commission, engine, &deadline, left == 0).await {
            Ok(drawn) => return Ok((engine, drawn)),
            Err(Refusal::Admission(error)) => error,
            Err(Refusal::Attempt(error)) => {
                gate.report(engine, error.failure).await;
                error
            }
        };
        let is_final = error.failure == Failure::Refused;
        if error.failure.hope() >= best.failure.hope() {
            best = error;
        }
        if is_final || deadline.remaining(*timer).is_zero() {
            break;
        }
    }
    Err(best)
}

/// Why an engine did not draw: it was not asked, or it failed.
enum Refusal {
    Admission(EngineError),
    Attempt(EngineError),
}

/// Asks one engine, as often as the policy says.
async fn ask<E: Engine, G: Gate, T: Transport, C: Timer>(
    commission: &Commission<'_, E, G, T, C>,
    engine: &E,
    deadline: &Deadline,
    is_last: bool,
) -> Result<Drawn<T::Body>, Refusal> {
    let Commission { gate, transport, timer, job, recall, .. } = commission;
    let whole = deadline.remaining(*timer);
    let kept_back = if is_last { Duration::ZERO } else { whole.mul_f64(0.5) };
    let remaining = || deadline.remaining(*timer).saturating_sub(kept_back);
    let mut attempts = 0_u32;
    loop {
        match gate.admit(engine).await {
            Admission::Granted => {}
            Admission::Wait(wait) if wait < remaining() && (is_last || wait <= TURN_WAIT_MAX) => {
                gate.wait(*timer, Failure::RateLimited(Some(wait)), wait).await;
                continue;
            }
            Admission::Wait(wait) => {
                let detail = format!("{} has used up its budget for now", engine.name());
                return Err(Refusal::Admission(EngineError::new(Failure::RateLimited(Some(wait)), detail)));
            }
            Admission::PassedOver(failure) => {
                let detail = format!("{} is passed over for a while", engine.name());
                return Err(Refusal::Admission(EngineError::new(failure, detail)));
            }
        }
        attempts = attempts.saturating_add(1);
        let attempt = engine.attempt(*transport, *timer, job, remaining(), recall).await;
        recall.disarm();
        let error = match attempt {
            Ok(drawn) => return Ok(drawn),
            Err(error) => error,
        };
        match directive(error.failure, attempts, remaining(), timer.jitter()) {
            Directive::Retry(wait) => gate.wait(*timer, error.failure, wait).await,
            Directive::NextEngine | Directive::GiveUp => return Err(Refusal::Attempt(error)),
        }
    }
}

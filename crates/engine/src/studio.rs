//! One picture, from whichever engine of the list draws it first.
//!
//! Owns: following the policy through retries and failover within one budget of time.
//! Must not: know a protocol, or decide what a failure calls for.

use crate::{Directive, Drawn, Engine, EngineError, Failure, Job, directive};
use std::time::Duration;
use transport::{Timer, Transport};

/// Draws one picture. The engines are asked in their order; the whole of it, waits included, takes at most `budget`, and
/// the seconds that fetching a picture takes which an answer only names.
///
/// # Errors
/// The most hopeful failure of all engines: a model that warms up rather than one that is gone.
pub async fn draw<E: Engine, T: Transport>(
    engines: &[E],
    transport: &T,
    timer: &impl Timer,
    job: &Job<'_>,
    budget: Duration,
) -> Result<Drawn<T::Body>, EngineError> {
    let started_ms = timer.now_ms();
    let remaining = || budget.saturating_sub(Duration::from_millis(timer.now_ms().saturating_sub(started_ms)));
    let mut best = EngineError::new(Failure::Gone, "no engine is configured");
    for engine in engines {
        let mut attempts = 0_u32;
        loop {
            attempts = attempts.saturating_add(1);
            let error = match engine.attempt(transport, job, remaining()).await {
                Ok(drawn) => return Ok(drawn),
                Err(error) => error,
            };
            let next = directive(error.failure, attempts, remaining(), timer.jitter());
            if error.failure.hope() >= best.failure.hope() {
                best = error;
            }
            match next {
                Directive::Retry(wait) => timer.sleep(wait).await,
                Directive::NextEngine => break,
                Directive::GiveUp => return Err(best),
            }
        }
    }
    Err(best)
}

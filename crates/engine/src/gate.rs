//! Whether an engine may be asked now, as all workers of the hub know it together.
//!
//! Owns: the questions that the studio has about an engine before it asks, and what it tells of it meanwhile and afterwards.
//! Must not: know where the answers are kept.

use crate::{Engine, Failure};
use std::time::Duration;
use transport::Timer;

/// Whether to ask an engine now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Ask. Where the account has a budget, one turn of it is taken.
    Granted,
    /// The account's budget has a turn after about that long; none is taken yet.
    Wait(Duration),
    /// It failed lately in a way that would repeat itself, and is not asked for a while.
    PassedOver(Failure),
}

/// What all workers know of the engines.
pub trait Gate {
    /// Whether to ask this engine now. Called before every attempt, retries included: each may count against a budget.
    fn admit(&self, engine: &impl Engine) -> impl Future<Output = Admission>;

    /// Waits that long, by that clock, before an engine is asked again that failed like this or has no turn sooner; whoever
    /// looks on may be told meanwhile. It takes no longer, and never fails: what cannot be told is lost.
    fn wait(&self, timer: &impl Timer, failure: Failure, wait: Duration) -> impl Future<Output = ()>;

    /// This engine did not draw the picture, and is not asked for it again. Never fails: what cannot be told is lost.
    fn report(&self, engine: &impl Engine, failure: Failure) -> impl Future<Output = ()>;
}

//! The gate in front of the engines: what the ledger says of them.
//!
//! Owns: reading an engine's standing and its account's budget, and telling of failures and waits. Must not: decide what a failure
//! is worth; that is the engine crate's policy.

use crate::context::{Backend, Context};
use domain::code::Code;
use domain::id::LeaseId;
use engine::{Admission, Engine, Failure, Gate, Scope, pass_over};
use futures_util::future::{Either, select};
use std::cell::RefCell;
use std::pin::pin;
use std::time::Duration;
use supabase::{EngineSight, PassedOver};
use transport::Timer;

/// What is known of the engines while one request is worked on.
pub struct LedgerGate<'a> {
    context: &'a Context,
    backend: &'a Backend,
    /// What was known at its beginning, and what the request itself found out. Never borrowed across an await.
    passed_over: RefCell<Vec<PassedOver>>,
    budgeted: Vec<String>,
    lease: LeaseId,
    for_queue: bool,
}

/// A shorter wait is over before anybody has read of it.
const WAIT_TOLD_MIN: Duration = Duration::from_secs(3);

impl<'a> LedgerGate<'a> {
    /// A gate that knows so much, for work under that lease. Who works for the queue takes his turns before those who ask for themselves.
    pub fn new(
        context: &'a Context,
        backend: &'a Backend,
        sight: EngineSight,
        lease: LeaseId,
        for_queue: bool,
    ) -> Self {
        let EngineSight { passed_over, budgeted } = sight;
        Self { context, backend, passed_over: RefCell::new(passed_over), budgeted, lease, for_queue }
    }
}

impl Gate for LedgerGate<'_> {
    async fn admit(&self, engine: &impl Engine) -> Admission {
        let known = self.passed_over.borrow().iter().find(|passed| passed.engine == engine.name()).map(failure_of);
        if let Some(failure) = known {
            return Admission::PassedOver(failure);
        }
        if !self.budgeted.iter().any(|account| account == engine.account()) {
            return Admission::Granted;
        }
        match self.backend.ledger.take_turn(&self.context.transport, engine.account(), self.for_queue).await {
            Ok(turn) if turn.granted => Admission::Granted,
            Ok(turn) => Admission::Wait(Duration::from_millis(turn.wait_ms.unwrap_or(1_000).max(1))),
            // Without the ledger nobody knows whether the budget allows it, and nothing could be recorded either.
            Err(error) => {
                crate::log(&error.to_string());
                Admission::PassedOver(Failure::Unavailable)
            }
        }
    }

    async fn wait(&self, timer: &impl Timer, failure: Failure, wait: Duration) {
        let over = pin!(timer.sleep(wait));
        if wait < WAIT_TOLD_MIN {
            return over.await;
        }
        let telling = self.backend.ledger.report_wait(&self.context.transport, self.lease, failure.code(), wait);
        if let Either::Right((told, over)) = select(over, pin!(telling)).await {
            if let Err(error) = told {
                crate::log(&format!("lease {}: nobody hears that it waits: {error}", self.lease));
            }
            over.await;
        }
    }

    async fn report(&self, engine: &impl Engine, failure: Failure) {
        let Some(verdict) = pass_over(failure) else { return };
        let about = match verdict.scope {
            Scope::Engine => engine.name(),
            Scope::Account => engine.account(),
        };
        // While an engine is passed over it is not slow or broken for anybody: it is not there.
        let code = if verdict.duration.is_some() { failure.code() } else { Code::EngineUnavailable };
        if let Some(duration) = verdict.duration {
            self.passed_over.borrow_mut().push(PassedOver {
                engine: engine.name().to_owned(),
                failure_code: code.as_str().to_owned(),
                retry_after: u32::try_from(duration.as_secs()).unwrap_or(u32::MAX),
            });
        }
        if let Err(error) = self.backend.ledger.report(&self.context.transport, about, code, verdict.duration).await {
            crate::log(&format!("{about} failed, and nobody else hears of it: {error}"));
        }
    }
}

/// As which failure a standing is told.
pub fn failure_of(passed: &PassedOver) -> Failure {
    match passed.failure_code.parse() {
        Ok(Code::EngineMisconfigured) => Failure::Gone,
        Ok(Code::RateLimited) => Failure::RateLimited(Some(Duration::from_secs(passed.retry_after.into()))),
        _ => Failure::Unavailable,
    }
}

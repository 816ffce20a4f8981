//! `queue-worker`: works through the pictures that wait, and removes those that were deleted. The database wakes it; it
//! claims, makes and settles until nothing is left that can be begun now, or its time is up.
//!
//! Owns: who may wake it, how many pictures it makes at once, and what becomes of one that could not be made.
//! Must not: decide whose turn it is (the ledger's), or know how a picture is made (that is `work`).

mod removal;

use crate::context::{Backend, Context};
use crate::error::ApiError;
use crate::http::{self, Incoming};
use crate::work::{LedgerGate, Lost, Made, Work};
use domain::code::Code;
use engine::{AnyEngine, Failure, queue_again};
use futures_util::StreamExt;
use futures_util::future::{Either, join, select};
use futures_util::stream::FuturesUnordered;
use serde::Serialize;
use std::pin::pin;
use std::time::Duration;
use supabase::{Claimed, EngineSight, Part};
use transport::Timer;
use web_sys::Response;

/// Nothing is begun later than this. The platform ends a request after 150 seconds, and what was begun at the last moment
/// must be drawn, stored and recorded by then; the next worker is woken soon.
const CLAIM_FOR: Duration = Duration::from_secs(30);
/// A picture of the queue gets so much of what is left.
const DRAW_FOR: Duration = Duration::from_secs(90);

/// What a worker did, for whoever woke it.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Shift {
    completed: u32,
    requeued: u32,
    failed: u32,
    /// Deleted pictures that Storage has no more.
    #[serde(skip_serializing_if = "is_zero")]
    removed: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes what it asks about by reference")]
const fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// What became of one picture.
enum Outcome {
    Completed,
    Requeued,
    Failed,
}

/// Works through the queue.
///
/// # Errors
/// [`ApiError::Unauthorized`] for anybody but the hub itself; others where the queue cannot be worked through at all.
pub async fn handle(incoming: &Incoming, context: &Context) -> Result<Response, ApiError> {
    incoming.only_post("Send a POST request to wake the worker.")?;
    let backend = context.backend()?;
    incoming.only_hub(backend)?;
    let (removed, shift) = join(removal::remove_deleted(context, backend), draw_waiting(context, backend)).await;
    let shift = Shift { removed, ..shift? };
    Ok(http::json(200, &shift, None))
}

async fn draw_waiting(context: &Context, backend: &Backend) -> Result<Shift, ApiError> {
    let engines = context.studio.engines.as_ref().map_err(|wrong| {
        crate::log(wrong);
        ApiError::Failed { code: Code::EngineMisconfigured, retry_after: None, balance: None }
    })?;
    work_through(context, backend, engines).await
}

async fn work_through(context: &Context, backend: &Backend, engines: &[AnyEngine]) -> Result<Shift, ApiError> {
    let timer = &context.timer;
    let started_ms = timer.now_ms();
    let claim_until_ms = started_ms.saturating_add(u64::try_from(CLAIM_FOR.as_millis()).unwrap_or(u64::MAX));
    let mut shift = Shift::default();
    let mut making = FuturesUnordered::new();
    loop {
        let room = context.studio.queue_concurrency.saturating_sub(making.len());
        let mut wait = None;
        if room > 0 && timer.now_ms() < claim_until_ms {
            let claim = backend
                .ledger
                .claim(&context.transport, &context.studio.roster, room, context.studio.queue_concurrency)
                .await;
            let claim = match claim {
                Ok(claim) => claim,
                // What is under way is made all the same.
                Err(error) if !making.is_empty() => {
                    crate::log(&error.to_string());
                    Default::default()
                }
                Err(error) => return Err(ApiError::ledger(&error)),
            };
            wait = claim.wait_ms;
            for claimed in claim.generations {
                making.push(make(context, backend, engines, claim.engines.clone(), claimed));
                wait = Some(0);
            }
        }
        // When the next one can be begun, where that is still within this shift.
        let next_ms = wait.map(|wait_ms| timer.now_ms().saturating_add(wait_ms)).filter(|at| *at < claim_until_ms);
        let pause = next_ms.map(|at| Duration::from_millis(at.saturating_sub(timer.now_ms())));
        match (making.is_empty(), pause) {
            (true, None) => return Ok(shift),
            (true, Some(pause)) => timer.sleep(pause.max(SOON)).await,
            (false, None) => shift.count(making.next().await),
            (false, Some(pause)) => {
                let pause = pin!(timer.sleep(pause.max(SOON)));
                if let Either::Left((outcome, _)) = select(making.next(), pause).await {
                    shift.count(outcome);
                }
            }
        }
    }
}

/// The queue is not asked again sooner than this.
const SOON: Duration = Duration::from_millis(250);

impl Shift {
    fn count(&mut self, outcome: Option<Outcome>) {
        let counter = match outcome {
            Some(Outcome::Completed) => &mut self.completed,
            Some(Outcome::Requeued) => &mut self.requeued,
            Some(Outcome::Failed) => &mut self.failed,
            None => return,
        };
        *counter = counter.saturating_add(1);
    }
}

async fn make(
    context: &Context,
    backend: &Backend,
    engines: &[AnyEngine],
    sight: EngineSight,
    claimed: Claimed,
) -> Outcome {
    let Claimed { user_id: customer, request_id: request, lease_id: lease, attempts, generation } = claimed;
    let work = Work {
        context,
        backend,
        engines,
        gate: LedgerGate::new(context, backend, sight, lease, true),
        part: Part { customer, request, lease: Some(lease) },
        lease,
        patience: DRAW_FOR.min(context.studio.image_budget),
    };
    let made = work.make(std::slice::from_ref(&generation)).await;
    let lost = match made {
        Made { stored, lost: Some(lost) } if stored.is_empty() => lost,
        made => return if work.settle(made).await.is_ok() { Outcome::Completed } else { Outcome::Failed },
    };
    let again = match lost {
        Lost::Drawing(failure) => queue_again(failure, attempts),
        // Storage is down, which passes like an engine that is.
        Lost::Uploading => queue_again(Failure::Unavailable, attempts),
        Lost::Recording | Lost::Cancelled => None,
    };
    let Some(delay) = again else {
        work.release(lost).await;
        return Outcome::Failed;
    };
    let (transport, timer) = (&context.transport, &context.timer);
    match backend.ledger.requeue(transport, timer, lease, delay, lost.code()).await {
        Ok(()) => Outcome::Requeued,
        // The lease ends the hold.
        Err(error) => {
            crate::log(&format!("request {request}: {error}"));
            Outcome::Failed
        }
    }
}

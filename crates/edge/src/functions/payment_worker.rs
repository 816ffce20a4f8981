//! `payment-worker`: what about money waits for nobody's request. The database wakes it.
//!
//! Owns: the order of it: events that were not applied, purchases of which nothing was heard, refunds that are not
//! settled. Must not: decide what is due (the ledger's).

use crate::cashier::{Cashier, Outcome};
use crate::context::Context;
use crate::error::ApiError;
use crate::http::{self, Incoming};
use payment::{Provider, RefundStatus};
use serde::Serialize;
use std::time::Duration;
use supabase::{Purchase, Refund};
use transport::Timer;
use web_sys::Response;

/// Nothing is begun later than this: the platform ends a request after 150 seconds.
const BEGIN_FOR: Duration = Duration::from_secs(90);
/// The inbox is worked through in so many calls at most.
const INBOX_CALLS_MAX: u32 = 20;

/// What a worker did, for whoever woke it.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Shift {
    events_processed: u32,
    events_failed: u32,
    purchases_checked: u32,
    purchases_paid: u32,
    refunds_checked: u32,
}

/// Does what is due.
///
/// # Errors
/// [`ApiError::Unauthorized`] for anybody but the hub itself; others where ledger or provider are not set up.
pub async fn handle(incoming: &Incoming, context: &Context) -> Result<Response, ApiError> {
    incoming.only_post("Send a POST request to wake the worker.")?;
    incoming.only_hub(context.backend()?)?;
    let cashier = Cashier::of(context)?;
    let (ledger, transport, timer) = (&cashier.backend.ledger, &context.transport, &context.timer);
    let begin_until_ms = timer.now_ms().saturating_add(u64::try_from(BEGIN_FOR.as_millis()).unwrap_or(u64::MAX));
    let mut shift = Shift::default();
    for _ in 0..INBOX_CALLS_MAX {
        let inbox = ledger.process_events(transport, timer).await.map_err(|error| ApiError::ledger(&error))?;
        shift.events_processed = shift.events_processed.saturating_add(inbox.processed);
        shift.events_failed = shift.events_failed.saturating_add(inbox.failed);
        if inbox.processed == 0 {
            break;
        }
    }
    let due = ledger.due_payments(transport, timer).await.map_err(|error| ApiError::ledger(&error))?;
    for purchase in due.purchases.iter().take_while(|_| timer.now_ms() < begin_until_ms) {
        shift.purchases_checked = shift.purchases_checked.saturating_add(1);
        // What could not be asked now is due again later.
        if let Ok(Some(Outcome::Paid(_))) = check(&cashier, purchase).await {
            shift.purchases_paid = shift.purchases_paid.saturating_add(1);
        }
    }
    for refund in due.refunds.iter().take_while(|_| timer.now_ms() < begin_until_ms) {
        shift.refunds_checked = shift.refunds_checked.saturating_add(1);
        settle(&cashier, refund).await;
    }
    Ok(http::json(200, &shift, None))
}

/// Asks the provider about a purchase. One that has no order was never shown to anybody to be paid.
async fn check(cashier: &Cashier<'_>, purchase: &Purchase) -> Result<Option<Outcome>, ApiError> {
    if purchase.provider.as_deref() != Some(cashier.till.provider.name()) {
        return Ok(None);
    }
    cashier.look_up(purchase, "reconciliation").await
}

/// Asks again for a refund that may not have been asked for, and looks at one that was.
async fn settle(cashier: &Cashier<'_>, refund: &Refund) {
    if refund.provider != cashier.till.provider.name() {
        return;
    }
    if refund.status == "requested" {
        // The refund's id is its key: asked twice, it goes back once. Whatever came of it is in the log and the ledger.
        let _ = cashier.refund(refund).await;
        return;
    }
    let (transport, timer) = (&cashier.context.transport, &cashier.context.timer);
    let refunds = match cashier.till.provider.refunds_of(transport, &refund.payment_id).await {
        Ok(refunds) => refunds,
        Err(failure) => return crate::log(&format!("refund {}: {failure}", refund.id)),
    };
    let receipt = refund.id.to_string();
    let Some(made) = refunds.iter().find(|made| made.receipt.as_ref() == Some(&receipt)) else { return };
    if made.status == RefundStatus::Pending {
        return;
    }
    let (id, status) = (Some(made.id.as_str()), made.status.as_str());
    if let Err(error) = cashier.backend.ledger.settle_refund(transport, timer, refund, id, status, None).await {
        crate::log(&format!("refund {receipt}: {error}"));
    }
}

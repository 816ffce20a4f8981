//! `payment-webhook`: the provider's events in, an inbox that has them out.
//!
//! Owns: that nothing unsigned gets in, that the answer comes before the work, and that a signed event is never refused:
//! a provider that is refused for a day stops sending. Must not: act on an event, which is the ledger's.

use crate::cashier::Cashier;
use crate::context::Context;
use crate::error::ApiError;
use crate::http::{self, Incoming};
use crate::timer;
use domain::code::Code;
use payment::{BODY_BYTES_MAX, Event, Facts, body_sha256, verify_webhook};
use serde::Serialize;
use std::rc::Rc;
use supabase::EventReport;
use web_sys::Response;

/// The signature, by the only provider that sends events.
const SIGNATURE: &str = "x-razorpay-signature";
/// The event's id; the body has none.
const EVENT_ID: &str = "x-razorpay-event-id";
/// The most characters of an event's id.
const EVENT_ID_BYTES_MAX: usize = 128;

/// What the inbox calls an event that is signed and is none.
const UNREADABLE: &str = "unreadable";

#[derive(Serialize)]
struct Received {
    received: bool,
}

/// Puts an event into the inbox.
///
/// # Errors
/// [`ApiError::Unauthorized`] for what is not signed with one of the owner's secrets; [`Code::PaymentsUnavailable`] where the
/// inbox cannot be reached, so that the provider sends it again.
pub async fn handle(incoming: &Incoming, context: &Context) -> Result<Response, ApiError> {
    incoming.only_post("Events are sent by POST.")?;
    let cashier = Cashier::of(context)?;
    let body = incoming.body(BODY_BYTES_MAX).await?;
    let signature = incoming.header(SIGNATURE).unwrap_or_default();
    if !verify_webhook(&cashier.till.webhook_secrets, &body, &signature) {
        cashier.alert("signature_invalid", None, None).await;
        return Err(ApiError::Unauthorized);
    }
    // Signed, and not to be understood: kept for the owner to see, and answered like every other.
    let event = Event::from_body(&body).unwrap_or_else(|error| {
        crate::log(&format!("an event cannot be read: {error}"));
        Event { name: UNREADABLE.to_owned(), created_at: 0, facts: Facts::none() }
    });
    let digest = body_sha256(&body);
    let named = incoming.header(EVENT_ID).filter(|id| (1..=EVENT_ID_BYTES_MAX).contains(&id.len()));
    let report = EventReport {
        event_id: named.as_deref().unwrap_or(&digest),
        event: &event.name,
        occurred_at: &timer::rfc3339(event.created_at),
        body_sha256: &digest,
        facts: &event.facts,
    };
    let received = cashier.backend.ledger.receive_event(&context.transport, &context.timer, &report).await;
    received.map_err(|error| {
        crate::log(&error.to_string());
        ApiError::payment(Code::PaymentsUnavailable)
    })?;
    Ok(http::json(200, &Received { received: true }, None))
}

/// Works through the inbox, when the provider has its answer. What is not done here is done by the worker.
pub async fn afterwards(context: Rc<Context>) {
    let Ok(backend) = context.backend() else { return };
    if let Err(error) = backend.ledger.process_events(&context.transport, &context.timer).await {
        crate::log(&error.to_string());
    }
}

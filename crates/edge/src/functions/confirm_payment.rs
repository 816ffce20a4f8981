//! `confirm-payment`: what the browser brings back from paying in, the session that was bought out.
//!
//! Owns: what a browser's word is worth. Its values only name a payment; the provider is asked whether there is one.
//! Must not: grant anything, which is the ledger's.

use crate::cashier::{Cashier, Outcome};
use crate::context::Context;
use crate::error::ApiError;
use crate::functions::buy_session;
use crate::http::{self, Incoming};
use domain::code::Code;
use domain::id::{PurchaseId, SessionId};
use domain::purchase::{Confirmation, PaymentProof};
use payment::{AnyProvider, Demo, Failure, Provider};
use serde::Serialize;
use supabase::Purchase;
use web_sys::Response;

/// Seconds after which a page asks again.
const ASK_AGAIN_SECONDS: u32 = 3;

/// A purchase that is paid.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Confirmed<'a> {
    success: bool,
    purchase_id: PurchaseId,
    status: &'a str,
    session_id: Option<SessionId>,
    plan_id: &'a str,
    hours: u32,
}

/// A purchase of which nobody can say yet.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pending {
    purchase_id: PurchaseId,
    status: &'static str,
    retry_after: u32,
}

/// Confirms a payment. Asking again, with or without the browser's values, answers how it stands.
///
/// # Errors
/// Everything of the table that is about purchases and payments. No error loses a payment: what is not found here is
/// found by the provider's events, or by asking the provider later.
pub async fn handle(incoming: &Incoming, context: &Context) -> Result<Response, ApiError> {
    incoming.only_post("Send a POST request to confirm a payment.")?;
    let customer = incoming.customer()?;
    let confirmation = Confirmation::from_json(&incoming.json_body().await?).map_err(ApiError::InvalidRequest)?;
    let cashier = Cashier::of(context)?;
    let (transport, timer) = (&context.transport, &context.timer);
    let found = cashier.backend.ledger.purchase(transport, timer, &customer, confirmation.purchase_id).await;
    let purchase = buy_session::purchase(found.map_err(|error| ApiError::ledger(&error))?)?;
    match purchase.status.as_str() {
        "paid" => return Ok(confirmed(&purchase)),
        // What is held may have been paid once more, by a payment that fits.
        "ordered" | "abandoned" | "held" => {}
        _ => return Err(ApiError::payment(Code::PurchaseNotPaid)),
    }
    if purchase.provider.as_deref() != Some(cashier.till.provider.name()) {
        // The owner has changed the provider meanwhile; what was paid to the other one still comes as an event.
        return Ok(pending(purchase.id));
    }
    let outcome = match (&cashier.till.provider, &confirmation.proof) {
        (AnyProvider::Demo(demo), _) => pay(&cashier, &purchase, demo).await?,
        (_, Some(proof)) => prove(&cashier, &purchase, proof).await?,
        (_, None) => cashier.look_up(&purchase, "confirm").await?,
    };
    match outcome {
        Some(Outcome::Paid(purchase)) if purchase.is_paid() => Ok(confirmed(&purchase)),
        // It was, and the money went back.
        Some(Outcome::Paid(_)) => Err(ApiError::payment(Code::PurchaseNotPaid)),
        Some(Outcome::Held) => Err(ApiError::payment(Code::PaymentHeld)),
        _ if purchase.status == "held" => Err(ApiError::payment(Code::PaymentHeld)),
        Some(Outcome::Failed) => Err(ApiError::payment(Code::PaymentFailed)),
        Some(Outcome::Pending) | None => Ok(pending(purchase.id)),
    }
}

/// Holds the browser's values against our own order, and the provider's word against both.
async fn prove(cashier: &Cashier<'_>, purchase: &Purchase, proof: &PaymentProof) -> Result<Option<Outcome>, ApiError> {
    let PaymentProof { order_id: named, payment_id, signature } = proof;
    let Some(order_id) = purchase.order_id.as_deref() else {
        return Err(ApiError::internal("a purchase that was ordered has no order"));
    };
    // Signed is what we ordered, whatever order the browser names.
    if named != order_id || !cashier.till.provider.verify_checkout(order_id, payment_id, signature) {
        cashier.alert("signature_invalid", Some(purchase), Some(payment_id)).await;
        return Err(ApiError::payment(Code::PaymentNotVerified));
    }
    let payment = match cashier.till.provider.payment(&cashier.context.transport, payment_id).await {
        Ok(payment) => payment,
        // It is signed, so it is there, and its event comes: nobody has to be told to do anything.
        Err(failure @ Failure::Misconfigured { .. }) => return Err(crate::cashier::unavailable(&failure)),
        Err(failure) => {
            crate::log(&format!("purchase {}: {failure}", purchase.id));
            return Ok(None);
        }
    };
    if payment.order_id.as_deref() != Some(order_id) {
        cashier.alert("order_differs", Some(purchase), Some(payment_id)).await;
        return Err(ApiError::payment(Code::PaymentNotVerified));
    }
    cashier.tell(purchase, order_id, &payment, "confirm").await.map(Some)
}

/// To confirm is to pay, where no money moves.
async fn pay(cashier: &Cashier<'_>, purchase: &Purchase, demo: &Demo) -> Result<Option<Outcome>, ApiError> {
    let Some(order_id) = purchase.order_id.as_deref() else { return Ok(None) };
    let payment = demo.pay(&purchase.id.to_string(), purchase.amount_paise, &purchase.currency);
    cashier.tell(purchase, order_id, &payment, "confirm").await.map(Some)
}

fn confirmed(purchase: &Purchase) -> Response {
    let body = Confirmed {
        success: true,
        purchase_id: purchase.id,
        status: &purchase.status,
        session_id: purchase.session_id,
        plan_id: &purchase.plan_id,
        hours: purchase.hours,
    };
    http::json(200, &body, None)
}

fn pending(purchase_id: PurchaseId) -> Response {
    let body = Pending { purchase_id, status: "pending", retry_after: ASK_AGAIN_SECONDS };
    http::json(202, &body, Some(ASK_AGAIN_SECONDS))
}

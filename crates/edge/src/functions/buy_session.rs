//! `buy-session`: a plan and hours in, an order to pay out.
//!
//! Owns: which calls buying takes, and what the page needs to have it paid.
//! Must not: know a price, which is the ledger's, or take anybody's word for a payment.

use crate::address;
use crate::cashier::Cashier;
use crate::context::{Context, Till};
use crate::error::ApiError;
use crate::functions::Refused;
use crate::http::{self, Incoming};
use crate::idempotency;
use domain::id::{PurchaseId, RequestId, SessionId};
use domain::purchase::Wish;
use domain::request::InvalidRequest;
use payment::Provider;
use serde::Serialize;
use supabase::{Purchase, PurchaseAnswer};
use web_sys::Response;

/// A purchase as its customer sees it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bought<'a> {
    success: bool,
    purchase_id: PurchaseId,
    request_id: RequestId,
    kind: &'a str,
    plan_id: &'a str,
    hours: u32,
    amount_paise: u64,
    currency: &'a str,
    provider: Option<&'a str>,
    status: &'a str,
    session_id: Option<SessionId>,
    /// Whether no money moves.
    demo: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    checkout: Option<Checkout<'a>>,
}

/// What `new Razorpay(…)` of Razorpay's Checkout takes, by its names.
#[derive(Serialize)]
struct Checkout<'a> {
    key: &'a str,
    order_id: &'a str,
    amount: u64,
    currency: &'a str,
    name: &'a str,
    description: String,
}

/// Opens a purchase and has an order made for it. The same request again finds both.
///
/// # Errors
/// Everything of the table that is about requests, sessions and payments. No error has cost anything.
pub async fn handle(incoming: &Incoming, context: &Context) -> Result<Response, Refused> {
    incoming.only_post("Send a POST request to buy a session.").map_err(|error| (error, None))?;
    let (wish, request_id) = read(incoming).await.map_err(|error| (error, None))?;
    buy(incoming, context, &wish, request_id).await.map_err(|error| (error, Some(request_id)))
}

async fn read(incoming: &Incoming) -> Result<(Wish, RequestId), ApiError> {
    incoming.customer()?;
    let wish = Wish::from_json(&incoming.json_body().await?).map_err(ApiError::InvalidRequest)?;
    let request_id = idempotency::request_id(incoming, wish.request_id)?;
    Ok((wish, request_id))
}

async fn buy(incoming: &Incoming, context: &Context, wish: &Wish, request_id: RequestId) -> Result<Response, ApiError> {
    let customer = incoming.customer()?;
    let cashier = Cashier::of(context)?;
    let (ledger, transport, timer) = (&cashier.backend.ledger, &context.transport, &context.timer);
    let address = address::sealed(incoming, context);
    let opened = ledger.open_purchase(transport, timer, &customer, request_id, wish, address.as_ref()).await;
    let purchase = purchase(opened.map_err(|error| ApiError::ledger(&error))?)?;
    let purchase = if purchase.status == "opened" { cashier.order(&purchase).await? } else { purchase };
    address::learn_key(context, cashier.backend).await;
    Ok(http::json(200, &bought(&purchase, cashier.till), None))
}

/// The purchase that the ledger answered, or why there is none.
///
/// # Errors
/// [`ApiError`] for each of the ledger's refusals.
pub fn purchase(answer: PurchaseAnswer) -> Result<Purchase, ApiError> {
    Err(match answer {
        PurchaseAnswer::Purchase(purchase) => return Ok(*purchase),
        PurchaseAnswer::Unauthorized => ApiError::Unauthorized,
        PurchaseAnswer::InvalidRequest { field } => ApiError::InvalidRequest(refusal(field)),
        PurchaseAnswer::RateLimited { retry_after } => ApiError::RateLimited { retry_after, balance: None },
        PurchaseAnswer::RequestIdReused => ApiError::RequestIdReused,
        PurchaseAnswer::SessionNotFound => ApiError::SessionNotFound,
        PurchaseAnswer::SessionExpired => ApiError::SessionExpired,
        PurchaseAnswer::PurchaseNotFound => ApiError::PurchaseNotFound,
    })
}

fn refusal(field: String) -> InvalidRequest {
    let sentence = match field.as_str() {
        "planId" => "There is no such plan, or the session that is to be extended has another one.".to_owned(),
        "hours" => "So many hours cannot be bought; a session has 24 at most in all.".to_owned(),
        _ => format!("The {field} cannot be used."),
    };
    InvalidRequest::new(field, sentence)
}

fn bought<'a>(purchase: &'a Purchase, till: &'a Till) -> Bought<'a> {
    Bought {
        success: true,
        purchase_id: purchase.id,
        request_id: purchase.request_id,
        kind: &purchase.kind,
        plan_id: &purchase.plan_id,
        hours: purchase.hours,
        amount_paise: purchase.amount_paise,
        currency: &purchase.currency,
        provider: purchase.provider.as_deref(),
        status: &purchase.status,
        session_id: purchase.session_id,
        demo: purchase.provider.as_deref() == Some("demo"),
        checkout: checkout(purchase, till),
    }
}

/// What is left to pay, by the provider whose order it is.
fn checkout<'a>(purchase: &'a Purchase, till: &'a Till) -> Option<Checkout<'a>> {
    let is_open = matches!(purchase.status.as_str(), "ordered" | "abandoned");
    let is_ours = purchase.provider.as_deref() == Some(till.provider.name());
    let key = till.provider.key_id().filter(|_| is_open && is_ours)?;
    let hours = if purchase.hours == 1 { "1 hour".to_owned() } else { format!("{} hours", purchase.hours) };
    Some(Checkout {
        key: key.as_str(),
        order_id: purchase.order_id.as_deref()?,
        amount: purchase.amount_paise,
        currency: &purchase.currency,
        name: &till.hub_name,
        description: format!("{} of {}", hours, purchase.plan_name),
    })
}

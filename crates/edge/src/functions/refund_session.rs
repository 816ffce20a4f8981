//! `refund-session`: the owner gives a customer's money back, all of it, while the session is not started.
//!
//! Owns: that nobody but the owner does. Must not: decide whether it can be given back (the ledger's).

use crate::cashier::{Cashier, Refunding};
use crate::context::Context;
use crate::error::ApiError;
use crate::http::{self, Incoming};
use domain::code::Code;
use domain::id::{PurchaseId, RefundId};
use domain::purchase::RefundOrder;
use payment::Provider;
use serde::Serialize;
use supabase::RefundAnswer;
use web_sys::Response;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Refunded {
    success: bool,
    purchase_id: PurchaseId,
    refund_id: RefundId,
    status: &'static str,
}

/// Gives back what was paid for a session.
///
/// # Errors
/// [`ApiError::Unauthorized`] for anybody but the owner; others where there is nothing to give back, or the provider
/// refuses to.
pub async fn handle(incoming: &Incoming, context: &Context) -> Result<Response, ApiError> {
    incoming.only_post("Send a POST request to refund a session.")?;
    incoming.only_hub(context.backend()?)?;
    let order = RefundOrder::from_json(&incoming.json_body().await?).map_err(ApiError::InvalidRequest)?;
    let cashier = Cashier::of(context)?;
    let begun = cashier.backend.ledger.begin_refund(&context.transport, &context.timer, &order).await;
    let refund = match begun.map_err(|error| ApiError::ledger(&error))? {
        RefundAnswer::Refunding(refund) => refund,
        RefundAnswer::PurchaseNotFound => return Err(ApiError::PurchaseNotFound),
        RefundAnswer::PurchaseNotPaid => return Err(ApiError::payment(Code::PurchaseNotPaid)),
        RefundAnswer::SessionStarted => return Err(ApiError::payment(Code::SessionStarted)),
    };
    let is_ours = refund.provider == cashier.till.provider.name();
    let status = match refund.status.as_str() {
        "processed" => Refunding::Done,
        "requested" if is_ours => cashier.refund(&refund).await?,
        _ => Refunding::UnderWay,
    };
    let status = if status == Refunding::Done { "refunded" } else { "refunding" };
    let body = Refunded { success: true, purchase_id: refund.purchase_id, refund_id: refund.id, status };
    Ok(http::json(200, &body, None))
}

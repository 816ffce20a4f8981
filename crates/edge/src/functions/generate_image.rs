//! `generate-image`: a prompt in, a stored picture out, for a credit. `POST` asks for one, `GET` where it stands,
//! `DELETE` takes it back.
//!
//! Owns: which calls a request takes and in which order, and what is answered when no hold was taken.
//! Must not: count credits (the ledger's), or draw (that is `work`).

mod answer;
mod read;
mod standing;

use crate::address;
use crate::context::Context;
use crate::error::ApiError;
use crate::functions::Refused;
use crate::http::{self, Incoming};
use crate::work::{LedgerGate, Work, ended, failure_of};
use domain::code::Code;
use domain::id::RequestId;
use domain::request::InvalidRequest;
use futures_util::future::join;
use read::Order;
use supabase::{Asking, Balance, EngineSight, Part, Reservation, Settlement};
use web_sys::Response;

/// Answers a request about pictures.
///
/// # Errors
/// Every row of the error table. Whatever ends in an error has released the hold it took, or leaves it to its lease
/// where the ledger could not be reached. Only [`ApiError::Unconfirmed`] may have cost a credit, and then the picture is
/// there: the same request again says so.
pub async fn handle(incoming: &Incoming, context: &Context) -> Result<Response, Refused> {
    match incoming.method().as_str() {
        "POST" => {
            let order = read::order(incoming).await.map_err(|error| (error, None))?;
            let request_id = order.request_id;
            // Boxed, so that a request which is only looked up does not pay for what drawing needs.
            Box::pin(generate(incoming, context, &order)).await.map_err(|error| (error, Some(request_id)))
        }
        "GET" => standing::status(incoming, context).await,
        "DELETE" => standing::cancel(incoming, context).await,
        _ => {
            let sentence = "Send a POST request to make a picture, GET to see where it stands, DELETE to take it back.";
            Err((ApiError::InvalidRequest(InvalidRequest::new("method", sentence)), None))
        }
    }
}

async fn generate(incoming: &Incoming, context: &Context, order: &Order) -> Result<Response, ApiError> {
    let customer = incoming.customer()?;
    let backend = context.backend()?;
    let engines = context.studio.engines.as_ref().map_err(|wrong| {
        crate::log(wrong);
        ApiError::Failed { code: Code::EngineMisconfigured, retry_after: None, balance: None }
    })?;
    let address = address::sealed(incoming, context);
    let asking = Asking {
        customer: &customer,
        request_id: order.request_id,
        request: &order.request,
        roster: &context.studio.roster,
        respond_async: order.respond_async,
        address: address.as_ref(),
    };
    let reservation = backend.ledger.reserve(&context.transport, &asking).await;
    let (part, lease, sight, generations) = match reservation.map_err(|error| ApiError::ledger(&error))? {
        Reservation::Reserved { user_id, lease_id, engines, generations, .. } => {
            (Part { customer: user_id, request: order.request_id, lease: None }, lease_id, engines, generations)
        }
        replayed_or_refused => {
            address::learn_key(context, backend).await;
            return without_hold(replayed_or_refused, order.request_id);
        }
    };
    let gate = LedgerGate::new(context, backend, sight, lease, false);
    let patience = order.wait.map_or(context.studio.image_budget, |wait| wait.min(context.studio.image_budget));
    let work = Work { context, backend, engines, gate, part, lease, patience };
    // Nobody waits for the key: it is there before the picture is.
    let (made, ()) = join(work.make(&generations), address::learn_key(context, backend)).await;
    let settlement = work.settle(made).await?;
    Ok(success(order.request_id, &settlement))
}

/// What is answered when no hold was taken by this request: where it waits, what was answered before, or why not.
fn without_hold(reservation: Reservation, request_id: RequestId) -> Result<Response, ApiError> {
    match reservation {
        Reservation::Queued(queued) => {
            let body = answer::Queued::new(request_id, &queued);
            Ok(http::json_with(202, &body, None, &[("preference-applied", "respond-async")]))
        }
        Reservation::Completed(settlement) => Ok(success(request_id, &settlement)),
        Reservation::Failed(settlement) => Err(ended(settlement)),
        Reservation::Expired(settlement) if settlement.delivered().next().is_some() => {
            Ok(success(request_id, &settlement))
        }
        Reservation::Expired(settlement) => Err(ended(settlement)),
        Reservation::Unauthorized => Err(ApiError::Unauthorized),
        Reservation::InvalidRequest { field } => {
            let sentence = match field.as_str() {
                "conversationId" => "There is no such conversation of yours.".to_owned(),
                _ => format!("The {field} cannot be used."),
            };
            Err(ApiError::InvalidRequest(InvalidRequest::new(field, sentence)))
        }
        Reservation::RateLimited { retry_after, balance } => Err(ApiError::RateLimited { retry_after, balance }),
        Reservation::SessionNotFound => Err(ApiError::SessionNotFound),
        Reservation::RequestIdReused => Err(ApiError::RequestIdReused),
        Reservation::RequestInProgress { retry_after } => {
            Err(ApiError::RequestInProgress { retry_after: retry_after.unwrap_or(1).max(1) })
        }
        Reservation::SessionExpired { .. } => Err(ApiError::SessionExpired),
        Reservation::NotInPlan { balance } => Err(ApiError::NotInPlan(balance)),
        Reservation::CreditsExhausted { balance, retry_after } => {
            Err(ApiError::CreditsExhausted { balance, retry_after })
        }
        Reservation::PromptRefused { balance } => Err(ApiError::PromptRefused(balance)),
        Reservation::EnginesPassedOver { engines, balance } => Err(passed_over(&engines, balance)),
        // Handled by the caller; a hold that nobody works on ends with its lease.
        Reservation::Reserved { .. } => Err(ApiError::internal("a hold was taken and not worked on")),
    }
}

/// Not one engine is worth asking now: the client is told of the one that is back first, where any comes back by itself.
fn passed_over(sight: &EngineSight, balance: Balance) -> ApiError {
    let returning = sight.passed_over.iter().map(|passed| (failure_of(passed).code(), passed.retry_after));
    let soonest = returning.filter(|(code, _)| *code != Code::EngineMisconfigured).min_by_key(|(_, seconds)| *seconds);
    let (code, retry_after) = match soonest {
        Some((code, seconds)) => (code, Some(seconds.max(1))),
        None => (Code::EngineMisconfigured, None),
    };
    ApiError::Failed { code, retry_after, balance: Some(balance) }
}

fn success(request_id: RequestId, settlement: &Settlement) -> Response {
    http::json(200, &answer::Success::new(request_id, settlement), None)
}

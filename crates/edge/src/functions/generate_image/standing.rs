//! Where a request stands, and taking it back.
//!
//! Owns: the two calls and their answers' status. Must not: change anything but through the ledger.

use super::{Refused, answer, read};
use crate::context::{Backend, Context};
use crate::error::ApiError;
use crate::http::{self, Incoming};
use crate::work::ended;
use domain::id::RequestId;
use supabase::{CustomerToken, LedgerError, Standing};
use web_sys::Response;

/// Seconds after which to ask again how a request gets on.
const ASK_AGAIN_SECONDS: u32 = 2;

/// Answers `GET`: how the request gets on.
///
/// # Errors
/// [`ApiError`] where there is no such request, or the ledger could not be asked.
pub async fn status(incoming: &Incoming, context: &Context) -> Result<Response, Refused> {
    let (request_id, customer, backend) = whose(incoming, context).map_err(|error| (error, None))?;
    let standing = backend.ledger.status(&context.transport, &customer, request_id, &context.studio.roster).await;
    respond(request_id, standing, 200)
}

/// Answers `DELETE`: 200 once it is taken back, or was over already; 202 while its worker has yet to hear of it.
///
/// # Errors
/// [`ApiError`] where there is no such request, or the ledger could not be asked.
pub async fn cancel(incoming: &Incoming, context: &Context) -> Result<Response, Refused> {
    let (request_id, customer, backend) = whose(incoming, context).map_err(|error| (error, None))?;
    let standing = backend.ledger.cancel(&context.transport, &context.timer, &customer, request_id).await;
    respond(request_id, standing, 202)
}

fn whose<'a>(incoming: &Incoming, context: &'a Context) -> Result<(RequestId, CustomerToken, &'a Backend), ApiError> {
    let request_id = read::request_id(incoming)?;
    let backend = context.backend()?;
    Ok((request_id, incoming.customer()?, backend))
}

fn respond(
    request_id: RequestId,
    standing: Result<Standing, LedgerError>,
    status_under_way: u16,
) -> Result<Response, Refused> {
    let refused = |error: ApiError| (error, Some(request_id));
    let (name, progress) = match standing.map_err(|error| refused(ApiError::ledger(&error)))? {
        Standing::Unauthorized => return Err(refused(ApiError::Unauthorized)),
        Standing::RequestNotFound => return Err(refused(ApiError::RequestNotFound)),
        Standing::Queued(progress) => ("queued", progress),
        Standing::Running(progress) => ("running", progress),
        Standing::Completed(progress) => ("completed", progress),
        // A picture that came late is a picture.
        Standing::Expired(progress) if progress.settlement.delivered().next().is_some() => ("completed", progress),
        Standing::Failed(progress) => ("failed", progress),
        Standing::Expired(progress) => ("expired", progress),
    };
    let is_under_way = matches!(name, "queued" | "running");
    let failure = matches!(name, "failed" | "expired").then(|| ended(progress.settlement.clone()));
    let body = answer::Progress::new(request_id, name, &progress, failure.as_ref());
    let status = if is_under_way { status_under_way } else { 200 };
    Ok(http::json(status, &body, is_under_way.then_some(ASK_AGAIN_SECONDS)))
}

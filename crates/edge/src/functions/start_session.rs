//! `start-session`: the clock of a session that was paid starts to run.
//!
//! Owns: what is answered about it. Must not: decide whether it may (the ledger's).

use crate::context::Context;
use crate::error::ApiError;
use crate::http::{self, Incoming};
use domain::id::SessionId;
use domain::purchase;
use serde::Serialize;
use supabase::Start;
use web_sys::Response;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Started {
    success: bool,
    session_id: SessionId,
    status: &'static str,
    started_at: String,
    expires_at: Option<String>,
    resets_at: Option<String>,
    credits_remaining: u32,
    credits_per_hour: u32,
}

/// Starts a session. One that runs is answered as it is.
///
/// # Errors
/// Everything of the table that is about requests and sessions.
pub async fn handle(incoming: &Incoming, context: &Context) -> Result<Response, ApiError> {
    incoming.only_post("Send a POST request to start a session.")?;
    let customer = incoming.customer()?;
    let session_id = purchase::session_from_json(&incoming.json_body().await?).map_err(ApiError::InvalidRequest)?;
    let backend = context.backend()?;
    let started = backend.ledger.start_session(&context.transport, &context.timer, &customer, session_id).await;
    let (started_at, balance) = match started.map_err(|error| ApiError::ledger(&error))? {
        Start::Started { started_at, balance } => (started_at, balance),
        Start::Unauthorized => return Err(ApiError::Unauthorized),
        Start::SessionNotFound => return Err(ApiError::SessionNotFound),
        Start::SessionExpired => return Err(ApiError::SessionExpired),
    };
    let body = Started {
        success: true,
        session_id,
        status: "active",
        started_at,
        expires_at: balance.expires_at,
        resets_at: balance.resets_at,
        credits_remaining: balance.credits_remaining,
        credits_per_hour: balance.credits_per_hour,
    };
    Ok(http::json(200, &body, None))
}

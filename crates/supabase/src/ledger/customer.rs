//! What a customer asks of the ledger, with his own token: PostgREST verifies it, and the database sees who he is.
//!
//! Owns: the calls to `reserve_generation`, `generation_status` and `cancel_generation`.
//! Must not: use the secret key.

use super::{Ledger, LedgerError, answer, as_customer, read, repeated, to_json};
use crate::{CustomerToken, Reservation, SealedAddress, Standing};
use domain::id::RequestId;
use domain::request::ImageRequest;
use serde::Serialize;
use transport::{Timer, Transport};

/// The engines of the hub as the ledger knows them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// The names, in the order in which they are asked.
    pub engines: Vec<String>,
    /// The account of each.
    pub accounts: Vec<String>,
}

/// A request for pictures, as it is put to the ledger.
pub struct Asking<'a> {
    /// Who asks, and pays.
    pub customer: &'a CustomerToken,
    /// His id of the request.
    pub request_id: RequestId,
    /// What he asks for.
    pub request: &'a ImageRequest,
    /// Who would draw it.
    pub roster: &'a Roster,
    /// Whether it is put into the queue rather than drawn by the caller.
    pub respond_async: bool,
    /// Where he asks from, as far as it is known.
    pub address: Option<&'a SealedAddress>,
}

#[derive(Serialize)]
struct Reserve<'a> {
    session_id: String,
    request_id: RequestId,
    conversation_id: Option<String>,
    prompt: &'a str,
    negative_prompt: Option<&'a str>,
    width: u32,
    height: u32,
    steps: u32,
    cfg_scale: f64,
    seed: Option<u32>,
    batch_count: u32,
    engines: &'a [String],
    accounts: &'a [String],
    respond_async: bool,
    client_address: Option<&'a str>,
    address_seal: Option<&'a str>,
}

#[derive(Serialize)]
struct Status<'a> {
    request_id: RequestId,
    accounts: &'a [String],
}

#[derive(Serialize)]
struct Cancel {
    request_id: RequestId,
}

impl Ledger {
    /// Takes the hold for a request, as its customer. Never repeated: a second call would find the first one's hold and
    /// take it for another worker's.
    ///
    /// # Errors
    /// [`LedgerError`] when there is no answer; a hold that was taken all the same ends with its lease.
    pub async fn reserve(&self, transport: &impl Transport, asking: &Asking<'_>) -> Result<Reservation, LedgerError> {
        let request = asking.request;
        let arguments = Reserve {
            session_id: request.session_id.to_string(),
            request_id: asking.request_id,
            conversation_id: request.conversation_id.map(|id| id.to_string()),
            prompt: &request.prompt,
            negative_prompt: request.negative_prompt.as_deref(),
            width: request.width,
            height: request.height,
            steps: request.steps,
            cfg_scale: request.cfg_scale,
            seed: request.seed,
            batch_count: request.batch_count,
            engines: &asking.roster.engines,
            accounts: &asking.roster.accounts,
            respond_async: asking.respond_async,
            client_address: asking.address.map(SealedAddress::address),
            address_seal: asking.address.map(SealedAddress::seal),
        };
        let call = self.as_customer.rpc("reserve_generation", to_json(&arguments)?).auth(asking.customer.as_str());
        read(&as_customer(answer(transport, call).await)?)
    }

    /// Where a request of that customer stands.
    ///
    /// # Errors
    /// [`LedgerError`] when there is no answer; nothing has changed.
    pub async fn status(
        &self,
        transport: &impl Transport,
        customer: &CustomerToken,
        request_id: RequestId,
        roster: &Roster,
    ) -> Result<Standing, LedgerError> {
        let arguments = to_json(&Status { request_id, accounts: &roster.accounts })?;
        let call = self.as_customer.rpc("generation_status", arguments).auth(customer.as_str());
        read(&as_customer(answer(transport, call).await)?)
    }

    /// Takes a request of that customer back, as far as that is possible, and tells where it stands. Repeated when no
    /// answer comes.
    ///
    /// # Errors
    /// [`LedgerError`] when there is no answer at the third try either.
    pub async fn cancel(
        &self,
        transport: &impl Transport,
        timer: &impl Timer,
        customer: &CustomerToken,
        request_id: RequestId,
    ) -> Result<Standing, LedgerError> {
        let arguments = to_json(&Cancel { request_id })?;
        let call = || self.as_customer.rpc("cancel_generation", arguments.clone()).auth(customer.as_str());
        as_customer(repeated(transport, timer, call).await)
    }
}

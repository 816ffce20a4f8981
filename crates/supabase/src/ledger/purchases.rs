//! What a customer asks of the ledger about buying, with his own token.
//!
//! Owns: the calls to `open_purchase`, `purchase_status` and `start_session`.
//! Must not: use the secret key, or say that anything was paid.

use super::{Ledger, LedgerError, as_customer, repeated, to_json};
use crate::purchase::Answered;
use crate::{CustomerToken, PurchaseAnswer, SealedAddress, Start};
use domain::id::{PurchaseId, RequestId, SessionId};
use domain::purchase::Wish;
use serde::Serialize;
use transport::{Timer, Transport};

#[derive(Serialize)]
struct Open<'a> {
    request_id: RequestId,
    plan_id: &'a str,
    hours: u32,
    session_id: Option<SessionId>,
    client_address: Option<&'a str>,
    address_seal: Option<&'a str>,
}

#[derive(Serialize)]
struct OfPurchase {
    purchase_id: PurchaseId,
}

#[derive(Serialize)]
struct OfSession {
    session_id: SessionId,
}

impl Ledger {
    /// Opens a purchase, or finds the one that was opened under that id. Repeated when no answer comes.
    ///
    /// # Errors
    /// [`LedgerError`] when there is no answer at the third try either; asking again later finds what was opened.
    pub async fn open_purchase(
        &self,
        transport: &impl Transport,
        timer: &impl Timer,
        customer: &CustomerToken,
        request_id: RequestId,
        wish: &Wish,
        address: Option<&SealedAddress>,
    ) -> Result<PurchaseAnswer, LedgerError> {
        let arguments = to_json(&Open {
            request_id,
            plan_id: &wish.plan_id,
            hours: wish.hours,
            session_id: wish.session_id,
            client_address: address.map(SealedAddress::address),
            address_seal: address.map(SealedAddress::seal),
        })?;
        let call = || self.as_customer.rpc("open_purchase", arguments.clone()).auth(customer.as_str());
        let answered = as_customer(repeated::<Answered>(transport, timer, call).await)?;
        answered.into_purchase_answer().map_err(LedgerError::Malformed)
    }

    /// A purchase of that customer. Repeated when no answer comes.
    ///
    /// # Errors
    /// [`LedgerError`] when there is no answer at the third try either; nothing has changed.
    pub async fn purchase(
        &self,
        transport: &impl Transport,
        timer: &impl Timer,
        customer: &CustomerToken,
        purchase_id: PurchaseId,
    ) -> Result<PurchaseAnswer, LedgerError> {
        let arguments = to_json(&OfPurchase { purchase_id })?;
        let call = || self.as_customer.rpc("purchase_status", arguments.clone()).auth(customer.as_str());
        let answered = as_customer(repeated::<Answered>(transport, timer, call).await)?;
        answered.into_purchase_answer().map_err(LedgerError::Malformed)
    }

    /// Starts the clock of a session of that customer, or finds it running. Repeated when no answer comes.
    ///
    /// # Errors
    /// [`LedgerError`] when there is no answer at the third try either; the clock may run then.
    pub async fn start_session(
        &self,
        transport: &impl Transport,
        timer: &impl Timer,
        customer: &CustomerToken,
        session_id: SessionId,
    ) -> Result<Start, LedgerError> {
        let arguments = to_json(&OfSession { session_id })?;
        let call = || self.as_customer.rpc("start_session", arguments.clone()).auth(customer.as_str());
        let answered = as_customer(repeated::<Answered>(transport, timer, call).await)?;
        answered.into_start().map_err(LedgerError::Malformed)
    }
}

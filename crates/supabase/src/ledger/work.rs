//! What the hub's workers ask of the ledger, with the secret key.
//!
//! Owns: the calls that claim, renew, put back and settle, those about what all workers know of the engines, and those
//! that remove what customers deleted.
//! Must not: act for a customer who has not been seen by the database before.

use super::{Ledger, LedgerError, Roster, answer, read, repeated, to_json};
use crate::{AddressKey, Claim, Pulse, Removal, Settlement, StoredPicture, Turn};
use domain::code::Code;
use domain::id::{CustomerId, GenerationId, LeaseId, RequestId};
use serde::Serialize;
use std::time::Duration;
use transport::{Timer, Transport};

/// Which pictures are settled: those of a request, or of them those that run under a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Whose they are.
    pub customer: CustomerId,
    /// The request.
    pub request: RequestId,
    /// The lease; none for the whole request.
    pub lease: Option<LeaseId>,
}

#[derive(Serialize)]
struct Complete<'a> {
    user_id: CustomerId,
    request_id: RequestId,
    pictures: &'a [StoredPicture],
    failure_code: &'a str,
    lease_id: Option<LeaseId>,
}

#[derive(Serialize)]
struct Fail<'a> {
    user_id: CustomerId,
    request_id: RequestId,
    failure_code: &'a str,
    lease_id: Option<LeaseId>,
}

#[derive(Serialize)]
struct Renew {
    lease_id: LeaseId,
}

#[derive(Serialize)]
struct Requeue<'a> {
    lease_id: LeaseId,
    delay_seconds: u64,
    failure_code: &'a str,
}

#[derive(Serialize)]
struct Wait<'a> {
    lease_id: LeaseId,
    wait_code: &'a str,
    wait_seconds: u64,
}

#[derive(Serialize)]
struct Removed<'a> {
    ids: &'a [GenerationId],
}

#[derive(Serialize)]
struct ClaimSome<'a> {
    engines: &'a [String],
    accounts: &'a [String],
    count_max: usize,
    running_max: usize,
}

#[derive(Serialize)]
struct TakeTurn<'a> {
    account: &'a str,
    for_queue: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    engine: &'a str,
    failure_code: &'a str,
    pass_over_seconds: Option<u64>,
}

impl Ledger {
    /// Records stored pictures and releases what was not made, for that reason. Repeated when no answer comes: the
    /// function answers the same however often it is called.
    ///
    /// # Errors
    /// [`LedgerError`] when there is no answer at the third try either.
    pub async fn complete(
        &self,
        transport: &impl Transport,
        timer: &impl Timer,
        part: Part,
        pictures: &[StoredPicture],
        reason: Code,
    ) -> Result<Settlement, LedgerError> {
        let Part { customer: user_id, request: request_id, lease: lease_id } = part;
        let failure_code = reason.as_str();
        let arguments = to_json(&Complete { user_id, request_id, pictures, failure_code, lease_id })?;
        repeated(transport, timer, || self.as_hub.rpc("complete_generation", arguments.clone())).await
    }

    /// Releases holds. Repeated like [`Self::complete`].
    ///
    /// # Errors
    /// [`LedgerError`] when there is no answer at the third try either; the holds end with their lease then.
    pub async fn fail(
        &self,
        transport: &impl Transport,
        timer: &impl Timer,
        part: Part,
        reason: Code,
    ) -> Result<Settlement, LedgerError> {
        let Part { customer: user_id, request: request_id, lease: lease_id } = part;
        let arguments = to_json(&Fail { user_id, request_id, failure_code: reason.as_str(), lease_id })?;
        repeated(transport, timer, || self.as_hub.rpc("fail_generation", arguments.clone())).await
    }

    /// Says that the worker of a lease is alive. Not repeated: the next sign of life is soon.
    ///
    /// # Errors
    /// [`LedgerError`] when there is no answer; the lease may or may not have been renewed.
    pub async fn renew(&self, transport: &impl Transport, lease_id: LeaseId) -> Result<Pulse, LedgerError> {
        let call = self.as_hub.rpc("renew_lease", to_json(&Renew { lease_id })?);
        read(&answer(transport, call).await?)
    }

    /// Claims at most so many pictures that wait, each under a lease of its own, as long as no more than `running_max`
    /// are drawn in all. Not repeated: what a lost answer had claimed goes back with its lease.
    ///
    /// # Errors
    /// [`LedgerError`] when there is no answer.
    pub async fn claim(
        &self,
        transport: &impl Transport,
        roster: &Roster,
        count_max: usize,
        running_max: usize,
    ) -> Result<Claim, LedgerError> {
        let Roster { engines, accounts } = roster;
        let arguments = ClaimSome { engines, accounts, count_max, running_max };
        let call = self.as_hub.rpc("claim_generations", to_json(&arguments)?);
        read(&answer(transport, call).await?)
    }

    /// Puts a picture that could not be drawn now back into the queue, to be tried again after that delay; or gives it up
    /// for that reason, where it may not wait so long. Repeated when no answer comes: a lease puts back once.
    ///
    /// # Errors
    /// [`LedgerError`] when there is no answer at the third try either; the hold ends with its lease then.
    pub async fn requeue(
        &self,
        transport: &impl Transport,
        timer: &impl Timer,
        lease_id: LeaseId,
        delay: Duration,
        reason: Code,
    ) -> Result<(), LedgerError> {
        let arguments = Requeue { lease_id, delay_seconds: delay.as_secs(), failure_code: reason.as_str() };
        let arguments = to_json(&arguments)?;
        let put_back = || self.as_hub.rpc("requeue_generation", arguments.clone());
        repeated::<String>(transport, timer, put_back).await.map(|_| ())
    }

    /// Says that the worker of a lease waits before it asks an engine again, and what for. Not repeated: it is a courtesy
    /// to whoever looks on.
    ///
    /// # Errors
    /// [`LedgerError`] when there is no answer.
    pub async fn report_wait(
        &self,
        transport: &impl Transport,
        lease_id: LeaseId,
        reason: Code,
        wait: Duration,
    ) -> Result<(), LedgerError> {
        let arguments = to_json(&Wait { lease_id, wait_code: reason.as_str(), wait_seconds: wait.as_secs() })?;
        answer(transport, self.as_hub.rpc("report_wait", arguments)).await.map(|_| ())
    }

    /// Takes pictures whose objects are to be removed from Storage. Not repeated: what a lost answer had taken is given
    /// to another worker in a minute.
    ///
    /// # Errors
    /// [`LedgerError`] when there is no answer.
    pub async fn claim_removals(&self, transport: &impl Transport) -> Result<Vec<Removal>, LedgerError> {
        read(&answer(transport, self.as_hub.rpc("claim_removals", "{}")).await?)
    }

    /// Records that Storage has their objects no more. Repeated when no answer comes.
    ///
    /// # Errors
    /// [`LedgerError`] when there is no answer at the third try either; they are removed once more then.
    pub async fn record_removals(
        &self,
        transport: &impl Transport,
        timer: &impl Timer,
        ids: &[GenerationId],
    ) -> Result<(), LedgerError> {
        let arguments = to_json(&Removed { ids })?;
        repeated::<u32>(transport, timer, || self.as_hub.rpc("record_removals", arguments.clone())).await.map(|_| ())
    }

    /// Takes a turn of an account's budget, or learns how long to wait for one. Not repeated: a turn may be gone.
    ///
    /// # Errors
    /// [`LedgerError`] when there is no answer.
    pub async fn take_turn(
        &self,
        transport: &impl Transport,
        account: &str,
        for_queue: bool,
    ) -> Result<Turn, LedgerError> {
        let call = self.as_hub.rpc("take_engine_turn", to_json(&TakeTurn { account, for_queue })?);
        read(&answer(transport, call).await?)
    }

    /// Tells all workers that an engine, or an account, failed; with a duration, that it is passed over for so long. Not
    /// repeated: it counts failures.
    ///
    /// # Errors
    /// [`LedgerError`] when there is no answer.
    pub async fn report(
        &self,
        transport: &impl Transport,
        engine: &str,
        reason: Code,
        pass_over: Option<Duration>,
    ) -> Result<(), LedgerError> {
        let pass_over_seconds = pass_over.map(|duration| duration.as_secs());
        let arguments = to_json(&Report { engine, failure_code: reason.as_str(), pass_over_seconds })?;
        answer(transport, self.as_hub.rpc("report_engine", arguments)).await.map(|_| ())
    }

    /// The key with which addresses are sealed.
    ///
    /// # Errors
    /// [`LedgerError`] when there is no answer.
    pub async fn address_key(&self, transport: &impl Transport) -> Result<AddressKey, LedgerError> {
        let key: String = read(&answer(transport, self.as_hub.rpc("address_key", "{}")).await?)?;
        Ok(AddressKey::new(key))
    }
}

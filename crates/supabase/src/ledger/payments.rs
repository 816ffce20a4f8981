//! What the hub itself tells the ledger about money, with the secret key: orders, payments, events, refunds.
//!
//! Owns: those calls. Every one of them answers the same however often it is made, so every one is repeated when no
//! answer comes. Must not: decide whether a payment pays.

use super::{Ledger, LedgerError, repeated, to_json};
use crate::purchase::{Answered, Due, Inbox};
use crate::{Purchase, Recorded, Refund, RefundAnswer};
use domain::id::{PurchaseId, RefundId, SessionId};
use domain::purchase::RefundOrder;
use serde::Serialize;
use transport::{Timer, Transport};

/// A payment as the provider tells of it.
#[derive(Serialize)]
pub struct PaymentReport<'a> {
    /// Which provider.
    pub provider: &'a str,
    /// The order that it is for.
    pub order_id: &'a str,
    /// Its id.
    pub payment_id: &'a str,
    /// How much, in paise.
    pub amount_paise: u64,
    /// Of which currency.
    pub currency: &'a str,
    /// `created`, `authorized`, `captured`, `refunded` or `failed`.
    pub payment_status: &'a str,
    /// Who brought it: `confirm` or `reconciliation`.
    pub source: &'a str,
    /// Why it failed, in the provider's words.
    pub failure_reason: Option<&'a str>,
}

/// A provider's event, as its inbox keeps it.
#[derive(Serialize)]
pub struct EventReport<'a, Facts> {
    /// The provider's id of it, the same however often it is delivered.
    pub event_id: &'a str,
    /// Its name.
    pub event: &'a str,
    /// When it happened (RFC 3339).
    pub occurred_at: &'a str,
    /// SHA-256 of the body as it arrived, in hexadecimal.
    pub body_sha256: &'a str,
    /// What the hub needs of it.
    pub facts: &'a Facts,
}

/// Something that its owner must see.
#[derive(Serialize)]
pub struct Alert<'a> {
    /// What happened.
    pub kind: &'a str,
    /// Which purchase it is about, where it is known.
    pub purchase_id: Option<PurchaseId>,
    /// The order that was named.
    pub order_id: Option<&'a str>,
    /// The payment that was named.
    pub payment_id: Option<&'a str>,
}

#[derive(Serialize)]
struct RecordOrder<'a> {
    purchase_id: PurchaseId,
    provider: &'a str,
    order_id: &'a str,
}

#[derive(Serialize)]
struct BeginRefund<'a> {
    purchase_id: Option<PurchaseId>,
    session_id: Option<SessionId>,
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct SettleRefund<'a> {
    refund_id: RefundId,
    provider_refund_id: Option<&'a str>,
    refund_status: &'a str,
    failure_reason: Option<&'a str>,
}

impl Ledger {
    /// Records the order that was made for a purchase. The first one counts, and is answered.
    ///
    /// # Errors
    /// [`LedgerError`] when there is no answer at the third try either.
    pub async fn record_order(
        &self,
        transport: &impl Transport,
        timer: &impl Timer,
        purchase: &Purchase,
        provider: &str,
        order_id: &str,
    ) -> Result<Recorded, LedgerError> {
        let arguments = to_json(&RecordOrder { purchase_id: purchase.id, provider, order_id })?;
        self.about_money(transport, timer, "record_order", &arguments)
            .await?
            .into_recorded()
            .map_err(LedgerError::Malformed)
    }

    /// Tells of a payment; whether it pays is the ledger's to say.
    ///
    /// # Errors
    /// [`LedgerError`] when there is no answer at the third try either; it may have been taken all the same.
    pub async fn record_payment(
        &self,
        transport: &impl Transport,
        timer: &impl Timer,
        report: &PaymentReport<'_>,
    ) -> Result<Recorded, LedgerError> {
        let arguments = to_json(report)?;
        let answered = self.about_money(transport, timer, "record_payment", &arguments).await?;
        answered.into_recorded().map_err(LedgerError::Malformed)
    }

    /// Puts an event into the inbox, once however often it is delivered.
    ///
    /// # Errors
    /// [`LedgerError`] when there is no answer at the third try either; the provider delivers it again then.
    pub async fn receive_event(
        &self,
        transport: &impl Transport,
        timer: &impl Timer,
        event: &EventReport<'_, impl Serialize>,
    ) -> Result<(), LedgerError> {
        let arguments = to_json(event)?;
        self.about_money(transport, timer, "receive_payment_event", &arguments).await.map(|_| ())
    }

    /// Works through the inbox.
    ///
    /// # Errors
    /// [`LedgerError`] when there is no answer at the third try either; the next one goes on.
    pub async fn process_events(&self, transport: &impl Transport, timer: &impl Timer) -> Result<Inbox, LedgerError> {
        repeated(transport, timer, || self.as_hub.rpc("process_payment_events", "{}")).await
    }

    /// Tells the owner of something.
    ///
    /// # Errors
    /// [`LedgerError`] when there is no answer at the third try either.
    pub async fn alert(
        &self,
        transport: &impl Transport,
        timer: &impl Timer,
        alert: &Alert<'_>,
    ) -> Result<(), LedgerError> {
        let arguments = to_json(alert)?;
        let call = || self.as_hub.rpc("report_payment_alert", arguments.clone());
        repeated::<serde::de::IgnoredAny>(transport, timer, call).await.map(|_| ())
    }

    /// Begins a refund: from now on nobody draws on what is given back.
    ///
    /// # Errors
    /// [`LedgerError`] when there is no answer at the third try either; asking again finds what was begun.
    pub async fn begin_refund(
        &self,
        transport: &impl Transport,
        timer: &impl Timer,
        order: &RefundOrder,
    ) -> Result<RefundAnswer, LedgerError> {
        let RefundOrder { purchase_id, session_id, reason } = order;
        let arguments =
            to_json(&BeginRefund { purchase_id: *purchase_id, session_id: *session_id, reason: reason.as_deref() })?;
        let answered = self.about_money(transport, timer, "begin_refund", &arguments).await?;
        answered.into_refund().map_err(LedgerError::Malformed)
    }

    /// Records what the provider said to a refund: `pending`, `processed` or `failed`. Answers how it stands now:
    /// `refunding`, `refunded` or `refund_failed`.
    ///
    /// # Errors
    /// [`LedgerError`] when there is no answer at the third try either; the worker asks the provider again then.
    pub async fn settle_refund(
        &self,
        transport: &impl Transport,
        timer: &impl Timer,
        refund: &Refund,
        provider_refund_id: Option<&str>,
        refund_status: &str,
        failure_reason: Option<&str>,
    ) -> Result<String, LedgerError> {
        let settle = SettleRefund { refund_id: refund.id, provider_refund_id, refund_status, failure_reason };
        let arguments = to_json(&settle)?;
        Ok(self.about_money(transport, timer, "settle_refund", &arguments).await?.outcome())
    }

    /// What is due to be asked of the provider. Each is due again later, until it is settled.
    ///
    /// # Errors
    /// [`LedgerError`] when there is no answer at the third try either.
    pub async fn due_payments(&self, transport: &impl Transport, timer: &impl Timer) -> Result<Due, LedgerError> {
        repeated(transport, timer, || self.as_hub.rpc("due_payments", "{}")).await
    }

    async fn about_money(
        &self,
        transport: &impl Transport,
        timer: &impl Timer,
        function: &'static str,
        arguments: &str,
    ) -> Result<Answered, LedgerError> {
        repeated(transport, timer, || self.as_hub.rpc(function, arguments.to_owned())).await
    }
}

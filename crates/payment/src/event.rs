//! The events that Razorpay sends of its own accord.
//!
//! Owns: what the hub keeps of each kind. Must not: be given a body whose signature was not verified, or decide what an
//! event leads to.

use crate::entity::{Entity, Unreadable, is_word};
use crate::{BODY_BYTES_MAX, PaymentStatus};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt;

/// The end of the year 9999: later moments are none, and some databases could not hold them.
const CREATED_AT_MAX: u64 = 253_402_300_799;

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its name, such as `payment.captured`.
    pub name: String,
    /// When it happened, in seconds since 1970.
    pub created_at: u64,
    /// What the hub needs of it.
    pub facts: Facts,
}

/// What the ledger is told of an event, as JSON of these fields; those that are none are left out. Nothing in it tells
/// who has paid, or with what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// Whose event it is: `razorpay`.
    pub provider: &'static str,
    /// The order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    /// The payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_id: Option<String>,
    /// How much was paid, in paise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_paise: Option<u64>,
    /// Of which currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Where the payment stood: `created`, `authorized`, `captured`, `refunded` or `failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_status: Option<&'static str>,
    /// Why the payment failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_reason: Option<String>,
    /// The refund.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_id: Option<String>,
    /// Where the refund stood: `pending`, `processed` or `failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_status: Option<&'static str>,
    /// How much of the payment goes back, in paise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_amount_paise: Option<u64>,
    /// Our own name for the refund; none where somebody else asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_receipt: Option<String>,
    /// The dispute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dispute_id: Option<String>,
    /// What kind of dispute: `chargeback`, for instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dispute_phase: Option<String>,
    /// Where it stands: `open`, for instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dispute_status: Option<String>,
}

/// Why a body is not an event. It quotes nothing of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventError {
    /// It is larger than [`BODY_BYTES_MAX`].
    TooLarge,
    /// It is no JSON, or lacks what an event of its name has.
    Malformed(String),
}

impl fmt::Display for EventError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => write!(formatter, "the event has more than {BODY_BYTES_MAX} bytes"),
            Self::Malformed(what) => write!(formatter, "the event cannot be read: {what}"),
        }
    }
}

impl From<Unreadable> for EventError {
    fn from(Unreadable(what): Unreadable) -> Self {
        Self::Malformed(what)
    }
}

impl Event {
    /// Reads the body of a webhook, once [`crate::verify_webhook`] has said that it is the provider's. Events of names that
    /// are not known here are read as well: they have no facts.
    ///
    /// Razorpay turns a webhook off that is refused for a day. What is signed and still no event is better kept with
    /// [`Facts::none`], and answered as received, than refused.
    ///
    /// # Errors
    /// [`EventError`], for anything else than an event. Its id is no part of the body; it comes in a header.
    pub fn from_body(body: &[u8]) -> Result<Self, EventError> {
        if body.len() > BODY_BYTES_MAX {
            return Err(EventError::TooLarge);
        }
        let malformed = |what: &str| EventError::Malformed(what.to_owned());
        let text = std::str::from_utf8(body).map_err(|_| malformed("no UTF-8"))?;
        let event: Value = serde_json::from_str(text).map_err(|_| malformed("no JSON"))?;
        let name = Entity(&event).text("event")?.filter(|name| is_word(name)).ok_or_else(|| malformed("no name"))?;
        let created_at = Entity(&event).number("created_at")?.filter(|seconds| *seconds <= CREATED_AT_MAX);
        Ok(Self {
            name: name.to_owned(),
            created_at: created_at.ok_or_else(|| malformed("no time"))?,
            facts: Facts::of(name, &event)?,
        })
    }
}

impl Facts {
    /// Nothing but whose event it is.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            provider: "razorpay",
            order_id: None,
            payment_id: None,
            amount_paise: None,
            currency: None,
            payment_status: None,
            failure_reason: None,
            refund_id: None,
            refund_status: None,
            refund_amount_paise: None,
            refund_receipt: None,
            dispute_id: None,
            dispute_phase: None,
            dispute_status: None,
        }
    }

    fn of(name: &str, event: &Value) -> Result<Self, EventError> {
        let mut facts = Self::none();
        let subject = match name {
            "order.paid" | "payment.authorized" | "payment.captured" | "payment.failed" => "payment",
            _ if name.starts_with("refund.") => "refund",
            _ if name.starts_with("payment.dispute.") => "dispute",
            // Of what else there is about payments, such as a bank that is down, some tells of a payment and some does not.
            _ if name.starts_with("payment.") => "",
            _ => return Ok(facts),
        };
        let entity = |kind: &str| {
            let entity = event.get("payload")?.get(kind)?.get("entity")?;
            entity.is_object().then_some(Entity(entity))
        };
        if !subject.is_empty() && entity(subject).is_none() {
            return Err(EventError::Malformed(format!("no {subject}")));
        }
        // Refunds and disputes first: they name their payment, and the payment beside them tells the rest.
        if subject == "refund"
            && let Some(entity) = entity("refund")
        {
            facts.take_refund(entity)?;
        }
        if subject == "dispute"
            && let Some(entity) = entity("dispute")
        {
            facts.take_dispute(entity)?;
        }
        if let Some(entity) = entity("payment") {
            facts.take_payment(entity)?;
        }
        if name == "order.paid"
            && let Some(entity) = entity("order")
        {
            facts.take_order(entity)?;
        }
        Ok(facts)
    }

    fn take_payment(&mut self, entity: Entity<'_>) -> Result<(), EventError> {
        let payment = entity.payment()?;
        if self.payment_id.as_ref().is_some_and(|named| *named != payment.id) {
            return Err(EventError::Malformed("it is about two payments".to_owned()));
        }
        self.payment_id = Some(payment.id);
        self.order_id = payment.order_id;
        self.amount_paise = Some(payment.amount_paise);
        self.currency = Some(payment.currency);
        self.payment_status =
            Some(payment.status).filter(|status| *status != PaymentStatus::Unknown).map(PaymentStatus::as_str);
        self.failure_reason = payment.failure_reason;
        Ok(())
    }

    fn take_order(&mut self, entity: Entity<'_>) -> Result<(), EventError> {
        let order_id = entity.optional_id("id")?;
        if self.order_id.is_some() && order_id.is_some() && self.order_id != order_id {
            return Err(EventError::Malformed("it is about two orders".to_owned()));
        }
        self.order_id = self.order_id.take().or(order_id);
        Ok(())
    }

    fn take_refund(&mut self, entity: Entity<'_>) -> Result<(), EventError> {
        let refund = entity.refund()?;
        self.payment_id = entity.optional_id("payment_id")?;
        self.refund_id = Some(refund.id);
        self.refund_status = Some(refund.status.as_str());
        self.refund_amount_paise = Some(refund.amount_paise);
        self.refund_receipt = refund.receipt;
        Ok(())
    }

    fn take_dispute(&mut self, entity: Entity<'_>) -> Result<(), EventError> {
        self.payment_id = entity.optional_id("payment_id")?;
        self.dispute_id = entity.optional_id("id")?;
        self.dispute_phase = entity.word("phase")?;
        self.dispute_status = entity.word("status")?;
        Ok(())
    }
}

/// The digest under which the ledger keeps a body: SHA-256 of its raw bytes, in hexadecimal.
#[must_use]
pub fn body_sha256(raw_body: &[u8]) -> String {
    Sha256::digest(raw_body).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;

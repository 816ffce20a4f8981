//! What the ledger answers about purchases, payments and refunds.
//!
//! Owns: which outcomes each function has. As with pictures there is one flat shape for all of them (see
//! `outcome/answered.rs` for why), read as what each call may answer.
//! Must not: judge a payment, which is the database's.

use crate::Balance;
use domain::id::{CustomerId, PurchaseId, RefundId, RequestId, SessionId};
use serde::Deserialize;

/// A row of `purchase`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Purchase {
    /// Its id, and the receipt under which the provider knows it.
    pub id: PurchaseId,
    /// The client's id of it.
    pub request_id: RequestId,
    /// Who bought; none once the customer is deleted.
    pub user_id: Option<CustomerId>,
    /// `session` or `extension`.
    pub kind: String,
    /// The plan.
    pub plan_id: String,
    /// The plan's name for people.
    pub plan_name: String,
    /// Hours, 1 to 4.
    pub hours: u32,
    /// What it costs, in paise.
    pub amount_paise: u64,
    /// `INR`.
    pub currency: String,
    /// `opened`, `ordered`, `paid`, `held`, `abandoned`, `refunding` or `refunded`.
    pub status: String,
    /// Whose order it is, once there is one.
    pub provider: Option<String>,
    /// The provider's order, once there is one.
    pub order_id: Option<String>,
    /// The payment that paid it.
    pub payment_id: Option<String>,
    /// The session that was bought or extended.
    pub session_id: Option<SessionId>,
    /// Why the last attempt to pay failed, in the provider's words.
    pub last_failure: Option<String>,
}

impl Purchase {
    /// Whether money has arrived for it and was taken for it.
    #[must_use]
    pub fn is_paid(&self) -> bool {
        self.status == "paid"
    }
}

/// A refund on its way.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refund {
    /// Its id, which is the key by which the provider knows a repeated request.
    pub id: RefundId,
    /// What is given back.
    pub purchase_id: PurchaseId,
    /// Whose payment it was.
    pub provider: String,
    /// The payment.
    pub payment_id: String,
    /// How much, in paise: all of it.
    pub amount_paise: u64,
    /// `requested`, `pending`, `processed` or `failed`.
    pub status: String,
}

/// What a customer is told of a purchase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PurchaseAnswer {
    /// As it stands, new or not.
    Purchase(Box<Purchase>),
    /// The token is nobody's.
    Unauthorized,
    /// A field cannot be used.
    InvalidRequest {
        /// Which.
        field: String,
    },
    /// Too often.
    RateLimited {
        /// Seconds.
        retry_after: u32,
    },
    /// The id stands for another purchase.
    RequestIdReused,
    /// No such session of this customer.
    SessionNotFound,
    /// It cannot be extended any more.
    SessionExpired,
    /// No such purchase of this customer.
    PurchaseNotFound,
}

/// What became of starting a session.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    /// Its clock runs.
    Started {
        /// Since when (RFC 3339).
        started_at: String,
        /// What it holds.
        balance: Balance,
    },
    /// The token is nobody's.
    Unauthorized,
    /// No such session of this customer.
    SessionNotFound,
    /// It is over.
    SessionExpired,
}

/// What became of a payment, or of an order, that was reported to the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// The purchase has this order.
    Ordered(Purchase),
    /// It was noted; nothing is paid by it.
    Noted(Purchase),
    /// It paid, now or before.
    Paid(Purchase),
    /// It does not fit the purchase; nothing was granted, and the owner is told.
    Held(Purchase),
    /// Another payment had paid already; the owner is told.
    Surplus(Purchase),
    /// No purchase has such an order.
    OrderUnknown,
    /// No such purchase.
    PurchaseNotFound,
}

/// What became of a refund that the owner asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundAnswer {
    /// It is to be asked of the provider, or was.
    Refunding(Refund),
    /// No such purchase.
    PurchaseNotFound,
    /// Nothing was paid for it.
    PurchaseNotPaid,
    /// Its session has been started.
    SessionStarted,
}

/// What is to be asked of the provider, now that it is due.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Due {
    /// Purchases of which nothing was heard.
    pub purchases: Vec<Purchase>,
    /// Refunds that are not settled.
    pub refunds: Vec<Refund>,
}

/// How far the inbox was worked through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Inbox {
    /// Events that were applied or passed over.
    pub processed: u32,
    /// Events that could not be applied now.
    pub failed: u32,
}

/// An answer, field by field.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Answered {
    outcome: String,
    purchase: Option<Purchase>,
    refund: Option<Refund>,
    field: Option<String>,
    retry_after: Option<u32>,
    started_at: Option<String>,
    balance: Option<Balance>,
}

/// The field that an outcome should have come with, or the outcome that nobody knows.
type Lacking = String;

fn given<T>(field: Option<T>, name: &str) -> Result<T, Lacking> {
    field.ok_or_else(|| format!("the answer lacks {name}"))
}

fn unknown<T>(outcome: &str) -> Result<T, Lacking> {
    Err(format!("there is no outcome {outcome:?}"))
}

impl Answered {
    pub(crate) fn into_purchase_answer(self) -> Result<PurchaseAnswer, Lacking> {
        Ok(match self.outcome.as_str() {
            "purchase" => PurchaseAnswer::Purchase(given(self.purchase, "purchase")?.into()),
            "unauthorized" => PurchaseAnswer::Unauthorized,
            "invalid_request" => PurchaseAnswer::InvalidRequest { field: given(self.field, "field")? },
            "rate_limited" => PurchaseAnswer::RateLimited { retry_after: given(self.retry_after, "retryAfter")? },
            "request_id_reused" => PurchaseAnswer::RequestIdReused,
            "session_not_found" => PurchaseAnswer::SessionNotFound,
            "session_expired" => PurchaseAnswer::SessionExpired,
            "purchase_not_found" => PurchaseAnswer::PurchaseNotFound,
            other => return unknown(other),
        })
    }

    pub(crate) fn into_start(self) -> Result<Start, Lacking> {
        Ok(match self.outcome.as_str() {
            "started" => Start::Started {
                started_at: given(self.started_at, "startedAt")?,
                balance: given(self.balance, "balance")?,
            },
            "unauthorized" => Start::Unauthorized,
            "session_not_found" => Start::SessionNotFound,
            "session_expired" => Start::SessionExpired,
            other => return unknown(other),
        })
    }

    pub(crate) fn into_recorded(self) -> Result<Recorded, Lacking> {
        let of: fn(Purchase) -> Recorded = match self.outcome.as_str() {
            "order_unknown" => return Ok(Recorded::OrderUnknown),
            "purchase_not_found" => return Ok(Recorded::PurchaseNotFound),
            // Whoever was first with an order, the purchase has one now.
            "recorded" | "order_differs" => Recorded::Ordered,
            "noted" => Recorded::Noted,
            "paid" => Recorded::Paid,
            "held" => Recorded::Held,
            "surplus" => Recorded::Surplus,
            other => return unknown(other),
        };
        Ok(of(given(self.purchase, "purchase")?))
    }

    pub(crate) fn into_refund(self) -> Result<RefundAnswer, Lacking> {
        Ok(match self.outcome.as_str() {
            "refunding" => RefundAnswer::Refunding(given(self.refund, "refund")?),
            "purchase_not_found" => RefundAnswer::PurchaseNotFound,
            "purchase_not_paid" => RefundAnswer::PurchaseNotPaid,
            "session_started" => RefundAnswer::SessionStarted,
            other => return unknown(other),
        })
    }

    pub(crate) fn outcome(self) -> String {
        self.outcome
    }
}

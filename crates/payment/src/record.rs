//! Orders, payments and refunds, as far as the hub has a use for them.
//!
//! Owns: their fields, and the words for where they stand. Must not: hold anything about the payer but why he failed to
//! pay; cards, addresses and numbers stay at the provider.

/// An order that is to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewOrder<'a> {
    /// Our own name for it, the purchase's id: by it the order is found again. 1 to 40 letters, digits, `-` or `_`.
    pub receipt: &'a str,
    /// How much, in paise; at least 100.
    pub amount_paise: u64,
    /// `INR`.
    pub currency: &'a str,
    /// For the owner's eyes in the provider's dashboard: at most 15 pairs of at most 256 characters. May be empty.
    pub notes: &'a [(&'a str, &'a str)],
}

/// An order: what is to be paid once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The provider's id of it.
    pub id: String,
    /// Our own name for it; none for orders that were not made here.
    pub receipt: Option<String>,
    /// How much, in paise.
    pub amount_paise: u64,
    /// Of which currency.
    pub currency: String,
    /// Where it stands.
    pub status: OrderStatus,
    /// When it was made, in seconds since 1970; 0 where nobody said.
    pub created_at: u64,
}

/// Where an order stands. In this order it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OrderStatus {
    /// A word that is not known here.
    Unknown,
    /// Nobody has tried to pay.
    Created,
    /// Somebody has.
    Attempted,
    /// A payment was captured. It stays so when that is refunded.
    Paid,
}

/// One try to pay an order; of several at most one succeeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The provider's id of it.
    pub id: String,
    /// The order; none for payments that were made without one, which the hub never asks for.
    pub order_id: Option<String>,
    /// How much, in paise.
    pub amount_paise: u64,
    /// Of which currency.
    pub currency: String,
    /// Where it stands.
    pub status: PaymentStatus,
    /// Why it failed, where it did: the provider's code for it, or else its words, at most 200 characters without
    /// anything that could be an address or a number.
    pub failure_reason: Option<String>,
}

/// Where a payment stands. Only captured money is the hub's, and no state but refunded is the last one: what failed can
/// be captured later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentStatus {
    /// Begun.
    Created,
    /// The bank has promised it.
    Authorized,
    /// It is the hub's.
    Captured,
    /// It was the hub's, and all of it was given back.
    Refunded,
    /// It failed, for now.
    Failed,
    /// A word that is not known here: the ledger has no such state and is not told of it.
    Unknown,
}

impl PaymentStatus {
    /// As the ledger calls it; `unknown` for what the ledger must not be told.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Authorized => "authorized",
            Self::Captured => "captured",
            Self::Refunded => "refunded",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    pub(crate) fn from_word(word: &str) -> Self {
        match word {
            "created" => Self::Created,
            "authorized" => Self::Authorized,
            "captured" => Self::Captured,
            "refunded" => Self::Refunded,
            "failed" => Self::Failed,
            _ => Self::Unknown,
        }
    }
}

impl OrderStatus {
    pub(crate) fn from_word(word: &str) -> Self {
        match word {
            "created" => Self::Created,
            "attempted" => Self::Attempted,
            "paid" => Self::Paid,
            _ => Self::Unknown,
        }
    }
}

/// A refund that is to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewRefund<'a> {
    /// What makes a repeated request the same one: 10 to 64 letters, digits, `-` or `_`. Everything else here must be the
    /// same as well then.
    pub idempotency_key: &'a str,
    /// The payment.
    pub payment_id: &'a str,
    /// How much of it, in paise.
    pub amount_paise: u64,
    /// Our own name for it: 1 to 40 letters, digits, `-` or `_`.
    pub receipt: &'a str,
}

/// Money that goes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// The provider's id of it.
    pub id: String,
    /// Where it stands.
    pub status: RefundStatus,
    /// How much, in paise.
    pub amount_paise: u64,
    /// Our own name for it; none for refunds that were not asked for here.
    pub receipt: Option<String>,
}

/// Where a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundStatus {
    /// On its way; also where the word for it is not known here.
    Pending,
    /// Given back.
    Processed,
    /// It did not go back.
    Failed,
}

impl RefundStatus {
    /// As the ledger calls it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processed => "processed",
            Self::Failed => "failed",
        }
    }

    pub(crate) fn from_word(word: &str) -> Self {
        match word {
            "processed" => Self::Processed,
            "failed" => Self::Failed,
            _ => Self::Pending,
        }
    }
}

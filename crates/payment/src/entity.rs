//! Razorpay's entities, as they stand in answers and in events.
//!
//! Owns: which of their fields are read, and that nothing is taken from them which the ledger could not hold. `notes` is
//! an object or, when it is empty, a list; nothing in here looks at it, nor at anything that tells who has paid.
//! Must not: know where the entity came from.

use crate::{Order, OrderStatus, Payment, PaymentStatus, Refund, RefundStatus};
use serde_json::Value;
use std::fmt;

/// Ids are a prefix and 14 characters; ours of the demo are the longest.
const ID_BYTES_MAX: usize = 64;
/// Razorpay's limit.
const RECEIPT_BYTES_MAX: usize = 40;
/// Razorpay's least.
const IDEMPOTENCY_KEY_BYTES_MIN: usize = 10;
/// Words such as a status or a phase.
const WORD_BYTES_MAX: usize = 40;
/// The longest reason why a payment failed.
const REASON_CHARACTERS_MAX: usize = 200;
/// The largest whole number that JSON carries through everybody's hands unchanged.
const AMOUNT_PAISE_MAX: u64 = 9_007_199_254_740_991;

/// A field that is missing, or is not what it should be. It names the field, and never quotes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable(pub String);

impl Unreadable {
    fn field(name: &str) -> Self {
        Self(format!("the field {name}"))
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// An object of which fields are read one by one; what is not asked for may be anything.
#[derive(Clone, Copy)]
pub struct Entity<'a>(pub &'a Value);

impl<'a> Entity<'a> {
    /// A text; none where it is absent, null or empty, which all occur.
    pub fn text(self, name: &str) -> Result<Option<&'a str>, Unreadable> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(_) => Err(Unreadable::field(name)),
        }
    }

    /// A whole number that is not negative.
    pub fn number(self, name: &str) -> Result<Option<u64>, Unreadable> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(number) => {
                let number = number.as_u64().filter(|number| *number <= AMOUNT_PAISE_MAX);
                number.map(Some).ok_or_else(|| Unreadable::field(name))
            }
        }
    }

    /// An id; none where it is absent.
    pub fn optional_id(self, name: &str) -> Result<Option<String>, Unreadable> {
        match self.text(name)? {
            Some(id) if !is_id(id) => Err(Unreadable::field(name)),
            id => Ok(id.map(str::to_owned)),
        }
    }

    fn id(self) -> Result<String, Unreadable> {
        self.optional_id("id")?.ok_or_else(|| Unreadable::field("id"))
    }

    fn amount(self) -> Result<u64, Unreadable> {
        self.number("amount")?.ok_or_else(|| Unreadable::field("amount"))
    }

    fn currency(self) -> Result<String, Unreadable> {
        let currency = self.text("currency")?.filter(|currency| is_word(currency));
        currency.map(str::to_owned).ok_or_else(|| Unreadable::field("currency"))
    }

    fn status(self) -> Result<&'a str, Unreadable> {
        self.text("status")?.ok_or_else(|| Unreadable::field("status"))
    }

    /// Our own name for it. Others than the hub may have named what they made in the same account, in any way.
    fn receipt(self) -> Result<Option<String>, Unreadable> {
        Ok(self.text("receipt")?.filter(|receipt| is_receipt(receipt)).map(str::to_owned))
    }

    /// A word such as the phase of a dispute; none where it is none that the ledger should hold.
    pub fn word(self, name: &str) -> Result<Option<String>, Unreadable> {
        Ok(self.text(name)?.filter(|word| is_word(word)).map(str::to_owned))
    }

    pub fn order(self) -> Result<Order, Unreadable> {
        Ok(Order {
            id: self.id()?,
            receipt: self.receipt()?,
            amount_paise: self.amount()?,
            currency: self.currency()?,
            status: OrderStatus::from_word(self.status()?),
            created_at: self.number("created_at")?.unwrap_or_default(),
        })
    }

    pub fn payment(self) -> Result<Payment, Unreadable> {
        let status = PaymentStatus::from_word(self.status()?);
        let reason = match status {
            PaymentStatus::Failed => failure_reason(self.text("error_reason")?, self.text("error_description")?),
            _ => None,
        };
        Ok(Payment {
            id: self.id()?,
            order_id: self.optional_id("order_id")?,
            amount_paise: self.amount()?,
            currency: self.currency()?,
            status,
            failure_reason: reason,
        })
    }

    pub fn refund(self) -> Result<Refund, Unreadable> {
        Ok(Refund {
            id: self.id()?,
            status: RefundStatus::from_word(self.status()?),
            amount_paise: self.amount()?,
            receipt: self.receipt()?,
        })
    }
}

/// Why a payment failed: the code for it, or else the words. Words may quote what the customer typed, so each of them that
/// holds an @ or several digits is left out.
fn failure_reason(code: Option<&str>, words: Option<&str>) -> Option<String> {
    if let Some(code) = code.filter(|code| is_word(code) && *code != "NA") {
        return Some(code.to_owned());
    }
    let is_telling = |word: &str| {
        let digits = word.chars().filter(|letter| letter.is_numeric()).count();
        word.contains(['@', '＠']) || digits > 2
    };
    let spaced: String = words?.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let kept: Vec<_> = spaced.split_whitespace().map(|word| if is_telling(word) { "…" } else { word }).collect();
    let kept: String = kept.join(" ").chars().take(REASON_CHARACTERS_MAX).collect();
    Some(kept).filter(|kept| !kept.is_empty())
}

/// Letters, digits, `-` and `_`: what needs no escaping in an address, holds no bar, and climbs nowhere.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// Whether a provider can have given this out as an id.
pub fn is_id(text: &str) -> bool {
    (1..=ID_BYTES_MAX).contains(&text.len()) && is_plain(text)
}

/// Whether this can be our own name for an order or a refund.
pub fn is_receipt(text: &str) -> bool {
    (1..=RECEIPT_BYTES_MAX).contains(&text.len()) && is_plain(text)
}

/// Whether a refund can be asked for under this key.
pub fn is_idempotency_key(text: &str) -> bool {
    (IDEMPOTENCY_KEY_BYTES_MIN..=ID_BYTES_MAX).contains(&text.len()) && is_plain(text)
}

/// A word of a protocol.
pub fn is_word(text: &str) -> bool {
    (1..=WORD_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

#[cfg(test)]
mod tests;

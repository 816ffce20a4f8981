//! Buying: from the plan to the session, whatever happens to the network or the page on the way.
//!
//! Owns: the states of buying, and what is kept of a purchase so that a reload finds it again. Must not: believe that
//! anything was paid, which only the hub's answer says, or know a plan or a price, which are the hub's.

use crate::failure::Failure;

/// Where a purchase stands in the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Buying {
    /// Plan and hours are being chosen.
    #[default]
    Choosing,
    /// The hub is opening it.
    Ordering,
    /// The customer is at the provider's page.
    Paying,
    /// It is being asked whether the payment is there.
    Confirming {
        /// How often it was asked already.
        tries: u32,
    },
    /// It is paid.
    Paid {
        /// The session, new or longer.
        session: String,
    },
    /// It did not go through.
    Failed(Failure),
    /// The customer has left the provider's page, and says that nothing was paid.
    Left,
    /// It was begun on an earlier visit, and nobody knows of a payment.
    Unfinished,
}

/// What happens while buying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Another plan or number of hours is chosen.
    Chose,
    /// The customer buys, or tries again.
    Ordered,
    /// The hub has opened the purchase, and it can be paid.
    Opened,
    /// The provider's page is done, or nobody needs to see it.
    Returned,
    /// The provider's page was closed without a payment.
    Closed,
    /// The hub does not know of a payment yet.
    Pending,
    /// The hub says that it is paid.
    Granted {
        /// The session.
        session: String,
    },
    /// It cannot go on.
    Refused(Failure),
    /// A purchase that was kept goes on after a reload.
    Resumed,
    /// A purchase that was kept is found not to be paid.
    Found,
}

impl Buying {
    /// What comes of it. What does not fit where it stands changes nothing: events arrive late and twice.
    #[must_use]
    pub fn after(self, event: Event) -> Self {
        match (self, event) {
            // Whoever learns that it is paid is right, wherever the page stood.
            (Self::Paid { session }, Event::Granted { .. } | Event::Refused(_) | Event::Pending) => {
                Self::Paid { session }
            }
            (_, Event::Granted { session }) => Self::Paid { session },
            (resting, Event::Chose) if !resting.is_busy() => Self::Choosing,
            (resting, Event::Ordered) if !resting.is_busy() => Self::Ordering,
            (resting, Event::Resumed) if !resting.is_busy() => Self::Confirming { tries: 0 },
            (Self::Choosing, Event::Found) => Self::Unfinished,
            (Self::Ordering, Event::Opened) => Self::Paying,
            (Self::Ordering | Self::Paying, Event::Returned) => Self::Confirming { tries: 0 },
            (Self::Paying, Event::Closed) => Self::Left,
            (Self::Confirming { tries }, Event::Pending) => Self::Confirming { tries: tries.saturating_add(1) },
            (Self::Ordering | Self::Paying | Self::Confirming { .. }, Event::Refused(failure)) => Self::Failed(failure),
            (unchanged, _) => unchanged,
        }
    }

    /// Whether the page is busy with it and the choice is locked.
    #[must_use]
    pub const fn is_busy(&self) -> bool {
        matches!(self, Self::Ordering | Self::Paying | Self::Confirming { .. })
    }

    /// The key of what is said of it; none where there is nothing to say yet. Where it says `{reference}`, that is the
    /// purchase's.
    #[must_use]
    pub const fn key(&self) -> Option<&'static str> {
        Some(match self {
            Self::Ordering => "purchase.ordering",
            Self::Paying => "purchase.paying",
            Self::Confirming { tries: 0..4 } => "purchase.confirming",
            Self::Confirming { .. } => "purchase.confirming_long",
            Self::Left => "purchase.left",
            Self::Unfinished => "purchase.unfinished",
            Self::Failed(failure) => crate::failure::of_purchase(*failure).key,
            Self::Choosing | Self::Paid { .. } => return None,
        })
    }
}

/// How long to wait before the payment is asked for once more, after so many answers that it is not there yet; none after a
/// quarter of an hour: the hub goes on looking, and tells by a broadcast.
#[must_use]
pub const fn asks_again_after_ms(tries: u32) -> Option<u32> {
    match tries {
        0 => Some(1_000),
        1..10 => Some(3_000),
        10..70 => Some(15_000),
        _ => None,
    }
}

/// What is kept of a purchase until it is granted, so that neither a reload nor a lost answer makes two of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Whose it is: another customer of the same browser must not buy it.
    pub customer_id: String,
    /// The id under which it was ordered.
    pub request_id: String,
    /// The plan.
    pub plan_id: String,
    /// 1 to 4.
    pub hours: u32,
    /// The session that is extended; none for a new one.
    pub extends: Option<String>,
    /// The purchase's id, once the hub has said it.
    pub purchase_id: Option<String>,
    /// What proves the payment, once the provider's page has said it: order, payment, signature.
    pub proof: Option<[String; 3]>,
}

/// What tells this form of what is kept from later ones.
const FORM: &str = "2";

impl Kept {
    /// As it is kept: fields by `;`, which no id has in it.
    #[must_use]
    pub fn to_text(&self) -> String {
        let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
        let [order, payment, signature] = self.proof.clone().unwrap_or_default();
        [
            FORM,
            &self.customer_id,
            &self.request_id,
            &self.plan_id,
            &self.hours.to_string(),
            &or_empty(&self.extends),
            &or_empty(&self.purchase_id),
            &order,
            &payment,
            &signature,
        ]
        .join(";")
    }

    /// A purchase that was kept; none where it is none of ours.
    #[must_use]
    pub fn from_text(kept: &str) -> Option<Self> {
        let mut fields = kept.split(';');
        if fields.next()? != FORM {
            return None;
        }
        let present = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let customer_id = present(fields.next()?)?;
        let request_id = present(fields.next()?)?;
        let plan_id = present(fields.next()?)?;
        let hours = fields.next()?.parse().ok().filter(|hours| domain::plan::HOURS.contains(hours))?;
        let extends = present(fields.next()?);
        let purchase_id = present(fields.next()?);
        let (order, payment, signature) = (fields.next()?, fields.next()?, fields.next()?);
        let proof = match (present(order), present(payment), present(signature)) {
            (Some(order), Some(payment), Some(signature)) => Some([order, payment, signature]),
            _ => None,
        };
        let kept = Self { customer_id, request_id, plan_id, hours, extends, purchase_id, proof };
        fields.next().is_none().then_some(kept)
    }

    /// Whether it is the same wish, so that buying once more goes on with it instead of ordering another.
    #[must_use]
    pub fn is_for(&self, customer_id: &str, plan_id: &str, hours: u32, extends: Option<&str>) -> bool {
        self.customer_id == customer_id
            && self.plan_id == plan_id
            && self.hours == hours
            && self.extends.as_deref() == extends
    }

    /// What people may read to each other of it; empty until the hub has it.
    #[must_use]
    pub fn reference(&self) -> &str {
        self.purchase_id.as_deref().and_then(|id| id.split('-').next()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;

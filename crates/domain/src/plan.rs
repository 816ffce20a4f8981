//! The plans: what an hour costs and what it holds.
//!
//! Owns: the names and numbers of the three plans, for pages and tests. What a customer is sold are the rows of
//! `session_config`; `supabase/tests/03-plans.sql` holds those against the same figures. Must not: decide who has how much left; that is the ledger's.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Credits of one kind: one picture, or one video, each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Credits(pub u32);

impl fmt::Display for Credits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// An amount of money in paise; 100 paise are one rupee.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Paise(pub u32);

impl fmt::Display for Paise {
    /// Rupees, with paise only where there are any: `₹50`, `₹99.50`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rupees, paise) = (self.0 / 100, self.0 % 100);
        if paise == 0 { write!(formatter, "₹{rupees}") } else { write!(formatter, "₹{rupees}.{paise:02}") }
    }
}

/// The fewest and the most hours in one purchase.
pub const HOURS: std::ops::RangeInclusive<u32> = 1..=4;

/// A plan that is on sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Plan {
    /// For trying out.
    FlashLite,
    /// For projects.
    Flash,
    /// For professional work.
    Pro,
}

impl Plan {
    /// Every plan, from the cheapest to the dearest.
    pub const ALL: [Self; 3] = [Self::FlashLite, Self::Flash, Self::Pro];

    /// The id in the database and in JSON.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::FlashLite => "flash-lite",
            Self::Flash => "flash",
            Self::Pro => "pro",
        }
    }

    /// The price of one hour.
    #[must_use]
    pub const fn price_per_hour(self) -> Paise {
        match self {
            Self::FlashLite => Paise(5_000),
            Self::Flash => Paise(10_000),
            Self::Pro => Paise(20_000),
        }
    }

    /// Pictures in each hour.
    #[must_use]
    pub const fn image_credits_per_hour(self) -> Credits {
        match self {
            Self::FlashLite => Credits(3),
            Self::Flash => Credits(8),
            Self::Pro => Credits(15),
        }
    }

    /// Videos in each hour.
    #[must_use]
    pub const fn video_credits_per_hour(self) -> Credits {
        match self {
            Self::FlashLite => Credits(0),
            Self::Flash => Credits(1),
            Self::Pro => Credits(3),
        }
    }

    /// The price of that many hours; none unless they are within [`HOURS`].
    #[must_use]
    pub fn price(self, hours: u32) -> Option<Paise> {
        HOURS.contains(&hours).then(|| self.price_per_hour().0.checked_mul(hours).map(Paise)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_and_credits_are_the_missions() {
        let rows = Plan::ALL.map(|plan| {
            (
                plan.id(),
                plan.price_per_hour().to_string(),
                plan.image_credits_per_hour().0,
                plan.video_credits_per_hour().0,
            )
        });
        assert_eq!(
            rows,
            [
                ("flash-lite", "₹50".to_owned(), 3, 0),
                ("flash", "₹100".to_owned(), 8, 1),
                ("pro", "₹200".to_owned(), 15, 3)
            ]
        );
    }

    #[test]
    fn a_purchase_is_one_to_four_hours() {
        assert_eq!(Plan::Pro.price(0), None);
        assert_eq!(Plan::Pro.price(1), Some(Paise(20_000)));
        assert_eq!(Plan::Pro.price(4), Some(Paise(80_000)));
        assert_eq!(Plan::Pro.price(5), None);
        assert_eq!(Plan::Pro.price(u32::MAX), None);
    }

    #[test]
    fn rupees_show_paise_only_where_there_are_any() {
        assert_eq!(Paise(9_950).to_string(), "₹99.50");
        assert_eq!(Paise(7).to_string(), "₹0.07");
    }
}

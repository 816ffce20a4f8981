//! What the ledger is told once and for all: how long things last, who owns which conversation, which engines there are.
//!
//! Owns: the figures. The plans' are `domain::plan`'s.

use crate::names::{ConversationId, CustomerId};
use crate::time::Span;

/// How long a running hold lives after its worker was last heard of.
pub const LEASE: Span = Span(60 * Span::SECOND.0);
/// How long a picture may wait in the queue.
pub const PATIENCE: Span = Span::HOUR;
/// How long a paid session waits to be started.
pub const READY_FOR: Span = Span(30 * Span::DAY.0);

/// An engine, and whose key pays for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Engine {
    /// As in the hub's settings.
    pub name: &'static str,
    /// The account.
    pub account: &'static str,
}

/// How often the hub may ask an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The account.
    pub account: &'static str,
    /// So many turns in any hour; no limit where there is none.
    pub turns_per_hour: Option<u32>,
    /// And so long between two.
    pub gap: Span,
}

/// How often one customer may send requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// In the long run.
    pub per_minute: u32,
    /// At once, after a pause.
    pub burst: u32,
}

/// All of it.
#[derive(Clone, Debug)]
pub struct World {
    /// How many customers there are.
    pub customers: u32,
    /// How many conversations each has.
    pub conversations_each: u32,
    /// The engines.
    pub engines: &'static [Engine],
    /// The budgets; an account without one has no limit.
    pub budgets: &'static [Budget],
    /// The limit of each customer.
    pub allowance: Allowance,
}

impl World {
    /// Whose a conversation is; nobody's where there is no such.
    #[must_use]
    pub fn owner_of(&self, conversation: ConversationId) -> Option<CustomerId> {
        let owner = conversation.0 / self.conversations_each;
        (owner < self.customers).then_some(CustomerId(owner))
    }

    /// The budget of an account, where it has one.
    #[must_use]
    pub fn budget_of(&self, account: &str) -> Option<Budget> {
        self.budgets.iter().copied().find(|budget| budget.account == account)
    }
}

//! A picture in the books, from the hold on its credit to where it lies.
//!
//! Owns: the states, and what belongs to each. The row is the hold: a credit is used while its picture waits, runs or is
//! there, and free once it has failed or expired.

use crate::names::{ConversationId, CustomerId, LeaseId, RequestId, SessionId};
use crate::time::Moment;

/// What a prompt says, as far as the ledger looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// Nothing special; the number makes it another one.
    Plain(u32),
    /// It holds a phrase of the list.
    Refused,
    /// It holds a character that no prompt may hold.
    Unprintable,
}

/// What is asked for. The same id with other contents is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// Whose hour pays.
    pub session: SessionId,
    /// The conversation in which it is shown.
    pub conversation: Option<ConversationId>,
    /// The words.
    pub prompt: Prompt,
    /// The first picture's seed; left to the database where there is none.
    pub seed: Option<i64>,
    /// How many pictures.
    pub batch_count: u32,
}

/// A picture that was drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture {
    /// How long that took.
    pub generation_time_ms: u32,
}

/// Where a picture stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Waiting for a worker.
    Queued {
        /// The round of the queue in which its turn comes.
        turn: i64,
        /// Not tried before this.
        not_before: Moment,
        /// How long it may wait.
        until: Moment,
        /// What it was put back for; none where it only waits for its turn.
        waits_for: Option<&'static str>,
    },
    /// Somebody draws it.
    Running {
        /// Under this lease.
        lease: LeaseId,
        /// Which ends here unless it is renewed.
        until: Moment,
        /// The round of the queue from which it was taken, to which it goes back if it must.
        turn: Option<i64>,
    },
    /// There, and its credit spent.
    Completed {
        /// What was drawn.
        picture: Picture,
    },
    /// Given up, and its credit free.
    Failed {
        /// Why.
        code: &'static str,
    },
    /// Lost with its lease, and its credit free.
    Expired {
        /// It arrived after all, and cost nothing.
        present: Option<Picture>,
    },
}

impl State {
    /// The word in the database and in answers.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Queued { .. } => "queued",
            Self::Running { .. } => "running",
            Self::Completed { .. } => "completed",
            Self::Failed { .. } => "failed",
            Self::Expired { .. } => "expired",
        }
    }

    /// When the hold ends, where there is one.
    #[must_use]
    pub const fn held_until(self) -> Option<Moment> {
        match self {
            Self::Queued { until, .. } | Self::Running { until, .. } => Some(until),
            Self::Completed { .. } | Self::Failed { .. } | Self::Expired { .. } => None,
        }
    }

    /// Whether a credit is held, written down or not: a hold ends with its lease.
    #[must_use]
    pub fn is_held_at(self, now: Moment) -> bool {
        self.held_until().is_some_and(|until| until > now)
    }

    /// Whether it waits for a worker, as written down.
    #[must_use]
    pub const fn is_queued(self) -> bool {
        matches!(self, Self::Queued { .. })
    }

    /// Whether it is there and paid.
    #[must_use]
    pub const fn is_completed(self) -> bool {
        matches!(self, Self::Completed { .. })
    }

    /// The lease under which it runs.
    #[must_use]
    pub const fn lease(self) -> Option<LeaseId> {
        match self {
            Self::Running { lease, .. } => Some(lease),
            _ => None,
        }
    }

    /// The picture, paid or not.
    #[must_use]
    pub const fn picture(self) -> Option<Picture> {
        match self {
            Self::Completed { picture } => Some(picture),
            Self::Expired { present } => present,
            Self::Queued { .. } | Self::Running { .. } | Self::Failed { .. } => None,
        }
    }
}

/// A row of the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// Whose it is.
    pub customer: CustomerId,
    /// Its request.
    pub request: RequestId,
    /// What was asked for.
    pub contents: Contents,
    /// Its place in the batch, from 0.
    pub batch_index: u32,
    /// The hour that pays, whenever the picture arrives.
    pub hour_index: i64,
    /// When the credit was held.
    pub created_at: Moment,
    /// Whether it is drawn from the queue, rather than by the request that asked for it.
    pub respond_async: bool,
    /// How often a worker has begun it.
    pub attempts: u32,
    /// When the customer wanted it no more.
    pub cancel_requested_at: Option<Moment>,
    /// When it was settled.
    pub settled_at: Option<Moment>,
    /// Where it stands.
    pub state: State,
}

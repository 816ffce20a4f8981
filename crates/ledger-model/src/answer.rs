//! What the ledger answers.
//!
//! Owns: every outcome with what belongs to it. Pictures are named, not copied: an answer shows them as the books have
//! them when it is given. Must not: know how an answer is written in JSON.

use crate::names::{GenerationId, LeaseId, SessionId};
use crate::session::Balance;
use crate::time::Moment;

/// What is known of the engines that a caller names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// Those that nobody should ask now.
    pub passed_over: Vec<PassedOver>,
    /// The accounts that have a budget, in order of the alphabet.
    pub budgeted: Vec<&'static str>,
}

/// An engine that nobody should ask now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    /// Its name.
    pub engine: &'static str,
    /// What a customer is told.
    pub failure: &'static str,
    /// Seconds until it is worth asking again.
    pub retry_after: i64,
}

/// A place in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Pictures up to the request's first one, itself included.
    pub position: u32,
    /// When it is begun, as far as can be told.
    pub estimated_start_at: Moment,
}

/// How a request as a whole stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// All that is open of it waits.
    Queued,
    /// It is under way.
    Running,
    /// It has a picture.
    Completed,
    /// It was given up.
    Failed,
    /// Its lease ran out.
    Expired,
}

impl Outcome {
    /// The word in answers.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }
}

/// A request that is settled, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// How it stands.
    pub outcome: Outcome,
    /// Why it failed, of several reasons the first of the alphabet.
    pub failure: Option<&'static str>,
    /// Its pictures.
    pub generations: Vec<GenerationId>,
    /// What is left.
    pub balance: Balance,
}

/// Where a request stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// How it stands, with its pictures.
    pub settled: Settled,
    /// Whether it was taken back and the worker is still to hear of it.
    pub cancelling: bool,
    /// Where it waits.
    pub place: Option<Place>,
    /// What it waits for and until when, where it was put back.
    pub waiting: Option<Waiting>,
}

/// Why a request that was put back into the queue waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The code of what it was put back for.
    pub code: &'static str,
    /// It is not tried before this.
    pub not_before: Moment,
}

/// A picture that a worker has claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// Which.
    pub generation: GenerationId,
    /// Under this lease.
    pub lease: LeaseId,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nothing to say.
    Nothing,
    /// The database refuses the whole statement, and nothing of it has happened: its SQLSTATE.
    Rejected(&'static str),
    /// A session was granted, or there is no such plan.
    Granted(Option<SessionId>),
    /// What is left; nothing for whoever it does not belong to.
    Left(Option<Balance>),
    /// The clock runs: since when, and what is left.
    Started(Option<Moment>, Balance),
    /// So many holds were ended.
    Released(u32),
    /// A field is wrong.
    Invalid(&'static str),
    /// Too many requests, or too long a queue, in which case what is left is told.
    RateLimited {
        /// Seconds.
        retry_after: i64,
        /// What is left.
        balance: Option<Balance>,
    },
    /// No such session, or somebody else's.
    SessionNotFound,
    /// No such request, or somebody else's.
    RequestNotFound,
    /// Another request had this id.
    RequestIdReused,
    /// The request is under way.
    InProgress {
        /// Seconds.
        retry_after: i64,
    },
    /// The session is over, and when its hours ended if they had begun.
    SessionExpired(Option<Moment>),
    /// The plan has no hour with so many credits.
    NotInPlan(Balance),
    /// Not enough is left of this hour.
    CreditsExhausted {
        /// Seconds until there is more; none in the last hour.
        retry_after: Option<i64>,
        /// What is left.
        balance: Balance,
    },
    /// The prompt holds a phrase of the list.
    PromptRefused(Balance),
    /// No engine is worth asking.
    EnginesPassedOver(Sight, Balance),
    /// The credits are held and somebody may draw.
    Reserved {
        /// Under this lease.
        lease: LeaseId,
        /// With these engines.
        sight: Sight,
        /// The pictures to be.
        generations: Vec<GenerationId>,
        /// What is left.
        balance: Balance,
    },
    /// The credits are held and the pictures wait.
    Queued(Place, Balance),
    /// The request was settled, now or before.
    Settled(Settled),
    /// Where a request stands.
    Status(Status),
    /// What a worker may do.
    Claimed {
        /// With these engines.
        sight: Sight,
        /// Its pictures.
        work: Vec<Work>,
        /// Where there are none but some wait: when to ask again.
        wait_ms: Option<i64>,
    },
    /// Whether a lease is alive.
    Renewed {
        /// It is.
        held: bool,
        /// The customer wants the picture no more.
        cancel_requested: bool,
    },
    /// What became of a picture that was put back.
    Requeued(Outcome),
    /// Whether an account may be asked; if not, when.
    Turn {
        /// Milliseconds, where it may not.
        wait_ms: Option<i64>,
    },
}

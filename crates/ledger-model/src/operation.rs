//! What can be asked of the ledger.
//!
//! Owns: the operations, as plain data that can be kept, printed and done again.

use crate::generation::Contents;
use crate::names::{CustomerId, LeaseId, PictureName, RequestId, SessionId};
use crate::time::Moment;
use domain::plan::Plan;

/// A lease as somebody names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseClaim {
    /// One that was given once, alive or dead.
    Given(LeaseId),
    /// One that never was.
    Invented,
}

/// Engines by their place in the world's list, in the order of the caller's settings.
pub type EngineList = Vec<usize>;

/// A request for pictures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reserve {
    /// Who asks.
    pub customer: CustomerId,
    /// The id that his client made.
    pub request: RequestId,
    /// What he asks for.
    pub contents: Contents,
    /// Whether it may wait in the queue.
    pub respond_async: bool,
    /// Who would draw it.
    pub engines: EngineList,
}

/// The end of a request, or of the part of it that runs under a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settle {
    /// Whose request.
    pub customer: CustomerId,
    /// Which.
    pub request: RequestId,
    /// The pictures that are stored, whosever they are.
    pub made: Vec<PictureName>,
    /// How long each took to draw.
    pub generation_time_ms: u32,
    /// The engine that drew them.
    pub engine: usize,
    /// Whether the objects lie where only somebody else's may.
    pub misplaced: bool,
    /// What becomes of the others.
    pub failure: &'static str,
    /// The part.
    pub lease: Option<LeaseClaim>,
}

/// An operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Time goes on to this moment.
    Clock(Moment),
    /// Hours are bought; of a plan that is not on sale where there is none.
    Grant {
        /// For whom.
        customer: CustomerId,
        /// Which.
        plan: Option<Plan>,
        /// How many.
        hours: u32,
    },
    /// A customer starts the clock.
    Start(CustomerId, SessionId),
    /// A customer looks at what is left.
    Balance(CustomerId, SessionId),
    /// A customer asks for pictures.
    Reserve(Reserve),
    /// A customer asks where a request stands, with the engines that would draw it.
    Status(CustomerId, RequestId, EngineList),
    /// A customer takes a request back.
    Cancel(CustomerId, RequestId),
    /// A worker takes what waits.
    Claim {
        /// Whom it could ask.
        engines: EngineList,
        /// How many pictures it would take.
        count_max: i32,
        /// How many may be drawn at once by all.
        running_max: i32,
    },
    /// A worker says that it is alive.
    Renew(LeaseClaim),
    /// A worker puts a picture back.
    Requeue {
        /// The lease under which it had it.
        lease: LeaseClaim,
        /// Not to be tried again for so many seconds.
        delay_seconds: i32,
        /// What becomes of it if it cannot wait.
        failure: &'static str,
    },
    /// Pictures are stored.
    Complete(Settle),
    /// Nothing was made.
    Fail(Settle),
    /// A sweeper ends the holds whose lease has run out, looking at so many of them.
    Expire(Option<u32>),
    /// The schedule does what it does without a request.
    Tick,
    /// Somebody would ask an account.
    TakeTurn {
        /// Which.
        account: &'static str,
        /// Whether for a picture of the queue.
        for_queue: bool,
    },
    /// An engine, or an account, did not draw.
    Report {
        /// Its name.
        engine: &'static str,
        /// Why.
        failure: &'static str,
        /// Not to be asked for so many seconds, where that is known.
        pass_over_seconds: Option<i32>,
    },
}

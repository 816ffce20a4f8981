//! How an engine can fail, in classes that call for different things.
//!
//! Owns: the classes, and which code a client sees for each. Must not: decide about retries; that is the policy's.

use domain::code::Code;
use domain::picture::NoPicture;
use std::fmt;
use std::time::Duration;
use transport::TransportError;

/// A class of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The engine finds fault with the request itself.
    BadInput,
    /// The engine does not draw such things.
    Refused,
    /// The engine refuses the hub's key.
    Unauthorized,
    /// The hub's account at the engine is spent.
    Unpaid,
    /// The engine does not serve this model, or not any more.
    Gone,
    /// Too many requests; try again after, where the engine said so.
    RateLimited(Option<Duration>),
    /// The model is being loaded and will be ready after about that long.
    Warming(Duration),
    /// The engine says that it is not serving just now.
    Unavailable,
    /// The engine broke.
    Broken,
    /// The connection could not be made or broke.
    Unreachable,
    /// No answer within the time that was left.
    TimedOut,
    /// An answer, but no picture that can be stored.
    NoPicture(NoPicture),
    /// An answer larger than any picture that is taken.
    TooLarge,
}

impl Failure {
    /// What the client is told when this was the end of it.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Refused => Code::PromptRefused,
            Self::Unauthorized | Self::Unpaid | Self::Gone => Code::EngineMisconfigured,
            Self::RateLimited(_) => Code::RateLimited,
            Self::Warming(_) => Code::ModelLoading,
            Self::Unavailable | Self::Unreachable => Code::EngineUnavailable,
            Self::TimedOut => Code::EngineTimeout,
            Self::BadInput | Self::Broken | Self::NoPicture(_) | Self::TooLarge => Code::EngineFailed,
        }
    }

    /// Of several engines' failures the client is told the most hopeful one: the highest here.
    pub(crate) const fn hope(self) -> u8 {
        match self {
            Self::Refused => 8,
            Self::Warming(_) => 7,
            Self::RateLimited(_) => 6,
            Self::TimedOut => 5,
            Self::Unavailable | Self::Unreachable => 4,
            Self::Broken | Self::NoPicture(_) | Self::TooLarge => 3,
            Self::BadInput => 2,
            Self::Unauthorized | Self::Unpaid | Self::Gone => 1,
        }
    }
}

/// A failure, with what the log should say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineError {
    /// Its class.
    pub failure: Failure,
    /// Model, status and the engine's own words, for the owner's log and never for a client.
    pub detail: String,
}

impl EngineError {
    pub(crate) fn new(failure: Failure, detail: impl Into<String>) -> Self {
        Self { failure, detail: detail.into() }
    }
}

impl From<TransportError> for EngineError {
    fn from(error: TransportError) -> Self {
        let failure = match error {
            TransportError::Timeout => Failure::TimedOut,
            TransportError::TooLarge => Failure::TooLarge,
            TransportError::Connection(_) => Failure::Unreachable,
        };
        Self::new(failure, error.to_string())
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}: {}", self.failure, self.detail)
    }
}

//! A generation: one picture, from the hold on its credit to its end.
//!
//! Owns: its states and which of them hold or spend a credit. Must not: know where it is kept.

use serde::{Deserialize, Serialize};

/// Where a generation stands. The database keeps the same words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for a worker; its credit is held.
    Queued,
    /// Is being drawn; its credit is held until the lease runs out.
    Running,
    /// The picture is stored and recorded; its credit is spent.
    Completed,
    /// No picture came of it; its credit is free.
    Failed,
    /// Its worker never came back; its credit is free.
    Expired,
}

impl Status {
    /// Whether the generation never changes again.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        match self {
            Self::Queued | Self::Running => false,
            Self::Completed | Self::Failed | Self::Expired => true,
        }
    }

    /// Whether the generation takes one of its hour's credits.
    #[must_use]
    pub const fn uses_credit(self) -> bool {
        match self {
            Self::Queued | Self::Running | Self::Completed => true,
            Self::Failed | Self::Expired => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_picture_or_the_wait_for_one_takes_a_credit() {
        let all = [Status::Queued, Status::Running, Status::Completed, Status::Failed, Status::Expired];
        assert_eq!(all.map(Status::uses_credit), [true, true, true, false, false]);
        assert_eq!(all.map(Status::is_settled), [false, false, true, true, true]);
    }
}

//! How long something may take, and how much of that is left.
//!
//! Owns: that sum. Must not: wait, or decide what happens when the time is up.

use std::time::Duration;
use transport::Timer;

/// A moment by which something must be there.
#[derive(Clone, Copy)]
pub struct Deadline {
    started_ms: u64,
    budget: Duration,
}

impl Deadline {
    /// So long from now.
    pub fn new(timer: &impl Timer, budget: Duration) -> Self {
        Self { started_ms: timer.now_ms(), budget }
    }

    /// How long it has taken.
    pub fn elapsed(&self, timer: &impl Timer) -> Duration {
        Duration::from_millis(timer.now_ms().saturating_sub(self.started_ms))
    }

    /// What is left; zero once the time is up.
    pub fn remaining(&self, timer: &impl Timer) -> Duration {
        self.budget.saturating_sub(self.elapsed(timer))
    }
}

//! What to do after a failure: wait and ask the same engine again, ask the next one, or give up.
//!
//! Owns: that table. Must not: do it, or know a protocol.

use crate::Failure;
use std::time::Duration;

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Directive {
    /// Wait that long, then ask the same engine again.
    Retry(Duration),
    /// Ask the next engine of the list; this one will not draw the picture now.
    NextEngine,
    /// No engine will draw this.
    GiveUp,
}

/// A single wait is never longer than this; a model that takes longer is asked in between.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// Decides about a failure.
///
/// `attempts` counts the tries that this engine has had; `remaining` is the time in which the picture must be there;
/// `jitter`, from 0 to 1, spreads the retries of many. A wait that would not fit is not begun: the customer is told at
/// once, with the time that the engine named.
#[must_use]
pub fn directive(failure: Failure, attempts: u32, remaining: Duration, jitter: f64) -> Directive {
    let wanted = match failure {
        Failure::Refused => return Directive::GiveUp,
        // The same words may be fine for another model; the same engine would only say it again.
        Failure::BadInput
        | Failure::Unauthorized
        | Failure::Unpaid
        | Failure::Gone
        | Failure::NoPicture(_)
        | Failure::TooLarge => None,
        // The time is up, for the other engines as well.
        Failure::TimedOut => return Directive::GiveUp,
        // The whole warm-up must fit; the steps are short because estimates are often too long.
        Failure::Warming(estimate) => (estimate < remaining).then(|| estimate.clamp(Duration::from_secs(1), WAIT_MAX)),
        Failure::RateLimited(Some(after)) => (attempts <= 4).then(|| after.max(Duration::from_secs(1))),
        Failure::RateLimited(None) => (attempts <= 4).then(|| backoff(attempts, jitter)),
        Failure::Unavailable | Failure::Broken => (attempts <= 3).then(|| backoff(attempts, jitter)),
        // The request may have arrived, and a second one may be billed a second time; once is accepted.
        Failure::Unreachable => (attempts <= 1).then(|| backoff(attempts, jitter)),
    };
    match wanted {
        Some(wait) if wait < remaining => Directive::Retry(wait),
        _ => Directive::NextEngine,
    }
}

/// 1, 2, 4 … 30 seconds, and up to a quarter more.
fn backoff(attempts: u32, jitter: f64) -> Duration {
    let doublings = attempts.saturating_sub(1).min(5);
    let seconds = 2_u32.saturating_pow(doublings);
    Duration::from_secs(u64::from(seconds)).min(WAIT_MAX).mul_f64(1.0 + jitter.clamp(0.0, 1.0) / 4.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Directive::{GiveUp, NextEngine, Retry};
    use domain::picture::NoPicture;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_table_of_failures() {
        let rows = [
            (Failure::BadInput, 1, 100, NextEngine),
            (Failure::Refused, 1, 100, GiveUp),
            (Failure::Unauthorized, 1, 100, NextEngine),
            (Failure::Unpaid, 1, 100, NextEngine),
            (Failure::Gone, 1, 100, NextEngine),
            (Failure::NoPicture(NoPicture::Truncated), 1, 100, NextEngine),
            (Failure::TooLarge, 1, 100, NextEngine),
            (Failure::TimedOut, 1, 0, GiveUp),
            (Failure::RateLimited(Some(seconds(2))), 1, 100, Retry(seconds(2))),
            (Failure::RateLimited(Some(seconds(0))), 1, 100, Retry(seconds(1))),
            (Failure::RateLimited(Some(seconds(60))), 1, 50, NextEngine),
            (Failure::RateLimited(None), 3, 100, Retry(seconds(4))),
            (Failure::RateLimited(None), 5, 100, NextEngine),
            (Failure::Warming(seconds(20)), 1, 100, Retry(seconds(20))),
            (Failure::Warming(seconds(80)), 1, 100, Retry(seconds(30))),
            (Failure::Warming(seconds(80)), 9, 70, NextEngine),
            (Failure::Warming(seconds(0)), 1, 100, Retry(seconds(1))),
            (Failure::Unavailable, 3, 100, Retry(seconds(4))),
            (Failure::Unavailable, 4, 100, NextEngine),
            (Failure::Broken, 1, 100, Retry(seconds(1))),
            (Failure::Broken, 2, 2, NextEngine),
            (Failure::Unreachable, 1, 100, Retry(seconds(1))),
            (Failure::Unreachable, 2, 100, NextEngine),
        ];
        for (failure, attempts, remaining, expected) in rows {
            assert_eq!(directive(failure, attempts, seconds(remaining), 0.0), expected, "{failure:?} {attempts}");
        }
    }

    #[test]
    fn waits_are_spread_and_bounded() {
        assert_eq!(backoff(1, 1.0), Duration::from_millis(1_250));
        assert_eq!(backoff(40, 0.0), seconds(30));
        assert_eq!(backoff(0, 9.0), Duration::from_millis(1_250));
    }
}

//! What to do after a failure: wait and ask the same engine again, ask the next one, or give up; for how long nobody
//! should ask that engine; and when a picture that can wait is tried again.
//!
//! Owns: those tables. Must not: do any of it, or know a protocol.

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
        | Failure::TooLarge
        // What this engine was given of the time is used up.
        | Failure::TimedOut => None,
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

/// What a failure says about more than the one request that met it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PassOver {
    /// What is passed over.
    pub scope: Scope,
    /// For how long; none where the failure only counts, and several in a row are needed.
    pub duration: Option<Duration>,
}

/// What a failure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One model at one service.
    Engine,
    /// Everything that the same key or the same host draws.
    Account,
}

/// An engine that says when it will serve again is not believed beyond this.
const PASS_OVER_MAX: Duration = Duration::from_secs(3_600);

/// For how long nobody should ask an engine that failed like this at last; none where it says nothing about the next
/// request.
#[must_use]
pub fn pass_over(failure: Failure) -> Option<PassOver> {
    let minutes = |minutes: u64| Some(Duration::from_secs(minutes.saturating_mul(60)));
    let (scope, duration) = match failure {
        // The owner may be mending it just now: he should not wait for an hour to see that it works.
        Failure::Unauthorized => (Scope::Account, minutes(5)),
        Failure::Unpaid => (Scope::Account, minutes(15)),
        // Models vanish and return within hours: Hugging Face's providers are checked every six.
        Failure::Gone => (Scope::Engine, minutes(60)),
        Failure::RateLimited(Some(after)) => (Scope::Account, Some(after.min(PASS_OVER_MAX))),
        Failure::Unavailable | Failure::Broken | Failure::Unreachable | Failure::TimedOut => (Scope::Engine, None),
        Failure::BadInput
        | Failure::Refused
        | Failure::RateLimited(None)
        | Failure::Warming(_)
        | Failure::NoPicture(_)
        | Failure::TooLarge => return None,
    };
    Some(PassOver { scope, duration })
}

/// Tries that a picture in the queue has, the first included.
const QUEUE_ATTEMPTS_MAX: u32 = 4;

/// After how long a picture that waits in the queue is tried again, after all engines failed and this failure was the
/// most hopeful; none when it is given up. `attempts` counts the tries that it has had.
#[must_use]
pub fn queue_again(failure: Failure, attempts: u32) -> Option<Duration> {
    let patience = |wait: Duration| wait.clamp(Duration::from_secs(1), PASS_OVER_MAX);
    match failure {
        // The queue is what these wait in; how long at most is the ledger's to say.
        Failure::RateLimited(Some(after)) => Some(patience(after)),
        Failure::Warming(estimate) => Some(patience(estimate).min(WAIT_MAX)),
        Failure::RateLimited(None) | Failure::Unavailable | Failure::Broken | Failure::Unreachable => {
            let wait = Duration::from_secs(15).saturating_mul(2_u32.saturating_pow(attempts.saturating_sub(1).min(5)));
            (attempts < QUEUE_ATTEMPTS_MAX).then_some(wait)
        }
        // One more chance: the engine was slow once, and each try may be billed.
        Failure::TimedOut | Failure::NoPicture(_) => (attempts < 2).then_some(Duration::from_secs(5)),
        Failure::BadInput
        | Failure::Refused
        | Failure::Unauthorized
        | Failure::Unpaid
        | Failure::Gone
        | Failure::TooLarge => None,
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
            (Failure::TimedOut, 1, 50, NextEngine),
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
    fn what_a_failure_says_about_the_next_request() {
        let account = |minutes: u64| Some(PassOver { scope: Scope::Account, duration: Some(seconds(minutes * 60)) });
        let counted = Some(PassOver { scope: Scope::Engine, duration: None });
        let rows = [
            (Failure::Unauthorized, account(5)),
            (Failure::Unpaid, account(15)),
            (Failure::Gone, Some(PassOver { scope: Scope::Engine, duration: Some(seconds(3_600)) })),
            (Failure::RateLimited(Some(seconds(120))), account(2)),
            (Failure::RateLimited(Some(seconds(86_400))), account(60)),
            (Failure::RateLimited(None), None),
            (Failure::Unavailable, counted),
            (Failure::Broken, counted),
            (Failure::Unreachable, counted),
            (Failure::TimedOut, counted),
            (Failure::Warming(seconds(20)), None),
            (Failure::Refused, None),
            (Failure::BadInput, None),
            (Failure::NoPicture(NoPicture::Empty), None),
            (Failure::TooLarge, None),
        ];
        for (failure, expected) in rows {
            assert_eq!(pass_over(failure), expected, "{failure:?}");
        }
    }

    #[test]
    fn what_waits_in_the_queue_is_tried_again() {
        let rows = [
            (Failure::RateLimited(Some(seconds(90))), 9, Some(90)),
            (Failure::RateLimited(Some(seconds(0))), 1, Some(1)),
            (Failure::RateLimited(Some(seconds(86_400))), 1, Some(3_600)),
            (Failure::RateLimited(None), 1, Some(15)),
            (Failure::Warming(seconds(200)), 9, Some(30)),
            (Failure::Warming(seconds(8)), 1, Some(8)),
            (Failure::Unavailable, 1, Some(15)),
            (Failure::Broken, 3, Some(60)),
            (Failure::Unreachable, 4, None),
            (Failure::TimedOut, 1, Some(5)),
            (Failure::TimedOut, 2, None),
            (Failure::NoPicture(NoPicture::Truncated), 1, Some(5)),
            (Failure::BadInput, 1, None),
            (Failure::Refused, 1, None),
            (Failure::Unauthorized, 1, None),
            (Failure::Unpaid, 1, None),
            (Failure::Gone, 1, None),
            (Failure::TooLarge, 1, None),
        ];
        for (failure, attempts, expected) in rows {
            assert_eq!(queue_again(failure, attempts), expected.map(seconds), "{failure:?} {attempts}");
        }
    }

    #[test]
    fn waits_are_spread_and_bounded() {
        assert_eq!(backoff(1, 1.0), Duration::from_millis(1_250));
        assert_eq!(backoff(40, 0.0), seconds(30));
        assert_eq!(backoff(0, 9.0), Duration::from_millis(1_250));
    }
}

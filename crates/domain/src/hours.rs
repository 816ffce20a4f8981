//! The hours of a session: which one it is, and when the next strip of credits begins.
//!
//! Owns: the rule that `private.session_hour` keeps in the database, for everybody who shows a clock.
//! Must not: read the time. Times are milliseconds since 1970, UTC.

/// One hour in milliseconds.
pub const HOUR_MS: u64 = 3_600_000;

/// A session whose clock runs, or has run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    started_at_ms: u64,
    hours: u32,
}

/// Where a session stands at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// In one of its hours, counted from 0.
    Running {
        /// The hour.
        hour_index: u32,
        /// When the next hour begins, with the plan's credits again; none in the last hour.
        resets_at_ms: Option<u64>,
    },
    /// All its hours are over.
    Over,
}

impl Clock {
    /// The clock of a session of `hours` hours that was started then.
    #[must_use]
    pub const fn new(started_at_ms: u64, hours: u32) -> Self {
        Self { started_at_ms, hours }
    }

    /// When the session ends.
    #[must_use]
    pub fn expires_at_ms(self) -> u64 {
        self.hour_starts_at_ms(self.hours)
    }

    /// Where the session stands. A moment before the start (clocks differ) counts as the first hour.
    #[must_use]
    pub fn at(self, now_ms: u64) -> Moment {
        if now_ms >= self.expires_at_ms() {
            return Moment::Over;
        }
        let elapsed_hours = now_ms.saturating_sub(self.started_at_ms) / HOUR_MS;
        let hour_index = u32::try_from(elapsed_hours).unwrap_or(u32::MAX);
        let next_hour = hour_index.saturating_add(1);
        let resets_at_ms = (next_hour < self.hours).then(|| self.hour_starts_at_ms(next_hour));
        Moment::Running { hour_index, resets_at_ms }
    }

    fn hour_starts_at_ms(self, hour_index: u32) -> u64 {
        self.started_at_ms.saturating_add(HOUR_MS.saturating_mul(u64::from(hour_index)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: u64 = 1_795_000_000_000;

    #[test]
    fn an_hour_begins_on_its_first_millisecond() {
        let clock = Clock::new(START, 2);
        let second_hour = START + HOUR_MS;
        assert_eq!(clock.at(START), Moment::Running { hour_index: 0, resets_at_ms: Some(second_hour) });
        assert_eq!(clock.at(second_hour - 1), Moment::Running { hour_index: 0, resets_at_ms: Some(second_hour) });
        assert_eq!(clock.at(second_hour), Moment::Running { hour_index: 1, resets_at_ms: None });
        assert_eq!(clock.at(START + 2 * HOUR_MS - 1), Moment::Running { hour_index: 1, resets_at_ms: None });
        assert_eq!(clock.at(START + 2 * HOUR_MS), Moment::Over);
    }

    #[test]
    fn a_clock_that_lags_is_in_the_first_hour() {
        let clock = Clock::new(START, 1);
        assert_eq!(clock.at(START - 5_000), Moment::Running { hour_index: 0, resets_at_ms: None });
    }
}

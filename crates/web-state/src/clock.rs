//! The session's clock: what is said of the time that is left, and when to warn.
//!
//! Owns: what is shown of time and when it is announced. Must not: read the time, or decide when an hour begins, which
//! `domain::hours` does.

use crate::phrase::{Phrase, Value};

const MINUTE_MS: u64 = 60_000;

/// A warning that the session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    /// In ten minutes or less.
    Ten,
    /// In five.
    Five,
    /// In one.
    One,
}

impl Warning {
    /// From the last to the first.
    const LATEST_FIRST: [Self; 3] = [Self::One, Self::Five, Self::Ten];

    /// Minutes before the end.
    #[must_use]
    pub const fn minutes(self) -> u32 {
        match self {
            Self::Ten => 10,
            Self::Five => 5,
            Self::One => 1,
        }
    }

    /// The sentence. After sleep fewer minutes may be left than the warning is named for, so it says those that are.
    #[must_use]
    pub fn phrase(self, remaining_ms: u64) -> Phrase {
        let minutes = u32::try_from(remaining_ms.div_ceil(MINUTE_MS)).unwrap_or(u32::MAX);
        Phrase::counted("clock.ends_in", minutes.clamp(1, self.minutes()))
    }

    /// The warning that applies with so much left.
    #[must_use]
    pub fn standing(remaining_ms: u64) -> Option<Self> {
        Self::LATEST_FIRST
            .into_iter()
            .find(|warning| remaining_ms <= u64::from(warning.minutes()).saturating_mul(MINUTE_MS))
            .filter(|_| remaining_ms > 0)
    }
}

/// The warning that has come due between two looks at the clock: each once, and of several that were slept through the last.
/// At the first look `previous_remaining_ms` is `u64::MAX`. An hour that is added lets them come due anew.
#[must_use]
pub fn due(previous_remaining_ms: u64, now_remaining_ms: u64) -> Option<Warning> {
    let now = Warning::standing(now_remaining_ms)?;
    let crossed = previous_remaining_ms > u64::from(now.minutes()).saturating_mul(MINUTE_MS);
    crossed.then_some(now)
}

/// A span of time as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// An hour and more.
    Hours {
        /// Hours.
        hours: u32,
        /// Minutes beyond them, 0 to 59.
        minutes: u32,
    },
    /// A minute and more.
    Minutes(u32),
    /// Less than a minute.
    Seconds(u32),
}

impl Span {
    /// Rounded down, so that nobody is promised a minute that is not there; the last seconds up, so that none are only
    /// left when it is over.
    #[must_use]
    pub fn of(span_ms: u64) -> Self {
        let minutes = u32::try_from(span_ms / MINUTE_MS).unwrap_or(u32::MAX);
        match minutes {
            0 => Self::Seconds(u32::try_from(span_ms.div_ceil(1_000)).unwrap_or(60).min(59)),
            1..60 => Self::Minutes(minutes),
            _ => Self::Hours { hours: minutes / 60, minutes: minutes % 60 },
        }
    }

    /// A span that is said of what is yet to come, rounded up to what people say: seconds below a minute and a half, else
    /// minutes.
    #[must_use]
    pub const fn about(seconds: u32) -> Self {
        if seconds < 90 { Self::Seconds(seconds) } else { Self::Minutes(seconds.div_ceil(60)) }
    }

    /// Short: `2 h 05`, `9 min`, `40 s`.
    #[must_use]
    pub fn short(self) -> Phrase {
        match self {
            Self::Hours { hours, minutes } => {
                let padded = if minutes < 10 { ["0", &minutes.to_string()].concat() } else { minutes.to_string() };
                Phrase::new("span.hours_short").with("hours", Value::Number(hours)).with("minutes", Value::Text(padded))
            }
            Self::Minutes(minutes) => Phrase::new("span.minutes_short").with("minutes", Value::Number(minutes)),
            Self::Seconds(seconds) => Phrase::new("span.seconds_short").with("seconds", Value::Number(seconds)),
        }
    }

    /// In words, for sentences and screen readers: `2 hours 5 minutes`, `9 minutes`, `40 seconds`.
    #[must_use]
    pub fn long(self) -> Phrase {
        match self {
            Self::Hours { hours, minutes: 0 } => Phrase::counted("span.hours", hours),
            Self::Hours { hours, minutes } => Phrase::new("span.hours_and_minutes")
                .with("hours", Value::Phrase(Phrase::counted("span.hours", hours)))
                .with("minutes", Value::Phrase(Phrase::counted("span.minutes", minutes))),
            Self::Minutes(minutes) => Phrase::counted("span.minutes", minutes),
            Self::Seconds(seconds) => Phrase::counted("span.seconds", seconds),
        }
    }
}

#[cfg(test)]
mod tests;

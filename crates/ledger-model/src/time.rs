//! Time, to the microsecond, as the database keeps it.
//!
//! Owns: moments, spans, and how spans are rounded in answers. Must not: know what time it is.

use std::fmt;
use std::ops::{Add, Mul, Sub};

/// A moment, in microseconds since 1970, UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub i64);

/// The time between two moments, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub i64);

impl Span {
    /// No time at all.
    pub const NONE: Self = Self(0);
    /// The shortest time that the database can tell.
    pub const MICROSECOND: Self = Self(1);
    /// A thousandth of a second.
    pub const MILLISECOND: Self = Self(1_000);
    /// One second.
    pub const SECOND: Self = Self(1_000_000);
    /// One minute.
    pub const MINUTE: Self = Self(60_000_000);
    /// One hour.
    pub const HOUR: Self = Self(3_600_000_000);
    /// One day, of 24 hours.
    pub const DAY: Self = Self(86_400_000_000);

    /// In seconds, a begun one counted as a whole: whoever waits so long does not come too early.
    #[must_use]
    pub fn seconds_up(self) -> i64 {
        self.up_to(Self::SECOND)
    }

    /// In milliseconds, likewise.
    #[must_use]
    pub fn milliseconds_up(self) -> i64 {
        self.up_to(Self::MILLISECOND)
    }

    fn up_to(self, unit: Self) -> i64 {
        -((-self.0).div_euclid(unit.0))
    }
}

impl fmt::Display for Moment {
    /// As the database writes it in JSON: `2026-03-01T10:00:00.5+00:00`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, of_day) = (self.0.div_euclid(Span::DAY.0), self.0.rem_euclid(Span::DAY.0));
        let (year, month, day) = civil_date(days);
        let (seconds, micros) = (of_day / Span::SECOND.0, of_day % Span::SECOND.0);
        let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        let fraction = if micros == 0 { String::new() } else { format!(".{micros:06}") };
        let fraction = fraction.trim_end_matches('0');
        write!(formatter, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}+00:00")
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// The date of a day, counted from 1970-01-01, by eras of 400 years; a year is reckoned from March, so that the leap day
/// is its last.
fn civil_date(days: i64) -> (i64, i64, i64) {
    let since_era_0 = days + 719_468;
    let (era, day_of_era) = (since_era_0.div_euclid(146_097), since_era_0.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let months_since_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * months_since_march + 2) / 5 + 1;
    let month = (months_since_march + 2) % 12 + 1;
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

impl Add<Span> for Moment {
    type Output = Self;

    fn add(self, span: Span) -> Self {
        Self(self.0 + span.0)
    }
}

impl Sub<Span> for Moment {
    type Output = Self;

    fn sub(self, span: Span) -> Self {
        Self(self.0 - span.0)
    }
}

impl Sub for Moment {
    type Output = Span;

    fn sub(self, earlier: Self) -> Span {
        Span(self.0 - earlier.0)
    }
}

impl Mul<i64> for Span {
    type Output = Self;

    fn mul(self, times: i64) -> Self {
        Self(self.0 * times)
    }
}

#[cfg(test)]
mod tests {
    use super::{Moment, Span};

    #[test]
    fn a_begun_second_is_a_second_to_wait() {
        for (micros, seconds) in [(0, 0), (1, 1), (1_000_000, 1), (1_000_001, 2), (-1, 0), (-1_000_000, -1)] {
            assert_eq!(Span(micros).seconds_up(), seconds, "{micros} µs");
        }
    }

    #[test]
    fn a_moment_is_written_as_the_database_writes_it() {
        for (micros, text) in [
            (0, "1970-01-01T00:00:00+00:00"),
            (951_782_399_999_999, "2000-02-28T23:59:59.999999+00:00"),
            (951_782_400_000_000, "2000-02-29T00:00:00+00:00"),
            (1_772_359_200_500_000, "2026-03-01T10:00:00.5+00:00"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00+00:00"),
        ] {
            assert_eq!(Moment(micros).to_string(), text);
        }
    }
}

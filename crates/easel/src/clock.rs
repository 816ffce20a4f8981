//! The time of day, in the spellings of the engines. Seconds are all that any of them shows.

use std::time::{SystemTime, UNIX_EPOCH};

const SECONDS_PER_DAY: u64 = 86_400;

/// Seconds since 1970, in UTC.
pub fn unix_seconds() -> u64 {
    // A clock before 1970 is wrong anyhow.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// As `2026-02-04T05:06:07Z`.
pub fn iso(unix_seconds: u64) -> String {
    let (year, month, day) = date(unix_seconds / SECONDS_PER_DAY);
    let (hour, minute, second) = time(unix_seconds % SECONDS_PER_DAY);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// As `20260204050607`.
pub fn compact(unix_seconds: u64) -> String {
    iso(unix_seconds).chars().filter(char::is_ascii_digit).collect()
}

fn time(seconds: u64) -> (u64, u64, u64) {
    (seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Year, month and day of a day since 1970-01-01, by taking whole years and months off it.
fn date(mut day: u64) -> (u64, u64, u64) {
    let mut year = 1970_u64;
    while let Some(left) = day.checked_sub(if is_leap(year) { 366 } else { 365 }) {
        day = left;
        year = year.saturating_add(1);
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1_u64;
    for days in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        let Some(left) = day.checked_sub(days) else {
            break;
        };
        day = left;
        month = month.saturating_add(1);
    }
    (year, month, day.saturating_add(1))
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_fall_where_the_calendar_has_them() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (1_770_181_567, "2026-02-04T05:06:07Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(iso(seconds), expected);
        }
        assert_eq!(compact(1_770_181_567), "20260204050607");
    }
}

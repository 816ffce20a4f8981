//! The clock at its edges: before its start, around each minute that counts, after sleep, and after the end.

use super::*;
use domain::hours::HOUR_MS;

#[test]
fn each_warning_comes_once() {
    let minutes = |count: u64| count * MINUTE_MS;
    for (previous, now, expected) in [
        (minutes(10) + 1, minutes(10), Some(Warning::Ten)),
        (minutes(10), minutes(10) - 1_000, None),
        (minutes(6), minutes(5), Some(Warning::Five)),
        (minutes(5), minutes(4), None),
        (minutes(2), minutes(1), Some(Warning::One)),
        (minutes(1), 500, None),
        // Slept through two of them.
        (minutes(40), minutes(3), Some(Warning::Five)),
        (minutes(40), 20_000, Some(Warning::One)),
        (minutes(40), minutes(11), None),
        // Over says more than a warning.
        (minutes(40), 0, None),
        // The first look.
        (u64::MAX, minutes(7), Some(Warning::Ten)),
        // An hour was added.
        (minutes(3), minutes(63), None),
        (minutes(63), minutes(10), Some(Warning::Ten)),
    ] {
        assert_eq!(due(previous, now), expected, "{previous} {now}");
    }
}

#[test]
fn a_warning_says_the_minutes_that_are_left() {
    let said = |warning: Warning, left: u64| warning.phrase(left).count;
    assert_eq!(said(Warning::Ten, 10 * MINUTE_MS), Some(10));
    assert_eq!(said(Warning::Five, 3 * MINUTE_MS), Some(3));
    assert_eq!(said(Warning::One, 100), Some(1));
}

#[test]
fn spans_are_shown_as_people_read_them() {
    for (span_ms, expected) in [
        (0, Span::Seconds(0)),
        (1, Span::Seconds(1)),
        (40_000, Span::Seconds(40)),
        (59_999, Span::Seconds(59)),
        (MINUTE_MS, Span::Minutes(1)),
        (HOUR_MS - 1, Span::Minutes(59)),
        (2 * HOUR_MS + 5 * MINUTE_MS + 59_000, Span::Hours { hours: 2, minutes: 5 }),
    ] {
        assert_eq!(Span::of(span_ms), expected, "{span_ms}");
    }
    assert_eq!(
        [40, 89, 90, 121].map(Span::about),
        [Span::Seconds(40), Span::Seconds(89), Span::Minutes(2), Span::Minutes(3)]
    );
    let short = Span::Hours { hours: 2, minutes: 5 }.short();
    assert_eq!(short.values, [("hours", Value::Number(2)), ("minutes", Value::Text("05".to_owned()))]);
    assert_eq!(Span::Hours { hours: 1, minutes: 0 }.long().key, "span.hours");
    assert_eq!(Span::of(u64::MAX).long().key, "span.hours_and_minutes");
}

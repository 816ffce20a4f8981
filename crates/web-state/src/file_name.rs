//! The name under which a picture is saved: `slug-of-prompt_seed_YYYYMMDD-HHMMSS.ext`.
//!
//! Owns: that name. It is plain ASCII, so that every file system and every mail takes it. Must not: know a time zone; the
//! date is UTC's.

use domain::picture::Format;

/// The most characters of the prompt's part.
pub const SLUG_CHARACTERS_MAX: usize = 40;
const FALLBACK: &str = "picture";
/// The last millisecond of the year 9999: what is later has no date of eight digits.
const LAST_MS: u64 = 253_402_300_799_999;

/// The name of a picture of that prompt and seed, made at that time, stored under that name.
#[must_use]
pub fn file_name(prompt: &str, seed: u32, at_ms: u64, object_name: Option<&str>) -> String {
    [&slug(prompt), "_", &seed.to_string(), "_", &stamp(at_ms), ".", extension(object_name.unwrap_or_default())]
        .concat()
}

/// The prompt as a part of a name: lower case letters and digits with single hyphens between them.
#[must_use]
pub fn slug(prompt: &str) -> String {
    let mut slug = String::with_capacity(SLUG_CHARACTERS_MAX);
    let mut gap = false;
    for character in prompt.chars() {
        if character.is_ascii_alphanumeric() {
            let needed = if gap && !slug.is_empty() { 2 } else { 1 };
            if slug.len().saturating_add(needed) > SLUG_CHARACTERS_MAX {
                break;
            }
            if needed == 2 {
                slug.push('-');
            }
            slug.push(character.to_ascii_lowercase());
            gap = false;
        } else if !matches!(character, '.' | '\'' | '’') {
            // Dots would look like the extension; within a word they and apostrophes leave nothing behind.
            gap = true;
        }
    }
    if slug.bytes().any(|byte| byte.is_ascii_lowercase()) { slug } else { FALLBACK.to_owned() }
}

/// The extension of a stored object, without the dot. What the hub does not store under is taken for a PNG.
#[must_use]
pub fn extension(object_name: &str) -> &'static str {
    let ending = object_name.rsplit_once('.').map(|(_, ending)| ending).unwrap_or_default();
    [Format::Png, Format::Jpeg, Format::Webp]
        .into_iter()
        .map(Format::extension)
        .find(|known| known.eq_ignore_ascii_case(ending))
        .unwrap_or_else(|| Format::Png.extension())
}

/// A moment in UTC as `YYYYMMDD-HHMMSS`.
#[must_use]
pub fn stamp(at_ms: u64) -> String {
    let seconds = at_ms.min(LAST_MS) / 1_000;
    let (year, month, day) = civil(seconds / 86_400);
    let of_day = seconds % 86_400;
    let mut stamp = String::with_capacity(15);
    push(&mut stamp, year, 4);
    push(&mut stamp, month, 2);
    push(&mut stamp, day, 2);
    stamp.push('-');
    push(&mut stamp, of_day / 3_600, 2);
    push(&mut stamp, of_day / 60 % 60, 2);
    push(&mut stamp, of_day % 60, 2);
    stamp
}

/// Year, month and day of a number of days after 1 January 1970.
fn civil(days: u64) -> (u64, u64, u64) {
    let (mut year, mut left) = (1970_u64, days);
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if left < length {
            break;
        }
        left = left.saturating_sub(length);
        year = year.saturating_add(1);
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1_u64;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if left < length {
            break;
        }
        left = left.saturating_sub(length);
        month = month.saturating_add(1);
    }
    (year, month, left.saturating_add(1))
}

const fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn push(stamp: &mut String, number: u64, digits: usize) {
    let text = number.to_string();
    for _ in text.len()..digits {
        stamp.push('0');
    }
    stamp.push_str(&text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_the_picture_is() {
        assert_eq!(
            file_name("A Sunset over the v1.5 Sea, at 6 p.m.!", 4_294_967_295, 1_795_887_296_000, Some("u/k.JPG")),
            "a-sunset-over-the-v15-sea-at-6-pm_4294967295_20261128-173456.jpg"
        );
        assert_eq!(file_name("सूर्यास्त", 0, 0, None), "picture_0_19700101-000000.png");
    }

    #[test]
    fn a_slug_is_short_plain_and_never_empty() {
        let long = "word ".repeat(30);
        for (prompt, expected) in [
            ("tea", "tea"),
            ("  --Tea!! & cake--  ", "tea-cake"),
            ("the baker's cat", "the-bakers-cat"),
            ("../../etc/passwd", "etc-passwd"),
            ("con.png.exe", "conpngexe"),
            ("चाय tea चाय", "tea"),
            ("2026", "picture"),
            ("", "picture"),
            ("🌅", "picture"),
            (&long, "word-word-word-word-word-word-word-word"),
            (&"x".repeat(60), &"x".repeat(40)),
        ] {
            assert_eq!(slug(prompt), expected, "{prompt}");
        }
        for length in 30..50 {
            let slug = slug(&format!("{} and more", "y".repeat(length)));
            assert!(slug.len() <= SLUG_CHARACTERS_MAX && !slug.ends_with('-'), "{slug}");
        }
    }

    #[test]
    fn dates_are_utcs() {
        for (at_ms, expected) in [
            (0, "19700101-000000"),
            (951_782_399_999, "20000228-235959"),
            (951_782_400_000, "20000229-000000"),
            (951_868_800_000, "20000301-000000"),
            (1_709_164_800_000, "20240229-000000"),
            (1_767_225_599_000, "20251231-235959"),
            (1_767_225_600_000, "20260101-000000"),
            (4_107_542_400_000, "21000301-000000"),
            (u64::MAX, "99991231-235959"),
        ] {
            assert_eq!(stamp(at_ms), expected, "{at_ms}");
        }
    }

    #[test]
    fn the_extension_is_the_stored_ones() {
        let read = ["a/b.png", "a/b.jpg", "a/b.webp", "a/b.html", "a.b/c", ""].map(extension);
        assert_eq!(read, ["png", "jpg", "webp", "png", "png", "png"]);
    }
}

//! Feeds texts and limits to `domain::text::clean`. An input is the limit, two bytes with the lower first, and the text.
//!
//! What must hold: what is kept has at most as many characters as allowed, no NUL, no control character but tab and line
//! ends, and no white space around it; everything that can be seen is kept, in its order; cleaning it again changes
//! nothing; a refusal tells the truth.
#![no_main]

use arbitrary::Arbitrary;
use domain::text::{TextError, clean};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Given<'a> {
    characters_max: u16,
    text: &'a str,
}

fuzz_target!(|given: Given<'_>| {
    let Given { characters_max, text } = given;
    let characters_max = usize::from(characters_max);
    match clean(text, characters_max) {
        Ok(kept) => {
            assert!(!text.contains('\0'), "{text:?} cannot be kept");
            assert!(kept.chars().count() <= characters_max, "{kept:?}");
            assert!(!kept.chars().any(is_lost), "{kept:?}");
            assert_eq!(kept.trim(), kept);
            assert!(visible(&kept).eq(visible(text)), "{text:?} became {kept:?}");
            assert_eq!(clean(&kept, characters_max).as_ref(), Ok(&kept), "cleaned twice");
        }
        Err(TextError::Nul) => assert!(text.contains('\0'), "{text:?}"),
        Err(TextError::TooLong { characters_max: told }) => {
            assert_eq!(told, characters_max);
            let kept = clean(text, usize::MAX);
            assert!(kept.is_ok_and(|kept| kept.chars().count() > characters_max), "{text:?} is short enough");
        }
    }
});

/// Control characters that no kept text holds; NUL is one of them.
fn is_lost(character: char) -> bool {
    character.is_control() && !matches!(character, '\t' | '\n' | '\r')
}

fn visible(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|character| !character.is_control() && !character.is_whitespace())
}

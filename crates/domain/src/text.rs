//! Text that comes from people: trimmed, counted and cleaned the same way everywhere.
//!
//! Owns: what counts as a character (a Unicode scalar value, as PostgreSQL counts) and which ones cannot be kept.
//! Must not: judge what the text says.

/// Why a text cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextError {
    /// It holds U+0000, which no PostgreSQL text can.
    Nul,
    /// It is longer than allowed.
    TooLong {
        /// The most characters it may have.
        characters_max: usize,
    },
}

/// The text as it is kept: white space trimmed at both ends, other control characters than tab and line ends turned into
/// spaces (they come along when one copies from documents, and mean nothing to an engine).
///
/// # Errors
/// [`TextError`] when it cannot be kept.
pub fn clean(text: &str, characters_max: usize) -> Result<String, TextError> {
    if text.contains('\0') {
        return Err(TextError::Nul);
    }
    let kept: String = text
        .trim_matches(|character: char| character.is_whitespace() || character.is_control())
        .chars()
        .map(|character| match character {
            '\t' | '\n' | '\r' => character,
            other if other.is_control() => ' ',
            other => other,
        })
        .collect();
    if kept.chars().count() > characters_max { Err(TextError::TooLong { characters_max }) } else { Ok(kept) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_trimmed_cleaned_and_counted_in_characters() {
        let rows: [(&str, usize, Result<&str, TextError>); 9] = [
            ("a sunset", 8, Ok("a sunset")),
            ("  a sunset\n", 8, Ok("a sunset")),
            ("a\u{b}sunset", 8, Ok("a sunset")),
            ("one\ntwo", 7, Ok("one\ntwo")),
            ("\u{1b}\u{2028} ", 8, Ok("")),
            ("सूर्यास्त", 9, Ok("सूर्यास्त")),
            ("👩‍🎨", 3, Ok("👩‍🎨")),
            ("abcd", 3, Err(TextError::TooLong { characters_max: 3 })),
            ("a\0b", 8, Err(TextError::Nul)),
        ];
        for (text, characters_max, expected) in rows {
            assert_eq!(clean(text, characters_max), expected.map(str::to_owned), "{text:?}");
        }
    }
}

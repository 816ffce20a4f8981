//! The prompt while it is typed: whether it can be sent, how much room is left, which keys send it, and which bring back
//! what was said before.
//!
//! Owns: the check before sending. Must not: know limits of its own; those are `domain`'s.

use domain::request::PROMPT_CHARACTERS_MAX;
use domain::text::{self, TextError};

/// From how many characters before the end on the room is shown.
pub const COUNTED_FROM: i64 = 200;

/// Why a prompt cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptFault {
    /// There is nothing in it.
    Empty,
    /// It is too long.
    TooLong {
        /// By how many characters.
        over: u32,
    },
    /// It holds a character that cannot be kept.
    Nul,
}

impl PromptFault {
    /// The sentence for it: its key, and for how many.
    #[must_use]
    pub fn phrase(self) -> crate::phrase::Phrase {
        use crate::phrase::Phrase;
        match self {
            Self::Empty => Phrase::new("prompt.empty"),
            Self::TooLong { over } => Phrase::counted("prompt.too_long", over),
            Self::Nul => Phrase::new("prompt.nul"),
        }
    }
}

/// The prompt as it is sent.
///
/// # Errors
/// [`PromptFault`] where it cannot be.
pub fn read(typed: &str) -> Result<String, PromptFault> {
    match text::clean(typed, PROMPT_CHARACTERS_MAX) {
        Ok(kept) if kept.is_empty() => Err(PromptFault::Empty),
        Ok(kept) => Ok(kept),
        Err(TextError::Nul) => Err(PromptFault::Nul),
        Err(TextError::TooLong { .. }) => {
            let over = u32::try_from(characters_left(typed).saturating_neg()).unwrap_or_default();
            Err(PromptFault::TooLong { over })
        }
    }
}

/// How many characters still fit; less than nothing where it is too long already.
#[must_use]
pub fn characters_left(typed: &str) -> i64 {
    // Cleaning only trims and replaces, so without a limit it fails on U+0000 alone.
    let kept = text::clean(typed, usize::MAX).map_or_else(|_| typed.chars().count(), |kept| kept.chars().count());
    let count = |characters: usize| i64::try_from(characters).unwrap_or(i64::MAX);
    count(PROMPT_CHARACTERS_MAX).saturating_sub(count(kept))
}

/// How many characters still fit, once that is worth showing.
#[must_use]
pub fn counter(typed: &str) -> Option<i64> {
    // A short text has room, however its characters are counted: this runs at every stroke.
    if typed.len() < PROMPT_CHARACTERS_MAX.saturating_sub(200) {
        return None;
    }
    Some(characters_left(typed)).filter(|left| *left <= COUNTED_FROM)
}

/// What a key does in the prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Sends it.
    Send,
    /// Begins a new line, which the field does by itself.
    NewLine,
    /// Brings back what was said before that.
    Earlier,
    /// Goes on to what was said after that.
    Later,
    /// Whatever the field makes of it.
    Other,
}

/// The code that browsers give a key that an input method is still working on.
const KEY_CODE_COMPOSING: u32 = 229;

/// What is held together with a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Shift.
    pub shift: bool,
    /// Ctrl, or Cmd.
    pub ctrl_or_meta: bool,
    /// Alt.
    pub alt: bool,
}

/// What a key does. Enter belongs to the input method while it composes: half the customers type Hindi with one. Only
/// together with Ctrl or Cmd it sends whatever else is held.
#[must_use]
pub fn on_key(key: &str, held: Held, is_composing: bool, key_code: u32) -> Key {
    if is_composing || key_code == KEY_CODE_COMPOSING {
        return Key::Other;
    }
    match (key, held) {
        ("Enter", Held { shift: true, ctrl_or_meta: false, .. }) => Key::NewLine,
        ("Enter", _) => Key::Send,
        ("ArrowUp", Held { alt: true, shift: false, ctrl_or_meta: false }) => Key::Earlier,
        ("ArrowDown", Held { alt: true, shift: false, ctrl_or_meta: false }) => Key::Later,
        _ => Key::Other,
    }
}

/// A walk through what was said before. What was being typed is at its near end, and is not lost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    /// How far back it is; 0 at what was being typed.
    back: usize,
    typed: String,
    /// The words that it gave last. Where others are shown, it has ended.
    given: String,
}

impl Walk {
    /// The words of the next step, of all that was said, the oldest first; none where there is nothing further. `shown` is
    /// what the field holds now.
    pub fn step(&mut self, said: &[&str], key: Key, shown: &str) -> Option<String> {
        if self.back > 0 && shown != self.given {
            *self = Self::default();
        }
        let back = match key {
            Key::Earlier => self.back.saturating_add(1),
            Key::Later => self.back.checked_sub(1)?,
            _ => return None,
        };
        if self.back == 0 {
            self.typed = shown.to_owned();
        }
        let words = match back {
            0 => self.typed.as_str(),
            _ => said.get(said.len().checked_sub(back)?)?,
        };
        let words = words.to_owned();
        self.back = back;
        self.given.clone_from(&words);
        Some(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_sent_clean_or_not_at_all() {
        let long = |characters: usize| "अ".repeat(characters);
        for (typed, expected) in [
            ("  a sunset \n", Ok("a sunset".to_owned())),
            ("one\u{b}two", Ok("one two".to_owned())),
            ("", Err(PromptFault::Empty)),
            (" \n\t ", Err(PromptFault::Empty)),
            ("a\0b", Err(PromptFault::Nul)),
            (&long(2_000), Ok(long(2_000))),
            (&long(2_001), Err(PromptFault::TooLong { over: 1 })),
            (&format!("  {}  ", long(2_030)), Err(PromptFault::TooLong { over: 30 })),
        ] {
            assert_eq!(read(typed), expected);
        }
    }

    #[test]
    fn the_room_is_shown_when_it_gets_short() {
        let left = |characters: usize| counter(&"x".repeat(characters));
        assert_eq!(
            [left(0), left(1_799), left(1_800), left(2_000), left(2_003)],
            [None, None, Some(200), Some(0), Some(-3)]
        );
        // Many bytes, few characters.
        assert_eq!(counter(&"अ".repeat(700)), None);
        assert_eq!(characters_left("a\0"), 1_998);
    }

    #[test]
    fn enter_sends_unless_an_input_method_needs_it() {
        let held =
            |keys: &str| Held { shift: keys.contains('S'), ctrl_or_meta: keys.contains('C'), alt: keys.contains('A') };
        for (key, keys, composing, code, expected) in [
            ("Enter", "", false, 13, Key::Send),
            ("Enter", "S", false, 13, Key::NewLine),
            ("Enter", "C", false, 13, Key::Send),
            ("Enter", "SC", false, 13, Key::Send),
            ("Enter", "", true, 13, Key::Other),
            ("Enter", "", false, 229, Key::Other),
            ("Enter", "C", true, 229, Key::Other),
            ("a", "C", false, 65, Key::Other),
            ("ArrowUp", "A", false, 38, Key::Earlier),
            ("ArrowDown", "A", false, 40, Key::Later),
            ("ArrowUp", "", false, 38, Key::Other),
            ("ArrowUp", "SA", false, 38, Key::Other),
            ("ArrowUp", "A", true, 38, Key::Other),
        ] {
            assert_eq!(on_key(key, held(keys), composing, code), expected, "{key} {keys} {code}");
        }
    }

    #[test]
    fn what_was_being_typed_is_not_lost_on_the_way() {
        let said = ["a lighthouse", "a tea stall"];
        let mut walk = Walk::default();
        let mut shown = "a pap".to_owned();
        for (key, expected) in [
            (Key::Later, None),
            (Key::Earlier, Some("a tea stall")),
            (Key::Earlier, Some("a lighthouse")),
            (Key::Earlier, None),
            (Key::Later, Some("a tea stall")),
            (Key::Later, Some("a pap")),
            (Key::Later, None),
            (Key::Other, None),
        ] {
            let words = walk.step(&said, key, &shown);
            assert_eq!(words.as_deref(), expected, "{key:?} from {shown}");
            shown = words.unwrap_or(shown);
        }
        assert_eq!(Walk::default().step(&[], Key::Earlier, "x"), None);
        // Whatever was put into the field meanwhile is what was being typed.
        let mut walk = Walk::default();
        assert_eq!(walk.step(&said, Key::Earlier, "").as_deref(), Some("a tea stall"));
        assert_eq!(walk.step(&said, Key::Earlier, "other words").as_deref(), Some("a tea stall"));
        assert_eq!(walk.step(&said, Key::Later, "a tea stall").as_deref(), Some("other words"));
    }
}

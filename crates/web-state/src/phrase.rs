//! Something to be said: the key of a sentence and what fills it, before it is in any language.
//!
//! Owns: how a phrase becomes text. Must not: know a language's words or its way to write times and money; a `Speech` does.

use crate::catalogue::{Language, fill, plural_key};
use domain::plan::Paise;

/// What fills a placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text as it stands.
    Text(String),
    /// A number.
    Number(u32),
    /// The time of day of a moment, where the customer is.
    TimeOfDay(u64),
    /// An amount of money.
    Money(Paise),
    /// Another phrase.
    Phrase(Phrase),
}

/// A sentence of the catalogue, and what fills it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    /// The key; of the plural's two forms, what they have in common.
    pub key: &'static str,
    /// Where there is a plural: how many. It fills `{count}`.
    pub count: Option<u32>,
    /// What fills the placeholders.
    pub values: Vec<(&'static str, Value)>,
}

/// Somebody who knows a language: the page, by its catalogue and the browser's `Intl`; a test, by hand.
pub trait Speech {
    /// Which language.
    fn language(&self) -> Language;
    /// The sentence of a key; none where the catalogue lacks it.
    fn sentence(&self, key: &str) -> Option<String>;
    /// A number, as the language writes it.
    fn number(&self, number: u32) -> String;
    /// The time of day of a moment.
    fn time_of_day(&self, at_ms: u64) -> String;
    /// An amount of money.
    fn money(&self, amount: Paise) -> String;
}

impl Phrase {
    /// The sentence of that key.
    #[must_use]
    pub const fn new(key: &'static str) -> Self {
        Self { key, count: None, values: Vec::new() }
    }

    /// The plural form of that key for that many.
    #[must_use]
    pub const fn counted(key: &'static str, count: u32) -> Self {
        Self { key, count: Some(count), values: Vec::new() }
    }

    /// With one placeholder more filled.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: Value) -> Self {
        self.values.push((name, value));
        self
    }

    /// The text. A key that the catalogue lacks says itself, so that it is seen.
    #[must_use]
    pub fn say(&self, speech: &dyn Speech) -> String {
        let counted = self.count.map(|count| plural_key(speech.language(), self.key, count));
        let key = counted.as_deref().unwrap_or(self.key);
        let Some(sentence) = speech.sentence(key) else { return key.to_owned() };
        let mut values: Vec<(&str, String)> = Vec::with_capacity(self.values.len().saturating_add(1));
        values.extend(self.count.map(|count| ("count", speech.number(count))));
        values.extend(self.values.iter().map(|(name, value)| (*name, value.say(speech))));
        fill(&sentence, &values)
    }
}

impl Value {
    fn say(&self, speech: &dyn Speech) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => speech.number(*number),
            Self::TimeOfDay(at_ms) => speech.time_of_day(*at_ms),
            Self::Money(amount) => speech.money(*amount),
            Self::Phrase(phrase) => phrase.say(speech),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct ByHand;

    impl Speech for ByHand {
        fn language(&self) -> Language {
            Language::English
        }

        fn sentence(&self, key: &str) -> Option<String> {
            let sentence = match key {
                "left_one" => "{count} picture left, {rest}",
                "left_other" => "{count} pictures left, {rest}",
                "until" => "new at {time} for {price}",
                _ => return None,
            };
            Some(sentence.to_owned())
        }

        fn number(&self, number: u32) -> String {
            number.to_string()
        }

        fn time_of_day(&self, at_ms: u64) -> String {
            format!("<{at_ms}>")
        }

        fn money(&self, amount: Paise) -> String {
            amount.to_string()
        }
    }

    #[test]
    fn a_phrase_is_said_with_all_that_fills_it() {
        let until = Phrase::new("until").with("time", Value::TimeOfDay(7)).with("price", Value::Money(Paise(5_000)));
        let left = |count| Phrase::counted("left", count).with("rest", Value::Phrase(until.clone()));
        assert_eq!(left(1).say(&ByHand), "1 picture left, new at <7> for ₹50");
        assert_eq!(left(3).say(&ByHand), "3 pictures left, new at <7> for ₹50");
    }

    #[test]
    fn a_key_that_is_missing_says_itself() {
        assert_eq!(Phrase::new("gone").say(&ByHand), "gone");
        assert_eq!(Phrase::counted("gone", 2).say(&ByHand), "gone_other");
    }
}

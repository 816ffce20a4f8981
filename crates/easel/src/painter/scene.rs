//! From a prompt to a scene: what is in it, in which order of importance, and the numbers that all dice start from.
//! It reads words only; how things look is decided by the modules that paint them.

use super::noise::{hash_text, mix64};
use super::words::{FILLERS, NEGATIONS, Word, Words, meaning};

/// What kind of picture it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Sky, land, water and what stands on them.
    Landscape,
    /// One-point perspective between houses.
    Street,
    /// Planets and nebulae.
    Space,
    /// A stylised bust.
    Portrait,
    /// One flower, close.
    Bloom,
    /// No things at all.
    Abstract,
}

/// Where the light comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    Sunrise,
    Day,
    Golden,
    Sunset,
    Dusk,
    Night,
}

/// How the picture is finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Natural,
    Watercolor,
    Oil,
    Ink,
    Poster,
    Minimal,
}

/// A prompt, understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// What is there, after everything unwanted was taken away.
    pub words: Words,
    /// What must not appear, even where it would by default.
    pub unwanted: Words,
    /// The kind of picture.
    pub kind: Kind,
    /// The time of day.
    pub time: Time,
    /// The finish.
    pub style: Style,
    /// A colour word that stands directly before a thing ("a red boat").
    pub subject_color: Option<Word>,
    /// Where the dice of composition start: the seed and the words that mean nothing to us.
    pub composition: u64,
}

impl Scene {
    /// Reads a prompt.
    pub fn read(prompt: &str, negative: &str, seed: u64) -> Self {
        let mut reading = Reading::default();
        reading.take(prompt, false);
        reading.take(negative, true);
        let words = reading.wanted.without(reading.unwanted);
        let composition = mix64(seed ^ mix64(reading.unknown));
        let kind = kind(words);
        Self {
            words,
            unwanted: reading.unwanted,
            kind,
            time: time(words, kind, composition),
            style: style(words),
            subject_color: reading.subject_color,
            composition,
        }
    }

    /// Whether this was asked for.
    pub fn has(&self, word: Word) -> bool {
        self.words.has(word)
    }

    /// Whether any of these was asked for.
    pub fn any(&self, words: &[Word]) -> bool {
        self.words.any(words)
    }

    /// Whether this may be added although nobody asked for it.
    pub fn allows(&self, word: Word) -> bool {
        !self.unwanted.has(word)
    }

    /// Whether the light of day is gone.
    pub fn is_dark(&self) -> bool {
        matches!(self.time, Time::Night | Time::Dusk)
    }
}

/// Things that a colour word directly before them belongs to.
const TINTABLE: &[Word] = &[
    Word::Boat,
    Word::Balloon,
    Word::Cat,
    Word::Dog,
    Word::Deer,
    Word::Bird,
    Word::House,
    Word::Flower,
    Word::Rose,
    Word::Lotus,
    Word::Sunflower,
    Word::Tree,
    Word::Lantern,
    Word::Lighthouse,
    Word::Woman,
    Word::Man,
    Word::Elephant,
    Word::Meadow,
    Word::Planet,
];

/// The colour words.
pub const COLORS: &[Word] = &[
    Word::Red,
    Word::Orange,
    Word::Yellow,
    Word::Green,
    Word::Teal,
    Word::Blue,
    Word::Purple,
    Word::Pink,
    Word::Gold,
    Word::Brown,
    Word::White,
    Word::Black,
];

/// What was read so far.
#[derive(Default)]
struct Reading {
    wanted: Words,
    unwanted: Words,
    unknown: u64,
    subject_color: Option<Word>,
}

impl Reading {
    /// Reads one text. In a negative prompt everything that means something is unwanted and the rest is silent.
    fn take(&mut self, text: &str, negative: bool) {
        let tokens = tokens(text);
        let mut negated = false;
        let mut color = None;
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let (word, used) = longest(&tokens, at);
            at += used;
            if token == "," {
                negated = false;
            } else if NEGATIONS.contains(&token.as_str()) {
                negated = true;
            } else if let Some(word) = word {
                if negative || negated {
                    self.unwanted.insert(word);
                } else {
                    self.wanted.insert(word);
                    self.attach(&mut color, word);
                }
                negated = false;
            } else if !negative && !FILLERS.contains(&token.as_str()) {
                // A sum does not depend on the order, so rephrasing keeps the composition.
                self.unknown = self.unknown.wrapping_add(mix64(hash_text(token)));
            }
        }
    }

    /// Gives the colour just read to the thing that follows it, and takes it out of the tint of the whole picture.
    fn attach(&mut self, color: &mut Option<Word>, word: Word) {
        if COLORS.contains(&word) {
            *color = Some(word);
            return;
        }
        if let Some(found) = color.take()
            && TINTABLE.contains(&word)
            && self.subject_color.is_none()
        {
            self.wanted.remove(found);
            self.subject_color = Some(found);
        }
    }
}

/// The meaning of the longest phrase that starts here (three tokens at most), and how many tokens it took.
fn longest(tokens: &[String], at: usize) -> (Option<Word>, usize) {
    for count in [3, 2] {
        if let Some(phrase) = tokens.get(at..at + count)
            && let Some(word) = meaning(&phrase.join(" "))
        {
            return (Some(word), count);
        }
    }
    (tokens.get(at).and_then(|token| meaning(token)), 1)
}

/// Lower-case words, with commas and full stops kept as "," because they end a negation.
fn tokens(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut word = String::new();
    for c in text.chars() {
        // Devanagari writes vowels and the nukta as marks, which are not alphanumeric.
        if c.is_alphanumeric() || ('\u{0900}'..='\u{0963}').contains(&c) {
            word.extend(c.to_lowercase());
            continue;
        }
        if !word.is_empty() {
            out.push(std::mem::take(&mut word));
        }
        if matches!(c, ',' | '.' | ';' | '।') {
            out.push(",".to_owned());
        }
    }
    if !word.is_empty() {
        out.push(word);
    }
    out
}

/// Places that lie on dry land.
pub const LAND: &[Word] = &[
    Word::Mountain,
    Word::Hill,
    Word::River,
    Word::Meadow,
    Word::Garden,
    Word::Village,
    Word::House,
    Word::Temple,
    Word::Palace,
    Word::Castle,
    Word::Tree,
    Word::Cat,
    Word::Dog,
    Word::Deer,
    Word::Elephant,
    Word::Autumn,
    Word::Spring,
    Word::Snow,
    Word::Flower,
    Word::Sunflower,
    Word::Rose,
];

/// Places on earth: with one of these a person or a planet is part of a landscape.
const GROUND: &[Word] = &[
    Word::Mountain,
    Word::Hill,
    Word::Sea,
    Word::Beach,
    Word::Lake,
    Word::River,
    Word::Waterfall,
    Word::Forest,
    Word::City,
    Word::Desert,
    Word::Meadow,
    Word::Garden,
    Word::Village,
    Word::House,
    Word::Temple,
    Word::Palace,
    Word::Castle,
    Word::Island,
    Word::Bridge,
    Word::Lighthouse,
    Word::Boat,
    Word::Tree,
    Word::Palm,
    Word::Pine,
    Word::Balloon,
];

fn kind(words: Words) -> Kind {
    let grounded = words.any(GROUND);
    if words.has(Word::Street) {
        Kind::Street
    } else if words.any(&[Word::Space, Word::Planet, Word::Galaxy]) && !grounded {
        Kind::Space
    } else if words.has(Word::Portrait) && !words.any(&[Word::Cat, Word::Dog, Word::Deer, Word::Elephant]) && !grounded
        || words.any(&[Word::Woman, Word::Man, Word::Child]) && (!grounded || words.has(Word::Portrait))
    {
        Kind::Portrait
    } else if words.any(&[Word::Lotus, Word::Rose, Word::Sunflower, Word::Flower])
        && !grounded
        && !words.any(&[Word::Cat, Word::Dog, Word::Deer, Word::Bird])
    {
        Kind::Bloom
    } else if words.has(Word::Abstract) && !grounded {
        Kind::Abstract
    } else {
        Kind::Landscape
    }
}

fn time(words: Words, kind: Kind, composition: u64) -> Time {
    let asked = [
        (Word::Night, Time::Night),
        (Word::Aurora, Time::Night),
        (Word::Sunset, Time::Sunset),
        (Word::Sunrise, Time::Sunrise),
        (Word::Golden, Time::Golden),
        (Word::Dusk, Time::Dusk),
        (Word::Day, Time::Day),
        (Word::Stars, Time::Night),
        (Word::Moon, Time::Night),
        (Word::Galaxy, Time::Night),
        (Word::Lantern, Time::Dusk),
        (Word::Rainbow, Time::Day),
    ];
    if let Some(&(_, time)) = asked.iter().find(|(word, _)| words.has(*word)) {
        return time;
    }
    if kind == Kind::Street {
        return if composition.is_multiple_of(3) { Time::Dusk } else { Time::Night };
    }
    let choice = mix64(composition ^ 0x71) % 100;
    match choice {
        0..22 => Time::Sunset,
        22..42 => Time::Golden,
        42..66 => Time::Day,
        66..86 => Time::Sunrise,
        _ => Time::Dusk,
    }
}

fn style(words: Words) -> Style {
    let asked = [
        (Word::Watercolor, Style::Watercolor),
        (Word::Oil, Style::Oil),
        (Word::Ink, Style::Ink),
        (Word::Poster, Style::Poster),
        (Word::Minimal, Style::Minimal),
    ];
    asked.iter().find(|(word, _)| words.has(*word)).map_or(Style::Natural, |&(_, style)| style)
}

#[cfg(test)]
mod tests;

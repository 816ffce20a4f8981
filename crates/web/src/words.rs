//! The texts of the pages, in the language of the page.
//!
//! Owns: the catalogue that is in use. Whoever changes it has the pages drawn anew, so a text needs no signal.
//! Must not: hold a text itself.

use std::cell::RefCell;

use domain::plan::Paise;
use wasm_bindgen::JsValue;
use web_state::catalogue::{self, Language};
use web_state::phrase::{Phrase, Speech};

use crate::bridge::{Row, browser, float};

thread_local! {
    static CATALOGUE: RefCell<Row> = const { RefCell::new(Row::nothing()) };
}

/// The page's own speech: its catalogue, and the browser's ways of writing numbers.
struct Page;

impl Speech for Page {
    fn language(&self) -> Language {
        Language::from_tag(&browser().language()).unwrap_or_default()
    }

    fn sentence(&self, key: &str) -> Option<String> {
        CATALOGUE.with(|catalogue| catalogue.borrow().some_text(key))
    }

    fn number(&self, number: u32) -> String {
        browser().number(f64::from(number))
    }

    fn time_of_day(&self, at_ms: u64) -> String {
        browser().clock(float(at_ms))
    }

    fn money(&self, amount: Paise) -> String {
        browser().rupees(f64::from(amount.0))
    }
}

/// Takes a catalogue into use.
pub fn set(texts: JsValue) {
    CATALOGUE.with(|catalogue| *catalogue.borrow_mut() = Row::new(texts));
}

/// The text of a key; the key itself where there is none, which a test would have found.
#[must_use]
pub fn t(key: &str) -> String {
    Page.sentence(key).unwrap_or_else(|| key.to_owned())
}

/// The text of a key, with its places filled.
#[must_use]
pub fn tf(key: &str, places: &[(&str, &str)]) -> String {
    let places: Vec<(&str, String)> = places.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
    catalogue::fill(&t(key), &places)
}

/// The text of a key for that many, with `{count}` filled.
#[must_use]
pub fn tn(key: &'static str, count: u32) -> String {
    say(&Phrase::counted(key, count))
}

/// The text of a phrase.
#[must_use]
pub fn say(phrase: &Phrase) -> String {
    phrase.say(&Page)
}

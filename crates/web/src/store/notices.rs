//! Telling the customer: toasts, the log that keeps them, and what a screen reader hears.
//!
//! Owns: how something that happened becomes a notice. Must not: decide what a failure means (that is `web_state::failure`).

use web_state::failure::{self, Failure, Words};
use web_state::phrase::Phrase;
use web_state::toast::{Action, Kind};

use super::Store;
use crate::bridge::{Answer, hub};
use crate::words::{say as words_of, t};

/// Says something.
pub fn say(store: Store, kind: Kind, key: &'static str) {
    tell(store, kind, Phrase::new(key), None);
}

/// Says something, with a way to act on it.
pub fn tell(store: Store, kind: Kind, phrase: Phrase, action: Option<Action>) {
    announce(store, kind == Kind::Bad, words_of(&phrase));
    let now_ms = hub().now();
    store.toasts.update(|toasts| {
        toasts.say(kind, phrase, action, now_ms);
    });
}

/// Writes something into the log alone: it stands on the page already.
pub fn log(store: Store, kind: Kind, phrase: Phrase) {
    let now_ms = hub().now();
    store.toasts.update(|toasts| {
        let id = toasts.say(kind, phrase, None, now_ms);
        toasts.dismiss(id);
    });
}

/// Has a screen reader say something: at once, or when it has time.
pub fn announce(store: Store, is_urgent: bool, text: String) {
    let line = if is_urgent { store.urgent } else { store.polite };
    // A reader says nothing of a text that stays the same: the same words again end with a space that nobody hears.
    let is_same = line.with_untracked(|said| *said == text);
    line.set(if is_same { [text.as_str(), "\u{a0}"].concat() } else { text });
}

/// What an answer that is no success means.
#[must_use]
pub fn failure_of(answer: &Answer) -> Failure {
    match answer.body.text("code").parse() {
        _ if answer.is_silence() => Failure::NoAnswer,
        Ok(code) => Failure::Answered(code),
        Err(_) => Failure::Answered(domain::code::Code::Internal),
    }
}

/// The sentence of a failure, and that it cost nothing where that is certain.
#[must_use]
pub fn sentence(words: Words) -> String {
    let sentence = t(words.key);
    if words.uncharged { [sentence.as_str(), " ", &t("failure.not_charged")].concat() } else { sentence }
}

/// Says why a call about pictures did not do what was wanted.
pub fn failure(store: Store, answer: &Answer) {
    let words = failure::of_picture(failure_of(answer));
    tell(store, Kind::Bad, Phrase::new(words.key), None);
}

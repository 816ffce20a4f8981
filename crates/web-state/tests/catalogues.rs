//! The catalogues against each other, and against the code that names their keys.
//!
//! The sources are read as text: a key is a string literal of the shape `group.name`, and a literal that ends in `.` or `_`
//! is the beginning of keys that are put together.
#![cfg(not(target_family = "wasm"))]
#![expect(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use web_state::catalogue::{Language, placeholders};

/// Those that are the same in both languages: names, and what has no words.
const UNTRANSLATED: [&str; 7] =
    ["app.name", "lightbox.zoom", "menu.language_en", "menu.language_hi", "plan.flash", "plan.flash_lite", "plan.pro"];

/// The functions of the page that take a key.
const SPEAKERS: [&str; 4] = ["t(", "tf(", "tn(", "key!("];

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn text(language: Language) -> String {
    fs::read_to_string(crates().join("web/catalogues").join(language.id()).with_extension("json")).unwrap()
}

fn catalogue(language: Language) -> Map<String, Value> {
    serde_json::from_str(&text(language)).unwrap()
}

fn sentences(language: Language) -> impl Iterator<Item = (String, String)> {
    catalogue(language).into_iter().map(|(key, sentence)| (key, sentence.as_str().unwrap().to_owned()))
}

/// What code may name: every key, and of a plural what its two forms have in common.
fn names() -> BTreeSet<String> {
    let english = catalogue(Language::English);
    let counted = |key: &str| {
        let base = key.strip_suffix("_one").or(key.strip_suffix("_other"))?;
        let both = ["_one", "_other"].iter().all(|form| english.contains_key(&[base, form].concat()));
        both.then(|| base.to_owned())
    };
    english.keys().map(|key| counted(key).unwrap_or_else(|| key.clone())).collect()
}

/// A string literal, and the code between it and the one before.
struct Literal {
    before: String,
    text: String,
}

impl Literal {
    fn is_key(&self) -> bool {
        let is_part = |part: &str| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        };
        self.text.contains('.') && self.text.split('.').all(is_part)
    }

    /// Whether keys are put together from it.
    fn is_beginning(&self) -> bool {
        self.text.contains('.') && self.text.ends_with(['.', '_'])
    }

    fn is_spoken(&self) -> bool {
        let before = self.before.trim_end();
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        SPEAKERS.iter().any(|speaker| before.strip_suffix(speaker).is_some_and(|code| !code.ends_with(is_word)))
    }
}

/// The string literals of Rust without its comments. Raw strings count as strings that end at the first quote, which is
/// enough where no key is in one.
fn literals(code: &str) -> Vec<Literal> {
    let mut literals = Vec::new();
    let mut before = String::new();
    let mut rest = code.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, rest.peek()) {
            ('/', Some('/')) => while rest.next_if(|c| *c != '\n').is_some() {},
            ('"', _) => {
                let mut text = String::new();
                while let Some(c) = rest.next().filter(|c| *c != '"') {
                    text.push(c);
                    text.extend((c == '\\').then(|| rest.next()).flatten());
                }
                literals.push(Literal { before: std::mem::take(&mut before), text });
            }
            // A quote as a character.
            ('\'', Some('"')) => {
                rest.next();
                before.push(c);
            }
            _ => before.push(c),
        }
    }
    literals
}

/// The literals of a crate's shipping code.
fn literals_of(name: &str) -> Vec<Literal> {
    let mut folders = vec![crates().join(name).join("src")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
                let code = fs::read_to_string(&path).unwrap();
                found.extend(literals(code.split("#[cfg(test)]").next().unwrap()));
            }
        }
    }
    found
}

#[test]
fn both_languages_say_the_same() {
    let [english, hindi] = [Language::English, Language::Hindi].map(catalogue);
    assert_eq!(english.keys().collect::<Vec<_>>(), hindi.keys().collect::<Vec<_>>());
    for (key, sentence) in &english {
        let [ours, theirs] = [sentence, &hindi[key]].map(|sentence| sentence.as_str().unwrap());
        let [one, other] = [ours, theirs].map(|sentence| placeholders(sentence).into_iter().collect::<BTreeSet<_>>());
        assert_eq!(one, other, "{key}");
        let words = ours.split(['{', '}']).step_by(2).any(|text| text.contains(char::is_alphabetic));
        assert!(ours != theirs || !words || UNTRANSLATED.contains(&key.as_str()), "{key} is not translated");
    }
}

#[test]
fn every_sentence_is_kept_in_the_voice_of_the_hub() {
    for language in Language::ALL {
        for (key, sentence) in sentences(language) {
            assert!(!sentence.is_empty() && sentence.trim() == sentence, "{key} is empty or has space around it");
            assert!(!sentence.contains('!'), "{key} shouts");
            assert!(!sentence.contains('<') && !sentence.contains('&'), "{key} has markup in it");
        }
    }
}

#[test]
fn keys_stand_once_and_in_their_order() {
    for language in Language::ALL {
        let text = text(language);
        let keys: Vec<&str> =
            text.lines().filter_map(|line| line.trim_start().strip_prefix('"')?.split('"').next()).collect();
        for pair in keys.windows(2) {
            assert!(pair[0] < pair[1], "{}: {} stands before {}", language.id(), pair[0], pair[1]);
        }
        assert_eq!(keys.len(), catalogue(language).len(), "one key a line");
    }
}

#[test]
fn a_plural_has_both_forms() {
    let english = catalogue(Language::English);
    for base in english.keys().filter_map(|key| key.strip_suffix("_one")) {
        assert!(english.contains_key(&[base, "_other"].concat()), "{base}_one lacks {base}_other");
        assert!(!english.contains_key(base), "{base} is counted and not counted");
    }
}

#[test]
fn every_key_that_code_names_is_there() {
    let names = names();
    let groups: BTreeSet<&str> = names.iter().filter_map(|name| name.split('.').next()).collect();
    let mut missing = BTreeSet::new();
    for literal in literals_of("web-state").into_iter().chain(literals_of("web")) {
        let in_group = literal.text.split('.').next().is_some_and(|group| groups.contains(group));
        if literal.is_beginning() && in_group {
            if !names.iter().any(|name| name.starts_with(&literal.text)) {
                missing.insert([&literal.text, "…"].concat());
            }
        } else if (literal.is_spoken() || literal.is_key() && in_group) && !names.contains(&literal.text) {
            missing.insert(literal.text);
        }
    }
    assert!(missing.is_empty(), "not in the catalogues: {missing:#?}");
}

#[test]
fn no_key_is_left_that_nobody_says() {
    let literals: Vec<Literal> = literals_of("web-state").into_iter().chain(literals_of("web")).collect();
    let is_said = |name: &str| {
        literals.iter().any(|literal| literal.text == name || literal.is_beginning() && name.starts_with(&literal.text))
    };
    let unsaid: BTreeSet<String> = names().into_iter().filter(|name| !is_said(name)).collect();
    assert!(unsaid.is_empty(), "said nowhere: {unsaid:#?}");
}

#[test]
fn literals_are_read_as_rust_has_them() {
    let code =
        "t(\"a.b\") // t(\"no.key\")\n '\"' other(\"say \\\" it\", 'c', \"d.e_\") set(\"f\") self.tn(\n  \"g.h\")";
    let read: Vec<(String, bool, bool, bool)> = literals(code)
        .into_iter()
        .map(|literal| (literal.text.clone(), literal.is_key(), literal.is_beginning(), literal.is_spoken()))
        .collect();
    let row = |text: &str, key, beginning, spoken| (text.to_owned(), key, beginning, spoken);
    assert_eq!(
        read,
        [
            row("a.b", true, false, true),
            row("say \\\" it", false, false, false),
            row("d.e_", true, true, false),
            row("f", false, false, false),
            row("g.h", true, false, true),
        ]
    );
}

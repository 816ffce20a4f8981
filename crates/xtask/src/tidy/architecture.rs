//! ARCHITECTURE.md against what is there: every crate named and none that is gone, every invariant held by a test.

use std::collections::BTreeSet;

use super::Complaints;
use super::tree::Tree;

const PATH: &str = "ARCHITECTURE.md";

/// Checks the document; one that is missing is one complaint.
pub fn check(tree: &Tree, crates: &BTreeSet<String>, complaints: &mut Complaints) {
    let Some(document) = tree.file(PATH) else {
        complaints.push(format!("{PATH}: missing"));
        return;
    };
    let named = names_after("crates/", &document.text);
    for missing in crates.difference(&named) {
        complaints.push(format!("{PATH}: does not name crates/{missing}"));
    }
    for gone in named.difference(crates) {
        complaints.push(format!("{PATH}: names crates/{gone}, which is not there"));
    }
    let tested: BTreeSet<u32> = tree.files.iter().flat_map(|file| invariants(file.tests())).collect();
    let promised = invariants(&document.text);
    if promised.is_empty() {
        complaints.push(format!("{PATH}: numbers no invariant"));
    }
    for untested in promised.difference(&tested) {
        complaints.push(format!("{PATH}: no test mentions the invariant I{untested}"));
    }
    for unknown in tested.difference(&promised) {
        complaints.push(format!("{PATH}: does not have the invariant I{unknown}, which a test mentions"));
    }
}

/// The names that follow the prefix, as `domain` follows it in `crates/domain/src`.
fn names_after(prefix: &str, text: &str) -> BTreeSet<String> {
    let follows = text.split(prefix).skip(1);
    let names = follows.map(|rest| {
        let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '-' && letter != '_');
        rest.get(..end.unwrap_or(rest.len())).unwrap_or_default().to_owned()
    });
    names.filter(|name| !name.is_empty()).collect()
}

/// The numbers of the invariants that a text mentions: a word that is `I` and a number, or a range as in `I6-I12`.
fn invariants(text: &str) -> BTreeSet<u32> {
    let words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    let numbers = words.filter_map(|word| word.strip_prefix('I')).filter(|digits| !digits.starts_with('0'));
    numbers.filter_map(|digits| digits.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::{invariants, names_after};

    #[test]
    fn an_invariant_is_a_word_of_its_own() {
        // Built from pieces: a number in this file would count as a test of that invariant.
        let id = |number: &str| format!("I{number}");
        let text = format!("**{}** and ({}). {}x W{} {}", id("3"), id("12"), id("4"), id("5"), id("07"));
        assert_eq!(invariants(&text).into_iter().collect::<Vec<_>>(), [3, 12]);
    }

    #[test]
    fn a_name_ends_where_the_path_goes_on() {
        let names = names_after("crates/", "`crates/domain`, crates/edge/src/call.rs, crates/* and crates/xtask.");
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["domain", "edge", "xtask"]);
    }
}

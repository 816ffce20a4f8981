//! wasm-bindgen, its generator and its test runner speak one protocol; each place that names the version must agree.

use super::Complaints;
use super::tree::Tree;
use crate::browser;

/// Where the version stands: the file, and the text right before it.
const PLACES: [(&str, &str); 4] = [
    ("Cargo.toml", "wasm-bindgen = \"="),
    ("crates/xtask/Cargo.toml", "wasm-bindgen-cli-support = \"="),
    ("crates/xtask/src/browser.rs", "WASM_BINDGEN_VERSION: &str = \""),
    ("scripts/setup", "WASM_BINDGEN_VERSION=\""),
];

/// Compares every place with what the browser tests ask for.
pub fn check(tree: &Tree, complaints: &mut Complaints) {
    let expected = format!("{}\"", browser::WASM_BINDGEN_VERSION);
    for (path, before) in PLACES {
        let text = tree.file(path).map_or("", |file| file.text.as_str());
        let found = text.split_once(before).map_or("", |(_, after)| after);
        if !found.starts_with(&expected) {
            complaints.push(format!("{path}: does not hold `{before}{expected}`, the version of wasm-bindgen"));
        }
    }
}

//! The pages' parts in a real document: elements that follow signals, signals themselves, and components with a fake hub.
//!
//! Owns: what these tests hold in common. Must not: look at a whole page or at the true hub (that is tests/web).
#![cfg(target_family = "wasm")]
#![expect(clippy::expect_used, reason = "a test that panics has failed, as it should")]

/// `view!` speaks of `crate::markup`.
use web::markup;

#[path = "browser/asking.rs"]
mod asking;
#[path = "browser/deletion.rs"]
mod deletion;
#[path = "browser/elements.rs"]
mod elements;
#[path = "browser/fake.rs"]
mod fake;
#[path = "browser/pictures.rs"]
mod pictures;
#[path = "browser/signals.rs"]
mod signals;
#[path = "browser/stage.rs"]
mod stage;

use wasm_bindgen_test::wasm_bindgen_test_configure;

wasm_bindgen_test_configure!(run_in_browser);

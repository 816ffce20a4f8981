//! The clients of Supabase against a script: what they send, and what each answer leads to.
#![cfg(not(target_family = "wasm"))]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod ledger;
mod money;
mod script;
mod storage;
mod work;

//! The providers against a script: what is sent, and what each answer leads to.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod demo;
mod orders;
mod payments;
mod refunds;
mod refusals;
mod script;

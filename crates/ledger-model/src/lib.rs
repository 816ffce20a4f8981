//! The ledger as a model: every rule of credit in plain Rust, small enough to be read as a specification.
//!
//! Owns: what each function of the ledger answers and writes, for one caller at a time. [`Ledger::apply`] is the whole of
//! it; the modules stand in the order in which they are best read. The program of this crate runs it beside the SQL
//! functions and compares them after every operation.
//! Must not: do I/O, read a clock or draw random numbers; and it must not be made from the SQL. Where the two differ, one
//! of them is wrong, and which one is found out by reading the rules in ARCHITECTURE.md.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a model for tests: one that stops with a panic has failed the test, as it should"
)]

pub mod answer;
pub mod books;
pub mod engines;
pub mod generation;
pub mod ledger;
pub mod names;
pub mod operation;
pub mod session;
pub mod time;
pub mod world;

mod ask;
mod queue;
mod reserve;
mod settle;
mod work;

pub use ledger::Ledger;

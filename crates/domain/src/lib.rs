//! What the hub is about, and nothing of how it is run: plans and their credits, hours, requests for pictures, the
//! pictures themselves, and the names of everything that can go wrong.
//!
//! Owns: every limit and every rule that the functions, the pages and the tests must agree on.
//! Must not: do I/O, read a clock, draw randomness, or know JavaScript, HTTP or SQL. What needs the time gets it as an
//! argument.

pub mod code;
mod fields;
pub mod generation;
pub mod hours;
pub mod id;
pub mod picture;
pub mod plan;
pub mod purchase;
pub mod request;
pub mod text;

//! What the targets of the engines share.
//!
//! Owns: the world in which an engine is asked, made of the fuzzer's bytes, and what is known of the owner's secrets in it.
//! Must not: know what a target checks.

pub mod script;
pub mod secret;

//! The real program, started on a port of its own, asked over real connections.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod answers;
mod control;
mod fal;
mod faults;
mod mapping;
mod moderation;
mod openai;
mod replicate;
mod sdcpp;
mod support;
mod together;
mod webui;

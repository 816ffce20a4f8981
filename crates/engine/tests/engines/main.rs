//! The engines against a script: what is sent, what each answer leads to, and who is asked next.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod fal_ai;
mod hugging_face;
mod list;
mod lookup;
mod moderation;
mod open_ai;
mod replicate;
mod script;
mod sd_cpp;
mod studio;
mod together;
mod web_ui;

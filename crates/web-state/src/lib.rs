//! What the hub's pages know and decide, apart from how they show it: where one is, what is asked for, what is waited for,
//! what went wrong and what to do about it, and the key of the sentence for each.
//!
//! Owns: the logic of the pages, and which keys of the catalogues they need. Must not: touch the DOM, read a clock, draw
//! randomness, do I/O, or hold a sentence itself. Times are milliseconds since 1970, UTC, and given; lengths are pixels.
//!
//! All of it is loaded before the first picture, so it stays small: plain types, whole numbers, no serde, no `HashMap`.

pub mod catalogue;
pub mod clock;
pub mod failure;
pub mod file_name;
pub mod grid;
pub mod lightbox;
pub mod live;
pub mod order;
pub mod past;
pub mod phrase;
pub mod prompt;
pub mod purchase;
pub mod route;
pub mod settings;
pub mod strip;
pub mod toast;
pub mod turn;
pub mod wait;

//! `easel`: the local picture engine. It paints procedurally from the words of a prompt and answers in the protocols of
//! real image engines, so that the product can be tried, developed and tested without a key and without a network.
//!
//! It is no AI model and does not pretend to be one. The painter is pure; the server around it owns all input and output.

pub mod clock;
pub mod config;
pub mod control;
pub mod courier;
pub mod encode;
pub mod faults;
pub mod incoming;
pub mod jobs;
pub mod log;
pub mod mapping;
pub mod media;
pub mod painter;
pub mod protocols;
pub mod server;
pub mod studio;
pub mod wire;

pub use painter::{Picture, Request, paint};

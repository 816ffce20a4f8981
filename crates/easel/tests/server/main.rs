//! The real program, started on a port of its own, asked over real connections.

mod answers;
mod control;
mod faults;
mod support;

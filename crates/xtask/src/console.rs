//! What xtask says to the person in front of it. Owns the look of it; decides nothing.
//!
//! All of it goes to standard error, so that a command whose output is data keeps standard output to itself.

/// A step that has begun and may take a while.
pub fn step(text: &str) {
    eprintln!("==> {text}");
}

/// A fact about the step above it.
pub fn detail(text: &str) {
    eprintln!("    {text}");
}

/// Text as it is.
pub fn plain(text: &str) {
    eprint!("{text}");
}

/// The reason why the command failed.
pub fn failure(text: &str) {
    eprintln!("error: {text}");
}

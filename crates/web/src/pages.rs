//! The pages, one a file. A page says what stands on it; how its parts look and act is theirs.

pub mod history;
pub mod log;
pub mod plans;
pub mod sign_in;
pub mod studio;

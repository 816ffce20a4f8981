//! Folders that are made anew as a whole: filled beside the one in use, and put in its place when they are complete.
//!
//! Owns the change over. What stops half-way leaves the old folder as it was.

use std::fs;
use std::path::Path;

use anyhow::Result;

/// Puts what `fill` writes into an empty folder in the place of `folder`.
pub fn replace(folder: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let staging = folder.with_extension(format!("staging-{}", std::process::id()));
    fs::create_dir_all(&staging)?;
    let outcome = fill(&staging).and_then(|()| change_over(&staging, folder));
    if staging.exists() {
        fs::remove_dir_all(&staging)?;
    }
    outcome
}

fn change_over(staging: &Path, folder: &Path) -> Result<()> {
    let old = folder.with_extension(format!("old-{}", std::process::id()));
    if folder.exists() {
        fs::rename(folder, &old)?;
    }
    fs::rename(staging, folder)?;
    if old.exists() {
        fs::remove_dir_all(&old)?;
    }
    Ok(())
}

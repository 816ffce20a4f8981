//! The face that the pages are set in, cut down to what they use: the weights, Latin, and ₹.
//!
//! Owns the list of the cut fonts; `fonts.mjs` cuts them. A style refers to them by these names.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use anyhow::{Context, Result};
use xshell::{Shell, cmd};

use crate::project::Project;
use crate::staging;

/// The names of the cut fonts.
const FONTS: [&str; 3] = ["anek-latin.woff2", "anek-more.woff2", "anek-rupee.woff2"];

/// Where the package keeps the fonts.
const PACKAGE: &str = "node_modules/@fontsource-variable/anek-latin";

/// The program that cuts them.
const CUTTER: &str = "crates/xtask/src/build_web/fonts.mjs";

/// The cut fonts with their names, kept in the folder from one run to the next.
pub fn cut(shell: &Shell, project: &Project, folder: &Path) -> Result<Vec<(&'static str, Vec<u8>)>> {
    let package = project.root.join(PACKAGE);
    let version = fs::read(package.join("package.json"))
        .context("the fonts are missing from node_modules: run ./scripts/setup")?;
    let cutter = project.root.join(CUTTER);
    let mut hasher = DefaultHasher::new();
    (version, fs::read(&cutter)?).hash(&mut hasher);
    let stamp = format!("{:016x}\n", hasher.finish());
    if fs::read_to_string(folder.join("stamp")).map_or(true, |old| old != stamp) {
        staging::replace(folder, |staging| {
            let files = package.join("files");
            cmd!(shell, "node {cutter} {files} {staging}").quiet().run().context("the fonts could not be cut")?;
            Ok(fs::write(staging.join("stamp"), stamp)?)
        })?;
    }
    FONTS.iter().map(|name| Ok((*name, fs::read(folder.join(name))?))).collect()
}

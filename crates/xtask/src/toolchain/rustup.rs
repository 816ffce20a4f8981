//! The ordinary way: the compiler that builds everything else, with the target that rustup adds to it.

use std::path::PathBuf;

use anyhow::{Context, Result};
use xshell::{Shell, cmd};

use super::{Compiler, TARGET, own_cargo};
use crate::console;

/// The compiler in use, if it has the target already. Also true where no rustup is at hand, for instance on a machine
/// whose package manager ships the target.
pub fn find(shell: &Shell) -> Option<Compiler> {
    let sysroot = sysroot(shell).ok()?;
    let libraries = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    let has_std = std::fs::read_dir(libraries)
        .ok()?
        .flatten()
        .any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"));
    if !has_std {
        return None;
    }
    let version = cmd!(shell, "rustc --version").quiet().ignore_stderr().read().ok()?;
    Some(Compiler { name: version, cargo: own_cargo(), rustc: None, sysroot: None, linker: None })
}

/// Asks rustup for the target. Fails where its server cannot be reached.
pub fn install(shell: &Shell) -> Result<Compiler> {
    console::step(&format!("Asking rustup for the target {TARGET}"));
    cmd!(shell, "rustup target add {TARGET}").quiet().run().context("rustup could not add the target")?;
    find(shell).context("rustup added the target, but the compiler in use does not see it")
}

/// The folder of the compiler in use.
pub fn sysroot(shell: &Shell) -> Result<PathBuf> {
    Ok(PathBuf::from(cmd!(shell, "rustc --print sysroot").quiet().ignore_stderr().read()?))
}

//! A compiler for `wasm32-unknown-unknown`: found, installed or made.
//!
//! Owns the choice between the two ways (rustup's own target; Debian's compiler with a standard library built once) and
//! the environment in which that compiler builds. It must not know what is built with it.

mod debian;
mod rustup;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use xshell::{Cmd, Shell};

use crate::console;
use crate::project::Project;

/// The target that everything in this module is about.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Forces one of the two ways: `rustup` or `debian`. Unset, the first that works is taken.
const CHOICE: &str = "XTASK_WASM_COMPILER";

/// A cargo and a rustc that can build for [`TARGET`].
#[derive(Debug)]
pub struct Compiler {
    /// One line that names it for a person.
    pub name: String,
    cargo: PathBuf,
    /// Set where cargo would find the wrong compiler on the PATH.
    rustc: Option<PathBuf>,
    /// Set where the compiler's own sysroot lacks the target's standard library.
    sysroot: Option<PathBuf>,
    /// Set where the compiler has no linker for the target.
    linker: Option<PathBuf>,
}

impl Compiler {
    /// `cargo <subcommand>` for the target, in a target folder of its own.
    ///
    /// `RUSTFLAGS` of the shell are dropped: what ships must not depend on who builds it. For the same reason the paths
    /// of this machine are replaced in panic messages; that also makes the module smaller.
    pub fn cargo<'shell>(&self, shell: &'shell Shell, project: &Project, subcommand: &str) -> Result<Cmd<'shell>> {
        self.cargo_with(shell, project, subcommand, &[])
    }

    /// The same with flags of the compiler that are not stable. Only such as change no behaviour: they are there on every
    /// compiler of Rust 1.95 and later, but only where it is told to allow them.
    pub fn cargo_with<'shell>(
        &self,
        shell: &'shell Shell,
        project: &Project,
        subcommand: &str,
        unstable: &[&str],
    ) -> Result<Cmd<'shell>> {
        let mut flags = without_paths_of_this_machine()?;
        flags.extend(unstable.iter().map(|flag| (*flag).to_owned()));
        flags.push(remap(&project.root.join("")));
        if let Some(sysroot) = &self.sysroot {
            flags.push(format!("--sysroot={}", sysroot.display()));
        }
        let mut command = shell
            .cmd(&self.cargo)
            .args([subcommand, "--target", TARGET, "--target-dir"])
            .arg(if unstable.is_empty() { project.wasm_target() } else { project.wasm_target().join("small") })
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env_remove("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS")
            // As configuration they join those of .cargo/config.toml, and a path may hold a space.
            .args(["--config", &format!("target.{TARGET}.rustflags={}", serde_json::to_string(&flags)?)]);
        if !unstable.is_empty() {
            command = command.env("RUSTC_BOOTSTRAP", "1");
        }
        if let Some(rustc) = &self.rustc {
            // `cargo run` points LD_LIBRARY_PATH at the libraries of rustup's compiler, which are not this one's.
            command = command.env("RUSTC", rustc).env_remove("LD_LIBRARY_PATH");
        }
        if let Some(linker) = &self.linker {
            command = command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
        Ok(command.quiet())
    }
}

/// What `cargo xtask toolchain` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// The compiler's name, whether it was there or not.
    Always,
    /// Only what had to be done.
    Changes,
}

/// `cargo xtask toolchain`: makes sure that there is a compiler, and names it.
pub fn run(shell: &Shell, report: Report) -> Result<()> {
    let compiler = find_or_make(shell)?;
    if report == Report::Always {
        console::step(&format!("Compiler for {TARGET}: {}", compiler.name));
    }
    Ok(())
}

/// The compiler that is there; where there is none, the one that can be had.
pub fn find_or_make(shell: &Shell) -> Result<Compiler> {
    let choice = env::var(CHOICE).ok();
    let (rustup_allowed, debian_allowed) = match choice.as_deref() {
        None | Some("") => (true, true),
        Some("rustup") => (true, false),
        Some("debian") => (false, true),
        Some(other) => bail!("{CHOICE} may be `rustup` or `debian`, not `{other}`"),
    };

    if rustup_allowed && let Some(compiler) = rustup::find(shell) {
        return Ok(compiler);
    }
    if debian_allowed && let Some(compiler) = debian::find(shell)? {
        return Ok(compiler);
    }
    let mut refusals = Vec::new();
    if rustup_allowed {
        match rustup::install(shell) {
            Ok(compiler) => return Ok(compiler),
            Err(error) => refusals.push(format!("rustup: {error:#}")),
        }
    }
    if debian_allowed {
        if let Some(refusal) = refusals.last() {
            console::detail(refusal);
        }
        match debian::make(shell) {
            Ok(compiler) => return Ok(compiler),
            Err(error) => refusals.push(format!("Debian's compiler: {error:#}")),
        }
    }
    bail!("no compiler for {TARGET}.\n  {}", refusals.join("\n  "));
}

/// Flags that leave of the path of a dependency's source file only its name, version and place inside.
fn without_paths_of_this_machine() -> Result<Vec<String>> {
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| env::home_dir().map(|home| home.join(".cargo")))
        .context("neither CARGO_HOME nor a home directory is known")?;
    let registries = fs::read_dir(home.join("registry/src")).into_iter().flatten().flatten();
    let mut flags: Vec<String> = registries.map(|registry| remap(&registry.path().join(""))).collect();
    // Flags in another order would make cargo build everything again.
    flags.sort();
    Ok(flags)
}

/// Removes the folder from the paths that the compiler writes into what it builds.
fn remap(folder: &Path) -> String {
    format!("--remap-path-prefix={}=", folder.display())
}

/// The cargo that runs this builder.
fn own_cargo() -> PathBuf {
    env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}

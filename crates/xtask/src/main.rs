//! `cargo xtask <command>`: the one builder of this repository.
//!
//! Owns what lies between `cargo build` and what ships or is tested as WebAssembly, and the house rules as a check.
//! This file only matches commands; each command has a file of its own. It must not know how anything is done.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "a developer's tool: an overflow here stops a build, not a customer's request"
)]

mod browser;
mod build;
mod build_web;
mod console;
mod project;
mod staging;
mod tidy;
mod toolchain;
mod wasm;

use std::process::ExitCode;

use anyhow::{Result, bail};
use xshell::Shell;

use crate::project::Project;
use crate::wasm::Profile;

const USAGE: &str = "\
cargo xtask <command>

  toolchain       find a compiler for wasm32-unknown-unknown, or install or make one
  build           crates/edge as the module that the edge functions import; `--profile dev` for readable panics
  build-web       crates/web as the site that any static host serves, in target/site; `--profile dev` for readable
                  panics; `--hub-url U --publishable-key K [--checkout-url C]` for the hub that it is made for
  test-browser    the tests of the crates that run in a browser, in headless Chromium; a word picks those whose
                  names hold it
  tidy            the house rules that a machine can check
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console::failure(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let shell = Shell::new()?;
    let project = Project::locate()?;
    shell.change_dir(&project.root);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["toolchain"] => toolchain::run(&shell, toolchain::Report::Always),
        // For scripts/setup, which has nothing to say while nothing is missing.
        ["toolchain", "--quiet"] => toolchain::run(&shell, toolchain::Report::Changes),
        ["build"] => build::run(&shell, &project, Profile::Release),
        ["build", "--profile", profile] => build::run(&shell, &project, Profile::parse(profile)?),
        ["build-web", options @ ..] => build_web::run(&shell, &project, &build_web::Options::parse(options)?),
        ["test-browser"] => browser::run(&shell, &project, None),
        ["test-browser", filter] => browser::run(&shell, &project, Some(filter)),
        ["tidy"] => tidy::run(&project),
        [] | ["help" | "--help" | "-h"] => {
            console::plain(USAGE);
            Ok(())
        }
        other => bail!("`cargo xtask {}` is not a command.\n\n{USAGE}", other.join(" ")),
    }
}

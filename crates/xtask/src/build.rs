//! `cargo xtask build`: crates/edge as one JavaScript module, `generated/edge.js`, that carries the wasm in itself.
//!
//! Owns the order of the steps: cargo, wasm-bindgen (in process), wasm-opt, the wrapping, the budget, and the change
//! over from a staging folder. How the module is wrapped is `wrap`'s business; which compiler builds, `toolchain`'s.

mod budget;
mod wrap;

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use wasm_bindgen_cli_support::Bindgen;
use xshell::{Shell, cmd};

use crate::console;
use crate::project::Project;
use crate::toolchain::{self, TARGET};

/// The name of the crate, and of the module made from it.
const CRATE: &str = "edge";

/// What wasm-opt may use. Named one by one: `--all-features` writes types that Deno's loader refuses. Whatever the
/// compiler used beyond these stops wasm-opt, and with it the build.
const WASM_FEATURES: [&str; 7] = [
    "bulk-memory",
    "bulk-memory-opt",
    "nontrapping-float-to-int",
    "sign-ext",
    "mutable-globals",
    "reference-types",
    "multivalue",
];

/// How the module is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Profile {
    /// What ships: small, without names.
    Release,
    /// For reading a stack trace: names are kept and nothing is optimised.
    Dev,
}

impl Profile {
    /// The profile of that name.
    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "release" => Ok(Self::Release),
            "dev" => Ok(Self::Dev),
            other => bail!("--profile is `release` or `dev`, not `{other}`"),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Dev => "dev",
        }
    }

    /// The folder into which cargo puts what it builds with this profile.
    fn folder(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Dev => "debug",
        }
    }
}

/// Builds the module, unless it is already made from the same wasm.
pub fn run(shell: &Shell, project: &Project, profile: Profile) -> Result<()> {
    let compiler = toolchain::find_or_make(shell)?;
    let profile_name = profile.name();
    compiler
        .cargo(shell, project, "build")?
        .args(["--quiet", "--package", CRATE, "--lib", "--profile", profile_name])
        .run()
        .context("cargo could not build the edge crate")?;

    let wasm_path = project.wasm_target().join(TARGET).join(profile.folder()).join(format!("{CRATE}.wasm"));
    let wasm = fs::read(&wasm_path).with_context(|| format!("cargo left no {}", wasm_path.display()))?;
    let wasm_opt = project.node_program("wasm-opt")?;
    let stamp = stamp(project, profile, &wasm)?;

    let generated = project.generated();
    let bound = bound_wasm(project);
    let is_fresh = bound.exists() && fs::read_to_string(generated.join("stamp")).is_ok_and(|old| old == stamp);
    if !is_fresh {
        let staging = generated.with_extension(format!("staging-{}", std::process::id()));
        fs::create_dir_all(&staging)?;
        let outcome = generate(shell, project, profile, wasm, &wasm_opt, &staging);
        let outcome = outcome.and_then(|()| Ok(fs::write(staging.join("stamp"), &stamp)?));
        let outcome = outcome.and_then(|()| replace(&staging, &generated));
        if staging.exists() {
            fs::remove_dir_all(&staging)?;
        }
        outcome?;
    }
    let relative = generated.strip_prefix(&project.root).unwrap_or(&generated);
    console::step(&format!(
        "{}/{CRATE}.js, {profile_name}{}",
        relative.display(),
        if is_fresh { ", unchanged" } else { "" }
    ));
    budget::check(&bound, &generated.join(format!("{CRATE}.js")), profile == Profile::Release)
}

/// Everything that decides what the module looks like.
fn stamp(project: &Project, profile: Profile, wasm: &[u8]) -> Result<String> {
    let optimiser = fs::read(project.root.join("node_modules/binaryen/package.json"))
        .context("binaryen is missing from node_modules: run ./scripts/setup")?;
    let mut hasher = DefaultHasher::new();
    (profile, wasm, optimiser, WASM_FEATURES, wasm_bindgen_cli_support_version(), wrap::TEMPLATE).hash(&mut hasher);
    Ok(format!("{:016x}\n", hasher.finish()))
}

/// The generator's version, which its manifest pins with `=`.
fn wasm_bindgen_cli_support_version() -> &'static str {
    include_str!("../Cargo.toml")
}

/// wasm-bindgen, wasm-opt and the wrapping, all of it into `staging`.
fn generate(
    shell: &Shell,
    project: &Project,
    profile: Profile,
    wasm: Vec<u8>,
    wasm_opt: &Path,
    staging: &Path,
) -> Result<()> {
    let is_dev = profile == Profile::Dev;
    let mut output = Bindgen::new()
        .input_bytes(CRATE, wasm)
        .no_modules(true)?
        .out_name(CRATE)
        .typescript(false)
        .debug(is_dev)
        .remove_name_section(!is_dev)
        .remove_producers_section(true)
        .generate_output()
        .context("wasm-bindgen refuses the module; does crates/edge use the version that xtask pins?")?;
    ensure!(
        output.snippets().values().all(Vec::is_empty)
            && output.local_modules().is_empty()
            && output.npm_dependencies().is_empty(),
        "a dependency of crates/edge carries JavaScript of its own, which the one generated module cannot hold"
    );
    let bound = bound_wasm(project);
    fs::write(&bound, output.wasm_mut().emit_wasm())?;

    if profile == Profile::Release {
        let features = WASM_FEATURES.map(|feature| format!("--enable-{feature}"));
        cmd!(shell, "{wasm_opt} -Oz --strip-debug --strip-producers {features...} {bound} -o {bound}")
            .quiet()
            .run()
            .context("wasm-opt failed")?;
    }
    let module = wrap::wrap(output.js(), &fs::read(&bound)?)?;
    fs::write(staging.join(format!("{CRATE}.js")), module)?;
    Ok(())
}

/// The wasm as it goes into the module. It lies apart from the module, so that nobody imports it beside it.
fn bound_wasm(project: &Project) -> PathBuf {
    project.wasm_target().join(format!("{CRATE}_bg.wasm"))
}

/// Puts the staging folder in the place of the one that is in use.
fn replace(staging: &Path, generated: &Path) -> Result<()> {
    let old = generated.with_extension(format!("old-{}", std::process::id()));
    if generated.exists() {
        fs::rename(generated, &old)?;
    }
    fs::rename(staging, generated)?;
    if old.exists() {
        fs::remove_dir_all(&old)?;
    }
    Ok(())
}

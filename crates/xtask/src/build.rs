//! `cargo xtask build`: crates/edge as JavaScript modules, `generated/pictures.js` and `generated/payments.js`, each of which
//! carries its wasm in itself.
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

/// The crate that the modules are made from.
const CRATE: &str = "edge";

/// The modules, each by the feature of the crate that it is built with. What draws pictures and what takes payments ship
/// apart, so that a function starts with what it needs.
const MODULES: [&str; 2] = ["pictures", "payments"];

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

/// A module on its way.
struct Module {
    name: &'static str,
    wasm: Vec<u8>,
    stamp: String,
    /// Whether the one that is there was made from the same wasm.
    is_fresh: bool,
}

/// Builds the modules, unless they are already made from the same wasm.
pub fn run(shell: &Shell, project: &Project, profile: Profile) -> Result<()> {
    let compiler = toolchain::find_or_make(shell)?;
    let wasm_opt = project.node_program("wasm-opt")?;
    let generated = project.generated();
    let mut modules = vec![];
    for name in MODULES {
        compiler
            .cargo(shell, project, "build")?
            .args(["--quiet", "--package", CRATE, "--lib", "--no-default-features", "--features", name])
            .args(["--profile", profile.name()])
            .run()
            .context("cargo could not build the edge crate")?;
        let wasm_path = project.wasm_target().join(TARGET).join(profile.folder()).join(format!("{CRATE}.wasm"));
        let wasm = fs::read(&wasm_path).with_context(|| format!("cargo left no {}", wasm_path.display()))?;
        let stamp = stamp(project, profile, &wasm)?;
        let is_stamped = fs::read_to_string(generated.join(format!("{name}.stamp"))).is_ok_and(|old| old == stamp);
        modules.push(Module { name, wasm, stamp, is_fresh: is_stamped && bound_wasm(project, name).exists() });
    }
    if modules.iter().any(|module| !module.is_fresh) {
        let staging = generated.with_extension(format!("staging-{}", std::process::id()));
        fs::create_dir_all(&staging)?;
        let outcome = stage(shell, project, profile, &wasm_opt, &modules, &staging);
        let outcome = outcome.and_then(|()| replace(&staging, &generated));
        if staging.exists() {
            fs::remove_dir_all(&staging)?;
        }
        outcome?;
    }
    let relative = generated.strip_prefix(&project.root).unwrap_or(&generated);
    for Module { name, is_fresh, .. } in modules {
        let unchanged = if is_fresh { ", unchanged" } else { "" };
        console::step(&format!("{}/{name}.js, {}{unchanged}", relative.display(), profile.name()));
        let module = generated.join(format!("{name}.js"));
        budget::check(&bound_wasm(project, name), &module, profile == Profile::Release)?;
    }
    Ok(())
}

/// Puts every module into `staging`: those that are fresh as they are, the others made anew.
fn stage(
    shell: &Shell,
    project: &Project,
    profile: Profile,
    wasm_opt: &Path,
    modules: &[Module],
    staging: &Path,
) -> Result<()> {
    for Module { name, wasm, stamp, is_fresh } in modules {
        let module = format!("{name}.js");
        if *is_fresh {
            fs::copy(project.generated().join(&module), staging.join(&module))?;
        } else {
            fs::write(staging.join(&module), generate(shell, project, profile, name, wasm, wasm_opt)?)?;
        }
        fs::write(staging.join(format!("{name}.stamp")), stamp)?;
    }
    Ok(())
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

/// wasm-bindgen, wasm-opt and the wrapping: the text of one module.
fn generate(
    shell: &Shell,
    project: &Project,
    profile: Profile,
    name: &str,
    wasm: &[u8],
    wasm_opt: &Path,
) -> Result<String> {
    let is_dev = profile == Profile::Dev;
    let mut output = Bindgen::new()
        .input_bytes(CRATE, wasm.to_vec())
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
        "a dependency of crates/edge carries JavaScript of its own, which a generated module cannot hold"
    );
    let bound = bound_wasm(project, name);
    fs::write(&bound, output.wasm_mut().emit_wasm())?;

    if profile == Profile::Release {
        let features = WASM_FEATURES.map(|feature| format!("--enable-{feature}"));
        cmd!(shell, "{wasm_opt} -Oz --strip-debug --strip-producers {features...} {bound} -o {bound}")
            .quiet()
            .run()
            .context("wasm-opt failed")?;
    }
    wrap::wrap(output.js(), &fs::read(&bound)?)
}

/// The wasm as it goes into the module. It lies apart from the module, so that nobody imports it beside it.
fn bound_wasm(project: &Project, name: &str) -> PathBuf {
    project.wasm_target().join(format!("{name}_bg.wasm"))
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

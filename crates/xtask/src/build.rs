//! `cargo xtask build`: crates/edge as JavaScript modules, `generated/pictures.js` and `generated/payments.js`, each of which
//! carries its wasm in itself.
//!
//! Owns the order of the steps: the wasm, the wrapping, the budget. How the wasm is made is `wasm`'s business; how the
//! module is wrapped, `wrap`'s.

mod budget;
mod wrap;

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use xshell::Shell;

use crate::console;
use crate::project::Project;
use crate::staging;
use crate::wasm::{Profile, Source, Workshop};

/// The crate that the modules are made from.
const CRATE: &str = "edge";

/// The modules, each by the feature of the crate that it is built with. What draws pictures and what takes payments ship
/// apart, so that a function starts with what it needs.
const MODULES: [&str; 2] = ["pictures", "payments"];

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
    let workshop = Workshop::open(shell, project, profile)?;
    let generated = project.generated();
    let mut modules = vec![];
    for name in MODULES {
        let source = Source { package: CRATE, feature: Some(name), shipping_profile: "release", shipping_flags: &[] };
        let wasm = workshop.compile(source)?;
        let stamp = stamp(&workshop, &wasm)?;
        let is_stamped = fs::read_to_string(generated.join(format!("{name}.stamp"))).is_ok_and(|old| old == stamp);
        modules.push(Module { name, wasm, stamp, is_fresh: is_stamped && bound_wasm(project, name).exists() });
    }
    if modules.iter().any(|module| !module.is_fresh) {
        staging::replace(&generated, |staging| stage(&workshop, project, &modules, staging))?;
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
fn stage(workshop: &Workshop, project: &Project, modules: &[Module], staging: &Path) -> Result<()> {
    for Module { name, wasm, stamp, is_fresh } in modules {
        let module = format!("{name}.js");
        if *is_fresh {
            fs::copy(project.generated().join(&module), staging.join(&module))?;
        } else {
            fs::write(staging.join(&module), generate(workshop, wasm, &bound_wasm(project, name))?)?;
        }
        fs::write(staging.join(format!("{name}.stamp")), stamp)?;
    }
    Ok(())
}

/// Everything that decides what the module looks like.
fn stamp(workshop: &Workshop, wasm: &[u8]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    (workshop.tools()?, wasm, wrap::TEMPLATE).hash(&mut hasher);
    Ok(format!("{:016x}\n", hasher.finish()))
}

/// wasm-bindgen, wasm-opt and the wrapping: the text of one module, whose wasm is also left at `bound`.
fn generate(workshop: &Workshop, wasm: &[u8], bound: &Path) -> Result<String> {
    let mut output = workshop
        .bindgen(CRATE, wasm)
        .no_modules(true)?
        .generate_output()
        .context("wasm-bindgen refuses the module; does crates/edge use the version that xtask pins?")?;
    ensure!(
        output.snippets().values().all(Vec::is_empty)
            && output.local_modules().is_empty()
            && output.npm_dependencies().is_empty(),
        "a dependency of crates/edge carries JavaScript of its own, which a generated module cannot hold"
    );
    fs::write(bound, output.wasm_mut().emit_wasm())?;
    workshop.optimise(bound)?;
    wrap::wrap(output.js(), &fs::read(bound)?)
}

/// The wasm as it goes into the module. It lies apart from the module, so that nobody imports it beside it.
fn bound_wasm(project: &Project, name: &str) -> PathBuf {
    project.wasm_target().join(format!("{name}_bg.wasm"))
}

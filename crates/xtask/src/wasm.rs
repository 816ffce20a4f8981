//! A crate as WebAssembly: compiled by cargo, bound by wasm-bindgen (in process), made small by wasm-opt.
//!
//! Owns these three steps and the profile they share. Which crates are built, and how what comes out is shipped, is
//! `build`'s and `build_web`'s business; which compiler builds, `toolchain`'s.

use std::fs;
use std::hash::Hash;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;
use xshell::{Shell, cmd};

use crate::project::Project;
use crate::toolchain::{self, Compiler, TARGET};

/// What wasm-opt may use. Named one by one: `--all-features` writes types that Deno's loader refuses. Whatever the
/// compiler used beyond these stops wasm-opt, and with it the build.
const FEATURES: [&str; 7] = [
    "bulk-memory",
    "bulk-memory-opt",
    "nontrapping-float-to-int",
    "sign-ext",
    "mutable-globals",
    "reference-types",
    "multivalue",
];

/// How something is built.
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

    /// The name by which it was asked for.
    pub fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Dev => "dev",
        }
    }
}

/// A crate to build.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// Its name, which is also that of its library.
    pub package: &'static str,
    /// The one feature that it is built with; the default ones where there is none.
    pub feature: Option<&'static str>,
    /// Cargo's profile for what ships.
    pub shipping_profile: &'static str,
    /// The compiler's flags, not stable ones, for what ships.
    pub shipping_flags: &'static [&'static str],
}

/// The tools of the three steps.
pub struct Workshop<'a> {
    shell: &'a Shell,
    project: &'a Project,
    profile: Profile,
    compiler: Compiler,
    wasm_opt: PathBuf,
}

impl<'a> Workshop<'a> {
    /// Finds the tools, or makes them.
    pub fn open(shell: &'a Shell, project: &'a Project, profile: Profile) -> Result<Self> {
        let compiler = toolchain::find_or_make(shell)?;
        Ok(Self { shell, project, profile, compiler, wasm_opt: project.node_program("wasm-opt")? })
    }

    /// What cargo makes of the crate. When nothing has changed, cargo says so at once.
    pub fn compile(&self, source: Source) -> Result<Vec<u8>> {
        let Source { package, feature, shipping_profile, shipping_flags } = source;
        // Cargo puts what it builds for `dev` into a folder of another name.
        let (profile, folder, flags) = match self.profile {
            Profile::Release => (shipping_profile, shipping_profile, shipping_flags),
            Profile::Dev => ("dev", "debug", &[][..]),
        };
        let mut cargo = self.compiler.cargo_with(self.shell, self.project, "build", flags)?;
        cargo = cargo.args(["--quiet", "--package", package, "--lib", "--profile", profile]);
        if let Some(feature) = feature {
            cargo = cargo.args(["--no-default-features", "--features", feature]);
        }
        cargo.run().with_context(|| format!("cargo could not build the {package} crate"))?;
        let file = format!("{}.wasm", package.replace('-', "_"));
        let target = self.project.wasm_target();
        let target = if flags.is_empty() { target } else { target.join("small") };
        let path = target.join(TARGET).join(folder).join(file);
        fs::read(&path).with_context(|| format!("cargo left no {}", path.display()))
    }

    /// The generator of the glue, set up but for the kind of module.
    pub fn bindgen(&self, package: &str, wasm: &[u8]) -> Bindgen {
        let is_dev = self.profile == Profile::Dev;
        let mut bindgen = Bindgen::new();
        bindgen
            .input_bytes(package, wasm.to_vec())
            .out_name(package)
            .typescript(false)
            .debug(is_dev)
            .remove_name_section(!is_dev)
            .remove_producers_section(true);
        bindgen
    }

    /// Makes the file smaller where it ships.
    pub fn optimise(&self, wasm: &Path) -> Result<()> {
        if self.profile == Profile::Release {
            let wasm_opt = &self.wasm_opt;
            let features = FEATURES.map(|feature| format!("--enable-{feature}"));
            cmd!(
                self.shell,
                "{wasm_opt} -Oz --converge --strip-debug --strip-producers {features...} {wasm} -o {wasm}"
            )
            .quiet()
            .run()
            .context("wasm-opt failed")?;
        }
        Ok(())
    }

    /// Everything but the crate itself that decides what the steps make.
    pub fn tools(&self) -> Result<impl Hash> {
        let optimiser = fs::read(self.project.root.join("node_modules/binaryen/package.json"))
            .context("binaryen is missing from node_modules: run ./scripts/setup")?;
        // The generator's version is pinned with `=` by xtask's manifest.
        Ok((self.profile, FEATURES, optimiser, include_str!("../Cargo.toml")))
    }
}

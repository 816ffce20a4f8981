//! Where things lie in the repository. Owns the paths; creates and reads nothing but what it needs to find them.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// The repository that this builder was compiled in.
#[derive(Debug, Clone)]
pub struct Project {
    /// The folder of the workspace's `Cargo.toml`.
    pub root: PathBuf,
}

impl Project {
    /// Finds the repository: cargo says where xtask lies, and the root is two folders above.
    pub fn locate() -> Result<Self> {
        let manifest_dir = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&manifest_dir).ancestors().nth(2).context("xtask must lie in crates/xtask")?.to_owned();
        ensure!(root.join("Cargo.toml").is_file(), "{} holds no Cargo.toml", root.display());
        Ok(Self { root })
    }

    /// The target folder of the wasm builds: apart from the native one, since another compiler may fill it.
    pub fn wasm_target(&self) -> PathBuf {
        self.root.join("target/wasm")
    }

    /// The folder of the generated modules that the edge functions import.
    pub fn generated(&self) -> PathBuf {
        self.root.join("supabase/functions/_shared/generated")
    }

    /// The folder of the built site.
    pub fn site(&self) -> PathBuf {
        self.root.join("target/site")
    }

    /// The crate of the site, with what is not Rust in it.
    pub fn web(&self) -> PathBuf {
        self.root.join("crates/web")
    }

    /// A program that `npm ci` brings.
    pub fn node_program(&self, name: &str) -> Result<PathBuf> {
        let path = self.root.join("node_modules/.bin").join(name);
        ensure!(path.exists(), "`{name}` is missing from node_modules: run ./scripts/setup");
        Ok(path)
    }

    /// Programs that scripts/setup installs for this repository alone.
    pub fn tools(&self) -> PathBuf {
        self.root.join("target/tools")
    }
}

/// The folder for what is costly to make and is worth keeping over `cargo clean` and between clones.
pub fn cache_dir() -> Result<PathBuf> {
    let base = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cache")))
        .context("neither HOME nor XDG_CACHE_HOME is set")?;
    Ok(base.join("ai-access-hub"))
}

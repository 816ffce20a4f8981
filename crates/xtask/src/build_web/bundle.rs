//! esbuild: the TypeScript as one module and one script, the styles as one sheet.
//!
//! Owns the flags. What it brings together is decided by the imports in crates/web.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use xshell::{Shell, cmd};

use crate::project::Project;

/// The oldest browsers that the styles are written down for; the wasm and the scripts ask for no newer ones.
const STYLE_TARGET: &str = "--target=chrome111,firefox113,safari16.4";
const SCRIPT_TARGET: &str = "--target=es2022";

/// Where esbuild writes down what the module is made of.
pub fn metafile(out: &Path) -> PathBuf {
    out.join("boot.json")
}

/// esbuild, ready to bundle.
pub struct Bundler<'a> {
    shell: &'a Shell,
    esbuild: PathBuf,
    /// Whether it makes small or readable.
    flags: &'static [&'static str],
}

impl<'a> Bundler<'a> {
    /// The esbuild that npm brought.
    pub fn find(shell: &'a Shell, project: &Project, is_dev: bool) -> Result<Self> {
        let esbuild = project.node_program("esbuild")?;
        let flags: &[&str] =
            if is_dev { &["--sourcemap=inline"] } else { &["--minify", "--legal-comments=none", "--drop:debugger"] };
        Ok(Self { shell, esbuild, flags })
    }

    /// The entry with all its imports; `web-wasm` is the glue that wasm-bindgen made. The one part of supabase-js that the
    /// pages never call, its client of Storage, is left out.
    pub fn module(&self, entry: &Path, glue: &Path, out: &Path) -> Result<Vec<u8>> {
        let alias = format!("--alias:web-wasm={}", glue.display());
        let storage = format!("--alias:@supabase/storage-js={}", entry.with_file_name("no_storage.ts").display());
        let metafile = format!("--metafile={}", metafile(out).display());
        let flags = ["--format=esm", "--tree-shaking=true", SCRIPT_TARGET, &alias, &storage, &metafile];
        self.bundle(entry, &out.join("boot.js"), &flags)
    }

    /// A script that runs before anything is shown.
    pub fn script(&self, entry: &Path, out: &Path) -> Result<Vec<u8>> {
        self.bundle(entry, &out.join("theme.js"), &["--format=iife", SCRIPT_TARGET])
    }

    /// The sheet with all that it imports. Fonts stay as they are named: they are assets of their own.
    pub fn style(&self, entry: &Path, out: &Path) -> Result<String> {
        let bytes = self.bundle(entry, &out.join("main.css"), &["--external:*.woff2", STYLE_TARGET])?;
        String::from_utf8(bytes).context("the bundled style is no UTF-8")
    }

    fn bundle(&self, entry: &Path, outfile: &Path, more: &[&str]) -> Result<Vec<u8>> {
        let Self { shell, esbuild, .. } = self;
        let flags = self.flags;
        let outfile_flag = format!("--outfile={}", outfile.display());
        cmd!(
            shell,
            "{esbuild} {entry} --bundle --charset=utf8 --log-level=warning {flags...} {more...} {outfile_flag}"
        )
        .quiet()
        .run()
        .with_context(|| format!("esbuild could not bundle {}", entry.display()))?;
        Ok(fs::read(outfile)?)
    }
}

//! The way without rustup's server: Debian's compiler, and the standard library built once from Debian's source.
//!
//! Debian ships a newer compiler for its browsers as `rustc-web`, with `cargo-web` and the source of the standard
//! library (`rust-web-src`), but no library for the target. It is built here with `-Zbuild-std` into a sysroot of its
//! own below the user's cache folder. The sysroot is named after the exact compiler, because a library serves no other.

use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use xshell::{Shell, cmd};

use super::{Compiler, TARGET, remap, rustup, without_paths_of_this_machine};
use crate::console;
use crate::project::cache_dir;

const RUSTC: &str = "/usr/bin/rustc";
const CARGO: &str = "/usr/bin/cargo";
const PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];

/// Counted up whenever the way the library is built changes, so that older ones are not used any more.
const RECIPE: u32 = 2;

/// The compiler with its library, if both are there.
pub fn find(shell: &Shell) -> Result<Option<Compiler>> {
    let Some(version) = version(shell) else {
        return Ok(None);
    };
    let sysroot = sysroot_path(&version)?;
    if !libraries(&sysroot).is_dir() {
        return Ok(None);
    }
    Ok(Some(Compiler {
        name: format!("{} with a library of its own", version.line),
        cargo: CARGO.into(),
        rustc: Some(RUSTC.into()),
        sysroot: Some(sysroot),
        linker: Some(linker(shell)?),
    }))
}

/// Installs the compiler where it is missing, and builds its library.
pub fn make(shell: &Shell) -> Result<Compiler> {
    let linker = linker(shell)?;
    if version(shell).is_none() || !Path::new(CARGO).exists() || source(shell).is_err() {
        install_packages(shell)?;
    }
    let version = version(shell).with_context(|| format!("{RUSTC} is missing or older than the workspace asks for"))?;
    console::step(&format!("Building the standard library for {TARGET} (once; about a minute)"));
    build_library(shell, &linker, &sysroot_path(&version)?)?;
    find(shell)?.context("the library was built and is not there")
}

/// What identifies the compiler.
struct Version {
    /// The first line of `rustc -vV`.
    line: String,
    /// All of it: commit, host and LLVM.
    full: String,
}

/// The version of Debian's compiler; none where it is missing or too old for the workspace.
fn version(shell: &Shell) -> Option<Version> {
    if !Path::new(RUSTC).exists() {
        return None;
    }
    let full = cmd!(shell, "{RUSTC} -vV").env_remove("LD_LIBRARY_PATH").quiet().ignore_stderr().read().ok()?;
    let release = full.lines().find_map(|line| line.strip_prefix("release: "))?;
    if numbers(release) < numbers(env!("CARGO_PKG_RUST_VERSION")) {
        return None;
    }
    Some(Version { line: full.lines().next()?.to_owned(), full })
}

/// `1.96.0` as `[1, 96, 0]`, which compares as versions do.
fn numbers(version: &str) -> Vec<u32> {
    version.split(['.', '-']).map_while(|part| part.parse().ok()).collect()
}

/// Where the library for this compiler lies.
fn sysroot_path(version: &Version) -> Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    (RECIPE, &version.full).hash(&mut hasher);
    Ok(cache_dir()?.join(format!("wasm-sysroot-{:016x}", hasher.finish())))
}

fn libraries(sysroot: &Path) -> PathBuf {
    sysroot.join("lib/rustlib").join(TARGET).join("lib")
}

/// The source of the standard library that belongs to the compiler.
fn source(shell: &Shell) -> Result<PathBuf> {
    let sysroot = cmd!(shell, "{RUSTC} --print sysroot").env_remove("LD_LIBRARY_PATH").quiet().read()?;
    let source = Path::new(&sysroot).join("lib/rustlib/src/rust/library");
    ensure!(source.join("Cargo.toml").exists(), "{} is missing", source.display());
    Ok(source)
}

/// Debian's compiler comes without a linker for the target; rustup's brings one, and LLVM's own does as well.
fn linker(shell: &Shell) -> Result<PathBuf> {
    if let Ok(sysroot) = rustup::sysroot(shell) {
        let host_tools = fs::read_dir(sysroot.join("lib/rustlib")).into_iter().flatten().flatten();
        for folder in host_tools {
            let candidate = folder.path().join("bin/rust-lld");
            if candidate.is_file() {
                return Ok(candidate);
            }
        }
    }
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .flat_map(|folder| [folder.join("rust-lld"), folder.join("wasm-ld")])
        .find(|candidate| candidate.is_file())
        .context("no linker for wasm: neither rustup's rust-lld nor wasm-ld is there (Debian: apt-get install lld)")
}

fn install_packages(shell: &Shell) -> Result<()> {
    let packages = PACKAGES.join(" ");
    if cmd!(shell, "apt-get --version").quiet().ignore_stdout().ignore_stderr().run().is_err() {
        bail!("there is no apt-get here; `rustup target add {TARGET}` is the way on this machine");
    }
    let is_root = cmd!(shell, "id -u").quiet().read()? == "0";
    let prefix: &[&str] = if is_root { &[] } else { &["sudo"] };
    if !is_root && cmd!(shell, "sudo -n true").quiet().ignore_stderr().run().is_err() {
        bail!("as root, run: apt-get install --no-install-recommends {packages}");
    }
    console::step(&format!("Installing {packages}: a compiler that can build for {TARGET} without rustup's server"));
    let apt = |arguments: &[&str]| -> Result<()> {
        let words: Vec<&str> =
            prefix.iter().copied().chain(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]).collect();
        let (program, rest) = words.split_first().context("an empty command")?;
        cmd!(shell, "{program} {rest...} {arguments...}").quiet().ignore_stdout().run()?;
        Ok(())
    };
    apt(&["update"])?;
    apt(&["install", "--yes", "--no-install-recommends", "rustc-web", "cargo-web", "rust-web-src"])
        .context("apt-get could not install them")
}

/// Builds into a folder beside the final one and renames it, so that what has the final name is always whole.
fn build_library(shell: &Shell, linker: &Path, sysroot: &Path) -> Result<()> {
    let source = source(shell)?;
    let mut flags = without_paths_of_this_machine()?;
    flags.push(remap(&source.parent().unwrap_or(&source).join("")));
    flags.push("-Cembed-bitcode=yes".to_owned());
    let staging = sysroot.with_extension(format!("staging-{}", std::process::id()));
    let empty_crate = staging.join("empty");
    fs::create_dir_all(empty_crate.join("src"))?;
    fs::write(
        empty_crate.join("Cargo.toml"),
        "[package]\nname = \"empty\"\nedition = \"2024\"\n\n[profile.release]\npanic = \"abort\"\n\n[workspace]\n",
    )?;
    fs::write(empty_crate.join("src/lib.rs"), "")?;

    {
        let _inside = shell.push_dir(&empty_crate);
        // embed-bitcode: without it a later link with `lto = true` finds no bitcode. test and proc_macro: for the crates
        // of wasm-bindgen-test. RUSTC_BOOTSTRAP: -Z flags on a stable compiler.
        cmd!(
            shell,
            "{CARGO} build --quiet --release --target {TARGET} --target-dir {empty_crate}/target
             -Zbuild-std=std,panic_abort,panic_unwind,test,proc_macro"
        )
        .env("RUSTC", RUSTC)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker)
        .env_remove("LD_LIBRARY_PATH")
        .quiet()
        .run()
        .context("the standard library could not be built")?;
    }

    let made = libraries(&staging.join("sysroot"));
    fs::create_dir_all(&made)?;
    let built = empty_crate.join("target").join(TARGET).join("release/deps");
    let mut count = 0_usize;
    for entry in fs::read_dir(&built)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if name.starts_with("lib") && !name.starts_with("libempty") && name.ends_with(".rlib") {
            fs::copy(&path, made.join(name))?;
            count += 1;
        }
    }
    ensure!(count > 0, "the build left no library in {}", built.display());

    match fs::rename(staging.join("sysroot"), sysroot) {
        // Another run was quicker: its library is as good as this one.
        Err(_) if libraries(sysroot).is_dir() => {}
        outcome => outcome.with_context(|| format!("cannot create {}", sysroot.display()))?,
    }
    fs::remove_dir_all(&staging)?;
    console::detail(&format!("{count} libraries in {}", sysroot.display()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn versions_compare_by_number_and_not_by_letter() {
        assert!(numbers("1.96.0") > numbers("1.95"));
        assert!(numbers("1.100.0") > numbers("1.95"));
        assert!(numbers("1.63.0") < numbers("1.95"));
        assert!(numbers("1.95.0") >= numbers("1.95"));
    }
}

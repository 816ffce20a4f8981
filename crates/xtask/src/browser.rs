//! `cargo xtask test-browser`: the tests that a crate runs in a real browser, as WebAssembly.
//!
//! Owns the list of those crates and the environment in which wasm-bindgen's runner drives headless Chromium. Such a
//! crate has its tests in `tests/browser.rs`; installing the runner and the browser is scripts/setup's business.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use xshell::{Shell, cmd};

use crate::console;
use crate::project::Project;
use crate::toolchain;

/// The crates that have a `tests/browser.rs`.
const CRATES: [&str; 3] = ["domain", "edge", "web"];

/// wasm-bindgen's, which the runner must match.
pub const WASM_BINDGEN_VERSION: &str = "0.2.130";

const CHROMIUM: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Seconds that one crate's tests may take; the runner's own 20 are few for a busy machine.
const TIMEOUT_SECONDS: &str = "120";

/// Runs the tests of all crates, or those whose names hold `filter`.
pub fn run(shell: &Shell, project: &Project, filter: Option<&str>) -> Result<()> {
    for package in CRATES {
        let tests = project.root.join("crates").join(package).join("tests/browser.rs");
        ensure!(tests.is_file(), "{} is missing, though {package} is listed in xtask's browser.rs", tests.display());
    }
    let compiler = toolchain::find_or_make(shell)?;
    let runner = runner(shell, project)?;
    let driver = program("CHROMEDRIVER", &["chromedriver"])?;
    let settings = project.wasm_target().join("webdriver.json");
    fs::create_dir_all(project.wasm_target())?;
    // Sandbox and shared memory are what a container takes from Chromium.
    let chromium = json!({ "goog:chromeOptions": {
        "binary": program("CHROMIUM", &CHROMIUM)?,
        "args": [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
        ],
    }});
    fs::write(&settings, serde_json::to_vec_pretty(&chromium)?)?;

    for package in CRATES {
        console::step(&format!("Tests of {package} in headless Chromium"));
        compiler
            .cargo(shell, project, "test")?
            .args(["--package", package, "--test", "browser", "--"])
            .args(filter)
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", &runner)
            .env("CHROMEDRIVER", &driver)
            .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", &settings)
            // Without these two, tests that do not say where they belong would quietly run in Node.
            .env("WASM_BINDGEN_USE_BROWSER", "1")
            .env("WASM_BINDGEN_TEST_ONLY_WEB", "1")
            .env("WASM_BINDGEN_TEST_TIMEOUT", TIMEOUT_SECONDS)
            .env_remove("NO_HEADLESS")
            .run()
            .with_context(|| format!("the browser tests of {package} failed"))?;
    }
    Ok(())
}

fn runner(shell: &Shell, project: &Project) -> Result<PathBuf> {
    let path = project.tools().join("bin/wasm-bindgen-test-runner");
    ensure!(path.is_file(), "wasm-bindgen-test-runner is missing: run ./scripts/setup --tests");
    let version = cmd!(shell, "{path} --version").quiet().read()?;
    ensure!(
        version.split_whitespace().any(|word| word == WASM_BINDGEN_VERSION),
        "{version} is not the {WASM_BINDGEN_VERSION} that wasm-bindgen is pinned to: run ./scripts/setup --tests"
    );
    Ok(path)
}

/// The program that the variable names; where it is unset, the first of `names` on the PATH.
fn program(variable: &str, names: &[&str]) -> Result<PathBuf> {
    if let Some(path) = env::var_os(variable).filter(|path| !path.is_empty()) {
        return Ok(path.into());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    names.iter().find_map(|name| find(&path, name)).with_context(|| {
        format!("no {} on the PATH: run ./scripts/setup --tests, or set {variable}", names.join(", no "))
    })
}

fn find(path: &OsStr, name: &str) -> Option<PathBuf> {
    env::split_paths(path).map(|folder| folder.join(name)).find(|candidate| candidate.is_file())
}

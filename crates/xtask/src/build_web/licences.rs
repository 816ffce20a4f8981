//! licences.txt: whose work the site carries besides ours, and the terms that it comes with.
//!
//! Owns what counts as carried and how it is told. Must not: judge the terms, or ship a text that no package has.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use xshell::{Shell, cmd};

use crate::project::Project;

/// What the site carries of npm's packages beside what is bundled into its script.
const DRAWN_FROM: [&str; 2] = ["@fontsource-variable/anek-latin", "lucide-static"];

/// A work of somebody else.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Work {
    name: String,
    version: String,
    /// The terms as the package names them, such as `MIT OR Apache-2.0`.
    terms: String,
    /// Who made it, or where it is made.
    origin: String,
    /// Where the package lies.
    folder: PathBuf,
}

/// The whole text. `metafile` is what esbuild wrote down of the bundle.
pub fn text(shell: &Shell, project: &Project, metafile: &Path) -> Result<String> {
    let crates = crates(shell, project)?;
    let mut packages = bundled(&fs::read_to_string(metafile).context("esbuild wrote no metafile")?)?;
    packages.extend(DRAWN_FROM.map(str::to_owned));
    let packages = packages.iter().map(|name| package(&project.root, name)).collect::<Result<BTreeSet<_>>>()?;
    ensure!(!crates.is_empty() && packages.len() > DRAWN_FROM.len(), "the site is made of nobody's work but ours?");
    let mut told = vec![
        "The pages of this hub carry the work of others, which is listed here with its terms. Where a package holds no text of\nthem, they are those that it names.\n"
            .to_owned(),
        list("Packages of npm (script, typeface, icons)", &packages),
        list("Crates, and the standard library of Rust (MIT OR Apache-2.0)", &crates),
    ];
    told.extend(terms(packages.iter().chain(&crates))?);
    Ok(told.join("\n"))
}

fn list(heading: &str, works: &BTreeSet<Work>) -> String {
    let line = |Work { name, version, terms, origin, .. }: &Work| format!("- {name} {version}: {terms}; {origin}\n");
    format!("{heading}\n\n{}", works.iter().map(line).collect::<String>())
}

/// Each text of terms once, under the names of all whose package holds it.
fn terms<'a>(works: impl Iterator<Item = &'a Work>) -> Result<Vec<String>> {
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for work in works {
        for path in files_of(&work.folder, &work.terms)? {
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            texts.entry(text.trim().to_owned()).or_default().push(work.name.clone());
        }
    }
    let rule = "-".repeat(80);
    Ok(texts.into_iter().map(|(text, names)| format!("{rule}\n{}\n\n{text}\n", names.join(", "))).collect())
}

/// The files of terms in a package's folder: where it may be had under one or another, the shorter one.
fn files_of(folder: &Path, terms: &str) -> Result<Vec<PathBuf>> {
    let is_terms = |name: &OsString| {
        let name = name.to_string_lossy().to_uppercase();
        ["LICENSE", "LICENCE", "COPYING", "UNLICENSE"].iter().any(|start| name.starts_with(start))
    };
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .with_context(|| format!("cannot list {}", folder.display()))?
        .filter_map(|entry| entry.ok().filter(|entry| is_terms(&entry.file_name())))
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .collect();
    found.sort_by_key(|path| (fs::metadata(path).map_or(u64::MAX, |data| data.len()), path.clone()));
    if terms.contains(" OR ") || terms.contains('/') {
        found.truncate(1);
    }
    Ok(found)
}

/// The crates in the site's wasm.
fn crates(shell: &Shell, project: &Project) -> Result<BTreeSet<Work>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let manifest = project.root.join("Cargo.toml");
    let metadata = cmd!(
        shell,
        "{cargo} metadata --format-version 1 --locked --filter-platform wasm32-unknown-unknown --manifest-path {manifest}"
    )
    .quiet()
    .ignore_stderr()
    .read()?;
    carried(&serde_json::from_str(&metadata)?)
}

/// What crates/web reaches in cargo's metadata, but for what only runs while it is compiled.
fn carried(metadata: &Value) -> Result<BTreeSet<Work>> {
    let packages: BTreeMap<&str, &Value> = list_of(metadata, "packages").map(|one| (text_of(one, "id"), one)).collect();
    let resolve = metadata.get("resolve").context("cargo metadata resolves nothing")?;
    let nodes: BTreeMap<&str, &Value> = list_of(resolve, "nodes").map(|one| (text_of(one, "id"), one)).collect();
    let is_macro = |package: &Value| {
        list_of(package, "targets").any(|target| list_of(target, "kind").any(|kind| kind == "proc-macro"))
    };
    let root =
        packages.iter().find(|(_, package)| text_of(package, "name") == "web").context("there is no crates/web")?;
    let (mut open, mut seen, mut found) = (vec![*root.0], BTreeSet::new(), BTreeSet::new());
    while let Some(id) = open.pop() {
        let Some(package) = packages.get(id).filter(|package| !is_macro(package)) else { continue };
        if !seen.insert(id) {
            continue;
        }
        if package.get("source").is_some_and(Value::is_string) {
            found.insert(work_of(package)?);
        }
        let runs = |dependency: &&Value| {
            list_of(dependency, "dep_kinds").any(|kind| kind.get("kind").is_none_or(Value::is_null))
        };
        let dependencies = nodes.get(id).into_iter().flat_map(|node| list_of(node, "deps"));
        open.extend(dependencies.filter(runs).map(|dependency| text_of(dependency, "pkg")));
    }
    Ok(found)
}

fn work_of(package: &Value) -> Result<Work> {
    let authors: Vec<&str> = list_of(package, "authors").filter_map(Value::as_str).collect();
    let manifest = Path::new(text_of(package, "manifest_path"));
    Ok(Work {
        name: text_of(package, "name").to_owned(),
        version: text_of(package, "version").to_owned(),
        terms: text_of(package, "license").to_owned(),
        origin: if authors.is_empty() { text_of(package, "repository").to_owned() } else { authors.join(", ") },
        folder: manifest.parent().context("a crate without a folder")?.to_owned(),
    })
}

/// The packages of npm that something was bundled from, by what esbuild wrote down.
fn bundled(metafile: &str) -> Result<BTreeSet<String>> {
    let metafile: Value = serde_json::from_str(metafile)?;
    let outputs = metafile.get("outputs").and_then(Value::as_object).context("the metafile has no outputs")?;
    let inputs = outputs.values().filter_map(|output| output.get("inputs")?.as_object()).flatten();
    let used = inputs.filter(|(_, input)| input.get("bytesInOutput").and_then(Value::as_u64) > Some(0));
    Ok(used.filter_map(|(path, _)| package_of(path)).collect())
}

/// The package that a file lies in: what stands behind the last `node_modules/`.
fn package_of(path: &str) -> Option<String> {
    let (_, inside) = path.rsplit_once("node_modules/")?;
    let parts = if inside.starts_with('@') { 2 } else { 1 };
    Some(inside.split('/').take(parts).collect::<Vec<_>>().join("/"))
}

fn package(root: &Path, name: &str) -> Result<Work> {
    let folder = root.join("node_modules").join(name);
    let manifest = fs::read_to_string(folder.join("package.json")).with_context(|| format!("no package `{name}`"))?;
    let manifest: Value = serde_json::from_str(&manifest)?;
    let author = manifest.get("author");
    let author = author.and_then(|author| author.as_str().or_else(|| author.get("name")?.as_str()));
    let repository = manifest.get("repository");
    let repository = repository.and_then(|place| place.as_str().or_else(|| place.get("url")?.as_str()));
    Ok(Work {
        name: name.to_owned(),
        version: text_of(&manifest, "version").to_owned(),
        terms: text_of(&manifest, "license").to_owned(),
        origin: author.or(repository).unwrap_or_default().to_owned(),
        folder,
    })
}

fn list_of<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn text_of<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{bundled, carried, package_of};
    use serde_json::json;

    #[test]
    fn a_bundle_is_made_of_the_packages_that_something_is_left_of() {
        let input = |bytes: u32| json!({ "bytesInOutput": bytes });
        let metafile = json!({ "outputs": { "boot.js": { "inputs": {
            "crates/web/js/boot.ts": input(9),
            "node_modules/@supabase/auth-js/dist/a.js": input(5),
            "node_modules/@supabase/auth-js/dist/b.js": input(5),
            "node_modules/a/node_modules/tslib/c.js": input(1),
            "node_modules/left-out/d.js": input(0),
        } } } });
        let names: Vec<String> = bundled(&metafile.to_string()).unwrap().into_iter().collect();
        assert_eq!(names, ["@supabase/auth-js", "tslib"]);
        assert_eq!(package_of("crates/web/js/boot.ts"), None);
    }

    #[test]
    fn what_only_runs_while_compiling_is_not_carried() {
        let package = |id: &str, source: Option<&str>, kind: &str| {
            json!({ "id": id, "name": id, "version": "1.0.0", "license": "MIT", "source": source, "authors": ["Asha"],
                "manifest_path": format!("/{id}/Cargo.toml"), "targets": [{ "kind": [kind] }] })
        };
        let dep = |id: &str, kind: Option<&str>| json!({ "pkg": id, "dep_kinds": [{ "kind": kind }] });
        let metadata = json!({
            "packages": [package("web", None, "lib"), package("leptos", Some("r"), "lib"), package("quote", Some("r"), "lib"),
                package("macro", Some("r"), "proc-macro"), package("cc", Some("r"), "lib"), package("tests", Some("r"), "lib")],
            "resolve": { "nodes": [
                { "id": "web", "deps": [dep("leptos", None), dep("macro", None), dep("tests", Some("dev"))] },
                { "id": "leptos", "deps": [dep("cc", Some("build")), dep("leptos", None)] },
                { "id": "macro", "deps": [dep("quote", None)] },
            ] },
        });
        let names: Vec<String> = carried(&metadata).unwrap().into_iter().map(|work| work.name).collect();
        assert_eq!(names, ["leptos"]);
    }
}

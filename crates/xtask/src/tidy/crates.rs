//! Which crate may depend on which. Purity points down this table: a new arrow is a decision, made here.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::Value;
use xshell::{Shell, cmd};

use super::Complaints;
use crate::project::Project;

/// A crate of the workspace, and those of the workspace on which it may depend.
const ARROWS: [(&str, &[&str]); 12] = [
    ("domain", &[]),
    ("transport", &[]),
    ("engine", &["domain", "transport"]),
    ("payment", &["transport"]),
    ("supabase", &["domain", "transport"]),
    ("edge", &["domain", "transport", "engine", "payment", "supabase"]),
    ("web-state", &["domain"]),
    ("markup", &[]),
    ("web", &["domain", "markup", "web-state"]),
    ("easel", &["domain"]),
    ("ledger-model", &["domain"]),
    ("xtask", &[]),
];

/// The crates that know neither JavaScript nor the network nor chance, and what they must not reach by any way.
const PURE: [&str; 5] = ["domain", "transport", "engine", "payment", "web-state"];
const IMPURE: [&str; 8] =
    ["getrandom", "js-sys", "postgrest", "reqwest", "tokio", "wasm-bindgen", "wasm-bindgen-futures", "web-sys"];

/// Checks the arrows, and returns the names of the crates.
pub fn check(project: &Project, complaints: &mut Complaints) -> Result<BTreeSet<String>> {
    let shell = Shell::new()?;
    shell.change_dir(&project.root);
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let metadata = cmd!(shell, "{cargo} metadata --format-version 1 --no-deps --offline").quiet().read()?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata.get("packages").and_then(Value::as_array).context("cargo metadata lists no packages")?;
    let names: BTreeSet<String> = packages.iter().map(|package| name(package).to_owned()).collect();

    for package in packages {
        let from = name(package);
        let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| *known == from) else {
            complaints.push(format!("crates/{from}: has no line in xtask's tidy/crates.rs"));
            continue;
        };
        let dependencies = package.get("dependencies").and_then(Value::as_array).into_iter().flatten();
        // What only tests use is no arrow of the architecture.
        let arrows = dependencies.filter(|dependency| dependency.get("kind").and_then(Value::as_str) != Some("dev"));
        for to in arrows.map(name).filter(|to| names.contains(*to) && !allowed.contains(to)) {
            complaints.push(format!("crates/{from}: must not depend on {to}"));
        }
    }
    for (known, _) in ARROWS {
        if !names.contains(known) {
            complaints.push(format!("crates/{known}: named in xtask's tidy/crates.rs, but gone"));
        }
    }
    for pure in PURE.iter().filter(|pure| names.contains(**pure)) {
        let tree = cmd!(shell, "{cargo} tree --package {pure} --edges normal,build --target all --prefix none")
            .quiet()
            .read()?;
        let reached: BTreeSet<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
        for impure in IMPURE.iter().filter(|impure| reached.contains(**impure)) {
            complaints.push(format!("crates/{pure}: must stay pure, but reaches {impure}"));
        }
    }
    Ok(names)
}

fn name(value: &Value) -> &str {
    value.get("name").and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// I2: what knows PostgREST and what knows engines cannot know each other, and nothing below the edge knows it.
    #[test]
    fn arrows_point_up_the_table_only() {
        for (place, (from, targets)) in ARROWS.iter().enumerate() {
            for target in *targets {
                let stands_above = ARROWS.iter().take(place).any(|(name, _)| name == target);
                assert!(stands_above, "{from} may depend on {target}, which stands below it");
            }
        }
        let mut of_edge = ARROWS.iter().filter(|(_, targets)| targets.contains(&"edge"));
        assert!(of_edge.next().is_none());
    }
}

//! `cargo xtask tidy`: the house rules that a machine can check. Also run by `cargo test --package xtask`.
//!
//! Owns the list of rules and the report. A rule looks at the files in `Tree`, and adds a line for each place that
//! breaks it; what is missing altogether is such a line as well, never a reason to stop.

mod architecture;
mod crates;
mod names;
mod size;
mod sql;
mod tree;
mod versions;

use anyhow::{Result, bail};

use crate::console;
use crate::project::Project;
use tree::Tree;

/// The places that break a rule, each as one line for a person.
type Complaints = Vec<String>;

/// Prints what breaks a rule, and fails if anything does.
pub fn run(project: &Project) -> Result<()> {
    let complaints = check(project)?;
    for complaint in &complaints {
        console::detail(complaint);
    }
    match complaints.len() {
        0 => Ok(()),
        count => bail!("{count} places break a house rule"),
    }
}

fn check(project: &Project) -> Result<Complaints> {
    let tree = Tree::read(&project.root)?;
    let mut complaints = Complaints::new();
    size::check(&tree, &mut complaints);
    names::check(&tree, &mut complaints);
    sql::check(&tree, &mut complaints);
    versions::check(&tree, &mut complaints);
    let crates = crates::check(project, &mut complaints)?;
    architecture::check(&tree, &crates, &mut complaints);
    Ok(complaints)
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::project::Project;

    #[test]
    fn the_repository_keeps_its_house_rules() {
        let complaints = check(&Project::locate().unwrap()).unwrap();
        assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
    }
}

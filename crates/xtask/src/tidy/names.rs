//! Names that say nothing, and names that must not be in the repository at all.

use super::Complaints;
use super::tree::Tree;

/// Modules named after what they are made of and not after what they are about.
const EMPTY_NAMES: [&str; 6] = ["utils", "util", "helpers", "helper", "common", "types"];

/// Hosts of package registries, in pieces so that this file does not hold them: which one is used is a matter of the
/// machine, and only the package tools' own settings may say it.
const HOSTS: [&[&str]; 8] = [
    &["static.crates", "io"],
    &["index.crates", "io"],
    &["registry.npmjs", "org"],
    &["registry.yarnpkg", "com"],
    &["files.pythonhosted", "org"],
    &["deb.debian", "org"],
    &["static.rust-lang", "org"],
    &["npm.jsr", "io"],
];

/// Folders that exist on one machine, in pieces for the same reason.
const MACHINE_FOLDERS: [&[&str]; 4] = [&["", "root", ""], &["", "home", ""], &["", "Users", ""], &["", "work", ""]];

/// Looks at every path and every line.
pub fn check(tree: &Tree, complaints: &mut Complaints) {
    let hosts: Vec<String> = HOSTS.iter().map(|pieces| pieces.join(".")).collect();
    let folders: Vec<String> = MACHINE_FOLDERS.iter().map(|pieces| pieces.join("/")).collect();
    for file in &tree.files {
        if file.is("rs") || file.is("ts") {
            let names = file.path.split(['/', '.']);
            for name in names.filter(|name| EMPTY_NAMES.contains(name)) {
                complaints.push(format!("{}: `{name}` says nothing about what is in it", file.path));
            }
        }
        for (number, line) in (1_usize..).zip(file.text.lines()) {
            for host in hosts.iter().filter(|host| line.contains(host.as_str())) {
                complaints.push(format!("{}:{number}: names the registry host {host}", file.path));
            }
            for folder in folders.iter().filter(|folder| holds_path(line, folder)) {
                complaints.push(format!("{}:{number}: a path of one machine, below {folder}", file.path));
            }
        }
    }
}

/// Whether the line holds an absolute path below the folder: not as the middle of a longer path or an address.
fn holds_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(start, _)| {
        let before = line.get(..start).and_then(|text| text.chars().next_back());
        !before.is_some_and(|letter| letter.is_alphanumeric() || "._-~/$}>*".contains(letter))
    })
}

#[cfg(test)]
mod tests {
    use super::holds_path;

    #[test]
    fn only_an_absolute_path_is_a_path_of_the_machine() {
        let folder = ["", "home", ""].join("/");
        for (line, expected) in [
            (format!("cd {folder}someone/project"), true),
            (format!("\"{folder}someone\""), true),
            (format!("{folder}x"), true),
            (format!("https://example.com{folder}page"), false),
            (format!("$PREFIX{folder}x"), false),
            ("~/project".to_owned(), false),
        ] {
            assert_eq!(holds_path(&line, &folder), expected, "{line}");
        }
    }
}

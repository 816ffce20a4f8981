//! The repository's own text files. Owns what belongs to it: nothing that is generated, installed or left by a run.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Folders whose content is not the repository's, wherever they lie.
const SKIPPED: [&str; 8] = ["target", "node_modules", ".git", ".temp", ".branches", ".output", "generated", ".issues"];

/// One text file.
pub struct File {
    /// Its path from the root, with `/` between the parts.
    pub path: String,
    /// What is in it.
    pub text: String,
}

impl File {
    /// Whether the name ends so, as in `is("rs")`.
    pub fn is(&self, extension: &str) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, found)| found == extension)
    }

    /// Whether it is there for tests only.
    pub fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        self.path.starts_with("tests/")
            || self.path.contains("/tests/")
            || name == "tests.rs"
            || name.trim_end_matches(".ts").ends_with("_test")
    }

    /// The lines of a Rust file above its `mod tests`; all lines of any other file.
    pub fn lines_without_tests(&self) -> usize {
        if self.is_test() {
            return 0;
        }
        self.text.lines().take_while(|line| !(self.is("rs") && line.starts_with("#[cfg(test)]"))).count()
    }

    /// The tests in the file: all of a test file, and what follows the first `#[cfg(test)]` of a Rust file.
    pub fn tests(&self) -> &str {
        if self.is_test() {
            return &self.text;
        }
        match self.text.split_once("#[cfg(test)]") {
            Some((_, tests)) if self.is("rs") => tests,
            _ => "",
        }
    }
}

/// All text files of the repository, in the order of their paths.
pub struct Tree {
    /// The files.
    pub files: Vec<File>,
}

impl Tree {
    /// Reads the repository below `root`.
    pub fn read(root: &Path) -> Result<Self> {
        let mut files = Vec::new();
        collect(root, "", &mut files)?;
        files.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(Self { files })
    }

    /// The file of that path.
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// The files of that extension.
    pub fn with(&self, extension: &'static str) -> impl Iterator<Item = &File> {
        self.files.iter().filter(move |file| file.is(extension))
    }
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<File>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let path = format!("{prefix}{name}");
        // A link's own type: what a link leads to is not walked, or is walked where it lies.
        let kind = entry.file_type()?;
        if kind.is_dir() && !SKIPPED.contains(&name) {
            collect(&entry.path(), &format!("{path}/"), files)?;
        } else if kind.is_file()
            && let Ok(text) = fs::read_to_string(entry.path())
        {
            // What is no text, a picture for instance, breaks no rule about text. Nor does a file that has just gone.
            files.push(File { path, text });
        }
    }
    Ok(())
}

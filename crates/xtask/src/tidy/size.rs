//! Files that are too long, and files that do not say what they are.

use super::Complaints;
use super::tree::Tree;

/// Lines of a source file without its tests.
const LINES_MAX: usize = 400;
/// Lines of a migration: what is applied at once should be read at once.
const SQL_LINES_MAX: usize = 300;
/// Lines of the shim, which must stay thin: what decides belongs into Rust.
const SHIM_LINES_MAX: usize = 100;

/// Files that may be longer, how long, and why. This list may only shrink.
const EXCEPTIONS: [(&str, usize, &str); 1] = [(
    "supabase/migrations/20260204000000_add_generation_features.sql",
    800,
    "the original deployment knows the feature's migration as one file of this name, pasted whole into the SQL editor",
)];

const SOURCES: [&str; 6] = ["rs", "ts", "js", "mjs", "css", "sh"];

/// One header each, and no file beyond its limit.
pub fn check(tree: &Tree, complaints: &mut Complaints) {
    for file in &tree.files {
        let path = &file.path;
        let limit = if path == "supabase/functions/_shared/shim.ts" {
            SHIM_LINES_MAX
        } else if SOURCES.iter().any(|extension| file.is(extension)) || is_script(path) {
            LINES_MAX
        } else if path.starts_with("supabase/migrations/") {
            SQL_LINES_MAX
        } else {
            continue;
        };
        let exception = EXCEPTIONS.iter().find(|(excepted, ..)| excepted == path);
        let limit = exception.map_or(limit, |(_, limit, _)| *limit);
        let lines = file.lines_without_tests();
        if lines > limit {
            complaints.push(format!("{path}: {lines} lines without tests, the limit is {limit}"));
        }
    }
    for (path, ..) in EXCEPTIONS {
        if tree.file(path).is_none() {
            complaints.push(format!("{path}: excepted from the limit of lines, but gone"));
        }
    }
    for file in tree.with("rs").filter(|file| !file.text.starts_with("//! ")) {
        complaints.push(format!("{}: does not begin with `//!` and what the module owns", file.path));
    }
    for file in tree.with("ts").filter(|file| !begins_with_comment(&file.text)) {
        complaints.push(format!("{}: does not begin with a comment that says what it owns", file.path));
    }
}

fn is_script(path: &str) -> bool {
    path.strip_prefix("scripts/").is_some_and(|name| !name.contains(['/', '.']))
}

fn begins_with_comment(text: &str) -> bool {
    let first = text.lines().find(|line| !line.starts_with("#!"));
    first.is_some_and(|line| line.starts_with("//") || line.starts_with("/*"))
}

#[cfg(test)]
mod tests {
    use super::begins_with_comment;

    #[test]
    fn a_header_may_follow_the_line_that_names_the_interpreter() {
        assert!(begins_with_comment("// What it owns.\n"));
        assert!(begins_with_comment("#!/usr/bin/env -S deno run\n// What it owns.\n"));
        assert!(!begins_with_comment("import { a } from \"b\";\n// Late.\n"));
        assert!(!begins_with_comment(""));
    }
}

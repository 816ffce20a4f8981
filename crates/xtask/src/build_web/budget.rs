//! What a first visit loads, in bytes, against its budget.
//!
//! Owns the figure and the table.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::{LANGUAGES, compress, files_below};
use crate::console;

/// Issue "The hub in the browser": the whole first load stays below this, compressed.
const BYTES_MAX: usize = 250_000;

/// A file and its sizes.
struct Line {
    name: String,
    raw: usize,
    gzip: usize,
    brotli: usize,
}

/// Prints the size of what a first visit loads, file by file where `in_full`; fails where it is over budget and `enforced`
/// says that it ships.
pub fn check(site: &Path, enforced: bool, in_full: bool) -> Result<()> {
    if !enforced {
        let bytes: u64 = files_below(site)?.iter().filter_map(|path| Some(fs::metadata(path).ok()?.len())).sum();
        console::detail(&format!("{bytes} bytes in all, neither optimised nor compressed"));
        return Ok(());
    }
    let mut lines = vec![];
    for path in files_below(site)? {
        let name = path.strip_prefix(site)?.to_str().context("a name in the site is no UTF-8")?.to_owned();
        if is_loaded(&name) {
            lines.push(measure(&path, name)?);
        }
    }
    let lines = with_one_catalogue(lines);
    let total = Line {
        name: "first load".to_owned(),
        raw: lines.iter().map(|line| line.raw).sum(),
        gzip: lines.iter().map(|line| line.gzip).sum(),
        brotli: lines.iter().map(|line| line.brotli).sum(),
    };
    console::detail(&format!("{:<32} {:>9} {:>9} {:>9}", "bytes", "raw", "gzip", "brotli"));
    for Line { name, raw, gzip, brotli } in lines.iter().filter(|_| in_full).chain([&total]) {
        console::detail(&format!("{name:<32} {raw:>9} {gzip:>9} {brotli:>9}"));
    }
    console::detail(&format!("{:<32} {:>29}", "budget", BYTES_MAX));
    ensure!(
        total.brotli < BYTES_MAX,
        "the first load is {} bytes over its budget: see what grew before raising the figure",
        total.brotli - BYTES_MAX
    );
    Ok(())
}

/// Whether a first visit loads the file: siblings are counted as what they are siblings of, and the rarer letters are
/// fetched when a page says one.
fn is_loaded(name: &str) -> bool {
    !name.ends_with(".br")
        && !name.ends_with(".gz")
        && !name.ends_with(".txt")
        && !name.starts_with("assets/anek-more-")
        && name != "_headers"
}

/// Of the catalogues only the largest: a visit loads one.
fn with_one_catalogue(mut lines: Vec<Line>) -> Vec<Line> {
    let is_catalogue =
        |line: &Line| LANGUAGES.iter().any(|language| line.name.starts_with(&format!("assets/{language}-")));
    let largest = lines.iter().filter(|line| is_catalogue(line)).map(|line| line.brotli).max().unwrap_or_default();
    let mut is_counted = false;
    lines.retain(|line| {
        let counts = !is_catalogue(line) || (line.brotli == largest && !is_counted);
        is_counted |= counts && is_catalogue(line);
        counts
    });
    lines
}

fn measure(path: &Path, name: String) -> Result<Line> {
    let bytes = fs::read(path)?;
    let raw = bytes.len();
    // Fonts are compressed in themselves, and sent as they are.
    if name.ends_with(".woff2") {
        return Ok(Line { name, raw, gzip: raw, brotli: raw });
    }
    let gzip =
        fs::read(path.with_file_name(format!("{}.gz", file_name(path)?))).or_else(|_| compress::gzip(&bytes))?.len();
    let brotli =
        fs::read(path.with_file_name(format!("{}.br", file_name(path)?))).or_else(|_| compress::brotli(&bytes))?.len();
    Ok(Line { name, raw, gzip, brotli })
}

fn file_name(path: &Path) -> Result<&str> {
    path.file_name().and_then(|name| name.to_str()).context("a name in the site is no UTF-8")
}

#[cfg(test)]
mod tests {
    use super::{Line, is_loaded, with_one_catalogue};

    #[test]
    fn a_visit_loads_one_catalogue_and_no_siblings() {
        let line = |name: &str, brotli| Line { name: name.to_owned(), raw: 9, gzip: 9, brotli };
        let lines = vec![line("assets/boot-1.js", 5), line("assets/en-1.json", 3), line("assets/hi-1.json", 4)];
        let names: Vec<String> = with_one_catalogue(lines).into_iter().map(|line| line.name).collect();
        assert_eq!(names, ["assets/boot-1.js", "assets/hi-1.json"]);
        assert!(is_loaded("assets/boot-1.js"));
        assert!(!is_loaded("assets/boot-1.js.br"));
        assert!(!is_loaded("_headers"));
    }
}

//! The siblings of the files that compress: `.br` and `.gz` beside each, for hosts that send what lies there.
//!
//! Owns which files those are and how hard they are pressed.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::files_below;

/// A way to compress.
type Compress = fn(&[u8]) -> Result<Vec<u8>>;

/// What browsers ask for, by the ending of the sibling.
const ENDINGS: [(&str, Compress); 2] = [("br", brotli), ("gz", gzip)];

/// Kinds of files that are not compressed already.
const COMPRESSIBLE: [&str; 6] = ["css", "html", "js", "json", "svg", "wasm"];

/// Puts the siblings into the site; those of the page only where it `is_final`. What the `old` site has under a name that
/// holds the hash is taken from there, since the best compression of the wasm takes seconds.
pub fn siblings(site: &Path, old: &Path, page_is_final: bool) -> Result<()> {
    for path in files_below(site)? {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if !COMPRESSIBLE.contains(&extension) || (extension == "html" && !page_is_final) {
            continue;
        }
        let relative = path.strip_prefix(site)?;
        let bytes = fs::read(&path)?;
        for (ending, compress) in ENDINGS {
            let name = format!("{}.{ending}", relative.to_str().context("a name in the site is no UTF-8")?);
            let is_same = fs::read(old.join(relative)).is_ok_and(|old| old == bytes);
            if !is_same || fs::copy(old.join(&name), site.join(&name)).is_err() {
                fs::write(site.join(name), compress(&bytes)?)?;
            }
        }
    }
    Ok(())
}

/// The bytes as brotli at its best.
pub fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let parameters = BrotliEncoderParams { quality: 11, lgwin: 22, size_hint: bytes.len(), ..Default::default() };
    let mut compressed = vec![];
    brotli::BrotliCompress(&mut &bytes[..], &mut compressed, &parameters)?;
    Ok(compressed)
}

/// The bytes as gzip at its best.
pub fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(vec![], Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

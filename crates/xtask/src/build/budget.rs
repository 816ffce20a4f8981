//! What ships, in bytes, against its budget.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Result, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::console;

/// DESIGN section 7: what ships stays below this, as it is.
const BYTES_MAX: usize = 1_000_000;
/// DESIGN section 7: and below this when compressed.
const COMPRESSED_BYTES_MAX: usize = 300_000;

/// Prints the sizes of the wasm and of the module that carries it; fails where they are over budget and `enforced` says that they ship.
pub fn check(wasm: &Path, module: &Path, enforced: bool) -> Result<()> {
    let wasm = fs::read(wasm)?;
    let module = fs::read(module)?;
    let module_compressed = compressed_size(&module)?;
    console::detail(&format!("wasm    {:>9} bytes, {:>9} gzipped", wasm.len(), compressed_size(&wasm)?));
    console::detail(&format!("module  {:>9} bytes, {module_compressed:>9} gzipped", module.len()));
    console::detail(&format!("budget  {BYTES_MAX:>9} bytes, {COMPRESSED_BYTES_MAX:>9} gzipped"));
    if enforced {
        ensure!(
            module.len() < BYTES_MAX && module_compressed < COMPRESSED_BYTES_MAX,
            "the module is over its budget: see what grew before raising the figure"
        );
    }
    Ok(())
}

fn compressed_size(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

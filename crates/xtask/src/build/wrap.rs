//! The shipping format: one JavaScript module that carries the wasm and can make any number of instances of it.
//!
//! `wasm-bindgen --target no-modules` writes `let wasm_bindgen = (function (exports) { … })(…);`, a closure with all
//! the state of one instance inside. Put into the body of a function it gives every call of that function a closure,
//! and so an instance, of its own, while the compiled `WebAssembly.Module` is shared. An instance that trapped can go on
//! with the requests it holds beside the one that takes the new ones.
//!
//! The glue is wrapped by what stands before and after it in `wrap.template`, and never edited. The wasm is deflated before it
//! is written as base64: half the text to load, and a quarter less once the whole is compressed. The result is plain
//! text without imports, so every way of deploying a function carries it.

use std::io::Write as _;

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;

/// The generated module, with the three places that [`wrap`] fills.
pub const TEMPLATE: &str = include_str!("wrap.template");

/// The module that carries `wasm`, bound by `glue`.
pub fn wrap(glue: &str, wasm: &[u8]) -> Result<String> {
    ensure!(
        glue.matches("let wasm_bindgen = (function(exports) {").count() == 1,
        "wasm-bindgen's no-modules glue has changed its shape: look at build/wrap.rs"
    );
    // The deploy tools look for imports by pattern, and an import in the glue would need a file of its own to ship.
    ensure!(
        !glue.contains("import(") && !glue.lines().any(|line| line.trim_start().starts_with("import ")),
        "the glue imports something, which the one generated module cannot carry"
    );
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(wasm)?;
    let encoded = STANDARD.encode(encoder.finish()?);

    let (before_length, rest) = split(TEMPLATE, "<wasm length>")?;
    let (before_wasm, rest) = split(rest, "<wasm as deflated base64>")?;
    let (before_glue, after_glue) = split(rest, "<glue>")?;
    Ok([before_length, &wasm.len().to_string(), before_wasm, &encoded, before_glue, glue, after_glue].concat())
}

/// What stands before and after a place of the template.
fn split<'text>(text: &'text str, place: &str) -> Result<(&'text str, &'text str)> {
    let parts = text.split_once(place).with_context(|| format!("wrap.template has no {place}"))?;
    ensure!(!parts.1.contains(place), "wrap.template has {place} more than once");
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use flate2::read::DeflateDecoder;

    use super::wrap;

    const GLUE: &str = "let wasm_bindgen = (function(exports) { return exports; })({});";

    #[test]
    fn the_module_holds_the_bytes_and_the_glue_as_it_was() {
        let wasm = b"\0asm and what follows";
        let module = wrap(GLUE, wasm).unwrap();
        assert!(module.contains(&format!("new Uint8Array({})", wasm.len())), "{module}");
        assert!(module.contains(GLUE), "{module}");
        let encoded = module.split_once("decode(\"").unwrap().1.split_once('"').unwrap().0;
        let mut bytes = Vec::new();
        DeflateDecoder::new(STANDARD.decode(encoded).unwrap().as_slice()).read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, wasm);
    }

    #[test]
    fn glue_of_another_shape_is_refused() {
        wrap("export default 1;", b"").unwrap_err();
        wrap(&format!("{GLUE}\n{GLUE}"), b"").unwrap_err();
    }

    #[test]
    fn glue_that_imports_is_refused() {
        wrap(&format!("import a from \"b\";\n{GLUE}"), b"").unwrap_err();
        wrap(&format!("{GLUE}\nimport(\"b\")"), b"").unwrap_err();
    }
}

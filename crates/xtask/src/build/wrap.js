// Written by `cargo xtask build`: do not edit. The Rust of crates/edge as WebAssembly, with wasm-bindgen's glue.
// One compiled module; each `instantiate()` makes an instance with state of its own, see crates/xtask/src/build/wrap.rs.

/** @param {string} text @returns {Uint8Array} */
function decode(text) {
  // What Deno 2.1 does not have yet.
  if (typeof Uint8Array.fromBase64 === "function") return Uint8Array.fromBase64(text);
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let index = 0; index < bytes.length; index++) bytes[index] = letters.charCodeAt(index);
  return bytes;
}

/** @param {Uint8Array} deflated @returns {Promise<Uint8Array>} */
async function inflate(deflated) {
  const stream = new DecompressionStream("deflate-raw");
  const writer = stream.writable.getWriter();
  // What goes wrong here goes wrong in the reading below as well, which is awaited.
  writer.write(deflated).catch(() => {});
  writer.close().catch(() => {});
  const bytes = new Uint8Array(<wasm length>);
  let end = 0;
  for await (const part of stream.readable) {
    bytes.set(part, end);
    end += part.length;
  }
  return bytes;
}

const module = new WebAssembly.Module(await inflate(decode("<wasm as deflated base64>")));

/** The exports of a fresh instance. @returns {any} */
export function instantiate() {
<glue>
  wasm_bindgen.initSync({ module });
  return wasm_bindgen;
}

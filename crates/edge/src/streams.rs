//! Bodies as JavaScript holds them, read up to a limit.
//!
//! Owns: that nothing larger than it may be is ever held. Must not: look at the bytes.

use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, ReadableStream, ReadableStreamDefaultReader};

/// Why a body was not read.
pub enum ReadError {
    /// It has, or says it has, more bytes than it may.
    TooLarge,
    /// It broke off.
    Broken(JsValue),
}

/// Reads a body of at most `bytes_max` bytes; none is an empty one. One that says it is larger is not touched.
pub async fn read(body: Option<ReadableStream>, headers: &Headers, bytes_max: usize) -> Result<Uint8Array, ReadError> {
    let stated = headers.get("content-length").ok().flatten().and_then(|text| text.trim().parse::<usize>().ok());
    let Some(body) = body else {
        return Ok(Uint8Array::new_with_length(0));
    };
    if stated.is_some_and(|stated| stated > bytes_max) {
        let _ = body.cancel();
        return Err(ReadError::TooLarge);
    }
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    let mut chunks: Vec<Uint8Array> = Vec::new();
    let mut length = 0_usize;
    loop {
        let step = JsFuture::from(reader.read()).await.map_err(ReadError::Broken)?;
        let Some(chunk) = chunk_of(&step)? else { break };
        length = length.saturating_add(usize::try_from(chunk.length()).unwrap_or(usize::MAX));
        if length > bytes_max {
            let _ = reader.cancel();
            return Err(ReadError::TooLarge);
        }
        chunks.push(chunk);
    }
    Ok(joined(&chunks, length))
}

/// The bytes of one `{ done, value }`; none at the end.
fn chunk_of(step: &JsValue) -> Result<Option<Uint8Array>, ReadError> {
    let done = Reflect::get(step, &"done".into()).map_err(ReadError::Broken)?;
    if done.is_truthy() {
        return Ok(None);
    }
    let value = Reflect::get(step, &"value".into()).map_err(ReadError::Broken)?;
    value.dyn_into().map(Some).map_err(ReadError::Broken)
}

/// One array of all chunks, put together in JavaScript's memory.
fn joined(chunks: &[Uint8Array], length: usize) -> Uint8Array {
    if let [only] = chunks {
        return only.clone();
    }
    // The limit of every caller is far below 4 GiB.
    let whole = Uint8Array::new_with_length(u32::try_from(length).unwrap_or(u32::MAX));
    let mut at = 0_u32;
    for chunk in chunks {
        whole.set(chunk, at);
        at = at.saturating_add(chunk.length());
    }
    whole
}

//! Bodies as JavaScript holds them, read up to a limit.
//!
//! Owns: that nothing larger than it may be is ever held. Must not: look at the bytes.

use js_sys::{Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, ReadableStream, ReadableStreamDefaultReader, Request, Response};

/// What is done with the rest of a body that is too large.
#[derive(Clone, Copy)]
pub enum Rest {
    /// It is not received.
    Cancelled,
    /// It is received and thrown away, up to [`DISCARDED_BYTES_MAX`]. A server that answers while a request is still
    /// arriving may close the connection, and the client would never see the answer.
    Discarded,
}

/// More of a request is not received even to be thrown away.
const DISCARDED_BYTES_MAX: usize = 33_554_432;

/// Why a body was not read.
pub enum ReadError {
    /// It has, or says it has, more bytes than it may.
    TooLarge,
    /// It broke off.
    Broken(JsValue),
}

/// What has a body, by the standard's names.
pub trait HasBody {
    /// The headers.
    fn headers(&self) -> Headers;
    /// The body as a stream, where there is one.
    fn body(&self) -> Option<ReadableStream>;
    /// The body as a whole.
    fn array_buffer(&self) -> Result<Promise, JsValue>;
}

/// The two have the same methods, and no type in common.
macro_rules! has_body {
    ($type:ty) => {
        impl HasBody for $type {
            fn headers(&self) -> Headers {
                Self::headers(self)
            }

            fn body(&self) -> Option<ReadableStream> {
                Self::body(self)
            }

            fn array_buffer(&self) -> Result<Promise, JsValue> {
                Self::array_buffer(self).map(JsCast::unchecked_into)
            }
        }
    };
}

has_body!(Request);
has_body!(Response);

/// Reads a body of at most `bytes_max` bytes; none is an empty one.
///
/// One that states its length is read at once, or not at all: HTTP lets no more bytes through than were stated. One that
/// does not, or that is compressed and so may grow, is read piece by piece.
pub async fn read(from: &impl HasBody, bytes_max: usize, rest: Rest) -> Result<Uint8Array, ReadError> {
    let headers = from.headers();
    let header = |name: &str| headers.get(name).ok().flatten();
    let stated = header("content-length").and_then(|text| text.trim().parse::<usize>().ok());
    match stated.filter(|_| header("content-encoding").is_none()) {
        Some(length) if length <= bytes_max => {
            let whole = from.array_buffer().map_err(ReadError::Broken)?;
            let buffer = JsFuture::from(whole).await.map_err(ReadError::Broken)?;
            Ok(Uint8Array::new(&buffer))
        }
        stated => {
            let Some(body) = from.body() else { return Ok(Uint8Array::new_with_length(0)) };
            let mut pieces = Pieces { reader: body.get_reader().unchecked_into(), received: 0 };
            if stated.is_some() {
                return Err(pieces.leave(rest).await);
            }
            pieces.join(bytes_max, rest).await
        }
    }
}

/// A body on its way.
struct Pieces {
    reader: ReadableStreamDefaultReader,
    received: usize,
}

impl Pieces {
    async fn next(&mut self) -> Result<Option<Uint8Array>, ReadError> {
        let step = JsFuture::from(self.reader.read()).await.map_err(ReadError::Broken)?;
        let piece = piece_of(&step)?;
        let length = piece.as_ref().map_or(0, Uint8Array::length);
        self.received = self.received.saturating_add(usize::try_from(length).unwrap_or(usize::MAX));
        Ok(piece)
    }

    async fn join(&mut self, bytes_max: usize, rest: Rest) -> Result<Uint8Array, ReadError> {
        let mut pieces: Vec<Uint8Array> = Vec::new();
        while let Some(piece) = self.next().await? {
            if self.received > bytes_max {
                drop(pieces);
                return Err(self.leave(rest).await);
            }
            pieces.push(piece);
        }
        Ok(joined(&pieces, self.received))
    }

    async fn leave(&mut self, rest: Rest) -> ReadError {
        if matches!(rest, Rest::Discarded) {
            while self.received < DISCARDED_BYTES_MAX {
                if !matches!(self.next().await, Ok(Some(_))) {
                    break;
                }
            }
        }
        // What is still to come is not wanted; at the end of the body this does nothing.
        let _ = self.reader.cancel();
        ReadError::TooLarge
    }
}

/// The bytes of one `{ done, value }`; none at the end.
fn piece_of(step: &JsValue) -> Result<Option<Uint8Array>, ReadError> {
    let done = Reflect::get(step, &"done".into()).map_err(ReadError::Broken)?;
    if done.is_truthy() {
        return Ok(None);
    }
    let value = Reflect::get(step, &"value".into()).map_err(ReadError::Broken)?;
    value.dyn_into().map(Some).map_err(ReadError::Broken)
}

/// One array of all pieces, put together in JavaScript's memory.
fn joined(pieces: &[Uint8Array], length: usize) -> Uint8Array {
    if let [only] = pieces {
        return only.clone();
    }
    // The limit of every caller is far below 4 GiB.
    let whole = Uint8Array::new_with_length(u32::try_from(length).unwrap_or(u32::MAX));
    let mut at = 0_u32;
    for piece in pieces {
        whole.set(piece, at);
        at = at.saturating_add(piece.length());
    }
    whole
}

//! What came back from an engine: is it a picture, of what format and size, and is it all there?
//!
//! Owns: the signatures and trailers of PNG (W3C PNG, third edition), JPEG (ITU T.81) and WebP (RFC 9649). It looks at
//! the two ends of the file only, so that a picture need not be copied to be checked.
//! Must not: decode pixels, or believe a content type.

/// How many bytes of the beginning [`inspect`] wants to see (or all, of a shorter file).
pub const HEAD_BYTES: usize = 16_384;
/// How many bytes of the end [`inspect`] wants to see (or all, of a shorter file).
pub const TAIL_BYTES: usize = 64;

/// A format that the hub stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Portable Network Graphics.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP.
    Webp,
}

impl Format {
    /// The media type, as the bucket allows it.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }

    /// The end of the object's name, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Webp => "webp",
        }
    }
}

/// A picture that is all there, as far as its two ends tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its format.
    pub format: Format,
    /// Width and height in pixels; none where a JPEG says so only beyond its first [`HEAD_BYTES`].
    pub size: Option<(u32, u32)>,
}

/// Why bytes are not a picture that can be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPicture {
    /// There are none.
    Empty,
    /// They begin like no format that the hub stores: a page, an error, or noise.
    UnknownFormat,
    /// They begin like a picture and do not end like one.
    Truncated,
    /// The picture says that it has no width or no height.
    NoPixels,
}

/// Looks at the first [`HEAD_BYTES`] and the last [`TAIL_BYTES`] of a file of `length` bytes.
///
/// # Errors
/// [`NoPicture`] when it should not be stored.
pub fn inspect(head: &[u8], tail: &[u8], length: usize) -> Result<Picture, NoPicture> {
    if length == 0 {
        return Err(NoPicture::Empty);
    }
    let (format, whole, size) = if head.starts_with(PNG_SIGNATURE) {
        (Format::Png, holds(tail, PNG_TRAILER), png_size(head))
    } else if head.starts_with(&[0xFF, 0xD8, 0xFF]) {
        (Format::Jpeg, holds(tail, &[0xFF, 0xD9]), jpeg_size(head))
    } else if head.starts_with(b"RIFF") && bytes::<4>(head, 8) == Some(*b"WEBP") {
        (Format::Webp, webp_is_whole(head, length), webp_size(head))
    } else {
        return Err(NoPicture::UnknownFormat);
    };
    // Only JPEG keeps its size where the head may not reach.
    if !whole || (size.is_none() && format != Format::Jpeg) {
        return Err(NoPicture::Truncated);
    }
    if size.is_some_and(|(width, height)| width == 0 || height == 0) {
        return Err(NoPicture::NoPixels);
    }
    Ok(Picture { format, size })
}

const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// The chunk IEND with its checksum; encoders may leave a few stray bytes behind it.
const PNG_TRAILER: &[u8] = b"IEND\xaeB\x60\x82";

/// The standard keeps the highest bit of a number free (PNG, 7.1).
const PNG_SIDE_MAX: u32 = 0x7FFF_FFFF;

fn png_size(head: &[u8]) -> Option<(u32, u32)> {
    let side = |at: usize| bytes(head, at).map(u32::from_be_bytes).filter(|side| *side <= PNG_SIDE_MAX);
    if bytes::<4>(head, 12)? == *b"IHDR" { Some((side(16)?, side(20)?)) } else { None }
}

/// Walks the segments to the start of frame (T.81, B.2.2), whose payload is precision, height, width.
fn jpeg_size(head: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2_usize;
    loop {
        let [marker_prefix, marker] = bytes::<2>(head, at)?;
        if marker_prefix != 0xFF {
            return None;
        }
        match marker {
            // Fill byte.
            0xFF => at = at.checked_add(1)?,
            // Markers without a segment.
            0x01 | 0xD0..=0xD8 => at = at.checked_add(2)?,
            // End of image or start of scan: no frame came before it.
            0xD9 | 0xDA => return None,
            // Start of frame, but for the tables DHT (C4), JPG (C8) and DAC (CC).
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                let height = u16::from_be_bytes(bytes(head, at.checked_add(5)?)?);
                let width = u16::from_be_bytes(bytes(head, at.checked_add(7)?)?);
                return Some((u32::from(width), u32::from(height)));
            }
            _ => {
                let length = u16::from_be_bytes(bytes(head, at.checked_add(2)?)?);
                at = at.checked_add(2)?.checked_add(usize::from(length.max(2)))?;
            }
        }
    }
}

/// RIFF states the bytes that follow its size field; a file may be padded to an even length.
fn webp_is_whole(head: &[u8], length: usize) -> bool {
    let stated = bytes(head, 4).map(u32::from_le_bytes).and_then(|size| usize::try_from(size).ok());
    stated.and_then(|size| size.checked_add(8)).is_some_and(|size| size <= length)
}

fn webp_size(head: &[u8]) -> Option<(u32, u32)> {
    let u24 = |at: usize| bytes::<3>(head, at).map(|[a, b, c]| u32::from_le_bytes([a, b, c, 0]));
    match &bytes::<4>(head, 12)? {
        // Canvas size, each minus one.
        b"VP8X" => Some((u24(24)?.saturating_add(1), u24(27)?.saturating_add(1))),
        // 14 bits each, minus one, behind the signature byte.
        b"VP8L" => {
            let bits = u32::from_le_bytes(bytes(head, 21)?);
            Some(((bits & 0x3FFF).saturating_add(1), ((bits >> 14) & 0x3FFF).saturating_add(1)))
        }
        // 14 bits each, behind frame tag and start code.
        b"VP8 " => Some((
            u32::from(u16::from_le_bytes(bytes(head, 26)?) & 0x3FFF),
            u32::from(u16::from_le_bytes(bytes(head, 28)?) & 0x3FFF),
        )),
        _ => None,
    }
}

fn bytes<const N: usize>(from: &[u8], at: usize) -> Option<[u8; N]> {
    from.get(at..)?.first_chunk().copied()
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[cfg(test)]
mod tests;

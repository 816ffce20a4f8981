//! Pictures to files, PNG or JPEG. Nothing of the prompt is written into a file.

use crate::Picture;
use std::fmt;

/// Who made the picture; the only metadata that a file carries.
pub const SOFTWARE: &str = "easel (sketches, no model)";

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Portable Network Graphics.
    Png,
    /// JPEG.
    Jpeg,
}

impl Format {
    /// Its media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
        }
    }

    /// How the name of such a file ends.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
        }
    }
}

/// A picture that could not be made into a file.
#[derive(Debug)]
pub struct EncodeError(String);

impl EncodeError {
    /// From whatever kept the picture from being made.
    pub fn new(reason: impl fmt::Display) -> Self {
        Self(reason.to_string())
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the picture could not be made: {}", self.0)
    }
}

impl std::error::Error for EncodeError {}

impl From<png::EncodingError> for EncodeError {
    fn from(error: png::EncodingError) -> Self {
        Self::new(error)
    }
}

impl From<jpeg_encoder::EncodingError> for EncodeError {
    fn from(error: jpeg_encoder::EncodingError) -> Self {
        Self::new(error)
    }
}

/// Encodes in this format.
pub fn file(picture: &Picture, format: Format) -> Result<Vec<u8>, EncodeError> {
    match format {
        Format::Png => png(picture),
        Format::Jpeg => jpeg(picture),
    }
}

/// Encodes as PNG, quickly rather than small: the file goes over loopback.
pub fn png(picture: &Picture) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = Vec::with_capacity(picture.rgb.len());
    let mut encoder = png::Encoder::new(&mut bytes, picture.width, picture.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    encoder.add_text_chunk("Software".to_owned(), SOFTWARE.to_owned())?;
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&picture.rgb)?;
    writer.finish()?;
    Ok(bytes)
}

/// Encodes as JPEG.
pub fn jpeg(picture: &Picture) -> Result<Vec<u8>, EncodeError> {
    let side = |pixels: u32| u16::try_from(pixels).map_err(|_| EncodeError::new("too large for JPEG"));
    let (width, height) = (side(picture.width)?, side(picture.height)?);
    let mut bytes = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut bytes, 90);
    encoder.encode(&picture.rgb, width, height, jpeg_encoder::ColorType::Rgb)?;
    Ok(bytes)
}

/// Whether bytes begin as a picture does, of the formats that engines take.
pub fn is_picture(bytes: &[u8]) -> bool {
    let is_webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP".as_slice());
    bytes.starts_with(b"\x89PNG\r\n\x1a\n") || bytes.starts_with(&[0xFF, 0xD8, 0xFF]) || is_webp
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Request, paint};

    fn sketch() -> Picture {
        paint(&Request { prompt: "a lake".to_owned(), width: 96, height: 64, ..Request::default() })
    }

    #[test]
    fn a_png_decodes_to_the_same_pixels_and_says_who_made_it() {
        let picture = sketch();
        let bytes = png(&picture).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let frame = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((frame.width, frame.height, &pixels), (96, 64, &picture.rgb));
        let texts = &reader.info().uncompressed_latin1_text;
        assert_eq!(texts.iter().map(|t| (&*t.keyword, &*t.text)).collect::<Vec<_>>(), [("Software", SOFTWARE)]);
        assert!(!bytes.windows(6).any(|window| window == b"a lake"));
    }

    #[test]
    fn a_jpeg_has_the_marks_of_a_jpeg() {
        let bytes = jpeg(&sketch()).unwrap();
        assert!(bytes.starts_with(&[0xFF, 0xD8, 0xFF]) && bytes.ends_with(&[0xFF, 0xD9]));
    }

    #[test]
    fn a_picture_whose_bytes_do_not_fit_its_size_is_refused() {
        let mut picture = sketch();
        picture.rgb.pop();
        assert!(png(&picture).is_err());
    }
}

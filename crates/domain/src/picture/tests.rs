//! Pictures built byte by byte, whole and broken.

use super::*;

fn check(file: &[u8]) -> Result<Picture, NoPicture> {
    let tail = file.len().saturating_sub(TAIL_BYTES);
    inspect(&file[..file.len().min(HEAD_BYTES)], &file[tail..], file.len())
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    file.extend(width.to_be_bytes());
    file.extend(height.to_be_bytes());
    file.extend(b"\x08\x02\0\0\0CRC.");
    file.extend([7; 40_000]);
    file.extend(b"\0\0\0\0IEND\xaeB\x60\x82");
    file
}

fn jpeg(width: u16, height: u16, comment_bytes: usize) -> Vec<u8> {
    let mut file = vec![0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 1, 0xFF, 0xFF, 0xFE];
    file.extend(u16::try_from(comment_bytes).unwrap().saturating_add(2).to_be_bytes());
    file.extend(vec![b' '; comment_bytes]);
    file.extend([0xFF, 0xC4, 0, 3, 9, 0xFF, 0xC2, 0, 11, 8]);
    file.extend(height.to_be_bytes());
    file.extend(width.to_be_bytes());
    file.extend([1, 1, 0x11, 0, 0xFF, 0xDA, 0, 2]);
    file.extend([9; 3_000]);
    file.extend([0xFF, 0xD9]);
    file
}

fn webp(fourcc: &[u8; 4], payload: &[u8]) -> Vec<u8> {
    let mut chunk = b"WEBP".to_vec();
    chunk.extend(fourcc);
    chunk.extend(u32::try_from(payload.len()).unwrap().to_le_bytes());
    chunk.extend(payload);
    let mut file = b"RIFF".to_vec();
    file.extend(u32::try_from(chunk.len()).unwrap().to_le_bytes());
    file.extend(chunk);
    file
}

#[test]
fn whole_pictures_are_known_by_their_bytes() {
    let lossless = webp(b"VP8L", &[&[0x2F][..], &(511_u32 | (767 << 14)).to_le_bytes(), &[1; 9]].concat());
    let lossy = webp(b"VP8 ", &[&[0, 0, 0, 0x9D, 1, 0x2A][..], &[0, 2, 0, 3], &[1; 9]].concat());
    let extended = webp(b"VP8X", &[0, 0, 0, 0, 0xFF, 3, 0, 0xFF, 1, 0, 1, 1]);
    let rows = [
        (png(512, 768), Format::Png, Some((512, 768))),
        (jpeg(1024, 512, 30), Format::Jpeg, Some((1024, 512))),
        (jpeg(1024, 512, 20_000), Format::Jpeg, None),
        (lossless, Format::Webp, Some((512, 768))),
        (lossy, Format::Webp, Some((512, 768))),
        (extended, Format::Webp, Some((1024, 512))),
    ];
    for (file, format, size) in rows {
        assert_eq!(check(&file), Ok(Picture { format, size }));
    }
}

#[test]
fn a_picture_cut_anywhere_is_not_a_picture() {
    let files = [png(512, 512), jpeg(512, 512, 30), webp(b"VP8X", &[0; 600])];
    for file in files {
        assert!(check(&file).is_ok());
        for kept in (0..file.len() - TAIL_BYTES).step_by(97) {
            assert!(check(&file[..kept]).is_err(), "{kept} of {}", file.len());
        }
        assert_eq!(check(&file[..file.len() - 1]), Err(NoPicture::Truncated));
    }
}

#[test]
fn a_few_stray_bytes_behind_the_end_do_no_harm() {
    for mut file in [png(512, 512), jpeg(512, 512, 3)] {
        file.extend(b"\n\0\0");
        assert!(check(&file).is_ok());
    }
}

#[test]
fn pages_errors_and_noise_are_not_pictures() {
    let rows: [(&[u8], NoPicture); 6] = [
        (b"", NoPicture::Empty),
        (b"<!doctype html><title>Sign in</title>", NoPicture::UnknownFormat),
        (br#"{"error":"out of memory"}"#, NoPicture::UnknownFormat),
        (b"GIF89a", NoPicture::UnknownFormat),
        (b"RIFF\x10\0\0\0WAVEfmt ", NoPicture::UnknownFormat),
        (b"\x89PNG\r\n\x1a\n", NoPicture::Truncated),
    ];
    for (file, expected) in rows {
        assert_eq!(check(file), Err(expected));
    }
    assert_eq!(check(&png(0, 512)), Err(NoPicture::NoPixels));
}

#[test]
fn a_jpeg_that_points_nowhere_does_not_hang_or_panic() {
    for second in 0..=255_u8 {
        let file = [0xFF, 0xD8, 0xFF, second, 0, 0, 0, 0, 0xFF, 0xD9];
        let _ = check(&file);
    }
    assert!(check(&[&[0xFF, 0xD8, 0xFF][..], &[0xFF; 9_000], &[0xD9]].concat()).is_ok());
}

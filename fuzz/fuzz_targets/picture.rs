//! Feeds files of any bytes to `domain::picture::inspect`, as the engines' adapters do, and ends that belong to no file.
//!
//! What must hold: a format is reported only where its signature stands, and refused as unknown only where none does; a
//! size is one that the format can say, and of a PNG or a JPEG one that stands in the file; a picture whose end is
//! missing is refused; a longer head takes nothing back of what a shorter one told; the same bytes get the same answer.
#![no_main]

use domain::picture::{Format, HEAD_BYTES, NoPicture, Picture, TAIL_BYTES, inspect};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let head = file.get(..HEAD_BYTES).unwrap_or(file);
    let tail = &file[file.len().saturating_sub(TAIL_BYTES)..];
    check(head, tail, file.len());

    // Ends and lengths that contradict each other, as a broken transport would hand them on.
    let (front, back) = file.split_at(file.len() / 2);
    for length in [0, 1, front.len(), usize::MAX] {
        check(front, back, length);
    }
    a_longer_head_takes_nothing_back(front, file, tail);
});

fn check(head: &[u8], tail: &[u8], length: usize) {
    let answer = inspect(head, tail, length);
    assert_eq!(inspect(head, tail, length), answer, "the same bytes got another answer");
    assert_eq!(answer == Err(NoPicture::Empty), length == 0, "empty is what has no bytes");
    if length == 0 {
        return;
    }
    let signed = signature(head);
    assert_eq!(answer == Err(NoPicture::UnknownFormat), signed.is_none(), "{answer:?}");
    let Ok(picture) = answer else { return };
    assert_eq!(Some(picture.format), signed, "a format without its signature");
    match picture.size {
        Some((width, height)) => {
            let side_max = side_max(picture.format, head);
            assert!((1..=side_max).contains(&width) && (1..=side_max).contains(&height), "{width} x {height}");
            assert!(stands_in(head, picture.format, width, height), "{width} x {height} is nowhere in the file");
        }
        None => assert_eq!(picture.format, Format::Jpeg, "no size, though the head holds it"),
    }
    // Without the trailer, or with a byte fewer than a WebP states, the file is not all there.
    let cut = match (picture.format, head) {
        (Format::Webp, &[_, _, _, _, a, b, c, d, ..]) => {
            let stated = u64::from(u32::from_le_bytes([a, b, c, d])) + 8;
            assert!(stated <= length as u64, "a WebP that states more bytes than there are");
            inspect(head, tail, usize::try_from(stated - 1).unwrap())
        }
        _ => inspect(head, &[], length),
    };
    assert_eq!(cut, Err(NoPicture::Truncated), "a picture that was cut off passed for a whole one");
}

fn signature(head: &[u8]) -> Option<Format> {
    match head {
        [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => Some(Format::Png),
        [0xFF, 0xD8, 0xFF, ..] => Some(Format::Jpeg),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Format::Webp),
        _ => None,
    }
}

/// The longest side that the format can state: 31 bits in a PNG (third edition, 4.2), 16 in a JPEG (T.81, B.2.2), and in a
/// WebP (RFC 9649, 2.5 to 2.7) 14, less one or not, or 24.
fn side_max(format: Format, head: &[u8]) -> u32 {
    match (format, head.get(12..16)) {
        (Format::Png, _) => 0x7FFF_FFFF,
        (Format::Jpeg, _) => 0xFFFF,
        (Format::Webp, Some(b"VP8X")) => 1 << 24,
        (Format::Webp, Some(b"VP8L")) => 1 << 14,
        (Format::Webp, _) => (1 << 14) - 1,
    }
}

/// A PNG has its size at one place, a JPEG behind some marker, height first; a WebP packs it into bits.
fn stands_in(head: &[u8], format: Format, width: u32, height: u32) -> bool {
    match format {
        Format::Png => head.get(16..24) == Some(&[width.to_be_bytes(), height.to_be_bytes()].concat()[..]),
        Format::Jpeg => {
            let [_, _, height_high, height_low] = height.to_be_bytes();
            let [_, _, width_high, width_low] = width.to_be_bytes();
            head.windows(4).any(|window| window == [height_high, height_low, width_high, width_low])
        }
        Format::Webp => true,
    }
}

fn a_longer_head_takes_nothing_back(short: &[u8], long: &[u8], tail: &[u8]) {
    let Ok(early) = inspect(short, tail, long.len()) else { return };
    let late = inspect(long, tail, long.len());
    match early.size {
        Some(_) => assert_eq!(late, Ok(early)),
        // The size of a JPEG, which may be none at all, can lie beyond the shorter head.
        None => assert!(
            matches!(late, Ok(Picture { format: Format::Jpeg, .. }) | Err(NoPicture::NoPixels)),
            "{early:?} became {late:?}"
        ),
    }
}

//! Images by their bytes, never by their name.

/// Largest image handed to a model, in bytes.
pub const MAX_BYTES: u64 = 5 * 1024 * 1024;

/// MIME type of the image that begins with these bytes.
pub fn sniff(start: &[u8]) -> Option<&'static str> {
    match start {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Some("image/webp"),
        _ => None,
    }
}

/// Whether an image is whole as far as its frame says: a model refuses a request
/// with a damaged one.
pub fn is_whole(media: &str, bytes: &[u8]) -> bool {
    let ends_with = |mark: &[u8]| {
        // Some programs append a few bytes.
        let tail = &bytes[bytes.len().saturating_sub(1024)..];
        tail.windows(mark.len()).any(|window| window == mark)
    };
    match media {
        "image/png" => bytes.get(12..16) == Some(b"IHDR") && ends_with(b"IEND"),
        "image/jpeg" => ends_with(&[0xff, 0xd9]),
        "image/gif" => bytes.len() > 13 && ends_with(&[0x3b]),
        "image/webp" => bytes
            .get(4..8)
            .and_then(|size| <[u8; 4]>::try_from(size).ok())
            .is_some_and(|size| bytes.len() as u64 >= u64::from(u32::from_le_bytes(size)) + 8),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_damage_are_seen() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR........\0\0\0\0IEND\xaeB`\x82";
        assert_eq!(sniff(png), Some("image/png"));
        assert!(is_whole("image/png", png));
        assert!(!is_whole("image/png", &png[..24]));
        assert_eq!(sniff(b"\xff\xd8\xff\xe0"), Some("image/jpeg"));
        assert!(!is_whole("image/jpeg", b"\xff\xd8\xff\xe0"));
        assert_eq!(sniff(b"GIF89a"), Some("image/gif"));
        assert_eq!(sniff(b"RIFF\x04\0\0\0WEBP"), Some("image/webp"));
        assert!(is_whole("image/webp", b"RIFF\x04\0\0\0WEBP"));
        assert!(!is_whole("image/webp", b"RIFF\xff\0\0\0WEBP"));
        assert_eq!(sniff(b"<svg>"), None);
    }
}

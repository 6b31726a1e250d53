//! What bytes are, whatever their name says.

/// MIME type of the image that begins with these bytes, among those that models take.
pub fn image(start: &[u8]) -> Option<&'static str> {
    match start {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, rest @ ..] if rest.starts_with(b"WEBP") => {
            Some("image/webp")
        }
        _ => None,
    }
}

/// A picture in a format that models do not take, by its first bytes.
pub fn other_picture(start: &[u8]) -> Option<&'static str> {
    let brand = start.get(4..12)?;
    match start {
        [b'B', b'M', ..] if start.get(6..10) == Some(&[0; 4]) => Some("a BMP image"),
        [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => Some("a TIFF image"),
        [0, 0, 1, 0, count, 0, ..] if *count > 0 => Some("an icon file"),
        [b'8', b'B', b'P', b'S', ..] => Some("a Photoshop file"),
        [0xff, 0x0a, ..] => Some("a JPEG XL image"),
        _ if brand == b"ftypavif" || brand == b"ftypavis" => Some("an AVIF image"),
        _ if brand.starts_with(b"ftyphei")
            || brand.starts_with(b"ftyphev")
            || brand == b"ftypmif1" =>
        {
            Some("a HEIC image")
        }
        _ => None,
    }
}

/// Whether these bytes begin a PDF; some programs put a few bytes before it.
pub fn is_pdf(start: &[u8]) -> bool {
    let head = &start[..start.len().min(1024)];
    head.starts_with(b"%PDF-")
        || (!head.starts_with(b"<") && head.windows(6).any(|w| w == b"\n%PDF-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_seen_by_content() {
        assert_eq!(image(b"\x89PNG\r\n\x1a\n\0"), Some("image/png"));
        assert_eq!(image(b"\xff\xd8\xff\xe0"), Some("image/jpeg"));
        assert_eq!(image(b"GIF89a"), Some("image/gif"));
        assert_eq!(image(b"RIFF\x04\0\0\0WEBP"), Some("image/webp"));
        assert_eq!(image(b"RIFF\x04\0\0\0WAVE"), None);
        assert_eq!(image(b"<svg>"), None);
        assert_eq!(other_picture(b"\0\0\0\x18ftypheic"), Some("a HEIC image"));
        assert_eq!(other_picture(b"\0\0\0\x18ftypavif"), Some("an AVIF image"));
        assert_eq!(
            other_picture(b"II*\0\x08\0\0\0\0\0\0\0"),
            Some("a TIFF image")
        );
        assert_eq!(other_picture(b"plain text, no picture"), None);
        assert!(is_pdf(b"%PDF-1.7\n"));
        assert!(!is_pdf(b"a text about %PDF-1.7"));
    }
}

//! Text encodings other than UTF-8: UTF-16 with a byte order mark, and one byte a
//! character.

/// A file's text as the model sees it, and the way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// UTF-8, or bytes that are kept as they are.
    Utf8,
    /// With a byte order mark.
    Utf16Le,
    /// With a byte order mark.
    Utf16Be,
}

pub(super) const UTF8_BOM: &[u8] = b"\xef\xbb\xbf";

/// The encoding the first bytes announce.
pub(super) fn detect(start: &[u8]) -> Encoding {
    match start {
        // FF FE 00 00 would be UTF-32.
        [0xff, 0xfe, 0, 0, ..] => Encoding::Utf8,
        [0xff, 0xfe, ..] => Encoding::Utf16Le,
        [0xfe, 0xff, ..] => Encoding::Utf16Be,
        _ => Encoding::Utf8,
    }
}

/// Decodes UTF-16 after its mark; nothing when it is malformed.
pub(super) fn from_utf16(bytes: &[u8], encoding: Encoding) -> Option<String> {
    let body = bytes.get(2..)?;
    if body.len() % 2 != 0 {
        return None;
    }
    let units: Vec<u16> = body
        .chunks_exact(2)
        .map(|pair| match encoding {
            Encoding::Utf16Be => u16::from_be_bytes([pair[0], pair[1]]),
            Encoding::Utf16Le | Encoding::Utf8 => u16::from_le_bytes([pair[0], pair[1]]),
        })
        .collect();
    String::from_utf16(&units).ok()
}

/// Encodes UTF-16 with its mark.
pub(super) fn to_utf16(text: &str, encoding: Encoding) -> Vec<u8> {
    std::iter::once(0xfeff)
        .chain(text.encode_utf16())
        .flat_map(|unit| match encoding {
            Encoding::Utf16Be => unit.to_be_bytes(),
            Encoding::Utf16Le | Encoding::Utf8 => unit.to_le_bytes(),
        })
        .collect()
}

/// What Windows-1252 has in 0x80–0x9F; five places are unused and stand for
/// themselves.
const HIGH: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Decodes one byte a character.
pub(super) fn from_latin(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| match byte {
            0x80..=0x9f => HIGH[usize::from(byte - 0x80)],
            _ => char::from(*byte),
        })
        .collect()
}

/// Encodes one byte a character; nothing when a character has none.
pub(super) fn to_latin(text: &str) -> Option<Vec<u8>> {
    text.chars()
        .map(|ch| match u32::from(ch) {
            code @ (0..=0x7f | 0xa0..=0xff) => Some(code as u8),
            _ => HIGH
                .iter()
                .position(|high| *high == ch)
                .map(|at| 0x80 + at as u8),
        })
        .collect()
}

/// Whether bytes that are not UTF-8 hold any multi-byte UTF-8 character: then they
/// are damaged UTF-8 rather than one byte a character.
pub(super) fn has_multibyte(bytes: &[u8]) -> bool {
    bytes.utf8_chunks().any(|chunk| !chunk.valid().is_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_round_trip() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(to_latin(&from_latin(&all)).unwrap(), all);
        assert_eq!(to_latin("Ж"), None);
        for encoding in [Encoding::Utf16Le, Encoding::Utf16Be] {
            let bytes = to_utf16("aé😀\r\n", encoding);
            assert_eq!(detect(&bytes), encoding);
            assert_eq!(from_utf16(&bytes, encoding).unwrap(), "aé😀\r\n");
            assert_eq!(from_utf16(&bytes[..bytes.len() - 1], encoding), None);
        }
        assert!(has_multibyte(b"\xc3\xa9 \xff"));
        assert!(!has_multibyte(b"caf\xe9\n"));
    }
}

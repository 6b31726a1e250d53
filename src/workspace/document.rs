//! A file's bytes as text and back, without losing one.
//!
//! What is no text in the file's encoding is kept as characters of a private range
//! that nothing a model writes can match, so that an edit beside it leaves it alone.

use super::encoding::{self, Encoding, UTF8_BOM};

/// First of 256 private characters that stand for bytes.
const BYTES: u32 = 0x10_f000;

/// Why a file is no text, or a text does not fit into a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// NUL bytes.
    #[error("the file is binary")]
    Binary,
    /// A mark announces UTF-16, the rest is not.
    #[error("the file is malformed UTF-16")]
    MalformedUtf16,
    /// A character the file's encoding has not.
    #[error("the file is not UTF-8 ({coding}), and {character:?} cannot be written in it")]
    NoSuchCharacter {
        /// What is known of the encoding.
        coding: &'static str,
        /// The first such character.
        character: char,
    },
}

/// How the text is written back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Utf8 {
        bom: bool,
    },
    Utf16(Encoding),
    /// One byte a character. `windows`: bytes 0x80–0x9F are in use, as Windows-1252.
    Latin {
        windows: bool,
    },
    /// Some bytes are kept as private characters.
    Bytes {
        bom: bool,
        /// Nearly UTF-8, so that new characters are written as UTF-8.
        utf8: bool,
    },
}

/// A file opened as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The text without byte order mark; line ends as they are.
    pub text: String,
    coding: Coding,
}

impl Document {
    /// Decodes a file; [`Document::close`] of the unchanged text gives the same bytes.
    ///
    /// # Errors
    /// When it is no text.
    pub fn open(bytes: &[u8]) -> Result<Self, DocumentError> {
        let announced = encoding::detect(bytes);
        let document = if announced == Encoding::Utf8 {
            if bytes.contains(&0) {
                return Err(DocumentError::Binary);
            }
            Self::decode(bytes)
        } else {
            let text =
                encoding::from_utf16(bytes, announced).ok_or(DocumentError::MalformedUtf16)?;
            if text.contains('\0') {
                return Err(DocumentError::Binary);
            }
            Self {
                text,
                coding: Coding::Utf16(announced),
            }
        };
        match document.close(&document.text) {
            Ok(same) if same == bytes => Ok(document),
            _ => Err(DocumentError::Binary),
        }
    }

    fn decode(bytes: &[u8]) -> Self {
        let body = bytes.strip_prefix(UTF8_BOM);
        let bom = body.is_some();
        let body = body.unwrap_or(bytes);
        if let Ok(text) = std::str::from_utf8(body) {
            return Self {
                text: text.to_string(),
                coding: Coding::Utf8 { bom },
            };
        }
        let utf8 = bom || mostly_utf8(body);
        if !utf8 && !encoding::has_multibyte(body) && !looks_double_byte(body) {
            return Self {
                text: encoding::from_latin(body),
                coding: Coding::Latin {
                    windows: body.iter().any(|byte| (0x80..=0x9f).contains(byte)),
                },
            };
        }
        Self {
            text: opaque(body),
            coding: Coding::Bytes { bom, utf8 },
        }
    }

    /// The text in the encoding of the file.
    ///
    /// # Errors
    /// When a character does not exist there.
    pub fn close(&self, text: &str) -> Result<Vec<u8>, DocumentError> {
        match self.coding {
            Coding::Utf8 { bom } => Ok(with_bom(bom, text.as_bytes())),
            Coding::Utf16(encoding) => Ok(encoding::to_utf16(text, encoding)),
            Coding::Latin { windows } => {
                // In a file without bytes 0x80–0x9F it is not known what they mean.
                let known = |ch: char| windows || u32::from(ch) <= 0xff;
                match text.chars().find(|ch| !known(*ch)) {
                    None => encoding::to_latin(text),
                    Some(_) => None,
                }
                .ok_or_else(|| {
                    no_such(text, "one byte a character", |ch| {
                        known(ch) && encoding::to_latin(ch.encode_utf8(&mut [0; 4])).is_some()
                    })
                })
            }
            Coding::Bytes { bom, utf8 } => {
                let fits = |ch: char| utf8 || ch.is_ascii() || byte_of(ch).is_some();
                if !text.chars().all(fits) {
                    return Err(no_such(text, "several bytes a character", fits));
                }
                let mut out = Vec::with_capacity(text.len());
                let mut buffer = [0; 4];
                for ch in text.chars() {
                    match byte_of(ch) {
                        Some(byte) => out.push(byte),
                        None => out.extend_from_slice(ch.encode_utf8(&mut buffer).as_bytes()),
                    }
                }
                Ok(with_bom(bom, &out))
            }
        }
    }

    /// Whether the file begins with a byte order mark, which `text` has not.
    pub fn has_mark(&self) -> bool {
        matches!(
            self.coding,
            Coding::Utf16(_) | Coding::Utf8 { bom: true } | Coding::Bytes { bom: true, .. }
        )
    }

    /// The name of an encoding that is not UTF-8.
    pub fn encoding(&self) -> Option<&'static str> {
        match self.coding {
            Coding::Utf8 { .. } => None,
            Coding::Utf16(_) => Some("UTF-16"),
            Coding::Latin { .. } => Some("one byte a character"),
            Coding::Bytes { .. } => Some("not valid UTF-8"),
        }
    }
}

/// Whether a text has characters that stand for bytes: a model cannot mean them.
pub(super) fn has_private(text: &str) -> bool {
    text.chars().any(|ch| byte_of(ch).is_some())
}

fn no_such(text: &str, coding: &'static str, fits: impl Fn(char) -> bool) -> DocumentError {
    DocumentError::NoSuchCharacter {
        coding,
        character: text.chars().find(|ch| !fits(*ch)).unwrap_or('\u{fffd}'),
    }
}

fn with_bom(bom: bool, body: &[u8]) -> Vec<u8> {
    if bom {
        [UTF8_BOM, body].concat()
    } else {
        body.to_vec()
    }
}

fn byte_of(ch: char) -> Option<u8> {
    u32::from(ch)
        .checked_sub(BYTES)
        .and_then(|byte| u8::try_from(byte).ok())
}

/// Whether most of what is not ASCII is UTF-8.
fn mostly_utf8(body: &[u8]) -> bool {
    let (mut valid, mut invalid) = (0, 0);
    for chunk in body.utf8_chunks() {
        valid += chunk.valid().bytes().filter(|b| !b.is_ascii()).count();
        invalid += chunk.invalid().len();
    }
    valid > invalid
}

/// Whether bytes beyond ASCII often stand beside each other: then characters are
/// likely to have two bytes, of which the second may look like ASCII.
fn looks_double_byte(body: &[u8]) -> bool {
    let high = body.iter().filter(|byte| !byte.is_ascii()).count();
    let beside = body
        .windows(2)
        .filter(|pair| !pair[0].is_ascii() && !pair[1].is_ascii())
        .count();
    beside * 3 > high
}

/// Valid UTF-8 as it is, every other byte as a private character, and with it the
/// ASCII byte that may be its second half.
fn opaque(body: &[u8]) -> String {
    let private = |byte: u8| char::from_u32(BYTES + u32::from(byte)).unwrap_or('\u{fffd}');
    let mut out = String::with_capacity(body.len());
    let mut halved = false;
    for chunk in body.utf8_chunks() {
        let mut valid = chunk.valid();
        if std::mem::take(&mut halved)
            && let Some(second @ '@'..='~') = valid.chars().next()
        {
            out.push(private(second as u8));
            valid = &valid[1..];
        }
        out.push_str(valid);
        for byte in chunk.invalid() {
            out.push(private(*byte));
            halved = true;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round(bytes: &[u8]) -> Document {
        let document = Document::open(bytes).unwrap();
        assert_eq!(document.close(&document.text).unwrap(), bytes);
        document
    }

    #[test]
    fn every_encoding_comes_back_as_it_was() {
        assert_eq!(round(b"a\r\n").text, "a\r\n");
        assert_eq!(round(b"\xef\xbb\xbfa").text, "a");
        assert_eq!(round(b"caf\xe9 \x80").text, "café €");
        assert_eq!(round(b"\xff\xfea\0\xe9\0").text, "aé");
        let damaged = round("é \u{e9}x".as_bytes().split_last().unwrap().1);
        assert!(!damaged.text.contains('\u{fffd}'));
        round(b"\xc3\xa9 \xff\n");
        // Shift-JIS: the second byte of the first character is a backslash.
        let sjis = round(b"\x83\x5c\x83\x5c\x82\xa0\x82\xa2 = \"x\"\n");
        assert!(!sjis.text.contains('\\') && sjis.text.contains("= \"x\""));
        for bytes in [&b"a\0"[..], b"\xff\xfe\0\0", b"\xff\xfea"] {
            assert!(Document::open(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn characters_without_a_place_are_refused() {
        let latin = round(b"caf\xe9");
        assert_eq!(latin.close("grün").unwrap(), b"gr\xfcn");
        assert!(latin.close("5 €").is_err() && latin.close("Ж").is_err());
        assert_eq!(round(b"\x93caf\xe9\x94").close("5 €").unwrap(), b"5 \x80");
        let sjis = round(b"\x82\xa0\x82\xa2");
        assert!(sjis.close("é").is_err());
        assert_eq!(round(b"\xc3\xa9 \xff").close("ü").unwrap(), b"\xc3\xbc");
    }

    proptest! {
        #[test]
        fn any_bytes_come_back_or_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(document) = Document::open(&bytes) {
                prop_assert_eq!(document.close(&document.text).unwrap(), bytes);
            }
        }
    }
}

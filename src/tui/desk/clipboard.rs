//! The clipboard of the desktop.

/// What a clipboard holds.
#[derive(Clone, PartialEq, Eq)]
pub enum Pasted {
    /// Text.
    Text(String),
    /// An image, encoded.
    Image {
        /// MIME type.
        media_type: String,
        /// The encoded image.
        bytes: Vec<u8>,
    },
}

impl std::fmt::Debug for Pasted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.debug_tuple("Text").field(text).finish(),
            Self::Image { media_type, bytes } => {
                write!(f, "Image({media_type}, {} bytes)", bytes.len())
            }
        }
    }
}

/// A clipboard. Called on the desk's thread alone.
pub trait Clipboard: Send {
    /// An image, else text.
    ///
    /// # Errors
    /// In words for the user, when there is neither or no clipboard.
    fn get(&mut self) -> Result<Pasted, String>;

    /// Puts text in.
    ///
    /// # Errors
    /// In words, when there is no clipboard.
    fn set_text(&mut self, text: &str) -> Result<(), String>;
}

/// The system's clipboard, opened when first used. Over ssh it would be that of
/// another machine, so there it is left alone.
#[derive(Default)]
pub struct System {
    /// The screen is on another machine.
    pub remote: bool,
    open: Option<arboard::Clipboard>,
}

/// A larger image is refused before it is encoded.
const MAX_PIXELS: usize = 64_000_000;

impl System {
    /// `remote`: the screen is on another machine.
    pub fn new(remote: bool) -> Self {
        Self { remote, open: None }
    }

    fn open(&mut self) -> Result<&mut arboard::Clipboard, String> {
        if self.remote {
            return Err(
                "the clipboard is on another machine; paste the path of the image instead".into(),
            );
        }
        if self.open.is_none() {
            let opened = arboard::Clipboard::new().map_err(|error| {
                format!("there is no clipboard here ({error}); paste the path of the image instead")
            })?;
            self.open = Some(opened);
        }
        self.open.as_mut().ok_or_else(String::new)
    }
}

impl Clipboard for System {
    fn get(&mut self) -> Result<Pasted, String> {
        let clipboard = self.open()?;
        match clipboard.get_image() {
            Ok(image) => encode(&image),
            Err(_) => match clipboard.get_text() {
                Ok(text) if !text.is_empty() => Ok(Pasted::Text(text)),
                _ => Err("the clipboard holds no image and no text".into()),
            },
        }
    }

    fn set_text(&mut self, text: &str) -> Result<(), String> {
        let clipboard = self.open()?;
        clipboard.set_text(text).map_err(|error| error.to_string())
    }
}

fn encode(image: &arboard::ImageData<'_>) -> Result<Pasted, String> {
    use image::ImageEncoder as _;
    let cannot = |error: &dyn std::fmt::Display| {
        format!("the image in the clipboard cannot be used: {error}")
    };
    if image.width.saturating_mul(image.height) > MAX_PIXELS {
        return Err(cannot(&"it is too large"));
    }
    let (Ok(width), Ok(height)) = (u32::try_from(image.width), u32::try_from(image.height)) else {
        return Err(cannot(&"it is too large"));
    };
    let mut bytes = Vec::new();
    image::codecs::png::PngEncoder::new(&mut bytes)
        .write_image(&image.bytes, width, height, image::ExtendedColorType::Rgba8)
        .map_err(|error| cannot(&error))?;
    Ok(Pasted::Image {
        media_type: "image/png".into(),
        bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_become_a_png() {
        let image = arboard::ImageData {
            width: 2,
            height: 1,
            bytes: vec![255; 8].into(),
        };
        let Ok(Pasted::Image { media_type, bytes }) = encode(&image) else {
            panic!("no image");
        };
        assert_eq!(media_type, "image/png");
        assert!(bytes.starts_with(b"\x89PNG"));
        let huge = arboard::ImageData {
            width: 1 << 20,
            height: 1 << 20,
            bytes: Vec::new().into(),
        };
        assert!(encode(&huge).is_err());
    }

    #[test]
    fn a_clipboard_of_another_machine_is_left_alone() {
        let words = System::new(true).get().unwrap_err();
        assert!(words.contains("another machine"), "{words}");
    }
}

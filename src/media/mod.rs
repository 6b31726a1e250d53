//! Images, PDFs and web pages as a model can take them.
//!
//! Pure work over bytes from anywhere: every step is bounded in memory, and what
//! is too large is refused from its header, before it is unpacked.

pub mod html;
pub mod image;
pub mod pdf;
pub mod sniff;

/// What cannot be shown to a model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    /// Too many bytes.
    #[error("{megabytes} MB are too many: an image may have {limit} MB")]
    TooManyBytes {
        /// Its size.
        megabytes: u64,
        /// The most that is taken.
        limit: u64,
    },
    /// A header that announces more pixels than are unpacked.
    #[error(
        "{width}×{height} pixels are too many to open ({limit} megapixels at most); make it smaller"
    )]
    TooManyPixels {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
        /// The most that is opened, in millions.
        limit: u64,
    },
    /// A picture in a format that models do not take.
    #[error("it is {0}; convert it to PNG, JPEG, GIF or WebP")]
    OtherFormat(&'static str),
    /// No picture at all.
    #[error("it is not an image (PNG, JPEG, GIF or WebP)")]
    NoImage,
    /// Its name or header says image, but it cannot be read as one.
    #[error("the {kind} cannot be read: {why}")]
    Damaged {
        /// `PNG image`, `PDF`, …
        kind: &'static str,
        /// What the decoder says.
        why: String,
    },
}

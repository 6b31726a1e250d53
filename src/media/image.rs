//! Images made ready for a model: upright, within the limits, by their content.
//!
//! The limits are the narrowest of all vendors, so that a conversation may move
//! from one to another with its images.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType as PngFilter, PngEncoder};
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use super::{MediaError, sniff};

/// Largest image taken, in bytes.
pub const MAX_BYTES: u64 = 20 * 1024 * 1024;

/// Longest side sent, in pixels: what every vendor takes in a request with many images.
const MAX_SIDE: u32 = 2_000;

/// Most bytes sent; the vendors count base64, a third more, up to 5 MB.
const MAX_SENT: usize = 3_700_000;

/// Most pixels opened, in millions.
const MAX_MEGAPIXELS: u64 = 50;

/// Most bytes of an opened image; also what a decoder may take in all.
const MAX_OPENED: u64 = 256 * 1024 * 1024;

/// An image as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// MIME type of `bytes`.
    pub media: &'static str,
    /// The encoded image: as it came, unless it had to be changed.
    pub bytes: Vec<u8>,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Its size in pixels before it was made smaller.
    pub scaled_from: Option<(u32, u32)>,
}

impl Ready {
    /// For people and models: `image/png, 800×600`.
    pub fn words(&self) -> String {
        let size = format!("{}, {}×{}", self.media, self.width, self.height);
        match self.scaled_from {
            Some((width, height)) => format!("{size}, scaled from {width}×{height}"),
            None => size,
        }
    }
}

/// Opens an image and makes it fit. Takes time and memory: not for an async thread,
/// and one at a time.
///
/// # Errors
/// What is no image, damaged or too large; nothing is unpacked before its header
/// was looked at.
pub fn ready(bytes: Vec<u8>) -> Result<Ready, MediaError> {
    let Some(media) = sniff::image(&bytes) else {
        return Err(
            sniff::other_picture(&bytes).map_or(MediaError::NoImage, MediaError::OtherFormat)
        );
    };
    if bytes.len() as u64 > MAX_BYTES {
        return Err(MediaError::TooManyBytes {
            megabytes: (bytes.len() as u64).div_ceil(1024 * 1024),
            limit: MAX_BYTES / 1024 / 1024,
        });
    }
    let (image, orientation) = open(&bytes, media)?;
    let (width, height) = (image.width(), image.height());
    let as_it_is = orientation == Orientation::NoTransforms
        && width.max(height) <= MAX_SIDE
        && bytes.len() <= MAX_SENT
        && !moves(media, &bytes);
    if as_it_is {
        return Ok(Ready {
            media,
            bytes,
            width,
            height,
            scaled_from: None,
        });
    }
    drop(bytes);
    let mut image = shrink(image, MAX_SIDE);
    image.apply_orientation(orientation);
    let upright = if swaps(orientation) {
        (height, width)
    } else {
        (width, height)
    };
    let lossless = media != "image/jpeg";
    let (media, bytes, image) = encode(image, lossless)?;
    let now = (image.width(), image.height());
    Ok(Ready {
        media,
        bytes,
        width: now.0,
        height: now.1,
        scaled_from: (now != upright).then_some(upright),
    })
}

/// Whether an orientation exchanges width and height.
fn swaps(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

/// `PNG image`, …
fn kind(media: &str) -> &'static str {
    match media {
        "image/png" => "PNG image",
        "image/jpeg" => "JPEG image",
        "image/gif" => "GIF image",
        _ => "WebP image",
    }
}

/// Whether the bytes may be more than one picture, or a format that not every
/// vendor takes. Such an image is replaced by its first picture.
fn moves(media: &str, bytes: &[u8]) -> bool {
    let animated_webp = || {
        bytes.get(12..16) == Some(b"VP8X") && bytes.get(20).is_some_and(|flags| flags & 0x02 != 0)
    };
    media == "image/gif" || (media == "image/webp" && animated_webp())
}

/// The first picture, and how it is to be turned.
fn open(bytes: &[u8], media: &'static str) -> Result<(DynamicImage, Orientation), MediaError> {
    let damaged = |error: image::ImageError| MediaError::Damaged {
        kind: kind(media),
        why: error.to_string(),
    };
    let format = match media {
        "image/png" => ImageFormat::Png,
        "image/jpeg" => ImageFormat::Jpeg,
        "image/gif" => ImageFormat::Gif,
        _ => ImageFormat::WebP,
    };
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_OPENED);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| {
        // The decoders look at the header first; its size may be what they refuse.
        match dimensions(bytes, format) {
            Some((width, height)) => too_many(width, height).unwrap_or_else(|| damaged(error)),
            None => damaged(error),
        }
    })?;
    let (width, height) = decoder.dimensions();
    if let Some(error) = too_many(width, height) {
        return Err(error);
    }
    if decoder.total_bytes() > MAX_OPENED {
        return Err(MediaError::TooManyPixels {
            width,
            height,
            limit: MAX_MEGAPIXELS,
        });
    }
    // A broken EXIF block is no reason to refuse the picture.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let image = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    Ok((image, orientation))
}

/// Size by the header alone.
fn dimensions(bytes: &[u8], format: ImageFormat) -> Option<(u32, u32)> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.no_limits();
    reader.into_dimensions().ok()
}

fn too_many(width: u32, height: u32) -> Option<MediaError> {
    let pixels = u64::from(width) * u64::from(height);
    (pixels > MAX_MEGAPIXELS * 1_000_000).then_some(MediaError::TooManyPixels {
        width,
        height,
        limit: MAX_MEGAPIXELS,
    })
}

/// The image with its longer side at most `side`; never larger than it was.
fn shrink(image: DynamicImage, side: u32) -> DynamicImage {
    if image.width().max(image.height()) <= side {
        return image;
    }
    // Averaging first keeps the time and memory of the sharper filter small.
    let coarse = if image.width().max(image.height()) > side * 2 {
        image.thumbnail(side * 2, side * 2)
    } else {
        image
    };
    coarse.resize(side, side, FilterType::CatmullRom)
}

/// The image in a format that fits; drawings stay lossless while they are small
/// enough.
fn encode(
    image: DynamicImage,
    lossless: bool,
) -> Result<(&'static str, Vec<u8>, DynamicImage), MediaError> {
    if lossless {
        let plain = if image.color().has_alpha() {
            DynamicImage::ImageRgba8(image.to_rgba8())
        } else {
            DynamicImage::ImageRgb8(image.to_rgb8())
        };
        let mut bytes = Vec::new();
        let encoder =
            PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, PngFilter::Adaptive);
        plain.write_with_encoder(encoder).map_err(not_written)?;
        if bytes.len() <= MAX_SENT {
            return Ok(("image/png", bytes, plain));
        }
    }
    let mut image = DynamicImage::ImageRgb8(on_white(&image));
    let mut quality = 90;
    loop {
        let mut bytes = Vec::new();
        image
            .write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, quality))
            .map_err(not_written)?;
        if bytes.len() <= MAX_SENT {
            return Ok(("image/jpeg", bytes, image));
        }
        if quality > 60 {
            quality -= 15;
        } else {
            let side = image.width().max(image.height()) * 3 / 4;
            image = shrink(image, side.max(1));
        }
    }
}

fn not_written(error: image::ImageError) -> MediaError {
    MediaError::Damaged {
        kind: "scaled image",
        why: error.to_string(),
    }
}

/// JPEG knows no transparency: what is behind the picture is white.
fn on_white(image: &DynamicImage) -> image::RgbImage {
    if !image.color().has_alpha() {
        return image.to_rgb8();
    }
    let rgba = image.to_rgba8();
    let mut out = image::RgbImage::new(rgba.width(), rgba.height());
    for (to, from) in out.pixels_mut().zip(rgba.pixels()) {
        let [r, g, b, a] = from.0.map(u16::from);
        to.0 = [r, g, b].map(|c| ((c * a + 255 * (255 - a)) / 255) as u8);
    }
    out
}

/// A PNG of that size, for tests.
#[cfg(test)]
pub(crate) fn sample(width: u32, height: u32) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let image = DynamicImage::ImageRgb8(image::RgbImage::new(width, height));
    image.write_to(&mut out, ImageFormat::Png).unwrap();
    out.into_inner()
}

#[cfg(test)]
#[path = "image_tests.rs"]
mod tests;

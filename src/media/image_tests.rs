use super::*;
use image::{Frame, RgbImage, Rgba, RgbaImage};
use proptest::prelude::*;

fn picture(width: u32, height: u32) -> DynamicImage {
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, y| {
        image::Rgb([(x * 7) as u8, (y * 5) as u8, (x * y) as u8])
    }))
}

fn written(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image.write_to(&mut out, format).unwrap();
    out.into_inner()
}

fn decoded(ready: &Ready) -> DynamicImage {
    image::load_from_memory(&ready.bytes).unwrap()
}

#[test]
fn what_fits_goes_as_it_came() {
    for (format, media) in [
        (ImageFormat::Png, "image/png"),
        (ImageFormat::Jpeg, "image/jpeg"),
        (ImageFormat::WebP, "image/webp"),
    ] {
        let bytes = written(&picture(40, 30), format);
        let got = ready(bytes.clone()).unwrap();
        assert_eq!((got.media, &got.bytes), (media, &bytes));
        assert_eq!((got.width, got.height, got.scaled_from), (40, 30, None));
        assert_eq!(got.words(), format!("{media}, 40×30"));
    }
}

#[test]
fn large_ones_are_scaled_and_stay_in_proportion() {
    let got = ready(written(&picture(4_200, 300), ImageFormat::Png)).unwrap();
    assert_eq!((got.width, got.height), (2_000, 143));
    assert_eq!(got.scaled_from, Some((4_200, 300)));
    assert_eq!(decoded(&got).width(), 2_000);
    let tall = ready(written(&picture(8, 2_400), ImageFormat::Jpeg)).unwrap();
    assert_eq!((tall.media, tall.height), ("image/jpeg", 2_000));
    assert_eq!(tall.words(), "image/jpeg, 7×2000, scaled from 8×2400");
}

/// A JPEG with the EXIF orientation given.
fn turned(image: &DynamicImage, orientation: u8) -> Vec<u8> {
    let jpeg = written(image, ImageFormat::Jpeg);
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    let mut out = jpeg[..2].to_vec();
    out.extend([0xff, 0xe1]);
    out.extend((exif.len() as u16 + 2).to_be_bytes());
    out.extend(exif);
    out.extend(&jpeg[2..]);
    out
}

#[test]
fn pictures_are_set_upright() {
    let mut image = RgbImage::from_pixel(64, 32, image::Rgb([0, 0, 255]));
    for y in 0..32 {
        for x in 0..16 {
            image.put_pixel(x, y, image::Rgb([255, 0, 0]));
        }
    }
    let image = DynamicImage::ImageRgb8(image);
    // Orientation 6: the left side is the top.
    let got = ready(turned(&image, 6)).unwrap();
    assert_eq!((got.width, got.height, got.scaled_from), (32, 64, None));
    let pixel = |x, y| decoded(&got).to_rgb8().get_pixel(x, y).0;
    assert!(pixel(16, 4)[0] > 200 && pixel(16, 60)[2] > 200);
    assert_eq!(ready(turned(&image, 1)).unwrap().width, 64);
    // An orientation that makes no sense is none.
    assert_eq!(ready(turned(&image, 99)).unwrap().width, 64);
    let large = ready(turned(&picture(2_400, 20), 6)).unwrap();
    assert_eq!((large.width, large.height), (17, 2_000));
    assert_eq!(large.scaled_from, Some((20, 2_400)));
}

#[test]
fn of_an_animation_the_first_picture_is_sent() {
    let mut bytes = Vec::new();
    {
        let mut encoder = image::codecs::gif::GifEncoder::new(&mut bytes);
        for color in [[255, 0, 0, 255], [0, 255, 0, 255]] {
            let frame = RgbaImage::from_pixel(8, 8, Rgba(color));
            encoder.encode_frame(Frame::new(frame)).unwrap();
        }
    }
    let got = ready(bytes).unwrap();
    assert_eq!(got.media, "image/png");
    assert_eq!(decoded(&got).to_rgb8().get_pixel(4, 4).0, [255, 0, 0]);
}

/// A PNG header that announces a size, with no picture behind it.
fn announcing(width: u32, height: u32) -> Vec<u8> {
    let mut png = written(&picture(1, 1), ImageFormat::Png);
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let mut crc = flate_crc(&png[12..29]).to_be_bytes().to_vec();
    png.splice(29..33, crc.drain(..));
    png
}

fn flate_crc(bytes: &[u8]) -> u32 {
    let mut crc = !0u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (0u32.wrapping_sub(crc & 1)));
        }
    }
    !crc
}

#[test]
fn bombs_and_damage_are_refused_in_words() {
    let says = |bytes: Vec<u8>| ready(bytes).unwrap_err().to_string();
    for (width, height) in [(60_000, 60_000), (u32::MAX >> 1, 2), (10_000, 5_001)] {
        let error = says(announcing(width, height));
        assert!(error.contains("too many to open"), "{width}: {error}");
    }
    let png = written(&picture(50, 50), ImageFormat::Png);
    assert!(says(png[..png.len() / 2].to_vec()).contains("cannot be read"));
    assert!(says(b"\x89PNG\r\n\x1a\n".to_vec()).contains("cannot be read"));
    let mut long = png;
    long.resize(MAX_BYTES as usize + 1, 0);
    assert!(says(long).contains("21 MB"));
    assert!(says(b"BM12\0\0\0\0\0\0\x36\0".to_vec()).contains("BMP"));
    assert!(says(b"hello".to_vec()).contains("not an image"));
}

#[test]
fn noise_that_no_png_makes_small_becomes_a_jpeg_within_the_limit() {
    let mut state = 1u32;
    let noise = RgbImage::from_fn(1_150, 1_150, |_, _| {
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        image::Rgb([next(), next(), next()])
    });
    let bytes = written(&DynamicImage::ImageRgb8(noise), ImageFormat::Png);
    assert!(bytes.len() > MAX_SENT);
    let got = ready(bytes).unwrap();
    assert_eq!(got.media, "image/jpeg");
    assert!(got.bytes.len() <= MAX_SENT);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn damaged_bytes_never_panic(cut in 0usize..2_000, at in 0usize..2_000, value: u8, kind in 0usize..4) {
        let format = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP][kind];
        let image = DynamicImage::ImageRgba8(picture(20, 20).to_rgba8());
        let image = if kind == 1 { picture(20, 20) } else { image };
        let mut bytes = written(&image, format);
        let (at, cut) = (at % bytes.len(), cut % (bytes.len() * 2));
        bytes[at] = value;
        bytes.truncate(cut);
        let _ = ready(bytes);
    }
}

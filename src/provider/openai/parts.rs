//! Pieces of a request that several formats share.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;

use crate::media::pdf;
use crate::provider::{ModelRequest, registry};

/// Image types the vendors take.
const IMAGE_TYPES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// What stands for an image that cannot be sent.
pub const NO_IMAGE: &str = "[an image that cannot be shown]";

/// What stands for an image in front of a model that takes none.
pub const UNSEEN: &str = "[an image: this model takes text only]";

/// What stands for PDF pages in front of a model that takes none.
pub const NO_PAGES: &str = "[PDF pages that this model cannot see; read the file for their text]";

/// What stands for a result without text.
pub const NO_OUTPUT: &str = "(no output)";

/// The address of an image with its bytes in it, or the words in its place.
pub fn image(request: &ModelRequest, media: &str, blob: &str) -> Result<String, &'static str> {
    if media == pdf::MEDIA {
        return Err(NO_PAGES);
    }
    if !request.model.vision {
        return Err(UNSEEN);
    }
    url(&request.images, media, blob).ok_or(NO_IMAGE)
}

/// The address of PDF pages with their bytes in it, or the words in its place.
pub fn pdf(request: &ModelRequest, blob: &str) -> Result<String, &'static str> {
    let bytes = request.images.get(blob);
    let bytes = bytes.filter(|_| registry::reads_pdf(&request.model));
    let url = |bytes| format!("data:{};base64,{}", pdf::MEDIA, STANDARD.encode(bytes));
    bytes.map(url).ok_or(NO_PAGES)
}

fn url(images: &HashMap<String, Arc<[u8]>>, media: &str, blob: &str) -> Option<String> {
    let bytes = images.get(blob).filter(|_| IMAGE_TYPES.contains(&media))?;
    Some(format!("data:{media};base64,{}", STANDARD.encode(bytes)))
}

/// The arguments as the model sent them. What is no JSON object is wrapped in one:
/// the format has no other form, and the model sees what it wrote.
pub fn object(arguments: &str) -> Cow<'_, RawValue> {
    let text = match arguments.trim() {
        "" => "{}",
        text => text,
    };
    match serde_json::from_str::<&RawValue>(text) {
        Ok(raw) if text.starts_with('{') => Cow::Borrowed(raw),
        _ => {
            let wrapped = serde_json::json!({ "_invalid_json": arguments }).to_string();
            let raw = RawValue::from_string(wrapped);
            Cow::Owned(raw.unwrap_or_else(|_| RawValue::NULL.to_owned()))
        }
    }
}

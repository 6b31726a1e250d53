//! The images of a request: loaded, and no more of them than its vendor takes.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Agent;
use crate::media::pdf;
use crate::protocol::event::NoticeLevel;
use crate::protocol::message::{ContentBlock, Message};
use crate::protocol::model::ModelInfo;
use crate::provider::registry;
use crate::stdx::text;

/// Bytes of images in a request at most: they grow by a third on their way, and
/// vendors take 30 MB or so in all.
const MAX_BYTES: usize = 20_000_000;

/// Images in a request at most.
fn most(model: &ModelInfo) -> usize {
    match model.provider.as_str() {
        "anthropic" if model.context >= 1_000_000 => 600,
        "openai" | "gemini" => 500,
        _ => 100,
    }
}

impl Agent {
    /// Loads the images of the messages; one that is gone becomes a note, and so do
    /// the oldest where there are too many.
    pub(super) fn load_images(&self, messages: &mut [Message]) -> HashMap<String, Arc<[u8]>> {
        let mut images: HashMap<String, Arc<[u8]>> = HashMap::new();
        let mut sizes = Vec::new();
        for block in blocks(messages) {
            let ContentBlock::Image { blob, .. } = block else {
                continue;
            };
            if let Some(known) = images.get(blob.as_str()) {
                sizes.push(known.len());
                continue;
            }
            match self.parts.services.blobs.get(blob) {
                Ok(bytes) => {
                    sizes.push(bytes.len());
                    images.insert(blob.clone(), Arc::from(bytes));
                }
                Err(error) => {
                    self.notice(
                        NoticeLevel::Warning,
                        format!("an image of this conversation is missing: {error}"),
                    );
                    *block = ContentBlock::text("[image no longer available]");
                }
            }
        }
        let left_out = surplus(&sizes, most(&self.parts.model));
        self.tell_left_out(left_out);
        let mut kept = HashMap::new();
        let is_image = |block: &&mut ContentBlock| matches!(block, ContentBlock::Image { .. });
        for (index, block) in blocks(messages).filter(is_image).enumerate() {
            if index < left_out {
                *block = ContentBlock::text(
                    "[an older image, left out: there are too many; look again if it is needed]",
                );
            } else if let ContentBlock::Image { blob, .. } = block
                && let Some(bytes) = images.get(blob.as_str())
            {
                kept.insert(blob.clone(), Arc::clone(bytes));
            }
        }
        kept
    }

    fn tell_left_out(&self, left_out: usize) {
        if self.images_left_out.swap(left_out, Ordering::Relaxed) < left_out {
            self.notice(
                NoticeLevel::Info,
                format!(
                    "{} left out from here on: {} takes no more in one request",
                    text::plural(left_out, "older image"),
                    self.parts.model.id
                ),
            );
        }
    }

    /// Why the request that was answered did not begin as the one before, if that is
    /// for its images: once some are left out, what was sent is sent otherwise.
    pub(super) fn images_broke(&mut self) -> Option<String> {
        let now = self.images_left_out.load(Ordering::Relaxed);
        let before = self.images_were_out.replace(now)?;
        (now > before).then(|| {
            let images = text::plural(now, "older image");
            format!("{images} left out: there were too many")
        })
    }

    /// A result with PDF pages as the model takes them: as they look, or as text.
    pub(super) fn with_pages(
        &self,
        content: Vec<ContentBlock>,
        mut images: Vec<(String, Vec<u8>)>,
        outcome: &str,
    ) -> (Vec<ContentBlock>, Vec<(String, Vec<u8>)>) {
        let is_pdf = |media: &String| media == pdf::MEDIA;
        if !images.iter().any(|(media, _)| is_pdf(media)) {
            return (content, images);
        }
        if !registry::reads_pdf(&self.parts.model) {
            images.retain(|(media, _)| !is_pdf(media));
            return (content, images);
        }
        let words = content.iter().filter_map(ContentBlock::as_text);
        let last = words.flat_map(str::lines).next_back().unwrap_or_default();
        let header = match last.starts_with("[pages ") {
            true => last.to_string(),
            false => format!("[{outcome}]"),
        };
        (vec![ContentBlock::text(header)], images)
    }
}

fn blocks(messages: &mut [Message]) -> impl Iterator<Item = &mut ContentBlock> {
    messages
        .iter_mut()
        .filter_map(|message| match message {
            Message::User { content, .. } => Some(content),
            Message::ToolResult(result) => Some(&mut result.content),
            Message::Context { .. } | Message::Assistant(_) => None,
        })
        .flatten()
}

/// How many of the first images are left out. Half goes at once, so that the
/// conversation stays as it is sent for as long as possible; a longer conversation
/// never takes one back in.
fn surplus(sizes: &[usize], most: usize) -> usize {
    let (mut first, mut bytes) = (0, 0);
    for (index, size) in sizes.iter().enumerate() {
        bytes += size;
        if index + 1 - first <= most && bytes <= MAX_BYTES {
            continue;
        }
        while first < index && (index + 1 - first > most / 2 || bytes > MAX_BYTES / 2) {
            bytes -= sizes[first];
            first += 1;
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_by_halves_and_stay_away() {
        assert_eq!(surplus(&[1; 100], 100), 0);
        assert_eq!(surplus(&[1; 101], 100), 51);
        assert_eq!(surplus(&[1; 150], 100), 51);
        assert_eq!(surplus(&[1; 152], 100), 102);
        assert_eq!(surplus(&[3_700_000; 5], 100), 0);
        assert_eq!(surplus(&[3_700_000; 6], 100), 4);
        assert_eq!(surplus(&[30_000_000], 100), 0);
        let mut before = 0;
        for count in 0..500 {
            let now = surplus(&vec![2_000_000; count], 100);
            assert!(now >= before && count - now <= 10);
            before = now;
        }
    }
}

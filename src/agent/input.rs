//! The user's message as the model gets it: images stand where the text names them.

use super::{Agent, message_id};
use crate::protocol::command::UserInput;
use crate::protocol::event::NoticeLevel;
use crate::protocol::message::{ContentBlock, Message};
use crate::provider::count;
use crate::stdx::text;

/// Share of the window from which a single message is worth a word, in percent.
const LARGE: u64 = 30;

impl Agent {
    /// Why a message cannot be sent: it alone fills the window. One that takes much of
    /// it is mentioned.
    pub(super) fn too_large(&self, input: &UserInput) -> Option<String> {
        let images = input.images.len() as u64 * count::IMAGE;
        let needed = count::tokens(&input.text) + images;
        let window = self.parts.model.context;
        let words = format!(
            "this message has about {} tokens; the window of {} has {}",
            text::count(needed),
            self.parts.model.id,
            text::count(window)
        );
        if needed > window / 100 * 95 {
            return Some(format!(
                "{words}. Nothing was sent. Put the text into a file and name the file (it is \
                 read in parts), shorten it, or choose a model with a larger window: /model"
            ));
        }
        if needed > window / 100 * LARGE {
            self.notice(NoticeLevel::Warning, words);
        }
        None
    }

    /// The message for an input. All text blocks joined are the text as typed; an
    /// image follows the first place of its mark.
    pub(super) fn user_message(&self, input: &UserInput) -> Message {
        let mut images = Vec::new();
        for image in &input.images {
            let Some((at, mark)) = input.text.match_indices(image.marker).next() else {
                continue;
            };
            let pair = (image.media_type.clone(), image.bytes.to_vec());
            let blocks = self.store_images(vec![pair]).into_iter();
            images.extend(blocks.map(|block| (at + mark.len(), block)));
        }
        Message::User {
            id: message_id(),
            content: interleave(&input.text, images),
        }
    }
}

/// The text cut at the places of the images, with the images between the pieces.
fn interleave(text: &str, mut images: Vec<(usize, ContentBlock)>) -> Vec<ContentBlock> {
    images.sort_by_key(|(at, _)| *at);
    let mut content = Vec::new();
    let mut from = 0;
    for (at, image) in images {
        if at > from {
            content.push(ContentBlock::text(&text[from..at]));
            from = at;
        }
        content.push(image);
    }
    if from < text.len() || content.is_empty() {
        content.push(ContentBlock::text(&text[from..]));
    }
    content
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(blob: &str) -> ContentBlock {
        ContentBlock::Image {
            media: "image/png".into(),
            blob: blob.into(),
        }
    }

    #[test]
    fn images_stand_behind_their_marks_and_the_text_stays_whole() {
        let text = "compare ① with ②, please";
        let end = |mark| text.find(mark).unwrap() + "①".len();
        let content = interleave(text, vec![(end("②"), image("b")), (end("①"), image("a"))]);
        assert_eq!(
            content,
            [
                ContentBlock::text("compare ①"),
                image("a"),
                ContentBlock::text(" with ②"),
                image("b"),
                ContentBlock::text(", please"),
            ]
        );
        assert_eq!(interleave("", vec![]), [ContentBlock::text("")]);
        assert_eq!(
            interleave("①", vec![(3, image("a"))]),
            [ContentBlock::text("①"), image("a")]
        );
    }
}

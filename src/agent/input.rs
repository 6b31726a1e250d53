//! The user's message as the model gets it: images stand where the text names them.

use super::{Agent, message_id};
use crate::protocol::command::UserInput;
use crate::protocol::message::{ContentBlock, Message};

impl Agent {
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

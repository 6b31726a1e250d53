//! Answers of servers in terms of sofos: texts and images.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::stdx::text;

/// Images of one answer at most.
const IMAGES: usize = 10;

/// What a call came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CallOutput {
    /// Texts in order, cleaned.
    pub texts: Vec<String>,
    /// Images: media type as the server says, and bytes.
    pub images: Vec<(String, Vec<u8>)>,
    /// The tool says that it failed.
    pub is_error: bool,
}

impl CallOutput {
    /// From the result of `tools/call`.
    pub fn of_call(result: &Value) -> Self {
        let mut out = Self {
            is_error: result
                .get("isError")
                .and_then(Value::as_bool)
                .unwrap_or(false),
            ..Self::default()
        };
        for block in result
            .get("content")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            out.block(block);
        }
        let empty = out.images.is_empty() && out.texts.iter().all(|text| text.trim().is_empty());
        if let Some(structured) = result.get("structuredContent").filter(|_| empty) {
            out.texts = vec![text::clean(&structured.to_string()).into_owned()];
        }
        out
    }

    /// From the result of `resources/read`.
    pub fn of_resource(result: &Value) -> Self {
        let mut out = Self::default();
        for contents in result
            .get("contents")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            out.resource(contents);
        }
        out
    }

    /// From the messages of a prompt: who says what.
    pub fn of_prompt(result: &Value) -> Self {
        let mut out = Self::default();
        for message in result
            .get("messages")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            match message.get("content") {
                Some(Value::Array(blocks)) => blocks.iter().for_each(|block| out.block(block)),
                Some(block) => out.block(block),
                None => {}
            }
        }
        out
    }

    fn say(&mut self, words: &str) {
        self.texts.push(text::clean(words).into_owned());
    }

    fn block(&mut self, block: &Value) {
        let field = |key: &str| block.get(key).and_then(Value::as_str).unwrap_or_default();
        match field("type") {
            "text" => self.say(field("text")),
            "image" => self.data(field("mimeType"), field("data"), "image"),
            "audio" => {
                let bytes = field("data").len() / 4 * 3;
                let size = text::bytes(bytes as u64);
                self.say(&format!(
                    "[audio, {}, {size}: not passed on]",
                    field("mimeType")
                ));
            }
            "resource" => match block.get("resource") {
                Some(contents) => self.resource(contents),
                None => self.say("[an empty resource]"),
            },
            "resource_link" => {
                let mut about = vec![field("name"), field("mimeType"), field("description")];
                about.retain(|part| !part.is_empty());
                self.say(&format!(
                    "[resource {}: {}]",
                    field("uri"),
                    about.join(", ")
                ));
            }
            kind => self.say(&format!("[content of an unknown kind: {kind}]")),
        }
    }

    fn resource(&mut self, contents: &Value) {
        let field = |key: &str| {
            contents
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let (uri, media) = (field("uri"), field("mimeType"));
        if contents.get("text").is_some() {
            self.say(&format!("[resource {uri}]\n{}", field("text")));
        } else if media.starts_with("image/") {
            self.say(&format!("[resource {uri}]"));
            self.data(media, field("blob"), "image");
        } else {
            let size = text::bytes((field("blob").len() / 4 * 3) as u64);
            self.say(&format!(
                "[resource {uri}, {media}, {size} of data: not passed on]"
            ));
        }
    }

    fn data(&mut self, media: &str, data: &str, what: &str) {
        if self.images.len() >= IMAGES {
            self.say(&format!("[one more {what}, {media}: not passed on]"));
            return;
        }
        let packed: String = data
            .chars()
            .filter(|ch| !ch.is_ascii_whitespace())
            .collect();
        match STANDARD.decode(packed) {
            Ok(bytes) => self.images.push((media.to_string(), bytes)),
            Err(error) => self.say(&format!("[{what}, {media}: cannot be decoded: {error}]")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_kind_of_content_reaches_the_model_or_is_named() {
        let out = CallOutput::of_call(&json!({"isError": true, "content": [
            {"type": "text", "text": "hi\u{1b}[2J"},
            {"type": "image", "mimeType": "image/png", "data": "AAEC"},
            {"type": "image", "mimeType": "image/png", "data": "%%"},
            {"type": "audio", "mimeType": "audio/wav", "data": "AAECAAEC"},
            {"type": "resource", "resource": {"uri": "f://a", "text": "body"}},
            {"type": "resource_link", "uri": "f://b", "name": "B", "mimeType": "text/plain"},
            {"type": "hologram"},
        ]}));
        assert!(out.is_error);
        assert_eq!(out.images, [("image/png".to_string(), vec![0, 1, 2])]);
        assert_eq!(out.texts[0], "hi");
        assert!(
            out.texts[1].contains("cannot be decoded"),
            "{:?}",
            out.texts
        );
        assert_eq!(out.texts[2], "[audio, audio/wav, 6 B: not passed on]");
        assert_eq!(out.texts[3], "[resource f://a]\nbody");
        assert_eq!(out.texts[4], "[resource f://b: B, text/plain]");
        assert!(out.texts[5].contains("hologram"));
    }

    #[test]
    fn structured_content_stands_in_for_text() {
        let structured =
            CallOutput::of_call(&json!({"content": [], "structuredContent": {"n": 1}}));
        assert_eq!(structured.texts, ["{\"n\":1}"]);
        let both = json!({
            "content": [{"type": "text", "text": "{\"n\": 1}"}],
            "structuredContent": {"n": 1},
        });
        assert_eq!(CallOutput::of_call(&both).texts, ["{\"n\": 1}"]);
    }
}

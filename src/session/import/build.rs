//! Puts a conversation together, piece by piece.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{Converted, count};
use crate::protocol::message::{
    AssistantMessage, ContentBlock, ContextKind, Message, Origin, StopReason, ToolResult,
};
use crate::protocol::tool::{ToolStatus, ToolTitle, ToolView};
use crate::protocol::usage::Usage;
use crate::stdx::{blob, ids, text};

/// A conversation under way.
pub(super) struct Builder {
    out: Converted,
    origin: Origin,
    /// The message of the model that is not complete yet.
    open: Vec<ContentBlock>,
    /// Titles of calls, by call id.
    titles: std::collections::HashMap<String, ToolTitle>,
}

impl Builder {
    /// For a conversation of `program`.
    pub(super) fn new(program: &str) -> Self {
        Self {
            out: Converted::default(),
            origin: Origin {
                provider: program.to_string(),
                wire: "import".to_string(),
                model: String::new(),
            },
            open: Vec::new(),
            titles: Default::default(),
        }
    }

    /// What is known besides the messages.
    pub(super) fn about(&mut self) -> &mut Converted {
        &mut self.out
    }

    /// The model that speaks from here on.
    pub(super) fn model(&mut self, model: Option<&str>) {
        if let Some(model) = model {
            self.origin.model = model.to_string();
        }
    }

    pub(super) fn leave_out(&mut self, what: &'static str, times: usize) {
        if times > 0 {
            *self.out.left_out.entry(what).or_default() += times;
        }
    }

    pub(super) fn user(&mut self, content: Vec<ContentBlock>) {
        self.close();
        if !content.is_empty() {
            let id = ids::random(10);
            self.out.messages.push(Message::User { id, content });
        }
    }

    pub(super) fn attachment(&mut self, text: &str) {
        self.close();
        self.out.messages.push(Message::Context {
            id: ids::random(10),
            kind: ContextKind::Attachment,
            text: text.to_string(),
        });
    }

    pub(super) fn say(&mut self, text: &str) {
        if !text.is_empty() {
            self.open.push(ContentBlock::text(text));
        }
    }

    pub(super) fn think(&mut self, text: &str) {
        if !text.is_empty() {
            self.open.push(ContentBlock::Thinking {
                text: text.to_string(),
                opaque: None,
            });
        }
    }

    pub(super) fn server_side(&mut self, summary: String) {
        self.open.push(ContentBlock::ServerSide {
            summary,
            opaque: None,
        });
    }

    /// A call; arguments that are no JSON object become one.
    pub(super) fn call(&mut self, id: &str, name: &str, arguments: &Value) {
        let arguments = match arguments {
            Value::Object(_) => arguments.to_string(),
            Value::String(text) if text.trim_start().starts_with('{') => text.clone(),
            Value::Null => "{}".to_string(),
            other => {
                let input = other
                    .as_str()
                    .map_or_else(|| other.to_string(), str::to_string);
                serde_json::json!({ "input": input }).to_string()
            }
        };
        let words = text::one_line(&arguments, 60);
        self.titles
            .insert(id.to_string(), ToolTitle::new(name, words));
        self.open.push(ContentBlock::ToolCall {
            id: id.to_string(),
            name: name.to_string(),
            arguments,
            opaque: None,
        });
    }

    pub(super) fn result(&mut self, call_id: &str, content: Vec<ContentBlock>, is_error: bool) {
        self.close();
        let content = match content.is_empty() {
            true => vec![ContentBlock::text("(no output)")],
            false => content,
        };
        let status = match is_error {
            true => ToolStatus::Failed,
            false => ToolStatus::Ok,
        };
        let title = self.titles.get(call_id).cloned().unwrap_or_default();
        self.out.messages.push(Message::ToolResult(ToolResult {
            id: ids::random(10),
            call_id: call_id.to_string(),
            content,
            is_error,
            view: ToolView {
                title,
                status,
                ..ToolView::default()
            },
        }));
    }

    /// An image from its base64 form; words where it is damaged.
    pub(super) fn image(&mut self, media: &str, base64: &str) -> ContentBlock {
        match STANDARD.decode(base64.trim()) {
            Ok(bytes) if media.starts_with("image/") => {
                let blob = blob::hash(&bytes);
                self.out.images.push(bytes);
                ContentBlock::Image {
                    media: media.to_string(),
                    blob,
                }
            }
            Ok(_) => {
                self.leave_out("attachment", 1);
                ContentBlock::text(format!("[an attachment ({media}) is not taken over]"))
            }
            Err(_) => {
                self.leave_out("damaged image", 1);
                ContentBlock::text("[a damaged image]")
            }
        }
    }

    /// An image from a `data:` address; words for any other.
    pub(super) fn image_at(&mut self, url: &str) -> ContentBlock {
        let data = url
            .strip_prefix("data:")
            .and_then(|rest| rest.split_once(";base64,"));
        match data {
            Some((media, data)) => self.image(media, data),
            None => ContentBlock::text(format!("[image at {}]", text::one_line(url, 200))),
        }
    }

    fn close(&mut self) {
        let content = std::mem::take(&mut self.open);
        if content.is_empty() {
            return;
        }
        let calls = content
            .iter()
            .any(|block| matches!(block, ContentBlock::ToolCall { .. }));
        self.out.messages.push(Message::Assistant(AssistantMessage {
            id: ids::random(10),
            content,
            origin: self.origin.clone(),
            stop: if calls {
                StopReason::ToolUse
            } else {
                StopReason::EndTurn
            },
            usage: Usage::default(),
        }));
    }

    pub(super) fn finish(mut self) -> Converted {
        self.close();
        self.out.counts = count(&self.out.messages);
        self.out
    }
}

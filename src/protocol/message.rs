//! Provider-neutral messages and content blocks.
//!
//! Whatever a vendor needs back verbatim (thinking signatures, encrypted
//! reasoning, whole server-side blocks) travels as [`Opaque`] JSON text beside
//! the neutral content; [`Origin`] says which vendor, wire and model may see it.

use serde::{Deserialize, Serialize};

use super::tool::ToolView;
use super::usage::Usage;

/// A vendor's own JSON, kept as the exact text it was received in.
///
/// Text rather than a parsed value: signatures are bound to bytes, and a
/// re-serialised number or key order would be a different document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Opaque(pub String);

/// Who produced an assistant message, and in which wire format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Vendor id, e.g. `anthropic`.
    pub provider: String,
    /// Wire format id, e.g. `anthropic`.
    pub wire: String,
    /// The model id as the vendor reported it.
    pub model: String,
}

/// One piece of message content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContentBlock {
    /// Plain text (Markdown, in an assistant message).
    Text {
        /// The text.
        text: String,
        /// Vendor data to replay with it (e.g. citations).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opaque: Option<Opaque>,
    },
    /// An image or pages of a PDF, stored by hash in the blob store.
    Image {
        /// MIME type found in the bytes, e.g. `image/png` or `application/pdf`.
        media: String,
        /// Lower-case hex SHA-256 of the bytes.
        blob: String,
    },
    /// Model reasoning shown to the user; replayed only to its own origin.
    Thinking {
        /// Readable text; empty when the vendor hides it.
        text: String,
        /// Signature or encrypted form.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opaque: Option<Opaque>,
    },
    /// A request to run one of our tools.
    ToolCall {
        /// The vendor's call id; the result refers to it.
        id: String,
        /// Tool name as the model wrote it.
        name: String,
        /// The raw JSON text the model sent; may be malformed.
        arguments: String,
        /// Vendor data to replay with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opaque: Option<Opaque>,
    },
    /// Something the vendor ran itself (web search, compaction).
    ServerSide {
        /// One line for the user, e.g. `web search: rust 1.95 release notes`.
        summary: String,
        /// The whole vendor block.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opaque: Option<Opaque>,
    },
}

impl ContentBlock {
    /// A text block without vendor data.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text {
            text: text.into(),
            opaque: None,
        }
    }

    /// The text of a text block, nothing for the others.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text { text, .. } => Some(text),
            Self::Image { .. }
            | Self::Thinking { .. }
            | Self::ToolCall { .. }
            | Self::ServerSide { .. } => None,
        }
    }
}

/// Why the model stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum StopReason {
    /// The answer is complete.
    EndTurn,
    /// The model waits for tool results.
    ToolUse,
    /// The output limit was reached; a tool call in flight is incomplete.
    MaxTokens,
    /// A vendor-side tool loop paused: send the message back to go on.
    PauseTurn,
    /// The vendor declined to answer.
    Refusal {
        /// Vendor category, when given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        category: Option<String>,
        /// Vendor explanation, when given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        explanation: Option<String>,
    },
    /// The conversation no longer fits the model's window.
    ContextWindow,
    /// Cut off on this side: by the user, or by a stream that broke for good.
    Interrupted,
}

/// What a context message carries; never the user's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContextKind {
    /// A reminder from the loop, e.g. that a call keeps failing.
    Reminder,
    /// Facts about the surroundings: system, date, version control.
    Environment,
    /// What the user attached to the message before it.
    Attachment,
    /// A command that the user ran by hand, with its output.
    Command,
    /// What stands for an earlier part of the conversation.
    Compaction,
    /// An instruction file that came into play or changed.
    Instructions,
}

/// One message of the conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// What the user typed or attached.
    User {
        /// Unique within the session.
        id: String,
        /// Text and images in order.
        content: Vec<ContentBlock>,
    },
    /// Text sofos adds on its own account.
    Context {
        /// Unique within the session.
        id: String,
        /// What it is about.
        kind: ContextKind,
        /// The text the model reads.
        text: String,
    },
    /// One model response.
    Assistant(AssistantMessage),
    /// The outcome of one tool call.
    ToolResult(ToolResult),
}

/// One model response.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AssistantMessage {
    /// Unique within the session.
    pub id: String,
    /// Blocks in the order the model produced them.
    pub content: Vec<ContentBlock>,
    /// Who may see the opaque data.
    pub origin: Origin,
    /// Why it ended.
    pub stop: StopReason,
    /// Tokens of this response.
    pub usage: Usage,
}

impl AssistantMessage {
    /// The tool calls in order: id, name, raw arguments.
    pub fn tool_calls(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.content.iter().filter_map(|block| match block {
            ContentBlock::ToolCall {
                id,
                name,
                arguments,
                ..
            } => Some((id.as_str(), name.as_str(), arguments.as_str())),
            ContentBlock::Text { .. }
            | ContentBlock::Image { .. }
            | ContentBlock::Thinking { .. }
            | ContentBlock::ServerSide { .. } => None,
        })
    }

    /// All text blocks joined as they were written.
    pub fn text(&self) -> String {
        self.content
            .iter()
            .filter_map(ContentBlock::as_text)
            .collect()
    }
}

/// The outcome of one tool call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolResult {
    /// Unique within the session.
    pub id: String,
    /// The call it answers.
    pub call_id: String,
    /// What the model reads: text and images.
    pub content: Vec<ContentBlock>,
    /// The call did not do what was asked.
    pub is_error: bool,
    /// What the user saw; replayed on resume.
    pub view: ToolView,
}

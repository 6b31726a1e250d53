//! Lines of the session log.

use serde::{Deserialize, Serialize};

use super::message::Message;
use super::model::ThinkingSetting;
use super::permission::{Answer, PermissionMode};
use super::tool::{PlanItem, ToolTitle};
use super::usage::{Cost, Usage};

/// Version of the log format; a newer one is refused politely.
pub const LOG_VERSION: u32 = 1;

/// One line of a session log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Unique within the log.
    pub id: String,
    /// The entry this one follows; nothing for the header. Makes the log a
    /// tree, so that fork and rewind need no other mechanism.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Milliseconds since the epoch.
    pub at: u64,
    /// What happened.
    pub kind: EntryKind,
}

/// Settings in force from an entry on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Vendor id.
    pub provider: String,
    /// Model id.
    pub model: String,
    /// Permission mode.
    pub mode: PermissionMode,
    /// Safe mode.
    pub safe: bool,
    /// Thinking.
    pub thinking: ThinkingSetting,
    /// Output limit in tokens.
    pub max_tokens: Option<u64>,
}

/// A tool result that was cut short to make room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folded {
    /// Id of the result's message.
    pub message: String,
    /// What stands for its content.
    pub text: String,
}

/// Work of another model beside the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aside {
    /// The session's name.
    Title,
    /// An edit merged into a file.
    Apply,
}

/// What a compaction carries on word for word, whatever a summary says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Carried {
    /// The user's messages that are no messages of the conversation any more.
    pub users: Vec<String>,
    /// What the user or a rule said no to, with the words.
    pub rejected: Vec<String>,
    /// Files that were changed, in order of their last change.
    pub changed: Vec<String>,
    /// Files that were read, in order of their last reading.
    pub read: Vec<String>,
    /// Commands that were run, with their outcome.
    pub commands: Vec<String>,
    /// Calls that failed, one line each.
    pub errors: Vec<String>,
    /// The account of what happened, by a model or put together from the log.
    pub summary: String,
}

/// How the conversation became shorter. The entries before it stay in the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compaction {
    /// Results cut short.
    #[serde(default)]
    pub folded: Vec<Folded>,
    /// What stands for all messages so far; nothing when results were only cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<CompactedHead>,
    /// Tokens in the window before it.
    pub before: u64,
    /// Tokens after it, as estimated.
    pub after: u64,
}

/// The messages a compaction leaves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompactedHead {
    /// The messages, in order.
    pub messages: Vec<Message>,
    /// What they were made of, for the next compaction.
    pub carried: Carried,
    /// The model that wrote the summary; nothing when none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// What a list of sessions shows of one.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Card {
    /// Its name.
    pub title: String,
    /// The first message, on one line.
    pub first: String,
    /// The last words of the model, on one line.
    pub last: String,
    /// Messages so far.
    pub messages: usize,
    /// What it cost so far.
    pub cost: Cost,
}

/// How a change to files came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeOrigin {
    /// A call of the model made it.
    Call {
        /// The call.
        call_id: String,
    },
    /// It takes back another one.
    Undo {
        /// Id of that change.
        of: String,
    },
    /// It takes back an undo.
    Redo {
        /// Id of the undo.
        of: String,
    },
    /// It takes back all changes since a point of the conversation.
    Rewind {
        /// Their ids, oldest first.
        of: Vec<String>,
    },
}

/// A change to files that can be taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Unique.
    pub id: String,
    /// How it came about.
    pub origin: ChangeOrigin,
    /// What did it, e.g. `Edit src/cart.rs`.
    pub words: String,
    /// Name of the record of paths and contents in the undo store.
    pub manifest: String,
    /// How many paths it changed.
    pub files: usize,
}

/// What a log line records.
// Externally tagged, so that reading a long log needs no buffering.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// First line of every log.
    Header {
        /// [`LOG_VERSION`] of the writer.
        version: u32,
        /// Session id.
        session: String,
        /// Workspace root.
        cwd: String,
        /// Program version.
        sofos: String,
    },
    /// The system prompt of the session, and the tools it goes with. Reused as
    /// it stands on resume: reasoning is bound to the exact bytes before it.
    Prefix {
        /// System prompt.
        system: String,
        /// Hash of the tool specs as offered.
        tools: String,
        /// Why an earlier prefix was given up; nothing for the first one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<String>,
    },
    /// A message of the conversation.
    Message {
        /// The message.
        message: Message,
    },
    /// Settings changed (also written once at the start).
    Settings {
        /// All of them.
        settings: Settings,
    },
    /// A permission question was answered.
    Decision {
        /// The call.
        call_id: String,
        /// What was asked.
        title: ToolTitle,
        /// The answer.
        answer: Answer,
    },
    /// Tokens and cost of one response, by the model that gave it.
    Usage {
        /// Model id.
        model: String,
        /// Tokens.
        usage: Usage,
        /// Cost at that model's rates.
        cost: Cost,
        /// It was no answer of the conversation, but the account for a compaction.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        compaction: bool,
        /// It was no answer of the conversation, but something else.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        aside: Option<Aside>,
        /// Why the request did not begin as the one before, where no other entry tells.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        broke: Option<String>,
    },
    /// The plan changed.
    Plan {
        /// All steps.
        items: Vec<PlanItem>,
    },
    /// Files were changed.
    Checkpoint {
        /// The change.
        change: Change,
    },
    /// The conversation went back: this entry's parent is not the line before it.
    Rewind {
        /// The entry that was the last one before.
        from: String,
        /// The change that took files back along with it, when one did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        change: Option<String>,
    },
    /// A turn ended; written so that a list need not read the whole log.
    Card {
        /// What a list shows.
        card: Card,
    },
    /// The session got a name.
    Title {
        /// The name.
        title: String,
    },
    /// Older parts of the conversation gave way to a shorter form.
    Compaction {
        /// How.
        compaction: Box<Compaction>,
    },
}

//! Everything the worker tells a front end.

use serde::Serialize;

use super::command::UserInput;
use super::message::StopReason;
use super::permission::{AskRequest, PermissionMode};
use super::picker::Picker;
use super::tool::{PlanItem, ToolTitle, ToolView};
use super::usage::{Cost, Usage};

/// How loud a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeLevel {
    /// For information.
    Info,
    /// Something is not as it should be.
    Warning,
    /// Something failed.
    Error,
}

/// How a turn ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum TurnOutcome {
    /// The model gave its answer.
    Finished {
        /// Why the model stopped.
        stop: StopReason,
    },
    /// The user stopped it.
    Interrupted,
    /// A limit of the loop was reached; `message` says which.
    Limit {
        /// The limit in words.
        message: String,
    },
    /// It could not go on; `message` says why and what to do.
    Failed {
        /// One line for the user.
        message: String,
    },
}

/// Sums of one finished turn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TurnSummary {
    /// How it ended.
    pub outcome: TurnOutcome,
    /// Wall time in milliseconds.
    pub elapsed_ms: u64,
    /// Tokens of all responses of the turn.
    pub usage: Usage,
    /// What they cost.
    pub cost: Cost,
    /// Tool calls by tool name, in order of first use.
    pub tools: Vec<(String, u32)>,
}

/// What happens inside an agent, in order.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AgentEvent {
    /// The user's message as it entered the conversation.
    UserMessage {
        /// The text.
        text: String,
    },
    /// A turn began.
    TurnStarted,
    /// More answer text (Markdown).
    TextDelta {
        /// The piece.
        text: String,
    },
    /// The current text block is complete.
    TextDone,
    /// More reasoning text.
    ThinkingDelta {
        /// The piece.
        text: String,
    },
    /// The current reasoning block is complete.
    ThinkingDone {
        /// How long it took, in milliseconds; nothing on replay.
        elapsed_ms: Option<u64>,
    },
    /// The vendor ran something itself.
    ServerSide {
        /// One line.
        summary: String,
    },
    /// The stream broke and is asked for again: what came of the current
    /// message so far is void.
    StreamRestarted {
        /// Why, in words.
        reason: String,
    },
    /// A request failed for now and is tried again.
    Retrying {
        /// The coming attempt, from 2.
        attempt: u32,
        /// Attempts in all.
        of: u32,
        /// Wait before it, in milliseconds.
        wait_ms: u64,
        /// Why, in words.
        reason: String,
    },
    /// A call began to run.
    ToolStarted {
        /// The call.
        call_id: String,
        /// Tool name.
        name: String,
        /// Verb and object.
        title: ToolTitle,
    },
    /// Live output of a running call, cleaned for the terminal.
    ToolOutput {
        /// The call.
        call_id: String,
        /// The piece.
        text: String,
    },
    /// A call ended.
    ToolFinished {
        /// The call.
        call_id: String,
        /// Tool name.
        name: String,
        /// What the user sees of it.
        view: ToolView,
    },
    /// A question waits for an answer.
    Asked {
        /// The question.
        ask: Box<AskRequest>,
    },
    /// A question needs no answer any more.
    AskClosed {
        /// The question.
        id: u64,
    },
    /// The call of a tool changed the mode.
    Mode {
        /// The mode in force now.
        mode: PermissionMode,
    },
    /// The plan changed.
    Plan {
        /// All steps.
        items: Vec<PlanItem>,
    },
    /// Tokens and cost of the session after a response.
    Usage {
        /// Tokens in the window at this response.
        context_used: u64,
        /// Tokens of the session.
        usage: Usage,
        /// Cost of the session.
        cost: Cost,
    },
    /// Something the user should know.
    Notice {
        /// How loud.
        level: NoticeLevel,
        /// The words.
        text: String,
    },
    /// The turn is over.
    TurnFinished {
        /// Its sums.
        summary: TurnSummary,
    },
}

/// What the status line and the summaries show; sent whole when it changes.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Status {
    /// Session id.
    pub session: String,
    /// Session title, once there is one.
    pub title: Option<String>,
    /// Vendor id.
    pub provider: String,
    /// Model id.
    pub model: String,
    /// Permission mode.
    pub mode: PermissionMode,
    /// Safe mode: only reading tools exist.
    pub safe: bool,
    /// Thinking setting in words: `off`, `high`, `16k`.
    pub thinking: String,
    /// Tokens in the window at the last response.
    pub context_used: u64,
    /// The model's window in tokens.
    pub context_window: u64,
    /// Tokens of the session.
    pub usage: Usage,
    /// Cost of the session.
    pub cost: Cost,
    /// Messages waiting for the turn to end, oldest first.
    pub queued: Vec<String>,
    /// A turn is running.
    pub busy: bool,
    /// Commands that run in the background.
    pub jobs: usize,
    /// Git branch of the workspace; empty outside a repository.
    pub branch: String,
    /// What the user's own command adds to the status line.
    pub extra: String,
}

/// One session in a list.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct SessionRow {
    /// Session id.
    pub id: String,
    /// Its name.
    pub title: String,
    /// The first message, on one line.
    pub first: String,
    /// The last words of the model, on one line, where the log says so at its end.
    pub last: String,
    /// Last change, seconds since the epoch.
    pub modified: u64,
    /// Log size in bytes.
    pub bytes: u64,
    /// Messages, where the log says how many at its end.
    pub messages: Option<usize>,
    /// What it cost, where the log says so at its end.
    pub cost: Option<Cost>,
}

/// A slash command that is not built in. All text is cleaned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MoreCommand {
    /// Without the slash.
    pub name: String,
    /// Its arguments, e.g. `CITY [words]`; may be empty.
    pub usage: String,
    /// What it does.
    pub help: String,
}

/// Everything the worker sends out.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum UiEvent {
    /// From an agent; 0 is the one the user talks to.
    Agent {
        /// Which agent.
        agent: u32,
        /// What happened.
        #[serde(flatten)]
        inner: AgentEvent,
    },
    /// The status changed.
    Status(Box<Status>),
    /// Another session is open now; its history follows as agent events.
    SessionReplaced {
        /// Id of the session.
        id: String,
        /// It was resumed and has a history.
        resumed: bool,
    },
    /// What happened before the history that followed [`UiEvent::SessionReplaced`];
    /// asked for with [`super::command::Command::Earlier`].
    Earlier {
        /// In order.
        events: Vec<AgentEvent>,
    },
    /// Show text that belongs to no conversation (help, lists).
    Text {
        /// Markdown.
        markdown: String,
    },
    /// Changes to look through, more than belongs between answers when they are many.
    Changes(Box<ToolView>),
    /// Let the user choose from a list.
    Pick(Box<Picker>),
    /// Let the user edit a file.
    EditFile {
        /// Its absolute path; the file need not be there yet.
        path: String,
    },
    /// Messages that waited and were taken back, oldest first.
    TakenBack {
        /// The messages.
        #[serde(skip)]
        inputs: Vec<UserInput>,
    },
    /// Let the user type something that is not shown; it comes back as
    /// [`super::command::Command::Secret`].
    AskSecret {
        /// Before the dots.
        title: String,
        /// Comes back with the answer.
        purpose: String,
    },
    /// The commands there are beside the built-in ones, all of them.
    Commands {
        /// Prompts of MCP servers.
        commands: Vec<MoreCommand>,
    },
    /// The result of [`super::command::Command::Call`].
    Called {
        /// The call.
        id: u64,
        /// What came of it.
        text: String,
        /// It failed.
        failed: bool,
    },
    /// The worker has ended; nothing follows.
    Exit {
        /// Markdown of the closing summary; empty when there is nothing to say.
        summary: String,
    },
}

impl UiEvent {
    /// An event of the main agent.
    pub fn main(inner: AgentEvent) -> Self {
        Self::Agent { agent: 0, inner }
    }
}

//! The state of the front end and what changes it. Nothing here touches the
//! terminal or waits.

mod drafts;
mod keys;
pub mod local;
mod look;

use std::collections::VecDeque;
use std::time::Duration;

use ratatui::text::Line;

use crate::protocol::command::Command;
use crate::protocol::diff::FileDiff;
use crate::protocol::event::{AgentEvent, NoticeLevel, Status, TurnOutcome, UiEvent};
use crate::protocol::tool::{ToolBody, ToolView};
use crate::render::text::fit_middle;
use crate::render::theme::Theme;
use crate::render::tool::{self, title_text};
use crate::render::wrap::{Wrapper, to_line};
use crate::stdx::text::{clean, duration};

use super::TuiOptions;
use super::cells::Transcript;
use super::composer::Composer;
use super::composer::vim::Mode;
use super::desk::Request;
use super::keymap::Keymap;
use super::live::Live;
use super::panels::palette::Palette;
use super::panels::permission::PermissionPanel;
use super::panels::picker::PickerPanel;
use super::panels::secret::SecretPanel;
use super::room::Room;
use super::status::{self, Place};
use super::terminal::input::Input;
use super::transcript::record::Record;
use super::transcript::viewer::Viewer;

pub use look::Look;

/// A second Ctrl+C within this time ends the program.
const TWICE: Duration = Duration::from_secs(2);
/// A turn of this length is worth a notification where it is not known whether
/// anyone looks.
const LONG_TURN_MS: u64 = 10_000;
/// Lines of changes that are written between answers.
const FEW: usize = 40;
/// How long the worker may take to save and end.
const CLOSING: Duration = Duration::from_secs(5);

/// What the loop has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Tell the worker.
    Send(Command),
    /// Stop the program as Ctrl+Z does.
    Suspend,
    /// End; the text is printed afterwards.
    Exit(String),
    /// Draw everything again.
    Repaint,
    /// Tell the user, who looks elsewhere.
    Notify(String),
    /// Ask the desk.
    Desk(Request),
    /// Write the message in an editor.
    Editor,
    /// Open a file in an editor.
    EditFile(String),
    /// Ask the terminal to put text into the clipboard.
    CopyByTerminal(String),
}

/// An open list and what it is for.
pub(super) struct Open {
    pub(super) panel: PickerPanel,
    /// It has a screen of its own.
    pub(super) tall: bool,
    purpose: Purpose,
}

/// What becomes of a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// A command line.
    Command,
    /// The text of the prompt.
    Insert,
    /// Nothing.
    Show,
}

/// The front end.
pub struct App {
    pub(super) theme: Theme,
    pub(super) status: Status,
    pub(super) place: Place,
    pub(super) transcript: Transcript,
    pub(super) live: Live,
    pub(super) composer: Composer,
    pub(super) composer_top: usize,
    pub(super) palette: Palette,
    pub(super) asks: VecDeque<PermissionPanel>,
    pub(super) picker: Option<Open>,
    keymap: Keymap,
    kept: drafts::Kept,
    /// The last text of the model.
    answer: String,
    /// More text belongs to another answer.
    answered: bool,
    /// When the last event or key came.
    now: Duration,
    pub(super) secret: Option<SecretPanel>,
    pub(super) closing: Option<Duration>,
    /// Everything that happened, for the transcript.
    pub(super) record: Record,
    /// The open transcript.
    pub(super) viewer: Option<Viewer>,
    /// What it shows in place of the record.
    pub(super) viewed: Option<Record>,
    /// The worker may know of more than the record holds.
    more_earlier: bool,
    /// A row with samples of the theme is shown.
    pub(super) sample: bool,
    look: Option<Look>,
    /// How small the viewport stays.
    pub(super) room: Room,
    /// The window has the focus, as far as the terminal tells.
    focused: Option<bool>,
    notify_command: bool,
    /// The worker has said its last word.
    ended: bool,
    interrupted: Option<Duration>,
    cols: usize,
    actions: Vec<Action>,
}

impl App {
    /// The state before the first event on a terminal of `cols` columns; the
    /// header waits in the transcript.
    pub fn new(options: &TuiOptions, theme: Theme, cols: u16) -> Self {
        let status = Status {
            model: options.model.clone(),
            mode: options.mode,
            safe: options.safe,
            ..Status::default()
        };
        let mut composer = Composer::new(Vec::new());
        composer.set_vim(options.vim);
        let mut transcript = Transcript::new(theme.clone());
        transcript.header(header(options, &theme, usize::from(cols)));
        Self {
            status,
            place: Place {
                branch: options.branch.clone(),
                sandbox: options.sandbox.clone(),
                parts: options.status.clone(),
            },
            transcript,
            live: Live::new(theme.clone()),
            composer,
            composer_top: 0,
            palette: Palette::new(options.commands.clone()),
            asks: VecDeque::new(),
            picker: None,
            keymap: options.keymap.clone(),
            kept: drafts::Kept::default(),
            answer: String::new(),
            answered: false,
            now: Duration::ZERO,
            secret: None,
            closing: None,
            record: Record::default(),
            viewer: None,
            viewed: None,
            more_earlier: false,
            sample: false,
            look: None,
            room: Room::default(),
            focused: None,
            notify_command: options.notify_command,
            ended: false,
            interrupted: None,
            cols: usize::from(cols),
            actions: Vec::new(),
            theme,
        }
    }

    /// What is to be done since the last call.
    pub fn actions(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.actions)
    }

    /// Uses another theme for what comes.
    pub fn set_theme(&mut self, mut theme: Theme) {
        theme.links = self.theme.links.clone();
        self.transcript.set_theme(theme.clone());
        self.live.set_theme(theme.clone());
        self.theme = theme;
    }

    /// Whether the terminal is given links from now on.
    pub fn follow_links(&self, on: bool) {
        self.theme.links.set_on(on);
    }

    /// Columns of the terminal.
    pub fn set_cols(&mut self, cols: u16) {
        self.cols = usize::from(cols);
        self.live.set_cols(self.cols);
        self.transcript.set_cols(self.cols);
    }

    /// A turn is running or something waits for one.
    pub fn is_busy(&self) -> bool {
        self.live.is_busy() || self.status.busy
    }

    /// When something shown changes without an event.
    pub fn next_change(&self, now: Duration) -> Option<Duration> {
        let hint = self.interrupted.map(|at| at + TWICE);
        let closing = self.closing.map(|at| at + CLOSING);
        [self.live.next_change(now), hint, closing, self.draft_due()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Duration) {
        self.now = now;
        self.keep_draft();
        self.live.tick(now, &mut self.transcript);
        if self.interrupted.is_some_and(|at| now >= at + TWICE) {
            self.interrupted = None;
        }
        if self.closing.is_some_and(|at| now >= at + CLOSING) {
            self.actions.push(Action::Exit(String::new()));
        }
    }

    /// A frame was drawn: what it showed for the first time was seen.
    pub fn drawn(&mut self, now: Duration) {
        if self.viewer.is_none()
            && let Some(panel) = self.asks.front_mut()
        {
            panel.shown(now);
        }
    }

    /// A short hint above the prompt.
    pub fn hint(&self) -> String {
        if self.closing.is_some() {
            return "Closing".into();
        }
        if self.interrupted.is_some() {
            return "ctrl+c again exits".into();
        }
        if let Some(words) = self.composer.searching() {
            return words;
        }
        let mode = match self.composer.vim_mode() {
            None => "",
            Some(Mode::Insert) => "-- insert --",
            Some(Mode::Normal) => "-- normal --",
            Some(Mode::Visual) => "-- visual --",
            Some(Mode::VisualLine) => "-- visual line --",
            Some(Mode::VisualBlock) => "-- visual block --",
        };
        mode.into()
    }

    /// The shape of the cursor, as terminals number them: what vim's mode asks for
    /// at the prompt, 0 for the terminal's own.
    pub fn cursor_shape(&self) -> u8 {
        let elsewhere = !self.asks.is_empty() || self.picker.is_some() || self.secret.is_some();
        match self.composer.vim_mode() {
            Some(Mode::Insert) if !elsewhere => 6,
            Some(_) if !elsewhere => 2,
            _ => 0,
        }
    }

    /// The worker has ended, with or without a word.
    pub fn worker_gone(&mut self) {
        if self.ended {
            return;
        }
        self.live.settle(&mut self.transcript);
        if self.closing.is_none() {
            self.complain("the worker has ended; resume the session to go on");
        }
        self.actions.push(Action::Exit(String::new()));
    }

    /// Something went wrong in the front end itself.
    pub fn complain(&mut self, text: &str) {
        self.tell(NoticeLevel::Error, text);
    }

    /// Says something on the front end's own account.
    fn tell(&mut self, level: NoticeLevel, text: &str) {
        self.transcript.notice(level, text);
        self.record.apply(&AgentEvent::Notice {
            level,
            text: text.to_owned(),
        });
    }

    /// Tells a user who looks elsewhere; `blindly` also where that is not known.
    fn notify(&mut self, message: String, blindly: bool) {
        if self.focused == Some(true) || (self.focused.is_none() && !blindly) {
            return;
        }
        if self.notify_command {
            let message = message.clone();
            self.actions.push(Action::Send(Command::Notify { message }));
        }
        self.actions
            .push(Action::Notify(format!("sofos {message}")));
    }

    /// Takes an event of the worker.
    pub fn event(&mut self, event: UiEvent, now: Duration) {
        self.now = now;
        match event {
            UiEvent::Agent { agent, inner } => self.agent_event(agent, inner, now),
            UiEvent::Status(status) => self.status = *status,
            UiEvent::SessionReplaced { id, resumed } => {
                self.live.settle(&mut self.transcript);
                self.asks.clear();
                self.picker = None;
                self.secret = None;
                self.record.clear();
                self.more_earlier = resumed && self.viewer.is_none();
                if resumed && self.viewer.is_some() {
                    self.send(Command::Earlier);
                }
                // The session that the program starts with needs no words.
                let first = self.status.session.is_empty();
                let verb = if resumed { "resumed" } else { "new" };
                if resumed || !first {
                    let text = format!("{verb} session {id}");
                    self.tell(NoticeLevel::Info, &text);
                }
            }
            UiEvent::Text { markdown } => {
                self.record.document(&markdown);
                self.transcript.document(&markdown, self.cols);
            }
            UiEvent::Earlier { events } => {
                let added = self.record.put_before(&events);
                if let (Some(viewer), None) = (&mut self.viewer, &self.viewed) {
                    viewer.shift(added);
                }
            }
            UiEvent::Changes(view) => self.changes(&view),
            UiEvent::Pick(picker) if picker.renews => {
                if let Some(open) = &mut self.picker {
                    open.panel.renew(*picker);
                }
            }
            UiEvent::Pick(picker) => self.open(*picker, Purpose::Command),
            UiEvent::EditFile { path } => self.actions.push(Action::EditFile(path)),
            UiEvent::Commands { commands } => self.palette.add(commands),
            // Only a client of the server side calls tools itself.
            UiEvent::Called { .. } => {}
            UiEvent::TakenBack { inputs } => {
                self.composer.take_back(inputs);
                self.edited();
            }
            UiEvent::AskSecret { title, purpose } => {
                self.secret = Some(SecretPanel::new(&title, purpose));
            }
            UiEvent::Exit { summary } => {
                self.live.settle(&mut self.transcript);
                self.ended = true;
                self.viewer = None;
                self.actions.push(Action::Exit(summary));
            }
        }
    }

    /// Few changes are written, many are looked through on a screen of their own.
    fn changes(&mut self, view: &ToolView) {
        let ToolBody::Diffs { diffs } = &view.body else {
            return;
        };
        let lines = |diff: &FileDiff| {
            diff.hunks
                .iter()
                .map(|hunk| hunk.lines.len())
                .sum::<usize>()
        };
        let head = ToolView {
            body: ToolBody::None,
            ..view.clone()
        };
        let few = diffs
            .iter()
            .map(|diff| lines(diff) + diff.folded + 1)
            .sum::<usize>()
            <= FEW;
        let written = if few { view } else { &head };
        self.transcript.step(tool::view(written, &self.theme));
        self.record.apply(&AgentEvent::ToolFinished {
            call_id: String::new(),
            name: String::new(),
            view: view.clone(),
        });
        if !few {
            self.viewed = Some(Record::changes(view));
            self.viewer = Some(Viewer::at_start("diff"));
        }
    }

    fn agent_event(&mut self, agent: u32, event: AgentEvent, now: Duration) {
        match event {
            AgentEvent::Asked { ask } => {
                let message = format!("asks: {}", title_text(&ask.title));
                self.asks.push_back(PermissionPanel::new(*ask));
                self.notify(message, true);
            }
            AgentEvent::AskClosed { id } => self.asks.retain(|panel| panel.ask.id != id),
            // Other agents speak through the one the user talks to.
            _ if agent != 0 => {}
            AgentEvent::UserMessage { text } => {
                self.live
                    .apply(AgentEvent::TextDone, now, &mut self.transcript);
                let sign = status::sign(&self.status);
                self.record.user(sign, &text);
                self.transcript.user(sign, &text);
            }
            AgentEvent::Usage {
                context_used,
                usage,
                cost,
            } => {
                self.status.context_used = context_used;
                self.status.usage = usage;
                self.status.cost = cost;
            }
            event => {
                if let AgentEvent::TurnFinished { summary } = &event {
                    let (how, long) = (ending(&summary.outcome), summary.elapsed_ms);
                    let message = format!("{how} after {}", duration(long));
                    self.notify(message, long >= LONG_TURN_MS);
                }
                self.record.apply(&event);
                self.note_answer(&event);
                self.live.apply(event, now, &mut self.transcript);
            }
        }
    }

    /// Keeps the last text of the model, for copying.
    fn note_answer(&mut self, event: &AgentEvent) {
        match event {
            AgentEvent::TextDelta { text } => {
                if std::mem::take(&mut self.answered) {
                    self.answer.clear();
                }
                self.answer.push_str(text);
            }
            AgentEvent::TextDone | AgentEvent::StreamRestarted { .. } => self.answered = true,
            _ => {}
        }
    }

    /// Takes what came from the terminal.
    pub fn input(&mut self, input: Input, now: Duration) {
        self.now = now;
        match input {
            Input::Key(key) => self.key(key, now),
            Input::Paste(text) => self.paste(&text),
            Input::Background { dark } => self.background(dark),
            Input::Focus(focused) => self.focused = Some(focused),
            Input::Identity(_) | Input::QueriesDone => {}
        }
    }
}

/// How a turn ended, in a word.
fn ending(outcome: &TurnOutcome) -> &'static str {
    match outcome {
        TurnOutcome::Finished { .. } => "finished",
        TurnOutcome::Interrupted => "stopped",
        TurnOutcome::Limit { .. } => "stopped at a limit",
        TurnOutcome::Failed { .. } => "failed",
    }
}

/// What runs where, and how to get help.
fn header(options: &TuiOptions, theme: &Theme, cols: usize) -> Vec<Line<'static>> {
    let glyphs = theme.glyphs;
    let mut place = fit_middle(&clean(&options.workspace), 60, glyphs.ellipsis);
    if !options.branch.is_empty() {
        place.push_str(&format!(" ({})", clean(&options.branch)));
    }
    let parts = [
        clean(&options.model).into_owned(),
        place,
        options.sandbox_words.clone(),
    ];
    let mut first = Wrapper::new(cols.saturating_sub(1));
    first.push(&format!("sofos {}", options.version), theme.verb);
    for part in parts.iter().filter(|part| !part.is_empty()) {
        first.push(&format!(" {} {part}", glyphs.dot), theme.dim);
    }
    let mut keys = Wrapper::new(cols.saturating_sub(1));
    keys.push(
        "/ commands   @ files   ! shell   ctrl+j newline   esc stop",
        theme.dim,
    );
    let rows = first.finish().into_iter().chain(keys.finish());
    rows.map(to_line).collect()
}

#[cfg(test)]
mod panels_tests;
#[cfg(test)]
mod prompt_tests;

#[cfg(test)]
#[path = "app_tests.rs"]
mod tests;

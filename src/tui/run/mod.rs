//! The loop: inbox in, frames out.

mod backlog;
mod ending;
mod outside;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use ratatui::buffer::Buffer;

use crate::config::{LinkChoice, Notify};
use crate::protocol::command::Command;
use crate::render::links::Targets;
use crate::repl::{CommandSender, EventSink};

use super::app::{Action, App, Look};
use super::desk::clipboard::System;
use super::desk::{self, Desk, Places};
use super::terminal::fullscreen::Fullscreen;
use super::terminal::identity::{Cursor, Terminal, TerminalEnv, Writer, WriterChoice};
use super::terminal::input::Input;
use super::terminal::scrollback::{Caret, Scrollback, Size};
use super::terminal::sgr::{Depth, Painter};
use super::terminal::sys::{self, Report};
use super::terminal::{guard, notify};
use super::view::{low_transcript, tall_list, transcript, view};
use super::{TuiError, TuiExit, TuiOptions};
use backlog::{Backlog, Said};

/// Streamed content is drawn at most this often, as more is not seen but costs a slow
/// line; keys at once.
const FRAME: Duration = Duration::from_millis(80);
/// Frames with finished lines draw the whole viewport again when lines come fast,
/// so these are collected a little longer.
const LINE_FEED_FRAME: Duration = Duration::from_millis(40);
/// After a resize, and between lines, for which rows are not addressed by number.
const CALM_AFTER_RESIZE: Duration = Duration::from_secs(2);
const CALM_BETWEEN_LINES: Duration = Duration::from_millis(250);
/// How late a resize may be heard of: from a terminal on this machine, and through
/// a network or a multiplexer.
const HEARD_SOON: Duration = Duration::from_millis(20);
const HEARD_LATE: Duration = Duration::from_millis(400);
/// Columns of prose at most where rows are not wrapped again: a window that gets
/// narrower cuts longer ones off (xterm) or in two (GNU screen, whose scrollback
/// then shows no more rows than there were before).
const MEASURE: u16 = 60;
/// Messages are taken in without drawing for at most this long.
const INTAKE: Duration = Duration::from_millis(8);
/// Bytes of finished lines in one frame, roughly. A terminal that is slow to take
/// them must not keep keys waiting for long.
const SLICE: usize = 16 * 1024;

enum Message {
    Terminal(Report),
    Worker(Said),
    /// Another thread panicked; what to say.
    Panicked(String),
    Desk(desk::Report),
}

/// Runs the front end until the user or the worker ends it. `start` gets the sink
/// for the worker's events once the first frame is drawn.
///
/// # Errors
/// When there is no terminal, or it fails.
pub fn run(
    options: TuiOptions,
    start: impl FnOnce(EventSink) -> CommandSender,
) -> Result<TuiExit, TuiError> {
    if !sys::is_terminal() || options.terminal.term == "dumb" {
        return Err(TuiError::NotATerminal);
    }
    let (sender, inbox) = channel();
    let panics = sender.clone();
    guard::on_panic(
        options.reports.clone(),
        std::thread::current().id(),
        move |said| {
            // Without a receiver the program is ending anyway.
            let _ = panics.send(Message::Panicked(said));
        },
    );
    guard::enter(options.terminal.tmux)?;
    let restored = RestoreOnDrop;
    let mut screen = Screen::new(options, inbox, &sender)?;
    screen.draw()?;
    let sink = Sink(sender);
    let commands = start(Box::new(move |event| {
        sink.send(Message::Worker(Said::Event(event)))
    }));
    screen.commands = Some(commands);
    let exit = screen.run();
    screen.leave();
    drop(restored);
    exit
}

/// The worker's way into the inbox. Whatever ends the worker, the inbox hears of it.
struct Sink(Sender<Message>);

impl Sink {
    fn send(&self, message: Message) {
        // Without a receiver the front end has ended.
        let _ = self.0.send(message);
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.send(Message::Worker(Said::Gone));
    }
}

/// The terminal is restored also when the loop returns early.
struct RestoreOnDrop;

impl Drop for RestoreOnDrop {
    fn drop(&mut self) {
        guard::restore();
    }
}

struct Screen {
    app: App,
    inbox: Receiver<Message>,
    backlog: Backlog,
    commands: Option<CommandSender>,
    scrollback: Scrollback,
    desk: Desk,
    places: Places,
    /// The user's editor as a command line.
    editor: String,
    fullscreen: Fullscreen,
    env: TerminalEnv,
    choice: WriterChoice,
    links: LinkChoice,
    notify: Notify,
    terminal: Terminal,
    bracketed: Arc<AtomicBool>,
    queries_open: bool,
    begun: Instant,
    last_frame: Duration,
    last_history: Duration,
    last_resize: Option<Duration>,
    /// Something may look different.
    changed: bool,
    /// A key was pressed since the last frame, or something else is not to wait.
    keyed: bool,
    /// The last frame left finished lines for the next one.
    unwritten: bool,
    exit: Option<TuiExit>,
}

impl Screen {
    fn new(
        options: TuiOptions,
        inbox: Receiver<Message>,
        sender: &Sender<Message>,
    ) -> io::Result<Self> {
        let env = options.terminal.clone();
        let depth = if options.no_color {
            Depth::None
        } else {
            env.depth()
        };
        let painter = Painter {
            depth,
            utf8: env.utf8(),
            links: Targets::default(),
        };
        let bracketed = Arc::new(AtomicBool::new(false));
        let reports = sender.clone();
        sys::start_reader(Arc::clone(&bracketed), move |report| {
            reports.send(Message::Terminal(report)).is_ok()
        })?;
        let reports = sender.clone();
        let clipboard = Box::new(System::new(options.remote));
        let desk = Desk::start(options.places.clone(), clipboard, move |report| {
            reports.send(Message::Desk(report)).is_ok()
        })?;
        let (look, complaint) = Look::new(
            &options.theme,
            env.utf8(),
            depth,
            &options.themes,
            &options.config,
        );
        let look = look.on(env.dark());
        let queries_open = env.may_query();
        if queries_open {
            guard::query(look.wants_background())?;
        }
        let mut theme = look.theme();
        theme.links = painter.links.clone();
        let mut app = App::new(&options, theme, sys::size().cols);
        app.wear(look);
        if let Some(complaint) = complaint {
            app.complain(&complaint);
        }
        let mut screen = Self {
            app,
            fullscreen: Fullscreen::new(painter.clone()),
            inbox,
            backlog: Backlog::default(),
            commands: None,
            scrollback: Scrollback::new(painter),
            desk,
            places: options.places.clone(),
            editor: match options.editor.as_str() {
                "" if cfg!(windows) => "notepad".into(),
                "" => "vi".into(),
                editor => editor.into(),
            },
            env,
            choice: options.scrollback,
            links: options.links,
            notify: options.notify,
            terminal: Terminal::Unknown,
            bracketed,
            queries_open,
            begun: Instant::now(),
            last_frame: Duration::ZERO,
            last_history: Duration::ZERO,
            last_resize: None,
            changed: true,
            keyed: false,
            unwritten: false,
            exit: None,
        };
        screen.introduce(Terminal::Unknown);
        Ok(screen)
    }

    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    fn run(&mut self) -> Result<TuiExit, TuiError> {
        loop {
            self.take_in();
            self.app.tick(self.now());
            self.act()?;
            if let Some(exit) = self.exit.take() {
                return Ok(exit);
            }
            if self.is_due() {
                self.draw()?;
            }
        }
    }

    /// Waits for a message or the next moment something is due, then takes in
    /// what else is there; what the worker said only until a key comes.
    fn take_in(&mut self) {
        let now = self.now();
        let frame = self.changed.then(|| self.frame_due());
        // Once the window is at rest the prompt is as wide as it again.
        let rest = self.last_resize.map(|resize| resize + CALM_AFTER_RESIZE);
        let rest = rest.filter(|rest| *rest > self.last_frame);
        let backlog = (!self.backlog.is_empty()).then_some(now);
        let wake = [backlog, frame, self.app.next_change(now), rest]
            .into_iter()
            .flatten()
            .min();
        let first = match wake {
            None => self
                .inbox
                .recv()
                .map_err(|_| RecvTimeoutError::Disconnected),
            Some(wake) => self.inbox.recv_timeout(wake.saturating_sub(now)),
        };
        match first {
            Ok(message) => self.take(message),
            Err(RecvTimeoutError::Timeout) => self.changed = true,
            // The reader keeps a sender for as long as it runs.
            Err(RecvTimeoutError::Disconnected) => self.end(sys::HANGUP),
        }
        let until = self.now() + INTAKE;
        while self.exit.is_none() && self.now() < until {
            if let Ok(message) = self.inbox.try_recv() {
                self.take(message);
                continue;
            }
            if self.keyed {
                return;
            }
            match self.backlog.next() {
                Some(said) => self.hear(said),
                None => return,
            }
        }
    }

    fn hear(&mut self, said: Said) {
        self.changed = true;
        match said {
            Said::Event(event) => self.app.event(event, self.now()),
            Said::Gone => self.app.worker_gone(),
        }
    }

    fn take(&mut self, message: Message) {
        self.changed = true;
        let now = self.now();
        match message {
            Message::Worker(said) => self.backlog.push(said),
            Message::Panicked(said) => self.app.complain(&said),
            Message::Desk(report) => {
                self.keyed = true;
                self.app.report(report, now);
            }
            Message::Terminal(Report::Input(inputs)) => {
                for input in inputs {
                    self.input(input, now);
                }
            }
            Message::Terminal(Report::Resized) => {
                self.last_resize = Some(now);
                // Each resize is drawn for itself: after two at once nobody knows
                // where the viewport went.
                self.keyed = true;
                let late = now < self.last_frame + self.hearing();
                self.scrollback.resized(late);
            }
            Message::Terminal(Report::Stop) => self.suspend(),
            Message::Terminal(Report::Continued) => self.resumed(),
            Message::Terminal(Report::End(signal)) => self.end(signal),
            Message::Terminal(Report::Closed) => self.end(sys::HANGUP),
        }
    }

    fn input(&mut self, input: Input, now: Duration) {
        match input {
            Input::Identity(terminal) => {
                if terminal != Terminal::Unknown {
                    self.introduce(terminal);
                }
            }
            Input::QueriesDone => self.queries_open = false,
            Input::Key(_) | Input::Paste(_) => {
                self.keyed = true;
                self.app.input(input, now);
            }
            Input::Focus(_) | Input::Background { .. } => self.app.input(input, now),
        }
    }

    /// How late a resize may be heard of.
    fn hearing(&self) -> Duration {
        let here = matches!(
            self.terminal,
            Terminal::Alacritty
                | Terminal::Kitty
                | Terminal::OldKitty
                | Terminal::Vte
                | Terminal::XtermJs
        );
        if here && !self.env.ssh && !self.env.tmux {
            HEARD_SOON
        } else {
            HEARD_LATE
        }
    }

    /// The terminal is known better now.
    fn introduce(&mut self, terminal: Terminal) {
        if terminal == Terminal::Xterm && self.terminal != terminal {
            // A terminal that fails is noticed by the next frame.
            let _ = guard::ask_for_modified_keys();
        }
        self.terminal = terminal;
        let (writer, _) = self.choice.decide(terminal, &self.env);
        self.app.follow_links(match self.links {
            LinkChoice::Auto => terminal.follows_links(&self.env),
            LinkChoice::Always => true,
            LinkChoice::Never => false,
        });
        let tmux = self.env.tmux || terminal == Terminal::Tmux;
        self.scrollback
            .set_terminal(writer, terminal.reflows(&self.env), terminal.cursor(), tmux);
        self.scrollback
            .set_at_once(terminal.shows_at_once(&self.env));
        self.app
            .room
            .set_strays(terminal.cursor() != Cursor::Follows);
        self.bracketed
            .store(terminal.brackets_pastes(), Ordering::Relaxed);
    }

    fn act(&mut self) -> Result<(), TuiError> {
        for action in self.app.actions() {
            match action {
                Action::Send(command) => self.send(command),
                Action::Suspend => self.suspend(),
                Action::Desk(request) => self.desk.ask(request),
                Action::Editor => self.edit(),
                Action::EditFile(path) => self.edit_file(&path),
                Action::CopyByTerminal(text) => self.copy_by_terminal(&text),
                Action::Repaint => {
                    self.scrollback.moved();
                    self.fullscreen.forget();
                }
                Action::Notify(text) => {
                    let bytes = notify::bytes(self.notify, self.terminal, &self.env, &text);
                    sys::write_all(&bytes)?;
                }
                Action::Exit(summary) => {
                    // What is finished belongs into the scrollback before the end.
                    self.draw()?;
                    while self.unwritten {
                        self.draw()?;
                    }
                    self.exit.get_or_insert(TuiExit {
                        summary: ending::plain(&summary, &self.env),
                        signal: None,
                    });
                }
            }
        }
        Ok(())
    }

    fn send(&mut self, command: Command) {
        let Some(commands) = &self.commands else {
            return;
        };
        let ending = command == Command::Shutdown;
        if commands.send(command).is_err() {
            self.app
                .complain("the worker has ended; sofos cannot go on");
            if ending {
                self.exit.get_or_insert_default();
            }
        }
    }

    fn frame_due(&self) -> Duration {
        if self.keyed || self.unwritten {
            return Duration::ZERO;
        }
        let waiting = self.app.transcript.pending() > 0;
        let due = self.last_frame + FRAME;
        if waiting {
            due.max(self.last_history + LINE_FEED_FRAME)
        } else {
            due
        }
    }

    fn is_calm(&self, now: Duration) -> bool {
        now >= self.last_history + CALM_BETWEEN_LINES && self.is_at_rest(now)
    }

    fn is_at_rest(&self, now: Duration) -> bool {
        self.last_resize
            .is_none_or(|resize| now >= resize + CALM_AFTER_RESIZE)
    }

    fn is_due(&self) -> bool {
        self.changed && self.now() >= self.frame_due()
    }

    fn draw(&mut self) -> Result<(), TuiError> {
        let (now, size) = (self.now(), sys::size());
        let measure = match self.terminal.rejoins(&self.env) {
            true => size.cols,
            false => size.cols.min(MEASURE),
        };
        self.app.set_cols(measure);
        self.app.room.set_changing(!self.is_at_rest(now));
        if self.terminal.has_alternate(&self.env)
            && let Some((rows, caret)) =
                transcript(&mut self.app, size).or_else(|| tall_list(&mut self.app, size))
        {
            return self.draw_fullscreen(size, &rows, caret);
        }
        let (rows, caret) =
            low_transcript(&mut self.app, size).unwrap_or_else(|| view(&mut self.app, size, now));
        let history = self.app.transcript.take(SLICE);
        self.scrollback.set_calm(self.is_calm(now));
        let mut bytes = guard::leave_alternate().to_vec();
        bytes.append(&mut self.scrollback.frame(size, &history, &rows, caret));
        guard::viewport_drawn(caret.row);
        if self.env.may_query() {
            bytes.append(&mut guard::cursor_shape(self.app.cursor_shape()));
        }
        if !bytes.is_empty() {
            sys::write_all(&bytes)?;
        }
        self.app.drawn(now);
        self.last_frame = now;
        if !history.is_empty() {
            self.last_history = now;
        }
        self.unwritten = self.app.transcript.pending() > 0;
        self.changed = self.unwritten;
        self.keyed = false;
        Ok(())
    }

    /// A frame on the alternate screen. The viewport is removed before, so that
    /// nothing of it can be moved about by a resize nobody sees.
    fn draw_fullscreen(&mut self, size: Size, rows: &Buffer, caret: Caret) -> Result<(), TuiError> {
        if !guard::is_alternate() {
            let before = self.scrollback.lift(size);
            guard::viewport_drawn(0);
            guard::enter_alternate(before)?;
            self.fullscreen.forget();
        }
        let bytes = self.fullscreen.frame(size, rows, caret);
        if !bytes.is_empty() {
            sys::write_all(&bytes)?;
        }
        self.last_frame = self.now();
        self.unwritten = false;
        self.changed = false;
        self.keyed = false;
        Ok(())
    }
}

/// The writer that would be used, and why; for the doctor.
pub fn describe_writer(choice: WriterChoice, env: &TerminalEnv) -> (&'static str, &'static str) {
    let (writer, why) = choice.decide(Terminal::Unknown, env);
    let name = match writer {
        Writer::Region => "decstbm",
        Writer::LineFeed => "linefeed",
    };
    (name, why)
}

//! Stopping, going on, and leaving: the terminal is given back first.

use std::time::{Duration, Instant};

use crate::protocol::command::Command;
use crate::protocol::event::UiEvent;
use crate::render::markdown::Settings;
use crate::render::stream::document;
use crate::render::theme::Theme;
use crate::tui::TuiExit;
use crate::tui::desk::Request;
use crate::tui::terminal::guard;
use crate::tui::terminal::identity::TerminalEnv;
use crate::tui::terminal::input::Input;
use crate::tui::terminal::sys::{self, Report};

use super::backlog::Said;
use super::{Message, Screen};

/// How long the worker may take to save after a signal.
const SIGNAL_WAIT: Duration = Duration::from_millis(2_500);
/// How long a young session waits at its end for answers that are under way.
const ANSWER_WAIT: Duration = Duration::from_millis(200);

impl Screen {
    /// Gives the terminal back and stops, until the program is continued.
    pub(super) fn suspend(&mut self) {
        self.place_for_restore();
        guard::restore();
        self.scrollback.forget();
        sys::stop();
        self.resumed();
    }

    pub(super) fn resumed(&mut self) {
        let entered = if guard::is_active() {
            // Stopped without a word.
            let aside = if sys::is_job() {
                // The shell has written where the viewport was.
                self.scrollback.forget();
                sys::write_all(b"\r\n")
            } else {
                self.scrollback.moved();
                Ok(())
            };
            aside.and_then(|()| guard::enter_again())
        } else {
            guard::enter(self.env.tmux)
        };
        if entered.is_err() {
            self.end(sys::HANGUP);
        }
        self.fullscreen.forget();
        self.changed = true;
        self.keyed = true;
    }

    /// A signal ends the program: terminal first, then the worker.
    pub(super) fn end(&mut self, signal: i32) {
        if self.exit.is_some() {
            return;
        }
        self.place_for_restore();
        guard::restore();
        let mut summary = String::new();
        if let Some(commands) = &self.commands
            && commands.send(Command::Interrupt).is_ok()
            && commands.send(Command::Shutdown).is_ok()
        {
            let until = Instant::now() + SIGNAL_WAIT;
            loop {
                match self.backlog.next() {
                    Some(Said::Event(UiEvent::Exit { summary: text })) => {
                        summary = plain(&text, &self.env);
                        break;
                    }
                    Some(Said::Gone) => break,
                    Some(Said::Event(_)) => continue,
                    None => {}
                }
                let left = until.saturating_duration_since(Instant::now());
                match self.inbox.recv_timeout(left) {
                    Ok(Message::Worker(said)) => self.backlog.push(said),
                    Ok(Message::Panicked(_) | Message::Desk(_) | Message::Terminal(_)) => {}
                    Err(_) => break,
                }
            }
        }
        if signal == sys::HANGUP {
            // There is nobody to read it.
            summary.clear();
        }
        self.exit = Some(TuiExit {
            summary,
            signal: Some(signal),
        });
    }

    /// Tells the guard where the viewport is on the terminal as it is now.
    pub(super) fn place_for_restore(&self) {
        guard::viewport_drawn(self.scrollback.height_above_cursor(sys::size()));
    }

    /// Gives the terminal back at the end.
    pub(super) fn leave(&mut self) {
        if self.queries_open && guard::is_active() {
            // Answers under way would be typed into the shell.
            let until = self.begun + Duration::from_secs(2);
            let wait = until
                .saturating_duration_since(Instant::now())
                .min(ANSWER_WAIT);
            let until = Instant::now() + wait;
            while self.queries_open
                && let Ok(message) = self
                    .inbox
                    .recv_timeout(until.saturating_duration_since(Instant::now()))
            {
                if let Message::Terminal(Report::Input(inputs)) = message
                    && inputs.contains(&Input::QueriesDone)
                {
                    self.queries_open = false;
                }
            }
        }
        if guard::is_active() {
            self.place_for_restore();
        }
        guard::restore();
        // What is typed outlives also an end nobody asked for.
        self.desk.ask(Request::Draft(self.app.last_draft()));
        self.desk.flush();
    }
}

/// Markdown as plain text.
pub(super) fn plain(markdown: &str, env: &TerminalEnv) -> String {
    let settings = Settings {
        width: usize::from(sys::size().cols),
        theme: Theme::new(env.utf8()),
    };
    let lines = document(markdown, &settings);
    let rows: Vec<String> = lines.iter().map(ToString::to_string).collect();
    rows.join("\n")
}

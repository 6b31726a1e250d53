//! A conversation line by line: for screen readers, and where nothing can be drawn.
//!
//! Nothing is redrawn, every event is a plain line that says what it is, questions
//! are text and their answers are typed.

use std::collections::VecDeque;
use std::io::{self, BufRead, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use super::words;
use crate::protocol::command::Command;
use crate::protocol::event::{AgentEvent, Status, UiEvent};
use crate::protocol::permission::{AskRequest, PermissionMode};
use crate::protocol::picker::Picker;
use crate::repl::{CommandSender, EventSink, signals};
use crate::stdx::text::{self, Cleaner};

/// A line that comes this soon after a question was typed before it.
const GRACE: Duration = Duration::from_millis(300);

enum Message {
    Worker(UiEvent),
    /// A typed line; nothing at the end of the input.
    Line(Option<String>),
    /// Ctrl+C, or the program has to end: the number of the signal.
    Signal(i32),
    WorkerGone,
}

/// The worker's way into the inbox. Whatever ends the worker, the inbox hears of it.
struct Sink(Sender<Message>);

impl Drop for Sink {
    fn drop(&mut self) {
        // Without a receiver the front end has ended.
        let _ = self.0.send(Message::WorkerGone);
    }
}

/// How the conversation ended.
pub struct Ended {
    /// Closing summary; may be empty.
    pub summary: String,
    /// The signal that ended it: the exit status is 128 more.
    pub signal: Option<i32>,
}

/// Runs until the input ends, the user leaves, a signal or the worker ends it.
/// `typed`: a person types, so lines are heard as they come; otherwise each waits for
/// the turn before it.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(
    intro: &str,
    typed: bool,
    start: impl FnOnce(EventSink) -> CommandSender,
) -> io::Result<Ended> {
    let (sender, inbox) = channel();
    read_lines(sender.clone())?;
    hear_signals(sender.clone())?;
    let sink = Sink(sender);
    let commands = start(Box::new(move |event| {
        // Without a receiver the front end has ended.
        let _ = sink.0.send(Message::Worker(event));
    }));
    let mut talk = Talk {
        commands,
        typed,
        status: Status::default(),
        text: String::new(),
        cleaner: Cleaner::default(),
        thought: String::new(),
        asks: VecDeque::new(),
        asked: Instant::now(),
        picker: None,
        busy: false,
        waiting: VecDeque::new(),
        ended: false,
        prompted: false,
        signal: None,
    };
    talk.say(intro)?;
    let summary = talk.run(&inbox)?;
    Ok(Ended {
        summary,
        signal: talk.signal,
    })
}

fn read_lines(sender: Sender<Message>) -> io::Result<()> {
    let read = move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            if sender.send(Message::Line(Some(line))).is_err() {
                return;
            }
        }
        // Without a receiver the front end has ended.
        let _ = sender.send(Message::Line(None));
    };
    std::thread::Builder::new()
        .name("plain-input".into())
        .spawn(read)
        .map(drop)
}

fn hear_signals(sender: Sender<Message>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let hear = move || {
        runtime.block_on(async {
            while let Some(signal) = signals::wait().await
                && sender.send(Message::Signal(signal)).is_ok()
            {}
        });
    };
    std::thread::Builder::new()
        .name("plain-signals".into())
        .spawn(hear)
        .map(drop)
}

struct Talk {
    commands: CommandSender,
    typed: bool,
    status: Status,
    /// The line of the answer under way.
    text: String,
    cleaner: Cleaner,
    thought: String,
    asks: VecDeque<AskRequest>,
    /// When the first question was printed.
    asked: Instant,
    picker: Option<Picker>,
    busy: bool,
    /// Lines for later, where nobody types.
    waiting: VecDeque<String>,
    /// The input has ended.
    ended: bool,
    /// The prompt stands on the last line.
    prompted: bool,
    /// The signal that ends the program.
    signal: Option<i32>,
}

impl Talk {
    fn run(&mut self, inbox: &Receiver<Message>) -> io::Result<String> {
        loop {
            if !self.busy && self.asks.is_empty() {
                if self.picker.is_none()
                    && let Some(line) = self.waiting.pop_front()
                {
                    self.line(&line)?;
                    continue;
                }
                if self.ended {
                    self.send(Command::Shutdown);
                }
                self.prompt()?;
            }
            let Ok(message) = inbox.recv() else {
                return Ok(String::new());
            };
            match message {
                Message::Worker(UiEvent::Exit { summary }) => {
                    self.flush()?;
                    // What is printed next does not stand behind the prompt.
                    self.say("")?;
                    return Ok(summary);
                }
                Message::Worker(event) => self.event(event)?,
                Message::WorkerGone => {
                    self.say("error: the worker has ended; resume the session to go on")?;
                    return Ok(String::new());
                }
                Message::Signal(signal) => {
                    self.send(Command::Interrupt);
                    if signal != signals::INTERRUPT {
                        self.signal = Some(signal);
                    }
                    if !self.busy || self.signal.is_some() {
                        self.send(Command::Shutdown);
                    }
                }
                Message::Line(None) => self.ended = true,
                Message::Line(Some(line)) => {
                    self.prompted = false;
                    let answers = !self.asks.is_empty() || self.picker.is_some();
                    if self.typed || answers || !self.busy {
                        self.line(&line)?;
                    } else {
                        self.waiting.push_back(line);
                    }
                }
            }
        }
    }

    fn send(&self, command: Command) {
        // A worker that is gone says so itself.
        let _ = self.commands.send(command);
    }

    /// Lines of their own.
    fn say(&mut self, lines: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if std::mem::take(&mut self.prompted) {
            writeln!(out)?;
        }
        for line in lines.trim_end().lines() {
            writeln!(out, "{line}")?;
        }
        out.flush()
    }

    fn prompt(&mut self) -> io::Result<()> {
        if !self.typed || self.ended || std::mem::replace(&mut self.prompted, true) {
            return Ok(());
        }
        let sign = match self.status.mode {
            _ if self.status.safe => "safe mode>",
            PermissionMode::Plan => "plan mode>",
            PermissionMode::Bypass => "bypass mode>",
            PermissionMode::Default | PermissionMode::AcceptEdits => ">",
        };
        let mut out = io::stdout().lock();
        write!(out, "{sign} ")?;
        out.flush()
    }

    fn line(&mut self, line: &str) -> io::Result<()> {
        let line = line.trim();
        if let Some(ask) = self.asks.front() {
            if self.typed && self.asked.elapsed() < GRACE {
                return self.say("that came before the question; type the answer again");
            }
            let Some((answer, stop)) = words::answer(line, ask) else {
                let keys = words::keys(ask);
                return self.say(&keys);
            };
            let id = ask.id;
            self.asks.pop_front();
            self.send(Command::Answer { id, answer });
            if stop {
                self.send(Command::Interrupt);
            }
            return self.show_question();
        }
        if let Some(picker) = self.picker.take() {
            return match words::picked(line, &picker) {
                Some(value) => {
                    let line = format!("{} {value}", picker.command);
                    self.send(Command::Slash { line });
                    Ok(())
                }
                None => self.say("nothing chosen"),
            };
        }
        if line.is_empty() {
            return Ok(());
        }
        let first = line.split_whitespace().next().unwrap_or_default();
        if line.starts_with('/') && first.len() > 1 && !first[1..].contains('/') {
            self.send(Command::Slash {
                line: line.to_owned(),
            });
            return Ok(());
        }
        if self.busy {
            self.say("the message waits for the next step")?;
        } else {
            self.busy = true;
        }
        self.send(Command::Submit {
            text: line.to_owned(),
            images: Vec::new(),
        });
        Ok(())
    }

    fn show_question(&mut self) -> io::Result<()> {
        let Some(ask) = self.asks.front() else {
            return Ok(());
        };
        let words = words::question(ask, self.asks.len());
        self.say(&words)?;
        self.asked = Instant::now();
        Ok(())
    }

    fn event(&mut self, event: UiEvent) -> io::Result<()> {
        match event {
            UiEvent::Status(status) => {
                self.busy = status.busy;
                self.status = *status;
                Ok(())
            }
            UiEvent::SessionReplaced { id, resumed } => {
                self.asks.clear();
                if resumed {
                    return self.say(&format!("resumed session {id}"));
                }
                Ok(())
            }
            UiEvent::Changes(view) => self.say(&words::tool(&view)),
            UiEvent::Text { markdown } => self.say(&text::clean(&markdown)),
            // What was said stays as it was said.
            UiEvent::Pick(picker) if picker.renews => Ok(()),
            UiEvent::Pick(picker) => {
                let words = words::choices(&picker);
                self.picker = Some(*picker);
                self.say(&words)
            }
            // It would be shown while it is typed.
            UiEvent::AskSecret { title, .. } => self.say(&format!(
                "{}: not asked for in plain lines; set the variable of the key instead",
                text::clean(&title)
            )),
            UiEvent::EditFile { path } => {
                self.say(&format!("edit this file: {}", text::clean(&path)))
            }
            UiEvent::TakenBack { inputs } => {
                for input in inputs {
                    self.say(&format!("not sent: {}", text::clean(&input.text)))?;
                }
                Ok(())
            }
            UiEvent::Agent { agent, inner } => self.agent_event(agent, inner),
            UiEvent::Earlier { .. }
            | UiEvent::Commands { .. }
            | UiEvent::Called { .. }
            | UiEvent::Exit { .. } => Ok(()),
        }
    }

    fn agent_event(&mut self, agent: u32, event: AgentEvent) -> io::Result<()> {
        match event {
            AgentEvent::Asked { ask } => {
                self.flush()?;
                self.asks.push_back(*ask);
                if self.asks.len() == 1 {
                    return self.show_question();
                }
                Ok(())
            }
            AgentEvent::AskClosed { id } => {
                let first = self.asks.front().map(|ask| ask.id);
                self.asks.retain(|ask| ask.id != id);
                if first == Some(id) {
                    return self.show_question();
                }
                Ok(())
            }
            // Other agents speak through the one the user talks to.
            _ if agent != 0 => Ok(()),
            AgentEvent::TextDelta { text } => self.more_text(&text),
            AgentEvent::TextDone => self.flush(),
            AgentEvent::ThinkingDelta { text } => {
                self.thought.push_str(&text);
                Ok(())
            }
            AgentEvent::ThinkingDone { elapsed_ms } => {
                let thought = std::mem::take(&mut self.thought);
                self.say(&words::thought(&thought, elapsed_ms))
            }
            AgentEvent::UserMessage { text } if !self.busy => {
                self.say(&format!("you: {}", text::clean(&text)))
            }
            event => {
                if let Some(words) = words::event(&event) {
                    self.flush()?;
                    self.say(&words)?;
                }
                Ok(())
            }
        }
    }

    /// Prints the lines that are complete.
    fn more_text(&mut self, more: &str) -> io::Result<()> {
        self.cleaner.push(more, &mut self.text);
        let Some(end) = self.text.rfind('\n') else {
            return Ok(());
        };
        let rest = self.text.split_off(end + 1);
        let lines = std::mem::replace(&mut self.text, rest);
        self.say_text(&lines)
    }

    fn say_text(&mut self, lines: &str) -> io::Result<()> {
        let lines: Vec<&str> = lines
            .lines()
            .filter(|line| !line.trim().is_empty())
            .collect();
        self.say(&lines.join("\n"))
    }

    fn flush(&mut self) -> io::Result<()> {
        let rest = std::mem::take(&mut self.text);
        if rest.trim().is_empty() {
            return Ok(());
        }
        self.say_text(&rest)
    }
}

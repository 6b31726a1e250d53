//! What the front end needs of the disk and the desktop, on a thread of its own:
//! earlier messages, the unsent draft, the files of the workspace, the clipboard.
//! No key ever waits for any of it.

pub mod clipboard;
mod drafts;
mod files;
mod past;

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use self::clipboard::{Clipboard, Pasted};
use self::drafts::Drafts;
use self::files::Files;
use self::past::Past;
use super::composer::folds::Draft;
use crate::config;

/// How long the thread may take to write what was asked for before the end.
const LAST_WRITES: Duration = Duration::from_millis(500);

/// What the desk is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Keep a message that was sent.
    Remember(String),
    /// Keep what is typed, or forget it when nothing is.
    Draft(Draft),
    /// Find files of the workspace.
    Find(String),
    /// Put text into the clipboard.
    Copy(String),
    /// Read the clipboard.
    Paste,
    /// Start in vim's way from the next run on, or no more.
    SetVim(bool),
}

/// What the desk reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// Messages of earlier runs, oldest first.
    History(Vec<String>),
    /// A draft that an earlier run could not send.
    Draft(Draft),
    /// Files that match.
    Found(Found),
    /// What the clipboard holds.
    Pasted(Pasted),
    /// The text did not get into the clipboard of the desktop; the terminal may
    /// take it.
    NotCopied(String),
    /// The text is in the clipboard.
    Copied,
    /// Something could not be done.
    Failed(String),
}

/// Files that match what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// What was asked for.
    pub query: String,
    /// Paths with `/`, the best first; directories end in one.
    pub paths: Vec<String>,
    /// The workspace is still being looked through.
    pub walking: bool,
}

/// Where the desk keeps things.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// The directory whose files are offered.
    pub workspace: PathBuf,
    /// Where messages and drafts of this workspace are kept; nowhere when empty.
    pub history: PathBuf,
    /// The user's settings file.
    pub settings: PathBuf,
}

enum Message {
    Request(Request),
    Walked(files::Walked),
    /// Answer when everything before this is done.
    Flush(Sender<()>),
}

/// The way to the desk.
#[derive(Debug, Clone)]
pub struct Desk {
    inbox: Sender<Message>,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Message")
    }
}

impl Desk {
    /// Starts the thread. Reports go to `report` until it returns false.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub fn start(
        places: Places,
        clipboard: Box<dyn Clipboard>,
        report: impl Fn(Report) -> bool + Send + 'static,
    ) -> std::io::Result<Self> {
        let (inbox, messages) = channel();
        let own = inbox.clone();
        std::thread::Builder::new()
            .name("desk".into())
            .spawn(move || {
                let mut worker = Worker {
                    past: Past::new(&places.history),
                    drafts: Drafts::new(&places.history),
                    files: Files::new(places.workspace),
                    settings: places.settings,
                    clipboard,
                    own,
                    report,
                };
                worker.run(&messages);
            })?;
        Ok(Self { inbox })
    }

    /// Asks for something; the answer is a report.
    pub fn ask(&self, request: Request) {
        // A desk that is gone cannot be told.
        let _ = self.inbox.send(Message::Request(request));
    }

    /// Waits, not for long, until everything asked for is written.
    pub fn flush(&self) {
        let (done, wait) = channel();
        if self.inbox.send(Message::Flush(done)).is_ok() {
            let _ = wait.recv_timeout(LAST_WRITES);
        }
    }
}

struct Worker<R> {
    past: Past,
    drafts: Drafts,
    files: Files,
    settings: PathBuf,
    clipboard: Box<dyn Clipboard>,
    own: Sender<Message>,
    report: R,
}

impl<R: Fn(Report) -> bool> Worker<R> {
    fn run(&mut self, messages: &Receiver<Message>) {
        let earlier = self.past.load();
        if !earlier.is_empty() && !(self.report)(Report::History(earlier)) {
            return;
        }
        if let Some(draft) = self.drafts.left_over()
            && !(self.report)(Report::Draft(draft))
        {
            return;
        }
        while let Ok(message) = messages.recv() {
            if !self.take(message) {
                return;
            }
        }
    }

    fn take(&mut self, message: Message) -> bool {
        let report = match message {
            Message::Flush(done) => {
                let _ = done.send(());
                None
            }
            Message::Walked(walked) => self.files.walked(walked).map(Report::Found),
            Message::Request(request) => self.request(request),
        };
        report.is_none_or(|report| (self.report)(report))
    }

    fn request(&mut self, request: Request) -> Option<Report> {
        match request {
            Request::Remember(text) => match self.past.remember(&text) {
                Ok(()) => None,
                Err(error) => Some(Report::Failed(format!(
                    "the message is not kept for later: {error}"
                ))),
            },
            Request::Draft(draft) => match self.drafts.keep(&draft) {
                Ok(()) => None,
                Err(error) => Some(Report::Failed(format!("the draft is not kept: {error}"))),
            },
            Request::Find(query) => {
                let own = self.own.clone();
                let found = self.files.find(query, move |walked| {
                    own.send(Message::Walked(walked)).is_ok()
                });
                Some(Report::Found(found))
            }
            Request::Copy(text) => Some(match self.clipboard.set_text(&text) {
                Ok(()) => Report::Copied,
                Err(_) => Report::NotCopied(text),
            }),
            Request::SetVim(on) => match config::save(&self.settings, "ui.vim", on) {
                Ok(()) => None,
                Err(error) => Some(Report::Failed(format!(
                    "the setting holds until the end only: {error}"
                ))),
            },
            Request::Paste => Some(match self.clipboard.get() {
                Ok(pasted) => Report::Pasted(pasted),
                Err(words) => Report::Failed(words),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// A clipboard of this test's own; nothing in it: there is none.
    #[derive(Clone, Default)]
    struct Fake(Arc<Mutex<Option<Pasted>>>);

    impl Clipboard for Fake {
        fn get(&mut self) -> Result<Pasted, String> {
            let held = self.0.lock().unwrap().clone();
            held.ok_or_else(|| "there is no clipboard here".into())
        }

        fn set_text(&mut self, text: &str) -> Result<(), String> {
            let mut held = self.0.lock().unwrap();
            if held.is_none() {
                return Err("there is no clipboard here".into());
            }
            *held = Some(Pasted::Text(text.into()));
            Ok(())
        }
    }

    fn desk(places: Places, clipboard: Fake) -> (Desk, Receiver<Report>) {
        let (sender, reports) = channel();
        let desk = Desk::start(places, Box::new(clipboard), move |report| {
            sender.send(report).is_ok()
        });
        (desk.unwrap(), reports)
    }

    fn places(dir: &std::path::Path) -> Places {
        Places {
            workspace: dir.to_owned(),
            history: dir.join("history"),
            settings: dir.join("home/config.toml"),
        }
    }

    #[test]
    fn the_clipboard_is_read_and_written_or_there_is_a_reason() {
        let dir = tempfile::tempdir().unwrap();
        let clipboard = Fake::default();
        let (desk, reports) = desk(places(dir.path()), clipboard.clone());
        desk.ask(Request::Paste);
        desk.ask(Request::Copy("an answer".into()));
        let Report::Failed(words) = reports.recv().unwrap() else {
            panic!("no reason");
        };
        assert!(words.contains("no clipboard"), "{words}");
        assert_eq!(
            reports.recv().unwrap(),
            Report::NotCopied("an answer".into())
        );
        let image = Pasted::Image {
            media_type: "image/png".into(),
            bytes: vec![1],
        };
        *clipboard.0.lock().unwrap() = Some(image.clone());
        desk.ask(Request::Paste);
        desk.ask(Request::Copy("an answer".into()));
        desk.ask(Request::Paste);
        assert_eq!(reports.recv().unwrap(), Report::Pasted(image));
        assert_eq!(reports.recv().unwrap(), Report::Copied);
        assert_eq!(
            reports.recv().unwrap(),
            Report::Pasted(Pasted::Text("an answer".into()))
        );
    }

    #[test]
    fn messages_drafts_and_settings_are_there_for_the_next_run() {
        let dir = tempfile::tempdir().unwrap();
        let draft = crate::tui::composer::folds::Folds::default().draft("half");
        let (first, reports) = desk(places(dir.path()), Fake::default());
        first.ask(Request::Remember("one".into()));
        first.ask(Request::Draft(draft.clone()));
        first.ask(Request::SetVim(true));
        first.ask(Request::Find("history".into()));
        first.flush();
        let found =
            |report| matches!(report, Report::Found(Found { paths, .. }) if !paths.is_empty());
        assert!(reports.iter().any(found));
        // The thread lets go of the draft when it ends.
        drop((first, reports));
        let (second, reports) = desk(places(dir.path()), Fake::default());
        assert_eq!(reports.recv().unwrap(), Report::History(vec!["one".into()]));
        drop(second);
        assert!(dir.path().join("home/config.toml").exists());
        let left: Vec<_> = std::fs::read_dir(dir.path().join("history"))
            .unwrap()
            .collect();
        assert!(left.len() >= 3, "{left:?}");
    }
}

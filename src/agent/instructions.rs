//! News of instruction files: what changed on disk since the model read it, and what
//! holds in a directory it comes to. Appended, never edited into the prefix.

use std::path::{Path, PathBuf};

use super::{Agent, message_id};
use crate::memory::{HEADING, Instructions, heading};
use crate::protocol::event::NoticeLevel;
use crate::protocol::message::{ContextKind, Message};

/// What stands for a file that is gone.
const GONE: &str = "(removed: these instructions no longer hold)";

/// What the model was told last about a file.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Nothing,
    Same,
    Other,
}

impl Agent {
    /// What the model has not been told yet about the files that always count.
    pub(super) fn instruction_news(&self) -> Vec<Message> {
        let conversation = self.parts.session.conversation();
        if conversation.prefix.is_none() {
            // They are about to become part of the system prompt.
            return Vec::new();
        }
        let places = &self.parts.services.memory;
        let loaded = places.load();
        let mut news = Vec::new();
        for file in &loaded {
            if self.told(&file.path, &file.section()) != Told::Same {
                news.push(self.instruction_message(file.section(), &file.path, "changed"));
            }
        }
        for path in places.candidates() {
            let gone = format!("{}{GONE}", heading(&path));
            if loaded.iter().all(|file| file.path != path) && self.told(&path, &gone) == Told::Other
            {
                news.push(self.instruction_message(gone, &path, "are gone"));
            }
        }
        news
    }

    /// Tells the model what holds in the directories that its calls came to.
    pub(super) fn tell_nested_instructions(&mut self, touched: &[PathBuf]) {
        let mut told: Vec<Instructions> = Vec::new();
        for path in touched {
            for file in self.parts.services.memory.below(path) {
                let known = told.contains(&file);
                if !known && self.told(&file.path, &file.section()) != Told::Same {
                    told.push(file);
                }
            }
        }
        for file in told {
            let message = self.instruction_message(file.section(), &file.path, "hold from here on");
            self.record_message(message);
        }
    }

    fn instruction_message(&self, text: String, path: &Path, what: &str) -> Message {
        let root = self.parts.services.workspace.root();
        let shown = path.strip_prefix(root).unwrap_or(path).display();
        self.notice(NoticeLevel::Info, format!("instructions of {shown} {what}"));
        Message::Context {
            id: message_id(),
            kind: ContextKind::Instructions,
            text,
        }
    }

    /// Compares a section with the last one of the same file that the model read.
    fn told(&self, path: &Path, section: &str) -> Told {
        let conversation = self.parts.session.conversation();
        let heading = heading(path);
        let later = conversation
            .messages
            .iter()
            .rev()
            .find_map(|message| match message {
                Message::Context {
                    kind: ContextKind::Instructions,
                    text,
                    ..
                } if text.starts_with(&heading) => Some(text == section),
                _ => None,
            });
        let system = conversation
            .prefix
            .as_ref()
            .map_or("", |(system, _)| system);
        let same = later.or_else(|| {
            let at = system.find(&heading)?;
            // The section ends where the next one begins.
            let rest = system[at..].strip_prefix(section);
            Some(rest.is_some_and(|rest| {
                rest.is_empty()
                    || rest[..]
                        .strip_prefix("\n\n")
                        .is_some_and(|next| next.starts_with(HEADING))
            }))
        });
        match same {
            None => Told::Nothing,
            Some(true) => Told::Same,
            Some(false) => Told::Other,
        }
    }
}

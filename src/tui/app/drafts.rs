//! What the desk reports, and the draft that is kept by it.

use std::time::Duration;

use super::{Action, App};
use crate::protocol::event::NoticeLevel;
use crate::tui::composer::folds::Draft;
use crate::tui::desk::clipboard::Pasted;
use crate::tui::desk::{Report, Request};

/// A draft is kept when nothing was typed for this long.
const IDLE: Duration = Duration::from_secs(1);

/// The draft as the desk has it.
#[derive(Debug, Default)]
pub(super) struct Kept {
    draft: Draft,
    /// When the draft of the prompt is given to the desk.
    due: Option<Duration>,
}

impl App {
    /// When the draft is to be kept.
    pub(super) fn draft_due(&self) -> Option<Duration> {
        self.kept.due
    }

    pub(super) fn draft_changed(&mut self) {
        self.kept.due = (*self.composer.text() != self.kept.draft.text).then(|| self.now + IDLE);
    }

    pub(super) fn keep_draft(&mut self) {
        if self.kept.due.is_some_and(|due| self.now >= due) {
            self.kept.due = None;
            self.kept.draft = self.composer.draft();
            self.desk(Request::Draft(self.kept.draft.clone()));
        }
    }

    /// The draft went to the worker: it must not come back.
    pub(super) fn draft_sent(&mut self) {
        self.kept.due = None;
        if self.kept.draft != Draft::default() {
            self.kept.draft = Draft::default();
            self.desk(Request::Draft(Draft::default()));
        }
    }

    /// What is to be kept when the program ends by a signal, not by the user.
    pub fn last_draft(&self) -> Draft {
        self.composer.draft()
    }

    /// Takes what the desk reports.
    pub fn report(&mut self, report: Report, now: Duration) {
        self.now = now;
        match report {
            Report::History(messages) => {
                self.composer.know_earlier(messages);
                self.edited();
            }
            Report::Draft(draft) => self.restore(draft),
            Report::Found(found) => self.palette.files(found),
            Report::Pasted(Pasted::Text(text)) => self.paste(&text),
            Report::Pasted(Pasted::Image { media_type, bytes }) => {
                if self.composer.paste_image(&media_type, bytes) {
                    self.edited();
                } else {
                    let text = "a message holds 20 images; this one is left out";
                    self.transcript.notice(NoticeLevel::Warning, text);
                }
            }
            Report::Copied => self.say("copied"),
            Report::NotCopied(text) => self.actions.push(Action::CopyByTerminal(text)),
            Report::Failed(words) => self.transcript.notice(NoticeLevel::Warning, &words),
        }
    }

    fn restore(&mut self, draft: Draft) {
        self.kept.draft = draft.clone();
        if self.composer.is_empty() {
            self.composer.restore(draft);
        } else {
            let mut earlier = crate::tui::composer::Composer::default();
            earlier.restore(draft);
            self.composer.put_before(&earlier.unfolded());
        }
        self.edited();
        self.say("the message that was not sent last time is back in the prompt");
    }

    /// The message was written in an editor.
    pub fn rewritten(&mut self, before: &str, after: &str) {
        if after != before.trim_end() {
            self.composer.set(after);
        }
        self.edited();
    }

    /// The terminal was asked to take a copy.
    pub fn copied_by_terminal(&mut self) {
        self.say("copied by way of the terminal, where it allows that");
    }

    /// Something the user may want to know, dimmed.
    pub(super) fn say(&mut self, words: &str) {
        self.tell(NoticeLevel::Info, words);
    }
}

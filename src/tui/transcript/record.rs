//! What happened, as it was said: the source of the transcript.

use crate::protocol::event::{AgentEvent, NoticeLevel, TurnSummary};
use crate::protocol::permission::{AskRequest, Preview};
use crate::protocol::tool::{PlanItem, ToolBody, ToolTitle, ToolView};
use crate::render::tool;
use crate::stdx::text::suffix;
use crate::tui::panels::permission::{exact, numbered};

/// A text longer than this goes on in another item where a paragraph ends, so that
/// what has to be laid out at once stays small.
const MAX_TEXT: usize = 24 * 1024;
/// Bytes kept of the output of a call that still runs.
const MAX_LIVE: usize = 256 * 1024;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A message of the user, behind the sign of the prompt.
    User {
        /// The sign.
        sign: &'static str,
        /// The words.
        text: String,
    },
    /// Markdown of the model, or of a command of the user's.
    Text(String),
    /// Reasoning.
    Thinking {
        /// The words so far.
        text: String,
        /// How long it took, once that is known.
        elapsed_ms: Option<u64>,
    },
    /// A call.
    Call {
        /// Its id.
        id: String,
        /// Verb and object.
        title: ToolTitle,
        /// How it ended, once it did.
        view: Option<Box<ToolView>>,
        /// Its output.
        output: String,
    },
    /// Something the vendor ran itself.
    ServerSide(String),
    /// The plan.
    Plan(Vec<PlanItem>),
    /// Something the user was told.
    Notice(NoticeLevel, String),
    /// The end of a turn.
    End(Box<TurnSummary>),
}

/// Everything that happened, in order.
#[derive(Debug, Default)]
pub struct Record {
    items: Vec<Item>,
    /// The last text or reasoning goes on.
    open: bool,
    /// Changes whenever an item that is not the last one does.
    edits: u64,
}

impl Record {
    /// The items.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Changes whenever an item before the last one has changed.
    pub fn edits(&self) -> u64 {
        self.edits
    }

    /// Forgets everything: another session.
    pub fn clear(&mut self) {
        self.edits += 1;
        self.items.clear();
        self.open = false;
    }

    /// A message of the user.
    pub fn user(&mut self, sign: &'static str, text: &str) {
        self.push(Item::User {
            sign,
            text: text.to_owned(),
        });
    }

    /// Markdown that belongs to no conversation.
    pub fn document(&mut self, markdown: &str) {
        self.push(Item::Text(markdown.to_owned()));
    }

    /// Puts what happened before everything else in front: how many items that is.
    pub fn put_before(&mut self, events: &[AgentEvent]) -> usize {
        let mut earlier = Self::default();
        for event in events {
            match event {
                AgentEvent::UserMessage { text } => earlier.user(">", text),
                event => earlier.apply(event),
            }
        }
        let added = earlier.items.len();
        self.items.splice(0..0, earlier.items);
        self.edits += 1;
        added
    }

    /// Changes to look through, an item for each file.
    pub fn changes(view: &ToolView) -> Self {
        let mut record = Self::default();
        let call = |title: ToolTitle, view: ToolView| Item::Call {
            id: String::new(),
            title,
            view: Some(Box::new(view)),
            output: String::new(),
        };
        let head = ToolView {
            body: ToolBody::None,
            ..view.clone()
        };
        record.push(call(view.title.clone(), head));
        if let ToolBody::Diffs { diffs } = &view.body {
            for diff in diffs {
                let title = ToolTitle::new(&view.title.verb, &diff.path);
                let view = ToolView {
                    title: title.clone(),
                    body: ToolBody::Diff { diff: diff.clone() },
                    ..ToolView::default()
                };
                record.push(call(title, view));
            }
        }
        record
    }

    /// What a question is about, all of it.
    pub fn asked(ask: &AskRequest) -> Self {
        let mut record = Self::default();
        let call = |body: ToolBody, output: String| Item::Call {
            id: String::new(),
            title: ask.title.clone(),
            view: Some(Box::new(ToolView {
                title: ask.title.clone(),
                body,
                ..ToolView::default()
            })),
            output,
        };
        match &ask.preview {
            Preview::None => record.push(call(ToolBody::None, String::new())),
            Preview::Command { text } | Preview::Call { text } => {
                record.push(call(ToolBody::None, exact(text)));
            }
            Preview::Question { text, choices } => record.document(&numbered(text, choices)),
            Preview::Plan { markdown } => record.document(markdown),
            Preview::Diff { diff } => {
                record.push(call(ToolBody::Diff { diff: diff.clone() }, String::new()));
            }
            Preview::Diffs { diffs } => {
                let diffs = diffs.clone();
                record.push(call(ToolBody::Diffs { diffs }, String::new()));
            }
        }
        for told in ask.effects.iter().chain(std::iter::once(&ask.why)) {
            if !told.is_empty() {
                record.push(Item::Notice(NoticeLevel::Info, told.clone()));
            }
        }
        record
    }

    /// Takes an event of the main agent.
    pub fn apply(&mut self, event: &AgentEvent) {
        match event {
            AgentEvent::TextDelta { text } => self.text(text),
            AgentEvent::TextDone => self.open = false,
            AgentEvent::ThinkingDelta { text } => match self.items.last_mut() {
                Some(Item::Thinking { text: words, .. }) if self.open => words.push_str(text),
                _ => {
                    self.push(Item::Thinking {
                        text: text.clone(),
                        elapsed_ms: None,
                    });
                    self.open = true;
                }
            },
            AgentEvent::ThinkingDone { elapsed_ms: time } => {
                if let Some(Item::Thinking { elapsed_ms, .. }) = self.items.last_mut() {
                    *elapsed_ms = *time;
                }
                self.open = false;
            }
            // The plan is an item of its own.
            AgentEvent::ToolStarted { title, .. } if title.verb == "Plan" => {}
            AgentEvent::ToolFinished { view, .. } if tool::is_plan(view) => {}
            AgentEvent::ToolStarted { call_id, title, .. } => self.push(Item::Call {
                id: call_id.clone(),
                title: title.clone(),
                view: None,
                output: String::new(),
            }),
            AgentEvent::ToolOutput { call_id, text } => {
                if let Some(Item::Call { output, .. }) = self.call(call_id) {
                    output.push_str(text);
                    if output.len() > 2 * MAX_LIVE {
                        *output = suffix(output, MAX_LIVE).to_owned();
                    }
                }
            }
            AgentEvent::ToolFinished {
                call_id,
                view: ended,
                ..
            } => self.finish_call(call_id, ended),
            AgentEvent::ServerSide { summary } => self.push(Item::ServerSide(summary.clone())),
            AgentEvent::StreamRestarted { reason } => {
                let text = format!("the answer broke off and starts again: {reason}");
                self.push(Item::Notice(NoticeLevel::Warning, text));
            }
            AgentEvent::Retrying {
                attempt,
                of,
                reason,
                ..
            } => {
                let text = format!("{reason}; attempt {attempt} of {of}");
                self.push(Item::Notice(NoticeLevel::Info, text));
            }
            AgentEvent::Plan { items } => self.push(Item::Plan(items.clone())),
            AgentEvent::Notice { level, text } => self.push(Item::Notice(*level, text.clone())),
            AgentEvent::TurnFinished { summary } => {
                self.push(Item::End(Box::new(summary.clone())));
            }
            AgentEvent::UserMessage { .. }
            | AgentEvent::TurnStarted
            | AgentEvent::Usage { .. }
            | AgentEvent::Asked { .. }
            | AgentEvent::Mode { .. }
            | AgentEvent::AskClosed { .. } => {}
        }
    }

    fn push(&mut self, item: Item) {
        self.open = false;
        self.items.push(item);
    }

    fn text(&mut self, text: &str) {
        match self.items.last_mut() {
            Some(Item::Text(words)) if self.open => {
                words.push_str(text);
                let rest = (words.len() > MAX_TEXT)
                    .then(|| cut(words))
                    .flatten()
                    .map(|at| words.split_off(at));
                if let Some(rest) = rest {
                    self.edits += 1;
                    self.items.push(Item::Text(rest));
                }
            }
            _ => {
                self.push(Item::Text(text.to_owned()));
                self.open = true;
            }
        }
    }

    fn call(&mut self, call_id: &str) -> Option<&mut Item> {
        self.edits += 1;
        // A call that gets output is among the last ones.
        self.items
            .iter_mut()
            .rev()
            .take(256)
            .find(|item| matches!(item, Item::Call { id, view: None, .. } if id == call_id))
    }

    fn finish_call(&mut self, call_id: &str, ended: &ToolView) {
        let whole = &ended.output;
        if let Some(Item::Call {
            title,
            view,
            output,
            ..
        }) = self.call(call_id)
        {
            title.clone_from(&ended.title);
            *view = Some(Box::new(ended.clone()));
            if !whole.is_empty() {
                *output = whole.to_string();
            }
            return;
        }
        self.push(Item::Call {
            id: call_id.to_owned(),
            title: ended.title.clone(),
            view: Some(Box::new(ended.clone())),
            output: whole.to_string(),
        });
    }
}

/// Where a long text may be cut: behind a blank line that is not in a fence.
fn cut(text: &str) -> Option<usize> {
    let mut fenced = false;
    let mut at = 0;
    let mut found = None;
    for line in text.split_inclusive('\n') {
        let start = line.trim_start();
        if start.starts_with("```") || start.starts_with("~~~") {
            fenced = !fenced;
        }
        at += line.len();
        if !fenced && line.trim().is_empty() && line.ends_with('\n') && at < text.len() {
            found = Some(at);
        }
    }
    found
}

impl Item {
    /// The words to look through, piece by piece.
    pub fn words(&self) -> Vec<&str> {
        match self {
            Self::User { text, .. }
            | Self::Text(text)
            | Self::Thinking { text, .. }
            | Self::ServerSide(text)
            | Self::Notice(_, text) => vec![text],
            Self::Call {
                title,
                view,
                output,
                ..
            } => {
                let mut words = vec![title.verb.as_str(), &title.object, output];
                if let Some(view) = view {
                    words.push(&view.outcome);
                    words.extend(diff_words(view));
                }
                words
            }
            Self::Plan(items) => items.iter().map(|item| item.step.as_str()).collect(),
            Self::End(_) => Vec::new(),
        }
    }
}

fn diff_words(view: &ToolView) -> impl Iterator<Item = &str> {
    let diffs = match &view.body {
        ToolBody::Diff { diff } => std::slice::from_ref(diff),
        ToolBody::Diffs { diffs } => diffs,
        ToolBody::None | ToolBody::Output { .. } => &[],
    };
    diffs.iter().flat_map(|diff| {
        let lines = diff.hunks.iter().flat_map(|hunk| &hunk.lines);
        std::iter::once(diff.path.as_str()).chain(lines.map(|line| line.text.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_grow_into_items_and_calls_find_their_end() {
        let mut record = Record::default();
        record.user(">", "go");
        for text in ["one ", "two"] {
            record.apply(&AgentEvent::TextDelta { text: text.into() });
        }
        record.apply(&AgentEvent::TextDone);
        record.apply(&AgentEvent::ToolStarted {
            call_id: "a".into(),
            name: "x".into(),
            title: ToolTitle::new("Run", "ls"),
        });
        record.apply(&AgentEvent::TextDelta {
            text: "more".into(),
        });
        record.apply(&AgentEvent::ToolFinished {
            call_id: "a".into(),
            name: "x".into(),
            view: ToolView {
                title: ToolTitle::new("Run", "ls"),
                output: "b\nc".into(),
                ..ToolView::default()
            },
        });
        let items = record.items();
        assert_eq!(items[1], Item::Text("one two".into()));
        assert!(matches!(&items[2], Item::Call { view: Some(_), output, .. } if output == "b\nc"));
        assert_eq!(items[3], Item::Text("more".into()));
        assert_eq!(items.len(), 4);
    }

    #[test]
    fn a_long_answer_is_cut_between_paragraphs_only() {
        let mut record = Record::default();
        let paragraph = format!("{}\n\n```\na\n\nb\n```\n\n", "word ".repeat(200));
        for _ in 0..100 {
            record.apply(&AgentEvent::TextDelta {
                text: paragraph.clone(),
            });
        }
        let texts: Vec<&str> = record.items().iter().flat_map(Item::words).collect();
        assert_eq!(texts.concat(), paragraph.repeat(100));
        assert!(texts.len() > 3);
        for text in texts {
            assert!(text.len() < 2 * MAX_TEXT);
            assert_eq!(text.matches("```").count() % 2, 0);
        }
    }
}

//! What a log amounts to.

use std::collections::HashMap;
use std::path::Path;

use crate::protocol::entry::{Card, Carried, Compaction, Entry, EntryKind, Settings};
use crate::protocol::message::{ContentBlock, Message};
use crate::protocol::tool::PlanItem;
use crate::protocol::usage::{Cost, Usage};

use super::SessionError;
use super::timeline::Timeline;

/// The fold of a log.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Conversation {
    /// Messages in order.
    pub messages: Vec<Message>,
    /// The system prompt in force, and the hash of the tools it goes with.
    pub prefix: Option<(String, String)>,
    /// Messages before this index were made under another prefix: their
    /// reasoning is bound to bytes that are no longer sent.
    pub prefix_start: usize,
    /// Settings in force; nothing before the first were written.
    pub settings: Option<Settings>,
    /// What the last compaction carried on.
    pub carried: Carried,
    /// Messages that compactions replaced; they are in the log.
    pub compacted: usize,
    /// The plan.
    pub plan: Vec<PlanItem>,
    /// The name.
    pub title: Option<String>,
    /// Tokens of all responses.
    pub usage: Usage,
    /// What they cost.
    pub cost: Cost,
    /// Prompt and output of the last response: what fills the window.
    pub context_used: u64,
    /// The changes to files.
    pub timeline: Timeline,
}

impl Conversation {
    /// Folds a log: the entries from the header to the last one along their
    /// parents. Where a parent is missing (a damaged line) the entry before
    /// stands in for it.
    ///
    /// What a road not taken cost was paid, what it did to files was done, and the
    /// name is the session's: these count wherever they stand.
    pub fn fold(entries: Vec<Entry>) -> Self {
        let on_path = on_path(&entries);
        let mut conversation = Self::default();
        for (entry, on_path) in entries.into_iter().zip(on_path) {
            if on_path {
                conversation.apply(entry.kind);
            } else {
                conversation.apply_elsewhere(entry.kind);
            }
        }
        conversation
    }

    /// Reads a log without opening it for writing; another process may have it open.
    /// Compactions are left out: this is what was said.
    ///
    /// # Errors
    /// When it cannot be read, is no log, or is from a newer program.
    pub fn read(path: &Path) -> Result<Self, SessionError> {
        let mut entries = super::log::read(path)?;
        for entry in &mut entries {
            if matches!(entry.kind, EntryKind::Compaction { .. }) {
                entry.kind = EntryKind::Card {
                    card: Card::default(),
                };
            }
        }
        Ok(Self::fold(entries))
    }

    /// Folds in one more entry.
    pub fn apply(&mut self, kind: EntryKind) {
        self.timeline.push(&kind);
        match kind {
            EntryKind::Header { .. }
            | EntryKind::Decision { .. }
            | EntryKind::Checkpoint { .. }
            | EntryKind::Card { .. }
            | EntryKind::Rewind { .. } => {}
            EntryKind::Prefix { system, tools, .. } => {
                self.prefix = Some((system, tools));
                self.prefix_start = self.messages.len();
            }
            EntryKind::Message { message } => self.messages.push(message),
            EntryKind::Settings { settings } => self.settings = Some(settings),
            EntryKind::Usage {
                usage, cost, aside, ..
            } => {
                if aside.is_none() {
                    self.context_used = usage.prompt().saturating_add(usage.output);
                }
                self.usage.add(&usage);
                self.cost.add(cost);
            }
            EntryKind::Plan { items } => self.plan = items,
            EntryKind::Title { title } => self.title = Some(title),
            EntryKind::Compaction { compaction } => self.compact(*compaction),
        }
    }

    /// Shortens the conversation. Reasoning before this point is bound to bytes
    /// that are no longer sent.
    fn compact(&mut self, compaction: Compaction) {
        let mut folded: HashMap<String, String> = compaction
            .folded
            .into_iter()
            .map(|folded| (folded.message, folded.text))
            .collect();
        for message in &mut self.messages {
            if let Message::ToolResult(result) = message
                && let Some(text) = folded.remove(&result.id)
            {
                result.content = vec![ContentBlock::text(text)];
            }
        }
        if let Some(head) = compaction.head {
            self.compacted += self.messages.len();
            self.messages = head.messages;
            self.carried = head.carried;
        }
        self.prefix_start = self.messages.len();
        self.context_used = compaction.after;
    }

    /// Folds in an entry of a road the conversation came back from.
    fn apply_elsewhere(&mut self, kind: EntryKind) {
        self.timeline.push(&kind);
        match kind {
            EntryKind::Usage { usage, cost, .. } => {
                self.usage.add(&usage);
                self.cost.add(cost);
            }
            EntryKind::Title { title } => self.title = Some(title),
            _ => {}
        }
    }
}

/// Which entries lead to the last one.
pub(super) fn on_path(entries: &[Entry]) -> Vec<bool> {
    let positions: HashMap<&str, usize> = entries
        .iter()
        .enumerate()
        .map(|(index, entry)| (entry.id.as_str(), index))
        .collect();
    let mut on_path = vec![false; entries.len()];
    let mut at = entries.len().checked_sub(1);
    while let Some(index) = at {
        on_path[index] = true;
        let parent = entries[index]
            .parent
            .as_deref()
            .and_then(|id| positions.get(id).copied());
        // A parent always comes earlier; anything else is damage, not a loop to follow.
        at = parent
            .filter(|parent| *parent < index)
            .or_else(|| index.checked_sub(1));
    }
    on_path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, parent: Option<&str>, title: &str) -> Entry {
        Entry {
            id: id.into(),
            parent: parent.map(Into::into),
            at: 0,
            kind: EntryKind::Message {
                message: Message::User {
                    id: title.into(),
                    content: vec![crate::protocol::message::ContentBlock::text(title)],
                },
            },
        }
    }

    fn ids(conversation: &Conversation) -> Vec<&str> {
        conversation
            .messages
            .iter()
            .map(|message| match message {
                Message::User { id, .. } | Message::Context { id, .. } => id.as_str(),
                Message::Assistant(message) => message.id.as_str(),
                Message::ToolResult(result) => result.id.as_str(),
            })
            .collect()
    }

    #[test]
    fn the_fold_follows_parents_and_survives_a_missing_one() {
        let branched = vec![
            entry("a", None, "1"),
            entry("b", Some("a"), "2"),
            entry("c", Some("b"), "3"),
            entry("d", Some("b"), "4"),
        ];
        assert_eq!(ids(&Conversation::fold(branched)), ["1", "2", "4"]);
        let damaged = vec![
            entry("a", None, "1"),
            entry("c", Some("gone"), "3"),
            entry("d", Some("c"), "4"),
        ];
        assert_eq!(ids(&Conversation::fold(damaged)), ["1", "3", "4"]);
        let looped = vec![entry("a", Some("b"), "1"), entry("b", Some("b"), "2")];
        assert_eq!(ids(&Conversation::fold(looped)), ["1", "2"]);
    }
}

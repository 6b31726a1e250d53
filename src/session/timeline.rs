//! Which changes to files are in effect, and what undo and redo act on.
//!
//! The tree of files has one history, whatever branch the conversation is on: a
//! conversation that went back leaves the files as they are unless they were
//! taken back too. So this is a fold over the lines of the log in their order,
//! not along their parents.

use crate::protocol::entry::{Change, ChangeOrigin, EntryKind};
use crate::protocol::message::Message;

/// Something in the order in which it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    /// A user message, by id.
    Point(String),
    Change(Change),
    /// The conversation went back.
    Rewind {
        from: String,
        change: Option<String>,
    },
}

/// What `/undo` takes back next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undoable {
    /// The change to files.
    pub change: Change,
    /// The entry the conversation went back from together with the files, when it
    /// has not gone on since.
    pub conversation: Option<String>,
}

/// The changes of a session in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timeline {
    items: Vec<Item>,
    /// The first message of the user, on one line.
    first: String,
}

impl Timeline {
    /// Takes in one more line of the log.
    pub(super) fn push(&mut self, kind: &EntryKind) {
        match kind {
            EntryKind::Message {
                message: Message::User { id, content },
            } => {
                if self.first.is_empty() {
                    self.first = super::store::words(content);
                }
                self.items.push(Item::Point(id.clone()));
            }
            EntryKind::Checkpoint { change } => self.items.push(Item::Change(change.clone())),
            EntryKind::Rewind { from, change } => self.items.push(Item::Rewind {
                from: from.clone(),
                change: change.clone(),
            }),
            _ => {}
        }
    }

    /// The first message of the user, on one line.
    pub fn first(&self) -> &str {
        &self.first
    }

    fn changes(&self) -> impl Iterator<Item = (usize, &Change)> {
        self.items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| match item {
                Item::Change(change) => Some((index, change)),
                Item::Point(_) | Item::Rewind { .. } => None,
            })
    }

    /// Whether a change of this id is recorded.
    pub fn has(&self, id: &str) -> bool {
        self.changes().any(|(_, change)| change.id == id)
    }

    /// Positions of the changes in effect, oldest first, and of the undos that can
    /// be taken back, the last one last.
    fn stacks(&self) -> (Vec<usize>, Vec<usize>) {
        let (mut done, mut undone): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
        let at = |id: &str| {
            self.changes()
                .find(|(_, change)| change.id == id)
                .map(|(index, _)| index)
        };
        for (index, change) in self.changes() {
            match &change.origin {
                ChangeOrigin::Call { .. } => {
                    done.push(index);
                    undone.clear();
                }
                ChangeOrigin::Rewind { of } => {
                    let of: Vec<usize> = of.iter().filter_map(|id| at(id)).collect();
                    done.retain(|other| !of.contains(other));
                    done.push(index);
                    undone.clear();
                }
                ChangeOrigin::Undo { of } => {
                    if let Some(of) = at(of) {
                        done.retain(|other| *other != of);
                        done.extend(self.taken_back(of).iter().filter_map(|id| at(id)));
                        done.sort_unstable();
                    }
                    undone.push(index);
                }
                ChangeOrigin::Redo { of } => {
                    undone.retain(|other| Some(*other) != at(of));
                    if let Some(again) = at(of).and_then(|undo| self.undone_by(undo)).and_then(at) {
                        let of: Vec<usize> = self
                            .taken_back(again)
                            .iter()
                            .filter_map(|id| at(id))
                            .collect();
                        done.retain(|other| !of.contains(other));
                        done.push(again);
                        done.sort_unstable();
                    }
                }
            }
        }
        (done, undone)
    }

    /// What a rewind at a position took back.
    fn taken_back(&self, index: usize) -> &[String] {
        match &self.items[index] {
            Item::Change(Change {
                origin: ChangeOrigin::Rewind { of },
                ..
            }) => of,
            _ => &[],
        }
    }

    /// What an undo at a position took back.
    fn undone_by(&self, index: usize) -> Option<&str> {
        match &self.items[index] {
            Item::Change(Change {
                origin: ChangeOrigin::Undo { of },
                ..
            }) => Some(of),
            _ => None,
        }
    }

    fn change_at(&self, index: usize) -> Option<&Change> {
        match &self.items[index] {
            Item::Change(change) => Some(change),
            Item::Point(_) | Item::Rewind { .. } => None,
        }
    }

    /// The changes in effect, oldest first.
    pub fn done(&self) -> Vec<&Change> {
        let done = self.stacks().0;
        done.into_iter()
            .filter_map(|at| self.change_at(at))
            .collect()
    }

    /// What is taken back next.
    pub fn undoable(&self) -> Option<Undoable> {
        let index = *self.stacks().0.last()?;
        let change = self.change_at(index)?.clone();
        let later = &self.items[index + 1..];
        let conversation = match later {
            [Item::Rewind { from, change: with }] if with.as_ref() == Some(&change.id) => {
                Some(from.clone())
            }
            _ => None,
        };
        Some(Undoable {
            change,
            conversation,
        })
    }

    /// The undo that is taken back next.
    pub fn redoable(&self) -> Option<&Change> {
        let index = *self.stacks().1.last()?;
        self.change_at(index)
    }

    /// Every change, taken back or not, oldest first.
    pub fn all(&self) -> Vec<&Change> {
        self.changes().map(|(_, change)| change).collect()
    }

    /// Every change made after a user message, taken back or not, oldest first.
    pub fn since(&self, message: &str) -> Vec<&Change> {
        let point = self
            .items
            .iter()
            .rposition(|item| matches!(item, Item::Point(id) if id == message));
        match point {
            Some(point) => self
                .changes()
                .filter(|(index, _)| *index > point)
                .map(|(_, change)| change)
                .collect(),
            None => Vec::new(),
        }
    }

    /// Those of [`Timeline::since`] that are in effect.
    pub fn done_since(&self, message: &str) -> Vec<&Change> {
        let done = self.done();
        let mut since = self.since(message);
        since.retain(|change| done.contains(change));
        since
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(id: &str, origin: ChangeOrigin) -> EntryKind {
        EntryKind::Checkpoint {
            change: Change {
                id: id.into(),
                origin,
                words: String::new(),
                manifest: String::new(),
                files: 1,
            },
        }
    }

    fn call(id: &str) -> EntryKind {
        change(id, ChangeOrigin::Call { call_id: id.into() })
    }

    fn undo(id: &str, of: &str) -> EntryKind {
        change(id, ChangeOrigin::Undo { of: of.into() })
    }

    fn redo(id: &str, of: &str) -> EntryKind {
        change(id, ChangeOrigin::Redo { of: of.into() })
    }

    fn rewind(id: &str, of: &[&str]) -> EntryKind {
        let of = of.iter().map(ToString::to_string).collect();
        change(id, ChangeOrigin::Rewind { of })
    }

    fn said(id: &str) -> EntryKind {
        EntryKind::Message {
            message: Message::User {
                id: id.into(),
                content: Vec::new(),
            },
        }
    }

    fn timeline(kinds: &[EntryKind]) -> Timeline {
        let mut timeline = Timeline::default();
        kinds.iter().for_each(|kind| timeline.push(kind));
        timeline
    }

    fn done(kinds: &[EntryKind]) -> Vec<String> {
        let timeline = timeline(kinds);
        timeline.done().iter().map(|c| c.id.clone()).collect()
    }

    #[test]
    fn undo_and_redo_walk_back_and_forth() {
        let mut log = vec![call("a"), call("b"), undo("u1", "b"), undo("u2", "a")];
        assert_eq!(done(&log), Vec::<String>::new());
        assert_eq!(timeline(&log).redoable().unwrap().id, "u2");
        log.push(redo("r1", "u2"));
        assert_eq!(done(&log), ["a"]);
        assert_eq!(timeline(&log).redoable().unwrap().id, "u1");
        log.push(redo("r2", "u1"));
        assert_eq!(done(&log), ["a", "b"]);
        assert!(timeline(&log).redoable().is_none());
        log.extend([undo("u3", "b"), call("c")]);
        assert_eq!(done(&log), ["a", "c"]);
        assert!(
            timeline(&log).redoable().is_none(),
            "a new change ends redo"
        );
    }

    #[test]
    fn a_rewind_is_one_change_that_can_be_undone_and_redone() {
        let mut log = vec![said("m"), call("a"), said("n"), call("b"), call("c")];
        let ids = |found: Vec<&Change>| -> Vec<String> {
            found.iter().map(|change| change.id.clone()).collect()
        };
        let since = |log: &[EntryKind], point| ids(timeline(log).done_since(point));
        assert_eq!(since(&log, "n"), ["b", "c"]);
        assert_eq!(since(&log, "m"), ["a", "b", "c"]);
        log.push(rewind("w", &["b", "c"]));
        assert_eq!(done(&log), ["a", "w"]);
        log.push(undo("u", "w"));
        assert_eq!(done(&log), ["a", "b", "c"]);
        log.push(redo("r", "u"));
        assert_eq!(done(&log), ["a", "w"]);
        log.push(said("o"));
        assert!(since(&log, "o").is_empty());
        assert_eq!(since(&log, "m"), ["a", "w"]);
        assert_eq!(
            ids(timeline(&log).since("m")),
            ["a", "b", "c", "w", "u", "r"]
        );
    }

    #[test]
    fn the_conversation_comes_back_only_while_nothing_was_said_since() {
        let back = EntryKind::Rewind {
            from: "tip".into(),
            change: Some("w".into()),
        };
        let mut log = vec![said("m"), call("a"), rewind("w", &["a"]), back];
        let undoable = timeline(&log).undoable().unwrap();
        assert_eq!(undoable.conversation.as_deref(), Some("tip"));
        log.push(said("n"));
        let undoable = timeline(&log).undoable().unwrap();
        assert_eq!(
            (undoable.change.id.as_str(), undoable.conversation),
            ("w", None)
        );
    }
}

//! What the worker said and nobody has seen yet. Keys never wait behind it: it is
//! taken in piece by piece, however much came at once.

use std::collections::VecDeque;

use crate::protocol::event::{AgentEvent, UiEvent};
use crate::stdx::text::prefix;

/// Bytes of an answer that are laid out at once: a few milliseconds of work where they
/// are code, which is coloured.
const PIECE: usize = 1024;

/// One thing from the worker.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are events: a box would be made for each of them"
)]
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Said {
    /// An event.
    Event(UiEvent),
    /// The worker let go of its sink: nothing follows.
    Gone,
}

/// A long text on its way in.
struct Long {
    agent: u32,
    text: String,
    /// Bytes of it that are in.
    done: usize,
}

/// First in, first out.
#[derive(Default)]
pub(super) struct Backlog {
    /// Comes before all others.
    long: Option<Long>,
    waiting: VecDeque<Said>,
}

impl Backlog {
    /// Nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.long.is_none() && self.waiting.is_empty()
    }

    /// Adds what came last.
    pub(super) fn push(&mut self, said: Said) {
        self.waiting.push_back(said);
    }

    /// Takes the next thing, or a piece of it.
    pub(super) fn next(&mut self) -> Option<Said> {
        if self.long.is_none() {
            match self.waiting.pop_front()? {
                Said::Event(UiEvent::Agent {
                    agent,
                    inner: AgentEvent::TextDelta { text },
                }) if text.len() > PIECE => {
                    self.long = Some(Long {
                        agent,
                        text,
                        done: 0,
                    });
                }
                said => return Some(said),
            }
        }
        let long = self.long.as_mut()?;
        let piece = prefix(&long.text[long.done..], PIECE).to_owned();
        long.done += piece.len();
        let agent = long.agent;
        if long.done == long.text.len() {
            self.long = None;
        }
        Some(Said::Event(UiEvent::Agent {
            agent,
            inner: AgentEvent::TextDelta { text: piece },
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delta(text: &str) -> Said {
        Said::Event(UiEvent::Agent {
            agent: 0,
            inner: AgentEvent::TextDelta { text: text.into() },
        })
    }

    #[test]
    fn long_texts_come_in_pieces_and_in_order() {
        let long = "wide 世界 ".repeat(2_000);
        let mut backlog = Backlog::default();
        backlog.push(delta("first "));
        backlog.push(delta(&long));
        backlog.push(delta("last"));
        backlog.push(Said::Gone);
        let mut text = String::new();
        let mut pieces = 0;
        while let Some(said) = backlog.next() {
            match said {
                Said::Event(UiEvent::Agent {
                    inner: AgentEvent::TextDelta { text: piece },
                    ..
                }) => {
                    assert!(piece.len() <= PIECE);
                    text.push_str(&piece);
                    pieces += 1;
                }
                said => assert_eq!(said, Said::Gone),
            }
        }
        assert_eq!(text, format!("first {long}last"));
        assert!(pieces > 3, "{pieces}");
        assert!(backlog.is_empty());
    }
}

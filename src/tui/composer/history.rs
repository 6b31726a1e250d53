//! The messages sent before.

/// Messages kept.
const MAX: usize = 2_000;

/// Messages, oldest first, each once.
#[derive(Debug, Clone, Default)]
pub struct History {
    entries: Vec<String>,
    /// Which one is shown, and what it replaced.
    recalled: Option<Recalled>,
}

#[derive(Debug, Clone)]
struct Recalled {
    at: usize,
    draft: String,
    /// Only messages that start so are shown.
    prefix: String,
}

impl History {
    /// From messages, oldest first.
    pub fn new(entries: Vec<String>) -> Self {
        let mut history = Self::default();
        history.prepend(entries);
        history
    }

    /// Messages from before the ones there are, oldest first.
    pub fn prepend(&mut self, earlier: Vec<String>) {
        let later = std::mem::take(&mut self.entries);
        self.recalled = None;
        let mut seen = std::collections::HashSet::new();
        let mut all: Vec<String> = earlier
            .into_iter()
            .chain(later)
            .rev()
            .filter(|entry| seen.insert(entry.clone()))
            .take(MAX)
            .collect();
        all.reverse();
        self.entries = all;
    }

    /// A message was sent. False for one that is not kept: it starts with a space.
    pub fn push(&mut self, text: &str) -> bool {
        self.recalled = None;
        if text.starts_with(' ') || text.trim().is_empty() {
            return false;
        }
        self.entries.retain(|entry| entry != text);
        if self.entries.len() == MAX {
            self.entries.remove(0);
        }
        self.entries.push(text.to_owned());
        true
    }

    /// The messages, newest first.
    pub fn newest(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().rev().map(String::as_str)
    }

    /// A message is shown as it was sent.
    pub fn shows(&self, text: &str) -> bool {
        let recalled = self.recalled.as_ref();
        recalled
            .is_some_and(|recalled| self.entries.get(recalled.at).map(String::as_str) == Some(text))
    }

    /// What is shown is a draft of its own again.
    pub fn forget(&mut self) {
        self.recalled = None;
    }

    /// The message before the shown one that starts as the draft does; any, when
    /// none does. Nothing when there is none.
    pub fn older(&mut self, text: &str) -> Option<&str> {
        let (from, draft, prefix) = match self.recalled.take() {
            Some(Recalled { at, draft, prefix }) => (at, draft, prefix),
            None => {
                let known = self.entries.iter().any(|entry| is_hit(entry, text, text));
                let prefix = if known { text } else { "" };
                (self.entries.len(), text.to_owned(), prefix.to_owned())
            }
        };
        let found = (0..from)
            .rev()
            .find(|at| is_hit(&self.entries[*at], &prefix, &draft));
        let at = found.or_else(|| (from < self.entries.len()).then_some(from))?;
        self.recalled = Some(Recalled { at, draft, prefix });
        found.map(|at| self.entries[at].as_str())
    }

    /// The message after the shown one, at the end the draft. Nothing when a draft
    /// is shown already.
    pub fn newer(&mut self) -> Option<String> {
        let Recalled { at, draft, prefix } = self.recalled.take()?;
        let next =
            (at + 1..self.entries.len()).find(|at| is_hit(&self.entries[*at], &prefix, &draft));
        Some(match next {
            Some(at) => {
                self.recalled = Some(Recalled { at, draft, prefix });
                self.entries[at].clone()
            }
            None => draft,
        })
    }
}

fn is_hit(entry: &str, prefix: &str, draft: &str) -> bool {
    entry.starts_with(prefix) && entry != draft
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history() -> History {
        let entries = ["fix a", "run b", "fix c", "fix a", "look d"];
        History::new(entries.map(String::from).to_vec())
    }

    #[test]
    fn every_message_is_kept_once_where_it_was_sent_last() {
        let mut history = history();
        let newest: Vec<&str> = history.newest().collect();
        assert_eq!(newest, ["look d", "fix a", "fix c", "run b"]);
        history.push("run b");
        history.push(" secret");
        assert_eq!(history.newest().next(), Some("run b"));
        history.prepend(vec!["first".into(), "fix c".into()]);
        let newest: Vec<&str> = history.newest().collect();
        assert_eq!(newest, ["run b", "look d", "fix a", "fix c", "first"]);
    }

    #[test]
    fn a_typed_start_is_looked_for_and_comes_back() {
        let mut history = history();
        assert_eq!(history.older("fix"), Some("fix a"));
        assert!(history.shows("fix a"));
        assert_eq!(history.older("fix a"), Some("fix c"));
        assert_eq!(history.older("fix c"), None, "the oldest stays");
        assert_eq!(history.newer().as_deref(), Some("fix a"));
        assert_eq!(history.newer().as_deref(), Some("fix"));
        assert_eq!(history.newer(), None);
        assert_eq!(history.older("nothing like it"), Some("look d"));
        assert_eq!(history.newer().as_deref(), Some("nothing like it"));
        assert_eq!(History::default().older("x"), None);
    }
}

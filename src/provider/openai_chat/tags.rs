//! Reasoning that a model writes into its answer, between `<think>` tags.

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// Where the text is.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
enum Place {
    /// Nothing but white space so far.
    #[default]
    Start,
    /// Between the tags.
    Inside,
    /// In an answer that did not begin with a tag. Some chat templates open the
    /// tag themselves, so that only its end is seen.
    Plain,
    /// Behind the tags: everything is text.
    Behind,
}

/// Parts text from reasoning, however the pieces are cut.
#[derive(Debug, Default)]
pub(in crate::provider) struct Tags {
    place: Place,
    held: String,
    /// What was handed on ends within a line.
    in_line: bool,
}

impl Tags {
    /// The server parts reasoning itself: tags are text.
    pub(in crate::provider) fn none(&mut self) {
        if self.place == Place::Start && self.held.is_empty() {
            self.place = Place::Behind;
        }
    }

    /// Hands on what is certain: `(reasoning, text)`.
    pub(in crate::provider) fn push(&mut self, text: &str, mut emit: impl FnMut(bool, &str)) {
        if self.place == Place::Behind {
            return emit(false, text);
        }
        self.held.push_str(text);
        while self.step(&mut emit) {}
    }

    /// Hands on what was held back.
    pub(in crate::provider) fn finish(&mut self, mut emit: impl FnMut(bool, &str)) {
        let held = std::mem::take(&mut self.held);
        if !held.is_empty() {
            emit(self.place == Place::Inside, &held);
        }
    }

    /// True when there may be more to do.
    fn step(&mut self, emit: &mut impl FnMut(bool, &str)) -> bool {
        let held = std::mem::take(&mut self.held);
        match self.place {
            Place::Start => {
                let begun = held.trim_start();
                if let Some(rest) = begun.strip_prefix(OPEN) {
                    (self.place, self.held) = (Place::Inside, rest.to_string());
                    return true;
                }
                let open = OPEN.starts_with(begun);
                self.held = held;
                if !open {
                    self.place = Place::Plain;
                }
                !open
            }
            Place::Inside => {
                if let Some((before, rest)) = held.split_once(CLOSE) {
                    emit(true, before);
                    self.place = Place::Behind;
                    emit(false, rest);
                    return false;
                }
                let from = partial(&held).unwrap_or(held.len());
                emit(true, &held[..from]);
                self.held = held[from..].to_string();
                false
            }
            Place::Plain => {
                let begins = |at: usize| match at {
                    0 => !self.in_line,
                    at => held[..at].ends_with('\n'),
                };
                if let Some((at, _)) = held.match_indices(CLOSE).find(|(at, _)| begins(*at)) {
                    emit(false, &held[..at]);
                    self.place = Place::Behind;
                    emit(false, &held[at + CLOSE.len()..]);
                    return false;
                }
                let from = partial(&held).filter(|at| begins(*at));
                let from = from.unwrap_or(held.len());
                emit(false, &held[..from]);
                if from > 0 {
                    self.in_line = !held[..from].ends_with('\n');
                }
                self.held = held[from..].to_string();
                false
            }
            Place::Behind => {
                emit(false, &held);
                false
            }
        }
    }
}

/// Where an end begins that may be the beginning of the closing tag.
fn partial(held: &str) -> Option<usize> {
    held.rfind('<').filter(|at| CLOSE.starts_with(&held[*at..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parted(text: &str, sizes: &[usize]) -> (String, String) {
        let (mut tags, mut out) = (Tags::default(), (String::new(), String::new()));
        let mut emit = |inside: bool, text: &str| match inside {
            true => out.0.push_str(text),
            false => out.1.push_str(text),
        };
        let mut rest: Vec<char> = text.chars().collect();
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let piece: String = rest.drain(..(*size).min(rest.len())).collect();
            tags.push(&piece, &mut emit);
        }
        tags.finish(&mut emit);
        out
    }

    proptest! {
        #[test]
        fn tags_are_found_however_they_are_cut(sizes in prop::collection::vec(1usize..9, 1..6)) {
            for (text, thought, said) in [
                ("<think>a < b</think>c", "a < b", "c"),
                ("\n <think>\nx</think>\n\ny <think>z</think>", "\nx", "\n\ny <think>z</think>"),
                ("plain <think>a</think> text", "", "plain <think>a</think> text"),
                ("hm\n</think>\nyes </think>", "", "hm\n\nyes </think>"),
                ("<thin", "", "<thin"),
                ("<think>never closed </thi", "never closed </thi", ""),
                ("a\n</thing>", "", "a\n</thing>"),
                ("</think>x", "", "x"),
                ("  ", "", "  "),
            ] {
                prop_assert_eq!(parted(text, &sizes), (thought.to_string(), said.to_string()));
            }
        }
    }

    #[test]
    fn tags_are_text_where_the_server_parts_reasoning() {
        let mut tags = Tags::default();
        tags.none();
        let mut said = String::new();
        tags.push("<think>", |_, text| said.push_str(text));
        assert_eq!(said, "<think>");
    }
}

//! Why something is asked, for people: reasons of many parts in few words.

use super::permission::AskRequest;

/// Between what a reason is said of and what it says.
const GAP: &str = ": ";

/// Reasons that share one half: `cp: copies files` is said of `cp`.
struct Shared {
    of: Vec<String>,
    says: Vec<String>,
}

impl Shared {
    /// Takes a reason in, when it differs in one half at most.
    fn takes(&mut self, of: &str, says: &str) -> bool {
        let (list, item) = if self.says.len() == 1 && self.says[0] == says {
            (&mut self.of, of)
        } else if self.of.len() == 1 && self.of[0] == of {
            (&mut self.says, says)
        } else {
            return false;
        };
        if !list.iter().any(|known| known == item) {
            list.push(item.to_string());
        }
        true
    }

    fn words(&self) -> String {
        let of = self.of.join(", ");
        match self.says.as_slice() {
            [] => of,
            says => [of, says.join(", ")].join(GAP),
        }
    }
}

impl AskRequest {
    /// Why it is asked, each thing once, without what the effects say already.
    pub fn reasons(&self) -> String {
        let mut kept: Vec<Shared> = Vec::new();
        for reason in self.why.split("; ") {
            if reason.is_empty() || self.tells(reason) {
                continue;
            }
            let (of, says) = match reason.split_once(GAP) {
                Some((of, says)) => (of, Some(says)),
                None => (reason, None),
            };
            let known = kept.iter_mut().any(|shared| match says {
                Some(says) => shared.takes(of, says),
                None => shared.says.is_empty() && shared.of[0] == of,
            });
            if !known {
                kept.push(Shared {
                    of: vec![of.to_string()],
                    says: says.map(str::to_string).into_iter().collect(),
                });
            }
        }
        let words: Vec<String> = kept.iter().map(Shared::words).collect();
        words.join("; ")
    }

    /// Whether the effects say this in their own words.
    fn tells(&self, reason: &str) -> bool {
        let outside = reason
            .split_once(" outside the workspace: ")
            .map(|(_, path)| format!(" {path}, outside the workspace"));
        self.effects.iter().any(|effect| {
            effect == reason || outside.as_ref().is_some_and(|end| effect.ends_with(end))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::permission::Preview;
    use crate::protocol::tool::ToolTitle;

    fn reasons(why: &str, effects: &[&str]) -> String {
        let ask = AskRequest {
            id: 1,
            call_id: String::new(),
            title: ToolTitle::new("Run", ""),
            question: None,
            preview: Preview::None,
            why: why.into(),
            effects: effects.iter().map(|effect| (*effect).into()).collect(),
            session: Vec::new(),
            always: Vec::new(),
        };
        ask.reasons()
    }

    #[test]
    fn equal_reasons_are_said_once_with_their_parts() {
        let unknown = "foo: no rule allows it; bar: no rule allows it; cp: copies files; \
                       baz: no rule allows it; foo: no rule allows it; cp: copies files";
        assert_eq!(
            reasons(unknown, &[]),
            "foo, bar, baz: no rule allows it; cp: copies files"
        );
        let paths = "reads outside the workspace: /a; node: runs a program; \
                     reads outside the workspace: /b; reads outside the workspace: /c";
        assert_eq!(
            reasons(paths, &[]),
            "reads outside the workspace: /a, /b, /c; node: runs a program"
        );
        let shown = ["reads /a, outside the workspace", "writes b"];
        assert_eq!(
            reasons(&format!("{paths}; writes b"), &shown),
            "node: runs a program; reads outside the workspace: /b, /c"
        );
        for plain in ["", "deletes a", "not understood: a: b; deletes a"] {
            assert_eq!(reasons(plain, &[]), plain);
        }
    }
}

//! Wrappings that models leave around the text they quote: line numbers, a code
//! fence, backslash escapes, HTML entities, quotes, the signs of a diff.
//!
//! Each is tried only when the text as given is nowhere in the file, and only when
//! it explains the whole of it. The new text gets the same treatment; where it is
//! not clear what that means there, the edit is refused.

mod escapes;
mod gutter;
mod marks;

pub(in crate::workspace) use escapes::unescaped;
pub(in crate::workspace) use gutter::bare as unnumbered;
pub(in crate::workspace) use marks::additions;

/// A wrapping that explains an old text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::workspace) struct Unwrapped {
    /// The text in the wrapping.
    pub(in crate::workspace) old: String,
    /// The new text treated alike, or why that is not possible.
    pub(in crate::workspace) new: Result<String, String>,
    /// What was taken away, as a note on the result.
    pub(in crate::workspace) note: &'static str,
    /// The same after "without".
    pub(in crate::workspace) what: &'static str,
    /// The text begins where a line begins.
    pub(in crate::workspace) whole_lines: bool,
    /// The new text came without the wrapping: its indentation is that of the file.
    pub(in crate::workspace) flush: bool,
    /// The number of its only line, where that must be right.
    pub(in crate::workspace) line: Option<usize>,
}

/// Every way to unwrap an edit, the likeliest first.
pub(in crate::workspace) fn ways(old: &str, new: &str) -> Vec<Unwrapped> {
    let mut out: Vec<Unwrapped> = gutter::ways(old, new).collect();
    let fenced = fence(old, new);
    if let Some(Unwrapped {
        old, new: Ok(new), ..
    }) = &fenced
    {
        out.extend(gutter::ways(old, new).map(|way| Unwrapped {
            note: "a code fence and line numbers were removed",
            what: "its code fence and line numbers",
            ..way
        }));
    }
    out.extend(fenced);
    out.extend(escapes::ways(old, new));
    out.extend(entities(old, new));
    out.extend(marks::signs(old, new));
    out.extend(marks::around(old, new));
    out.retain(|way| way.old != old);
    out
}

/// Lines, and whether the last one has an end.
fn split(text: &str) -> (Vec<&str>, bool) {
    match text.strip_suffix('\n') {
        Some(text) => (text.split('\n').collect(), true),
        None => (text.split('\n').collect(), false),
    }
}

fn join<T: AsRef<str>>(lines: &[T], last: bool) -> String {
    let mut out = String::new();
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        out.push_str(line.as_ref());
    }
    if last {
        out.push('\n');
    }
    out
}

fn fence(old: &str, new: &str) -> Option<Unwrapped> {
    let wrapped = Fenced::of(old)?;
    let inside = wrapped.inside;
    let blank = |line: &str| line.trim().is_empty();
    let stays = |index: usize| inside.split('\n').nth(index).is_some_and(blank);
    let (old, bare) = match Fenced::of(new) {
        // With fences inside only where both texts are wrapped alike.
        Some(new) if !wrapped.nested || new.opening == wrapped.opening => {
            (inside.to_string(), new.inside)
        }
        _ if wrapped.nested => return None,
        // The line break before the closing fence ends the last line, as it does in a
        // text without one; there it may also be that of a blank line that stays.
        _ if new.ends_with('\n') && !stays(new.lines().count()) => (format!("{inside}\n"), new),
        _ => (inside.to_string(), new),
    };
    Some(Unwrapped {
        old,
        new: Ok(bare.to_string()),
        note: "a code fence was removed",
        what: "its code fence",
        whole_lines: false,
        flush: false,
        line: None,
    })
}

/// The text in a fence that is around all of it.
pub fn whole_fence(text: &str) -> Option<&str> {
    let fenced = Fenced::of(text)?;
    (!fenced.nested).then_some(fenced.inside)
}

/// A text with a fence around all of it.
struct Fenced<'a> {
    opening: &'a str,
    inside: &'a str,
    /// Fences stand in it, too.
    nested: bool,
}

impl<'a> Fenced<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let text = text.trim_matches(['\n', ' ']);
        let (opening, rest) = text.split_once('\n')?;
        let mark = opening.chars().next().filter(|ch| "`~".contains(*ch))?;
        let info = opening.trim_start_matches(mark);
        let fence = &opening[..opening.len() - info.len()];
        if fence.len() < 3 || info.contains('`') {
            return None;
        }
        let inside = match rest.strip_suffix(fence)? {
            "" => "",
            inside => inside.strip_suffix('\n')?,
        };
        let mut lines = inside.split('\n');
        Some(Self {
            opening,
            inside,
            nested: lines.any(|line| line.trim_start().starts_with(fence)),
        })
    }
}

/// Characters and what stands for them in HTML.
const ENTITIES: [(&str, char); 8] = [
    ("&lt;", '<'),
    ("&gt;", '>'),
    ("&quot;", '"'),
    ("&#34;", '"'),
    ("&#39;", '\''),
    ("&#x27;", '\''),
    ("&apos;", '\''),
    ("&amp;", '&'),
];

fn entities(old: &str, new: &str) -> Option<Unwrapped> {
    let bare = decode(old)?;
    let new = match decode(new) {
        None => Ok(new.to_string()),
        Some(bare) => {
            // Where a character stands both ways, the entity may be meant.
            let both = ENTITIES.iter().find(|(entity, ch)| {
                *ch != '&' && new.contains(entity) && (new.contains(*ch) || old.contains(*ch))
            });
            match both {
                Some((entity, ch)) => Err(format!("it has both {entity} and {ch}")),
                None => Ok(bare),
            }
        }
    };
    Some(Unwrapped {
        old: bare,
        new,
        note: "HTML entities were decoded",
        what: "its HTML entities",
        whole_lines: false,
        flush: false,
        line: None,
    })
}

/// One level of entities decoded; nothing when there is none.
fn decode(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut any = false;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match ENTITIES.iter().find(|(entity, _)| rest.starts_with(entity)) {
            Some((entity, ch)) => {
                any = true;
                out.push(*ch);
                rest = &rest[entity.len()..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    any.then_some(out)
}

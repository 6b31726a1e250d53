//! Patterns that the shell expands to names of files.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::analysis::{MANY, UNKNOWN};
use super::expand::Words;
use crate::permission::place::Place;

/// Most names one pattern may become, and most directories it may look into.
const MAX_NAMES: usize = 2_000;
const MAX_DIRS: usize = 500;
const MAX_ENTRIES: usize = 30_000;

/// The names in directories, as far as they were asked for; nothing for a directory
/// with too many.
pub type Names = HashMap<PathBuf, Option<Rc<[String]>>>;

/// What was looked at so far.
pub struct Looked<'a> {
    /// Names that patterns were held against.
    pub seen: &'a mut usize,
    /// The names themselves.
    pub names: &'a mut Names,
}

/// A character, and whether it is quoted.
type Character = (char, bool);

/// Whether bash takes a word for a pattern.
pub fn is_pattern(word: &[Character]) -> bool {
    let active = |wanted: char| word.contains(&(wanted, false));
    active('*') || active('?') || (active('[') && active(']'))
}

/// The names a pattern becomes, or the pattern itself when there are none.
///
/// # Errors
/// When that cannot be said, or when a name looks like an option.
pub fn expand(place: &Place<'_>, cwd: &Path, word: &[Character], looked: Looked<'_>) -> Words {
    if word.iter().any(|(ch, _)| matches!(*ch, UNKNOWN | MANY)) {
        return Err("a pattern is only known when it runs".to_string());
    }
    // Shells differ on a set that holds a slash.
    let opened = |part: &[Character]| {
        let open = part.iter().rposition(|ch| *ch == ('[', false));
        open.is_some_and(|open| !part[open..].contains(&(']', false)))
    };
    if word.split(|(ch, _)| *ch == '/').any(opened) && word.contains(&(']', false)) {
        return Err("an odd pattern".to_string());
    }
    let text: String = word.iter().map(|(ch, _)| ch).collect();
    let mut found = vec![(String::new(), PathBuf::new())];
    let parts: Vec<&[Character]> = word.split(|(ch, _)| *ch == '/').collect();
    let mut dirs = 0;
    for (at, part) in parts.iter().enumerate() {
        let last = at + 1 == parts.len();
        let mut next = Vec::new();
        for (shown, dir) in found {
            if part.is_empty() {
                // A leading, doubled or trailing slash.
                next.push((format!("{shown}/"), if at == 0 { "/".into() } else { dir }));
                continue;
            }
            if !is_pattern(part) {
                let name: String = part.iter().map(|(ch, _)| ch).collect();
                let path = dir.join(&name);
                if !last || exists(place, cwd, &path) {
                    let end = if last { "" } else { "/" };
                    next.push((format!("{shown}{name}{end}"), path));
                }
                continue;
            }
            let base = if dir.as_os_str().is_empty() {
                Path::new(".")
            } else {
                &dir
            };
            let real = place
                .resolve(cwd, &base.to_string_lossy())
                .map_err(|error| error.to_string())?;
            if !real.inside() {
                return Err("a pattern looks outside the workspace".to_string());
            }
            dirs += 1;
            let names = match looked.names.get(real.real()) {
                Some(names) => names.clone(),
                None => {
                    let names = place.names(real.real()).map(Rc::from);
                    looked
                        .names
                        .insert(real.real().to_path_buf(), names.clone());
                    names
                }
            };
            *looked.seen += names.as_ref().map_or(0, |names| names.len());
            let fits = dirs <= MAX_DIRS && *looked.seen <= MAX_ENTRIES;
            let Some(names) = names.filter(|_| fits) else {
                return Err("a pattern has too many matches".to_string());
            };
            let pattern = Pattern::new(part);
            for name in names.iter() {
                let hidden = name.starts_with('.') && part[0].0 != '.';
                if hidden || !pattern.matches(name) {
                    continue;
                }
                if shown.is_empty() && name.starts_with('-') {
                    return Err(format!(
                        "a pattern matches a file named like an option: {}",
                        crate::permission::short(name)
                    ));
                }
                let end = if last { "" } else { "/" };
                next.push((format!("{shown}{name}{end}"), dir.join(name)));
            }
            if next.len() > MAX_NAMES {
                return Err("a pattern has too many matches".to_string());
            }
        }
        found = next;
    }
    if found.is_empty() {
        return Ok(vec![text]);
    }
    Ok(found.into_iter().map(|(shown, _)| shown).collect())
}

fn exists(place: &Place<'_>, cwd: &Path, path: &Path) -> bool {
    place
        .resolve(cwd, &path.to_string_lossy())
        .is_ok_and(|path| path.real().symlink_metadata().is_ok())
}

/// A part of a pattern.
enum Token {
    Char(char),
    Any,
    Star,
    /// Ranges, and whether it is negated.
    Set(Vec<(char, char)>, bool),
}

/// A pattern for one name.
pub struct Pattern(Vec<Token>);

impl Pattern {
    pub fn new(part: &[Character]) -> Self {
        let mut tokens = Vec::new();
        let mut at = 0;
        while let Some(&(ch, quoted)) = part.get(at) {
            at += 1;
            tokens.push(match ch {
                '*' if !quoted => Token::Star,
                '?' if !quoted => Token::Any,
                '[' if !quoted => match set(&part[at..]) {
                    Some((token, length)) => {
                        at += length;
                        token
                    }
                    None => Token::Char('['),
                },
                ch => Token::Char(ch),
            });
        }
        Self(tokens)
    }

    pub fn matches(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        // The classic way with one point to come back to.
        let (mut token, mut at) = (0, 0);
        let mut star: Option<(usize, usize)> = None;
        while at < name.len() {
            let fits = match self.0.get(token) {
                Some(Token::Star) => {
                    star = Some((token, at));
                    token += 1;
                    continue;
                }
                Some(Token::Any) => true,
                Some(Token::Char(ch)) => *ch == name[at],
                Some(Token::Set(ranges, negated)) => {
                    let inside = ranges
                        .iter()
                        .any(|(low, high)| (*low..=*high).contains(&name[at]));
                    inside != *negated
                }
                None => false,
            };
            if fits {
                token += 1;
                at += 1;
            } else if let Some((star_token, star_at)) = star {
                star = Some((star_token, star_at + 1));
                token = star_token + 1;
                at = star_at + 1;
            } else {
                return false;
            }
        }
        self.0[token..]
            .iter()
            .all(|token| matches!(token, Token::Star))
    }
}

/// The set behind `[` and how many characters it takes; nothing when it is not
/// closed. A class such as `[:alpha:]` matches everything: rather more files than
/// fewer are looked at.
fn set(rest: &[Character]) -> Option<(Token, usize)> {
    let negated = matches!(rest.first(), Some(('!' | '^', false)));
    let start = usize::from(negated);
    let mut close = start + 1;
    while rest.get(close)?.0 != ']' || rest[close].1 {
        close += 1;
    }
    let inner: Vec<char> = rest[start..close].iter().map(|(ch, _)| *ch).collect();
    let mut ranges = Vec::new();
    if inner.contains(&'[') || negated {
        ranges.push(('\0', char::MAX));
        return Some((Token::Set(ranges, false), close + 1));
    }
    let mut at = 0;
    while at < inner.len() {
        if inner.get(at + 1) == Some(&'-') && at + 2 < inner.len() {
            // The order of letters depends on the language: take both cases.
            let (low, high) = (inner[at], inner[at + 2]);
            ranges.push((low, high));
            ranges.push((low.to_ascii_uppercase(), high.to_ascii_uppercase()));
            ranges.push((low.to_ascii_lowercase(), high.to_ascii_lowercase()));
            at += 3;
        } else {
            ranges.push((inner[at], inner[at]));
            at += 1;
        }
    }
    Some((Token::Set(ranges, false), close + 1))
}

//! From words to arguments, in bash's order: braces, tildes, variables and
//! substitutions, splitting, patterns.

use super::analysis::{BELOW, FILE_BELOW, HASH, MANY, NUMBER, UNKNOWN};
use super::feed::{Feed, Paths};
use super::globs;
use super::programs;
use super::walk::{Value, Walker};
use crate::permission::shell::{Body, Item, Node, Piece, Word};

/// Where a process substitution appears to the program.
pub const PROCESS: &str = "/dev/fd/63";

/// Most words one word may become.
const MAX_WORDS: usize = 2_000;

/// Opening braces in one word.
const MAX_BRACES: usize = 40;

/// Variables that tell nothing secret and that no command here changes.
const HARMLESS: &str = "HOME PWD OLDPWD PATH USER LOGNAME SHELL LANG LC_ALL LC_CTYPE TERM TMPDIR \
    HOSTNAME HOSTTYPE OSTYPE MACHTYPE BASH_VERSION UID EUID PPID LINENO RANDOM SECONDS COLUMNS LINES \
    CI NODE_ENV RUST_LOG RUST_BACKTRACE RUSTUP_HOME CARGO_HOME CARGO_TARGET_DIR GOPATH GOROOT \
    JAVA_HOME VIRTUAL_ENV CONDA_PREFIX EDITOR VISUAL PAGER DISPLAY SHLVL PIPESTATUS \
    ? $ # ! @ * - 0 1 2 3 4 5 6 7 8 9";

/// A character of a word, or a part that is none.
#[derive(Debug, Clone)]
enum Atom<'a> {
    Char(char, bool),
    /// Quotes, even around nothing, keep a word.
    Quotes,
    Piece(&'a Piece),
}

/// What came of a word.
pub type Words = Result<Vec<String>, String>;

impl Walker<'_> {
    /// The arguments a word becomes.
    ///
    /// # Errors
    /// Why that cannot be said.
    pub fn expand(&mut self, word: &Word) -> Words {
        let mut variants = Vec::new();
        let atoms = atoms(word);
        if atoms.iter().filter(|atom| is_char(atom, '{')).count() > MAX_BRACES {
            return Err("has too many braces".to_string());
        }
        braces(atoms, &mut variants)?;
        let mut out = Vec::new();
        for atoms in variants {
            out.extend(self.expand_one(&atoms)?);
            if out.len() > MAX_WORDS {
                return Err("a word becomes too many".to_string());
            }
        }
        Ok(out)
    }

    /// The text of a word that neither splits nor is a pattern: the value of an
    /// assignment, a here-document.
    pub fn expand_text(&mut self, word: &Word) -> Result<String, String> {
        let mut text = String::new();
        for (ch, _) in self.characters(&atoms(word), true)?.unwrap_or_default() {
            text.push(if ch == MANY { UNKNOWN } else { ch });
        }
        Ok(text)
    }

    /// The paths that a word stands for, when it is one substitution; called right
    /// behind its expansion.
    pub fn paths_of(&mut self, word: &Word) -> Option<Paths> {
        let [pieces @ .., last] = word.pieces.as_slice() else {
            return None;
        };
        let alone = pieces
            .iter()
            .all(|piece| matches!(piece, Piece::Text { text, .. } if text.is_empty()));
        match (&self.output, last) {
            (Feed::Paths(paths), Piece::Run { .. }) if alone => Some(paths.clone()),
            _ => None,
        }
    }

    /// The words of a list of paths that the shell splits, if names cannot fall
    /// apart.
    fn split_paths(&mut self, paths: &Paths) -> Option<Vec<String>> {
        let whole = !paths.ended && paths.present && self.are_words(paths);
        whole.then(|| self.words_for(paths, true))
    }

    /// Words that stand for these paths.
    pub fn words_for(&mut self, paths: &Paths, many: bool) -> Vec<String> {
        let mark = if self.lead_nowhere(paths) {
            FILE_BELOW
        } else {
            BELOW
        };
        paths.words(mark, many)
    }

    /// Goes through a substitution and says what stands for its text.
    fn run(&mut self, body: &Body, quoted: bool) -> (String, bool) {
        self.output = Feed::Unknown;
        let known = self.directory_told(body);
        self.own_shell(body);
        if let Some(text) = known
            && (quoted || !text.contains([' ', '\t', '\n', '*', '?', '[', '\\']))
        {
            return (text, true);
        }
        if let [item] = body.as_slice()
            && !item.background
        {
            self.output = std::mem::replace(&mut self.carried, Feed::Unknown);
        }
        let mark = match &self.output {
            Feed::Numbers => return (NUMBER.to_string(), quoted),
            Feed::Hashes => return (HASH.to_string(), quoted),
            _ if quoted => UNKNOWN,
            _ => MANY,
        };
        (mark.to_string(), quoted)
    }

    /// The directory that `$(pwd)` and `$(git rev-parse --show-toplevel)` stand for.
    fn directory_told(&self, body: &Body) -> Option<String> {
        let [item] = body.as_slice() else {
            return None;
        };
        let Node::Simple(simple) = &item.node else {
            return None;
        };
        if item.background || !simple.assignments.is_empty() || !simple.redirects.is_empty() {
            return None;
        }
        let words: Option<Vec<&str>> = simple.words.iter().map(Word::bare).collect();
        let path = match words?.as_slice() {
            ["pwd"] => &self.cwd,
            ["git", "rev-parse", "--show-toplevel"] if programs::is_repository(self.place.root) => {
                self.place.root
            }
            _ => return None,
        };
        path.to_str().map(str::to_string)
    }

    fn expand_one(&mut self, atoms: &[Atom<'_>]) -> Words {
        match atoms {
            [
                Atom::Piece(Piece::Run {
                    body,
                    quoted: false,
                }),
            ] => {
                let (text, _) = self.run(body, false);
                match self.output.clone() {
                    Feed::Paths(paths) => {
                        if let Some(words) = self.split_paths(&paths) {
                            return Ok(words);
                        }
                    }
                    Feed::Words(words) if lists(body) => return Ok(words),
                    _ => {}
                }
                return Ok(vec![text]);
            }
            [
                Atom::Piece(Piece::Variable {
                    name,
                    changed: false,
                    quoted: false,
                }),
            ] => {
                if let Some(Value::Paths(paths)) = self.vars.get(name).cloned()
                    && let Some(words) = self.split_paths(&paths)
                {
                    return Ok(words);
                }
            }
            _ => {}
        }
        let Some(characters) = self.characters(atoms, false)? else {
            return Ok(Vec::new());
        };
        if !globs::is_pattern(&characters) {
            return Ok(vec![characters.into_iter().map(|(ch, _)| ch).collect()]);
        }
        let looked = globs::Looked {
            seen: &mut self.names_seen,
            names: &mut self.names,
        };
        globs::expand(self.place, &self.cwd, &characters, looked)
    }

    /// The characters of a word with whether each is quoted; nothing when the
    /// word vanishes.
    fn characters(
        &mut self,
        atoms: &[Atom<'_>],
        assigned: bool,
    ) -> Result<Option<Vec<(char, bool)>>, String> {
        let mut out: Vec<(char, bool)> = Vec::new();
        let mut keeps = false;
        let mut rest = atoms;
        if let Some((home, length)) = self.tilde(atoms)? {
            keeps = true;
            out.extend(home.chars().map(|ch| (ch, true)));
            rest = &atoms[length..];
        }
        // Bash also looks for tildes after `=` and `:` in what may be an assignment.
        let late_tilde = rest
            .windows(2)
            .any(|pair| matches!(pair, [Atom::Char('=' | ':', false), Atom::Char('~', false)]));
        if late_tilde {
            return Err("names a home directory".to_string());
        }
        for atom in rest {
            match atom {
                Atom::Quotes => keeps = true,
                Atom::Char(ch, quoted) => out.push((*ch, *quoted)),
                Atom::Piece(piece) => {
                    let (text, quoted) = self.piece(piece, assigned)?;
                    keeps |= quoted;
                    out.extend(text.chars().map(|ch| (ch, true)));
                }
            }
        }
        Ok((keeps || !out.is_empty()).then_some(out))
    }

    /// The home directory a word begins with, and how many atoms name it.
    fn tilde(&self, atoms: &[Atom<'_>]) -> Result<Option<(String, usize)>, String> {
        if !matches!(atoms.first(), Some(Atom::Char('~', false))) {
            return Ok(None);
        }
        match atoms.get(1) {
            None | Some(Atom::Char('/', false)) => match self.place.home.and_then(|h| h.to_str()) {
                Some(home) => Ok(Some((home.to_string(), 1))),
                None => Err("names a home directory".to_string()),
            },
            Some(_) => Err("names a home directory".to_string()),
        }
    }

    /// What an expansion becomes, and whether it was quoted.
    fn piece(&mut self, piece: &Piece, assigned: bool) -> Result<(String, bool), String> {
        let unknown = |quoted: bool| {
            let mark = if quoted { UNKNOWN } else { MANY };
            (mark.to_string(), quoted)
        };
        match piece {
            Piece::Text { text, quoted } => Ok((text.clone(), *quoted)),
            Piece::Run { body, quoted } => Ok(self.run(body, *quoted)),
            Piece::Process { body } => {
                self.own_shell(body);
                let carried = std::mem::replace(&mut self.carried, Feed::Unknown);
                // Of several, only what the last one prints is known.
                self.process = match body.as_slice() {
                    [item] if !item.background => carried,
                    _ => Feed::Unknown,
                };
                Ok((PROCESS.to_string(), true))
            }
            Piece::Sum { text, .. } => {
                self.sum(text)?;
                Ok((NUMBER.to_string(), true))
            }
            Piece::Variable {
                name,
                changed,
                quoted,
            } => {
                let value = match self.vars.get(name) {
                    Some(Value::Text(text)) => Some(text.clone()),
                    Some(Value::Paths(_) | Value::Unknown) => None,
                    // Numbers, whatever they are.
                    None if matches!(
                        name.as_str(),
                        "?" | "#" | "$" | "!" | "RANDOM" | "SECONDS"
                    ) =>
                    {
                        let mark = if *changed { UNKNOWN } else { NUMBER };
                        return Ok((mark.to_string(), true));
                    }
                    // None or many, whatever quotes stand around it.
                    None if name == "@" => return Ok((MANY.to_string(), *quoted)),
                    None if name == "PWD" => self.cwd.to_str().map(str::to_string),
                    None if name == "HOME" => self
                        .place
                        .home
                        .and_then(|home| home.to_str())
                        .map(str::to_string),
                    None if super::flags::listed(HARMLESS, name) => None,
                    None => return Err(format!("uses the variable {name}")),
                };
                match value {
                    Some(text) if !changed => {
                        // Unquoted, it would be split and taken for patterns.
                        if !quoted
                            && !assigned
                            && text.contains([' ', '\t', '\n', '*', '?', '[', '\\'])
                        {
                            return Err(format!("splits the variable {name}"));
                        }
                        Ok((text, *quoted))
                    }
                    _ => Ok(unknown(*quoted)),
                }
            }
        }
    }
}

/// Whether a substitution is an `ls`: what others print is not taken for words.
fn lists(body: &Body) -> bool {
    let [
        Item {
            node: Node::Simple(simple),
            ..
        },
    ] = body.as_slice()
    else {
        return false;
    };
    simple.words.first().and_then(Word::bare) == Some("ls")
}

fn atoms(word: &Word) -> Vec<Atom<'_>> {
    let mut out = Vec::new();
    for piece in &word.pieces {
        match piece {
            Piece::Text { text, quoted } => {
                if *quoted {
                    out.push(Atom::Quotes);
                }
                out.extend(text.chars().map(|ch| Atom::Char(ch, *quoted)));
            }
            piece => out.push(Atom::Piece(piece)),
        }
    }
    out
}

fn is_char(atom: &Atom<'_>, wanted: char) -> bool {
    matches!(atom, Atom::Char(ch, false) if *ch == wanted)
}

/// Brace expansion: `a{b,c}` and `{1..3}`.
fn braces<'a>(word: Vec<Atom<'a>>, out: &mut Vec<Vec<Atom<'a>>>) -> Result<(), String> {
    let mut from = 0;
    while let Some(open) = word[from..].iter().position(|atom| is_char(atom, '{')) {
        let open = from + open;
        from = open + 1;
        let Some((close, commas)) = matching(&word, open) else {
            let rest = &word[open..];
            if rest.iter().any(|atom| is_char(atom, ',')) {
                return Err("has braces that do not match".to_string());
            }
            continue;
        };
        let alternatives: Vec<Vec<Atom<'a>>> = if commas.is_empty() {
            match range(&word[open + 1..close])? {
                Some(texts) => texts
                    .iter()
                    .map(|text| text.chars().map(|ch| Atom::Char(ch, true)).collect())
                    .collect(),
                None => continue,
            }
        } else {
            let mut starts = vec![open];
            starts.extend(&commas);
            let ends = commas.iter().copied().chain([close]);
            starts
                .iter()
                .zip(ends)
                .map(|(start, end)| word[start + 1..end].to_vec())
                .collect()
        };
        for alternative in alternatives {
            if out.len() > MAX_WORDS {
                return Err("a word becomes too many".to_string());
            }
            let whole = [&word[..open], &alternative, &word[close + 1..]].concat();
            braces(whole, out)?;
        }
        return Ok(());
    }
    out.push(word);
    Ok(())
}

/// The closing brace of an opening one, and the commas directly between them.
fn matching(word: &[Atom<'_>], open: usize) -> Option<(usize, Vec<usize>)> {
    let mut depth = 0usize;
    let mut commas = Vec::new();
    for (at, atom) in word.iter().enumerate().skip(open) {
        if is_char(atom, '{') {
            depth += 1;
        } else if is_char(atom, '}') {
            depth -= 1;
            if depth == 0 {
                return Some((at, commas));
            }
        } else if depth == 1 && is_char(atom, ',') {
            commas.push(at);
        }
    }
    None
}

/// The texts of `1..3`.
fn range(inner: &[Atom<'_>]) -> Result<Option<Vec<String>>, String> {
    let text: Option<String> = inner
        .iter()
        .map(|atom| match atom {
            Atom::Char(ch, false) => Some(*ch),
            _ => None,
        })
        .collect();
    let Some((first, last)) = text.as_deref().and_then(|text| text.split_once("..")) else {
        return Ok(None);
    };
    if let ([from], [to]) = (first.as_bytes(), last.as_bytes())
        && (from.is_ascii_lowercase() && to.is_ascii_lowercase() && from <= to)
    {
        let letters = (*from..=*to).map(|byte| char::from(byte).to_string());
        return Ok(Some(letters.collect()));
    }
    match (first.parse::<u16>(), last.parse::<u16>()) {
        (Ok(from), Ok(to))
            if from.to_string() == first
                && to.to_string() == last
                && usize::from(from.abs_diff(to)) < MAX_WORDS =>
        {
            let numbers = from.min(to)..=from.max(to);
            let mut texts: Vec<String> = numbers.map(|number| number.to_string()).collect();
            if from > to {
                texts.reverse();
            }
            Ok(Some(texts))
        }
        _ => Err("an odd range in braces".to_string()),
    }
}

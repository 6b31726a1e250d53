//! Rules of the user: what is allowed, denied, or always asked.
//!
//! `Read(glob)`, `Write(glob)`, `Bash(exact command)`, `Bash(prefix:*)`,
//! `Bash(glob of paths)`, `Network(exact command)`, `Mcp(server)`,
//! `WebFetch(domain:host)`. In a glob `*`
//! stays within a component and `**` crosses; relative globs begin at the root of
//! the workspace, `~` is the home directory. Deny beats ask, ask beats allow.

mod matching;
mod unreadable;

use std::fmt;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

use super::place::Place;
use super::protect;
use super::shell;
use crate::protocol::permission::ScopedPath;

pub use matching::Judged;

/// A text that is no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// No known kind of rule.
    #[error(
        "{0:?} is no rule; rules are Read(glob), Write(glob), Bash(command), Bash(prefix:*), \
         Bash(path glob), Network(command), Mcp(server), WebFetch(domain:host)"
    )]
    Kind(String),
    /// Nothing between the parentheses, or nothing usable.
    #[error("{rule:?}: {why}")]
    Content {
        /// The rule.
        rule: String,
        /// What is wrong with it.
        why: String,
    },
}

/// One rule, ready to be matched.
#[derive(Debug, Clone)]
pub struct Rule {
    text: String,
    subject: Subject,
}

/// What a rule is about.
#[derive(Debug, Clone)]
enum Subject {
    Read(PathGlob),
    Write(PathGlob),
    /// Every command.
    AnyCommand,
    /// This line, or one command with exactly these words.
    Exact {
        line: String,
        argv: Vec<String>,
    },
    /// Every command that begins with these words.
    Prefix(Vec<String>),
    /// Paths outside that commands may use.
    CommandPath(PathGlob),
    /// This line, run with the network open.
    Network(String),
    Mcp(String),
    /// A host, or the hosts below it.
    Host {
        host: String,
        below: bool,
    },
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Rule {
    /// Reads a rule. `place` says what relative paths and `~` mean.
    ///
    /// # Errors
    /// See [`RuleError`].
    pub fn parse(text: &str, place: &Place<'_>) -> Result<Self, RuleError> {
        let text = text.trim();
        let content = |why: &str| RuleError::Content {
            rule: text.to_string(),
            why: why.to_string(),
        };
        let glob = |pattern: &str| PathGlob::new(pattern, place).map_err(|why| content(&why));
        let (kind, inner) = match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
            Some((kind, inner)) => (kind, inner),
            None => (text, "*"),
        };
        let trimmed = inner.trim();
        if trimmed.is_empty() && kind != "Bash" {
            return Err(content("nothing stands between the parentheses"));
        }
        let subject = match kind {
            "Read" if inner != "*" || text.ends_with(')') => Subject::Read(glob(trimmed)?),
            "Write" if inner != "*" || text.ends_with(')') => Subject::Write(glob(trimmed)?),
            "Bash" => command(inner, place).map_err(|why| content(&why))?,
            "Network" if text.ends_with(')') => Subject::Network(trimmed.to_string()),
            "Mcp" if text.ends_with(')') => Subject::Mcp(trimmed.to_string()),
            "WebFetch" if text.ends_with(')') => {
                let host = trimmed.strip_prefix("domain:").unwrap_or(trimmed);
                let (host, below) = match host.strip_prefix("*.") {
                    Some(host) => (host, true),
                    None => (host, false),
                };
                let host = super::url::plain_host(host)
                    .ok_or_else(|| content("that is not the name of a host"))?;
                Subject::Host { host, below }
            }
            _ => return Err(RuleError::Kind(text.to_string())),
        };
        Ok(Self {
            text: text.to_string(),
            subject,
        })
    }

    /// Whether the rule, as an allowance, covers reading (or else writing) a path.
    fn covers_path(&self, path: &ScopedPath, write: bool) -> bool {
        match &self.subject {
            Subject::Read(glob) => !write && glob.matches(path.real()),
            Subject::Write(glob) => {
                write && glob.matches(path.real()) && glob.names_protection(path)
            }
            _ => false,
        }
    }

    /// Whether the rule, as a denial or a wish to be asked, hits a path that is
    /// read, or else written.
    fn hits_path(&self, path: &ScopedPath, write: bool) -> bool {
        let hits = |glob: &PathGlob| glob.matches(path.real()) || glob.matches(path.named());
        match &self.subject {
            // What may not be read may not be overwritten either: the difference
            // would tell what was there.
            Subject::Read(glob) => hits(glob),
            Subject::Write(glob) => write && hits(glob),
            _ => false,
        }
    }

    /// Whether the rule hits something that may lie below a directory.
    fn hits_below(&self, dir: &Path, write: bool) -> bool {
        match &self.subject {
            Subject::Read(glob) => glob.may_match_below(dir),
            Subject::Write(glob) => write && glob.may_match_below(dir),
            _ => false,
        }
    }

    /// Whether the rule, as a restriction, hits a host: it means those below too.
    fn hits_host(&self, wanted: &str) -> bool {
        match &self.subject {
            Subject::Host { host, .. } => wanted == host || is_below(wanted, host),
            _ => false,
        }
    }

    /// Whether the rule, as an allowance, covers a host.
    fn covers_host(&self, wanted: &str) -> bool {
        match &self.subject {
            Subject::Host { host, below: false } => wanted == host,
            Subject::Host { host, below: true } => is_below(wanted, host),
            _ => false,
        }
    }
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain)
        .is_some_and(|rest| rest.ends_with('.'))
}

/// The subject of a `Bash(…)` rule.
fn command(inner: &str, place: &Place<'_>) -> Result<Subject, String> {
    let trimmed = inner.trim();
    if matches!(trimmed, "" | "*" | "**" | ":*") {
        return Ok(Subject::AnyCommand);
    }
    let rooted = trimmed.starts_with(['/', '~'])
        || (cfg!(windows) && trimmed.as_bytes().get(1) == Some(&b':'));
    let prefix = trimmed
        .strip_suffix(":*")
        .or_else(|| trimmed.strip_suffix(" *"));
    if let Some(prefix) = prefix {
        let words = words_of(prefix);
        if words.is_empty() {
            return Err("no command stands before :*".to_string());
        }
        return Ok(Subject::Prefix(words));
    }
    if rooted && trimmed.contains('*') && !trimmed.contains(' ') {
        return Ok(Subject::CommandPath(PathGlob::new(trimmed, place)?));
    }
    Ok(Subject::Exact {
        line: inner.to_string(),
        argv: exact_words(trimmed).unwrap_or_default(),
    })
}

/// Whether `Bash(…)` around a line means this line and no other.
pub(super) fn is_exact(line: &str) -> bool {
    let wide = line.ends_with('*') || (line.starts_with(['/', '~']) && line.contains('*'));
    !line.is_empty() && line == line.trim() && !wide
}

/// The words of a rule, as the shell would take them.
fn words_of(text: &str) -> Vec<String> {
    exact_words(text).unwrap_or_else(|| text.split_whitespace().map(str::to_string).collect())
}

/// The words of a text that is one plain command, without expansions.
fn exact_words(text: &str) -> Option<Vec<String>> {
    let parsed = shell::parse(text);
    match (parsed.problem, parsed.body.as_slice()) {
        (None, [item]) if !item.background => match &item.node {
            shell::Node::Simple(simple)
                if simple.assignments.is_empty() && simple.redirects.is_empty() =>
            {
                simple.words.iter().map(shell::Word::literal).collect()
            }
            _ => None,
        },
        _ => None,
    }
}

/// A glob over absolute paths.
#[derive(Debug, Clone)]
struct PathGlob {
    /// As spelled, and with the links in its fixed part resolved.
    spellings: Vec<Spelling>,
}

#[derive(Debug, Clone)]
struct Spelling {
    /// The part before the first wildcard.
    fixed: PathBuf,
    /// There is a wildcard.
    open: bool,
    matcher: GlobMatcher,
}

impl PathGlob {
    fn new(pattern: &str, place: &Place<'_>) -> Result<Self, String> {
        let absolute = absolute(pattern, place)?;
        let (fixed, rest) = split(&absolute);
        let mut spellings = vec![spelling(&fixed, rest)?];
        if let Ok(real) = place.resolve(place.root, &fixed)
            && real.real() != Path::new(&fixed)
            && let Some(real) = real.real().to_str()
        {
            spellings.push(spelling(real, rest)?);
        }
        Ok(Self { spellings })
    }

    fn matches(&self, path: &Path) -> bool {
        self.spellings.iter().any(|spelling| {
            spelling.matcher.is_match(path)
                // `dir/**` means the directory too.
                || (spelling.open && spelling.matcher.glob().glob().ends_with("/**") && {
                    spelling.matcher.is_match(path.join("x")) && !path.as_os_str().is_empty()
                        && path.starts_with(&spelling.fixed)
                })
        })
    }

    /// Whether something that matches may lie below a directory.
    fn may_match_below(&self, dir: &Path) -> bool {
        self.spellings.iter().any(|spelling| {
            if spelling.fixed.starts_with(dir) {
                // One file is there or is not.
                spelling.open || spelling.fixed.symlink_metadata().is_ok()
            } else {
                spelling.open && dir.starts_with(&spelling.fixed)
            }
        })
    }

    /// Whether the rule speaks of the protected part of a path, if it has one: a
    /// wide rule does not mean it.
    fn names_protection(&self, path: &ScopedPath) -> bool {
        match protect::protection(path) {
            None => true,
            Some((name, _)) => self.spellings.iter().any(|spelling| {
                spelling
                    .fixed
                    .components()
                    .any(|part| part.as_os_str().eq_ignore_ascii_case(name))
            }),
        }
    }
}

/// A pattern with `~` and relative beginnings filled in.
fn absolute(pattern: &str, place: &Place<'_>) -> Result<String, String> {
    let from = |base: &Path, rest: &str| {
        let base = base.to_str().ok_or("the workspace has an odd name")?;
        Ok(format!("{}/{rest}", escape(base).trim_end_matches('/')))
    };
    let home = || {
        place
            .home
            .ok_or("the home directory is unknown".to_string())
    };
    if pattern == "~" {
        return from(home()?, "").map(|path| path.trim_end_matches('/').to_string());
    }
    if let Some(rest) = pattern.strip_prefix("~/") {
        return from(home()?, rest.trim_start_matches('/'));
    }
    if pattern.starts_with('/') || (cfg!(windows) && Path::new(pattern).is_absolute()) {
        return Ok(pattern.to_string());
    }
    let mut rest = pattern;
    while let Some(after) = rest.strip_prefix("./") {
        rest = after.trim_start_matches('/');
    }
    if rest.is_empty() || rest == "." {
        return from(place.root, "").map(|path| path.trim_end_matches('/').to_string());
    }
    from(place.root, rest)
}

/// The components before the first wildcard, unescaped, and the rest of the
/// pattern.
fn split(pattern: &str) -> (String, &str) {
    let mut end = 0;
    let mut at = 0;
    for part in pattern.split_inclusive('/') {
        if part.contains(['*', '?', '{']) || part.replace("[[]", "").contains('[') {
            break;
        }
        at += part.len();
        end = at;
    }
    let (fixed, rest) = pattern.split_at(end);
    let fixed = fixed
        .replace("[[]", "[")
        .replace("[*]", "*")
        .replace("[?]", "?");
    (fixed, rest)
}

fn spelling(fixed: &str, rest: &str) -> Result<Spelling, String> {
    let plain = fixed.trim_end_matches('/');
    let pattern = if rest.is_empty() {
        escape(if plain.is_empty() { "/" } else { plain })
    } else {
        format!("{}/{rest}", escape(plain))
    };
    let matcher = GlobBuilder::new(&pattern)
        .literal_separator(true)
        .backslash_escape(false)
        .case_insensitive(cfg!(any(windows, target_os = "macos")))
        .build()
        .map_err(|error| error.kind().to_string())?
        .compile_matcher();
    Ok(Spelling {
        fixed: PathBuf::from(if plain.is_empty() { "/" } else { plain }),
        open: !rest.is_empty(),
        matcher,
    })
}

/// A path as a pattern that matches only it.
pub fn escape(path: &str) -> String {
    let mut out = String::new();
    for ch in path.chars() {
        if matches!(ch, '*' | '?' | '[' | '{' | '}') {
            out.push('[');
            out.push(ch);
            out.push(']');
        } else {
            out.push(ch);
        }
    }
    out
}

/// Every rule that holds, by what it says.
#[derive(Debug, Clone, Default)]
pub struct RuleSet {
    allow: Vec<Rule>,
    deny: Vec<Rule>,
    ask: Vec<Rule>,
}

/// What a list of rules says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// Runs without a question.
    Allow,
    /// Never runs.
    Deny,
    /// Always asks.
    Ask,
}

impl List {
    /// Its name in settings files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Ask => "ask",
        }
    }

    /// The list of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Allow, Self::Deny, Self::Ask]
            .into_iter()
            .find(|list| list.name() == name)
    }
}

impl RuleSet {
    /// Adds a rule.
    ///
    /// # Errors
    /// When it is none; nothing is added then.
    pub fn add(&mut self, list: List, text: &str, place: &Place<'_>) -> Result<(), RuleError> {
        let rule = Rule::parse(text, place)?;
        match list {
            List::Allow => self.allow.push(rule),
            List::Deny => self.deny.push(rule),
            List::Ask => self.ask.push(rule),
        }
        Ok(())
    }

    /// The rules of one list, in the order they were added.
    pub fn list(&self, list: List) -> &[Rule] {
        match list {
            List::Allow => &self.allow,
            List::Deny => &self.deny,
            List::Ask => &self.ask,
        }
    }

    /// The deny rule that hits a path.
    pub fn denied(&self, path: &ScopedPath, write: bool) -> Option<&Rule> {
        self.deny.iter().find(|rule| rule.hits_path(path, write))
    }

    /// The deny rule that hits something below a directory.
    pub fn denied_below(&self, dir: &Path, write: bool) -> Option<&Rule> {
        self.deny.iter().find(|rule| rule.hits_below(dir, write))
    }

    /// The ask rule that hits a path.
    pub fn asked(&self, path: &ScopedPath, write: bool) -> Option<&Rule> {
        self.ask.iter().find(|rule| rule.hits_path(path, write))
    }

    /// The allow rule that covers a path.
    pub fn allowed(&self, path: &ScopedPath, write: bool) -> Option<&Rule> {
        self.allow.iter().find(|rule| rule.covers_path(path, write))
    }

    /// What the rules say about a host, with the rule.
    pub fn host(&self, host: &str) -> Option<(List, &Rule)> {
        self.first(|list, rule| match list {
            List::Allow => rule.covers_host(host),
            _ => rule.hits_host(host),
        })
    }

    /// What the rules say about opening the network for a line, with the rule.
    pub fn network(&self, line: &str) -> Option<(List, &Rule)> {
        let is_meant = |rule: &Rule| match &rule.subject {
            Subject::Network(meant) => meant == line.trim() || meant == "*",
            _ => false,
        };
        // A star restricts; what may leave is named.
        self.first(|list, rule| {
            is_meant(rule) && (list != List::Allow || rule.text != "Network(*)")
        })
    }

    /// What the rules say about the tools of an MCP server, with the rule.
    pub fn mcp(&self, server: &str) -> Option<(List, &Rule)> {
        self.first(
            |_, rule| matches!(&rule.subject, Subject::Mcp(name) if name == server || name == "*"),
        )
    }

    fn first(&self, hits: impl Fn(List, &Rule) -> bool) -> Option<(List, &Rule)> {
        [List::Deny, List::Ask, List::Allow]
            .into_iter()
            .find_map(|list| Some((list, self.list(list).iter().find(|rule| hits(list, rule))?)))
    }
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;

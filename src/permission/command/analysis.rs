//! What is found out about a command line.

use crate::protocol::permission::ScopedPath;

/// Stands in a word for text that is only known when the command runs.
pub const UNKNOWN: char = '\0';

/// The same, unquoted: it may become several words or none.
pub const MANY: char = '\u{1}';

/// Stands for a number: digits, perhaps behind a minus.
pub const NUMBER: char = '\u{2}';

/// Stands for the name of a commit: letters and digits.
pub const HASH: char = '\u{3}';

/// As the last part of a path: something below the directory before it.
pub const BELOW: char = '\u{4}';

/// The same for a regular file, which leads nowhere else.
pub const FILE_BELOW: char = '\u{5}';

/// Every mark.
pub(super) const MARKS: [char; 6] = [UNKNOWN, MANY, NUMBER, HASH, BELOW, FILE_BELOW];

/// A word or line for people: marks become an ellipsis.
pub fn shown(text: &str) -> String {
    text.replace(MARKS, "…")
}

/// Whether part of a word is only known when the command runs.
pub fn is_marked(word: &str) -> bool {
    word.contains(MARKS)
}

/// What should happen with a command, as far as the tables say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// Runs without a question.
    Allow,
    /// Runs without a question where the system confines it to the workspace; elsewhere
    /// someone has to look at it.
    Confined,
    /// Someone has to look at it.
    Ask,
    /// Does not run unless a rule names it.
    Deny,
}

/// A command line, judged by the tables alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// Its commands, in the order they are written.
    pub parts: Vec<Part>,
    /// Why the line is not fully understood.
    pub problem: Option<String>,
}

/// One command with its words, after quotes and expansions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Part {
    /// Program and arguments; [`UNKNOWN`] and [`MANY`] mark what is not known.
    pub argv: Vec<String>,
    /// What speaks against running it unasked.
    pub concerns: Vec<Concern>,
    /// What it would do.
    pub effects: Vec<CommandEffect>,
    /// Commands it starts: `timeout 5 CMD`, `sh -c 'CMD'`.
    pub inner: Vec<Part>,
}

/// Something that speaks against running a command unasked.
#[derive(Debug, Clone, PartialEq)]
pub struct Concern {
    /// How much.
    pub tier: Tier,
    /// In words.
    pub why: String,
    /// What it is about, and so which rule settles it.
    pub about: About,
}

/// What a [`Concern`] is about.
#[derive(Debug, Clone, PartialEq)]
pub enum About {
    /// The program and its arguments. A rule has to name these words.
    Command {
        /// The leading words; empty when any rule for the program will do.
        key: Vec<String>,
    },
    /// A path, read or written.
    Path {
        /// Where it leads.
        path: ScopedPath,
        /// It is or may be written.
        write: bool,
    },
    /// What stands around the words: assignments, redirections, expansions. Only
    /// a rule for the whole line settles it.
    Surroundings,
}

/// One thing a command does.
#[derive(Debug, Clone, PartialEq)]
pub struct CommandEffect {
    /// What kind of thing.
    pub kind: EffectKind,
    /// To what, in words.
    pub target: String,
    /// The resolved path, where the target is one.
    pub path: Option<ScopedPath>,
}

/// Kinds of effects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EffectKind {
    /// Runs a program.
    Executes,
    /// Looks at a path: its name, its size, the names in it.
    Lists,
    /// Reads a file.
    Reads,
    /// Reads whatever lies below a directory.
    ReadsBelow,
    /// Writes a file.
    Writes,
    /// Deletes a path.
    Deletes,
    /// Uses the network.
    Network,
    /// Names something that may be a path; what becomes of it is not known.
    Mentions,
}

impl EffectKind {
    /// The verb.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Executes => "executes",
            Self::Lists => "lists",
            Self::Reads | Self::ReadsBelow => "reads",
            Self::Writes => "writes",
            Self::Deletes => "deletes",
            Self::Network => "network",
            Self::Mentions => "mentions",
        }
    }
}

impl Part {
    /// This part and all it starts.
    pub fn each<'a>(&'a self, visit: &mut dyn FnMut(&'a Part)) {
        visit(self);
        for part in &self.inner {
            part.each(visit);
        }
    }
}

impl Analysis {
    /// Every part, however deep.
    pub fn each<'a>(&'a self, visit: &mut dyn FnMut(&'a Part)) {
        for part in &self.parts {
            part.each(visit);
        }
    }

    /// The worst of all parts, with the reason that decides.
    pub fn tier(&self) -> (Tier, Option<String>) {
        let mut worst = match &self.problem {
            Some(why) => (Tier::Ask, Some(why.clone())),
            None => (Tier::Allow, None),
        };
        self.each(&mut |part| {
            for concern in &part.concerns {
                if concern.tier > worst.0 {
                    worst = (concern.tier, Some(concern.why.clone()));
                }
            }
        });
        worst
    }
}

//! What a judge of a program works with: the command it judges, and where it runs.

use super::analysis::*;
use super::listing::Filter;
use super::walk::Walker;
use crate::permission::protect::protection;
use crate::permission::scope::is_special;
use crate::permission::short;
use crate::protocol::permission::ScopedPath;

/// How a judge says that it does not know these arguments: the reason to ask.
pub type Verdict = Result<(), String>;

/// One command under judgement.
pub struct Cx<'w, 'p> {
    /// The walker that found it.
    pub walker: &'w mut Walker<'p>,
    /// What is found out.
    pub part: Part,
}

/// Paths that stand for what is open already, or for nothing.
const STREAMS: &[&str] = &[
    "/dev/null",
    "/dev/stdin",
    "/dev/stdout",
    "/dev/stderr",
    "/dev/fd/0",
    "/dev/fd/1",
    "/dev/fd/2",
    // Where a process substitution appears.
    super::expand::PROCESS,
];

/// Whether a word is one of the paths that lead nowhere.
pub fn is_stream(word: &str) -> bool {
    STREAMS.contains(&word)
}

/// Whether part of a word is only known when the command runs.
pub fn is_unknown(word: &str) -> bool {
    word.contains([UNKNOWN, MANY, NUMBER, HASH])
}

/// Whether a word consists of digits and numbers only known when the command runs.
pub fn is_number(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|ch| ch.is_ascii_digit() || ch == NUMBER)
}

impl Cx<'_, '_> {
    /// Adds a concern about the program and its arguments.
    pub fn command(&mut self, tier: Tier, why: impl Into<String>, key: &[&str]) {
        self.part.concerns.push(Concern {
            tier,
            why: why.into(),
            about: About::Command {
                key: key.iter().map(|word| word.to_string()).collect(),
            },
        });
    }

    /// That the program runs unasked only where the system confines it.
    pub fn confined(&mut self, why: impl Into<String>) {
        self.command(Tier::Confined, why, &[]);
    }

    /// Adds a concern about what stands around the words, where the system confines
    /// the command of no matter.
    pub fn around_confined(&mut self, why: impl Into<String>) {
        self.part.concerns.push(Concern {
            tier: Tier::Confined,
            why: why.into(),
            about: About::Surroundings,
        });
    }

    /// Adds a concern about what stands around the words.
    pub fn around(&mut self, why: impl Into<String>) {
        let concern = Concern {
            tier: Tier::Ask,
            why: why.into(),
            about: About::Surroundings,
        };
        // The same thing over and over is said once.
        if self.part.concerns.last() != Some(&concern) {
            self.part.concerns.push(concern);
        }
    }

    /// Notes an effect that is not about a path.
    pub fn effect(&mut self, kind: EffectKind, target: impl Into<String>) {
        self.part.effects.push(CommandEffect {
            kind,
            target: target.into(),
            path: None,
        });
    }

    /// Reads files at a path, all of them when it is a directory.
    pub fn read(&mut self, word: &str) -> Verdict {
        self.path(word, EffectKind::Reads)
    }

    /// Looks at a path, not into files.
    pub fn list(&mut self, word: &str) -> Verdict {
        self.path(word, EffectKind::Lists)
    }

    /// Something that may be a path.
    pub fn mention(&mut self, word: &str) -> Verdict {
        self.path(word, EffectKind::Mentions)
    }

    /// Notes that a path is used.
    ///
    /// # Errors
    /// When it cannot be said where the path leads.
    pub fn path(&mut self, word: &str, kind: EffectKind) -> Verdict {
        if is_unknown(word) {
            return Err("a path is only known when it runs".to_string());
        }
        if is_stream(word) {
            return Ok(());
        }
        if word.contains([BELOW, FILE_BELOW]) {
            return self.below(word, kind);
        }
        let place = self.walker.place;
        // The shell expanded every tilde it takes for one; the others are letters.
        let plain = if word.starts_with('~') {
            format!("./{word}")
        } else {
            word.to_string()
        };
        // A loop comes to the same path again and again.
        let key = (self.walker.cwd.clone(), plain, kind);
        if let Some(found) = self.walker.looked_at.get(&key) {
            let found = found.clone();
            self.put(found);
            return Ok(());
        }
        let path = place
            .resolve(&self.walker.cwd, &key.1)
            .map_err(|error| error.to_string())?;
        let write = matches!(kind, EffectKind::Writes | EffectKind::Deletes);
        let kind = match kind {
            EffectKind::Reads if path.real().is_dir() => EffectKind::ReadsBelow,
            kind => kind,
        };
        let found = use_of(path, kind, write);
        self.walker.looked_at.insert(key, found.clone());
        self.put(found);
        Ok(())
    }

    /// A path of which only the directory it lies below is known.
    fn below(&mut self, word: &str, kind: EffectKind) -> Verdict {
        let any = word.ends_with(BELOW);
        let dir = word
            .strip_suffix([BELOW, FILE_BELOW])
            .and_then(|dir| dir.strip_suffix('/'));
        let Some(dir) = dir else {
            return Err("a path is only known when it runs".to_string());
        };
        let dir = dir.trim_end_matches('/');
        if dir.is_empty() || dir.contains([BELOW, FILE_BELOW]) {
            return Err("a path is only known when it runs".to_string());
        }
        let place = self.walker.place;
        let path = place
            .resolve(&self.walker.cwd, dir)
            .map_err(|error| error.to_string())?;
        let write = matches!(kind, EffectKind::Writes | EffectKind::Deletes);
        if any
            && !write
            && kind != EffectKind::Lists
            && !self.walker.stays(path.real(), &Filter::default())
        {
            return Err(format!(
                "links below {} may lead elsewhere",
                short(path.display())
            ));
        }
        let kind = match kind {
            EffectKind::Reads | EffectKind::Mentions => EffectKind::ReadsBelow,
            kind => kind,
        };
        self.put(use_of(path, kind, write));
        Ok(())
    }

    /// Whether nothing below a directory that a list may hold leads out of the workspace.
    pub fn stays_below(&mut self, dir: &str, filter: &Filter) -> bool {
        let place = self.walker.place;
        place
            .resolve(&self.walker.cwd, dir)
            .is_ok_and(|path| self.walker.stays(path.real(), &filter.below(dir)))
    }

    /// Whether no name here could pass for an option.
    pub fn no_dashes(&self) -> bool {
        self.walker
            .place
            .names(&self.walker.cwd)
            .is_some_and(|names| !names.iter().any(|name| name.starts_with('-')))
    }

    /// That nothing leads out of the directories this command reads.
    pub fn stays(&mut self) -> Verdict {
        let dirs: Vec<_> = self
            .part
            .effects
            .iter()
            .filter(|effect| effect.kind == EffectKind::ReadsBelow)
            .filter_map(|effect| effect.path.clone())
            .collect();
        let everything = Filter::default();
        match dirs
            .iter()
            .find(|dir| !self.walker.stays(dir.real(), &everything))
        {
            Some(dir) => Err(format!(
                "follows links, which may lead elsewhere, below {}",
                short(dir.display())
            )),
            None => Ok(()),
        }
    }

    /// Notes the use of a path and what speaks against it.
    fn put(&mut self, found: Use) {
        if let Some(concern) = found.concern
            && !self.part.concerns.contains(&concern)
        {
            self.part.concerns.push(concern);
        }
        if !self.part.effects.contains(&found.effect) {
            self.part.effects.push(found.effect);
        }
    }
}

/// The use of a path and what speaks against it.
#[derive(Debug, Clone)]
pub struct Use {
    effect: CommandEffect,
    concern: Option<Concern>,
}

fn use_of(path: ScopedPath, kind: EffectKind, write: bool) -> Use {
    let shown = short(path.display());
    let why = if !path.inside() {
        let verb = match kind {
            EffectKind::Writes => "writes",
            EffectKind::Deletes => "deletes",
            EffectKind::Mentions => "names a path",
            _ => "reads",
        };
        Some(format!("{verb} outside the workspace: {shown}"))
    } else if write {
        Some(match protection(&path) {
            Some((what, why)) => format!("{} {shown}, part of {what}: {why}", kind.verb()),
            None => format!("{} {shown}", kind.verb()),
        })
    } else if kind != EffectKind::Lists && is_special(&path) {
        Some(format!("{shown} is not a regular file"))
    } else {
        None
    };
    Use {
        concern: why.map(|why| Concern {
            tier: Tier::Ask,
            why,
            about: About::Path {
                path: path.clone(),
                write,
            },
        }),
        effect: CommandEffect {
            kind,
            target: path.display().to_string(),
            path: Some(path),
        },
    }
}

//! What a judge of a program works with: the command it judges, and where it runs.

use super::analysis::*;
use super::walk::Walker;
use crate::permission::protect::protection;
use crate::permission::scope::is_special;
use crate::permission::short;

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
    word.contains([UNKNOWN, MANY])
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

    /// Adds a concern about what stands around the words.
    pub fn around(&mut self, why: impl Into<String>) {
        self.part.concerns.push(Concern {
            tier: Tier::Ask,
            why: why.into(),
            about: About::Surroundings,
        });
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
        let place = self.walker.place;
        // The shell expanded every tilde it takes for one; the others are letters.
        let plain = if word.starts_with('~') {
            format!("./{word}")
        } else {
            word.to_string()
        };
        let path = place
            .resolve(&self.walker.cwd, &plain)
            .map_err(|error| error.to_string())?;
        let write = matches!(kind, EffectKind::Writes | EffectKind::Deletes);
        let kind = match kind {
            EffectKind::Reads if path.real().is_dir() => EffectKind::ReadsBelow,
            kind => kind,
        };
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
        if let Some(why) = why {
            let concern = Concern {
                tier: Tier::Ask,
                why,
                about: About::Path {
                    path: path.clone(),
                    write,
                },
            };
            if !self.part.concerns.contains(&concern) {
                self.part.concerns.push(concern);
            }
        }
        let effect = CommandEffect {
            kind,
            target: path.display().to_string(),
            path: Some(path),
        };
        if !self.part.effects.contains(&effect) {
            self.part.effects.push(effect);
        }
        Ok(())
    }
}

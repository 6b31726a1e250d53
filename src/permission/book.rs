//! The rules in force and the files they stand in.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use super::Basis;
use super::command::{self, Analysis};
use super::place::Place;
use super::rules::{List, Rule, RuleSet};
use crate::config::{self, ConfigError, Layer, Paths, RuleLine, trust};
use crate::protocol::permission::{Effect, Grant, PermissionDecision, PermissionMode};

/// Why a rule cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// It is none.
    #[error(transparent)]
    Rule(#[from] super::RuleError),
    /// Its file cannot be changed.
    #[error(transparent)]
    File(#[from] ConfigError),
    /// There is nowhere to write it.
    #[error("this run has no settings files to write rules to")]
    Nowhere,
}

/// Every rule with its file. Shared by all agents of a run.
#[derive(Debug, Default)]
pub struct RuleBook {
    paths: Option<Paths>,
    root: PathBuf,
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    rules: Arc<RuleSet>,
    lines: Vec<RuleLine>,
}

/// How things are where something would run; see [`Basis`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Stand {
    /// The mode.
    pub mode: PermissionMode,
    /// Safe mode: only reading exists.
    pub safe: bool,
    /// The operating system confines commands to the workspace.
    pub confined: bool,
    /// It was to confine them and cannot.
    pub exposed: bool,
}

impl RuleBook {
    /// The rules of settings files, and what is wrong with some of them, one line
    /// each; those are left out, unless they deny: then what they may mean is too
    /// much to be left out, and nothing is.
    ///
    /// # Errors
    /// The first rule that denies and cannot be read.
    pub fn new(paths: &Paths, lines: Vec<RuleLine>) -> Result<(Self, Vec<String>), BookError> {
        let root =
            std::fs::canonicalize(&paths.workspace).unwrap_or_else(|_| paths.workspace.clone());
        let mut book = Self {
            paths: Some(paths.clone()),
            root,
            state: RwLock::default(),
        };
        let mut warnings = Vec::new();
        let mut kept = Vec::new();
        for line in lines {
            match Rule::parse(&line.text, &book.place()) {
                Ok(_) => kept.push(line),
                Err(error) if line.list == "deny" => return Err(error.into()),
                Err(error) => {
                    warnings.push(format!("{}: {error}; it is ignored", line.layer.shown()));
                }
            }
        }
        let rules = book.compile(&kept);
        book.state = RwLock::new(State { rules, lines: kept });
        Ok((book, warnings))
    }

    fn place(&self) -> Place<'_> {
        Place {
            root: &self.root,
            home: self
                .paths
                .as_ref()
                .and_then(|paths| paths.user_home.as_deref()),
        }
    }

    fn compile(&self, lines: &[RuleLine]) -> Arc<RuleSet> {
        let mut rules = RuleSet::default();
        for line in lines {
            if let Some(list) = List::parse(line.list) {
                // Each was read before.
                let _ = rules.add(list, &line.text, &self.place());
            }
        }
        Arc::new(rules)
    }

    /// The rules in force.
    pub fn rules(&self) -> Arc<RuleSet> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.rules.clone()
    }

    /// Judges effects without grants, as where `stand` says how things are.
    pub fn decide(&self, effects: &[Effect], stand: Stand) -> PermissionDecision {
        let rules = self.rules();
        let basis = Basis {
            mode: stand.mode,
            safe: stand.safe,
            place: self.place(),
            rules: &rules,
            grants: &[],
            confined: stand.confined,
            exposed: stand.exposed,
        };
        super::decide(&basis, effects)
    }

    /// Looks at a command line that would run in the root of the workspace.
    pub fn analyse(&self, line: &str) -> Analysis {
        command::analyse(&self.place(), line)
    }

    /// Every rule with its file and list.
    pub fn lines(&self) -> Vec<RuleLine> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.lines.clone()
    }

    /// Writes rules that were offered with a question to the workspace's own file.
    ///
    /// # Errors
    /// When the file cannot be changed; what could be written holds.
    pub fn remember(&self, offered: &[Grant]) -> Result<(), BookError> {
        offered
            .iter()
            .try_for_each(|grant| self.add(Layer::Local, List::Allow, &grant.rule))
    }

    /// Writes a rule to a file. It holds from now on.
    ///
    /// # Errors
    /// When it is none, or the file cannot be changed.
    pub fn add(&self, layer: Layer, list: List, text: &str) -> Result<(), BookError> {
        let text = text.trim();
        Rule::parse(text, &self.place())?;
        let paths = self.paths.as_ref().ok_or(BookError::Nowhere)?;
        let name = list.name();
        config::rules::add(&layer.path(paths), name, text)?;
        if layer != Layer::User && list == List::Allow {
            // Written by the user's own hand, it needs no second look.
            trust::accept(paths, &[format!("{}: {name} {text}", layer.shown())], true)?;
        }
        let line = RuleLine {
            layer,
            list: name,
            text: text.to_string(),
        };
        self.change(|lines| {
            if !lines.contains(&line) {
                lines.push(line);
            }
        });
        Ok(())
    }

    /// Removes a rule from every list and file it stands in, and says where it
    /// stood.
    ///
    /// # Errors
    /// When a file cannot be changed.
    pub fn remove(&self, text: &str) -> Result<Vec<RuleLine>, BookError> {
        let paths = self.paths.as_ref().ok_or(BookError::Nowhere)?;
        let mut lines = self.lines();
        lines.retain(|line| line.text.trim() == text.trim());
        for line in &lines {
            config::rules::remove(&line.layer.path(paths), line.list, &line.text)?;
        }
        self.change(|all| all.retain(|line| !lines.contains(line)));
        Ok(lines)
    }

    /// Puts other rules in force: files were read again.
    pub fn replace(&self, lines: Vec<RuleLine>) {
        self.change(|all| *all = lines);
    }

    fn change(&self, edit: impl FnOnce(&mut Vec<RuleLine>)) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        edit(&mut state.lines);
        state.rules = self.compile(&state.lines);
    }
}

#[cfg(test)]
#[path = "book_tests.rs"]
mod tests;

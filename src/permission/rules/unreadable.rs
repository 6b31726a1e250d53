//! Deny rules on reading, as the files and directories they close: for those who
//! enforce them below the names in a command line.

use std::path::{Path, PathBuf};

use super::{PathGlob, Rule, RuleSet, Subject};

/// Directory entries looked at for one rule.
const MOST: usize = 300_000;

impl RuleSet {
    /// What exists of what the deny rules close to reading. A directory stands for
    /// all below it. Looks through directories where a rule has wildcards.
    ///
    /// # Errors
    /// The rule in words that covers more than can be looked through.
    pub fn unreadable(&self) -> Result<Vec<PathBuf>, String> {
        let mut out = Vec::new();
        for rule in &self.deny {
            if let Rule {
                subject: Subject::Read(glob),
                ..
            } = rule
            {
                glob.collect(&mut out).map_err(|dir| {
                    format!("the rule {rule} covers too many files: {}", dir.display())
                })?;
            }
        }
        out.sort();
        out.dedup();
        Ok(out)
    }
}

impl PathGlob {
    /// The existing paths that match; the directory that is too large on failure.
    fn collect(&self, out: &mut Vec<PathBuf>) -> Result<(), PathBuf> {
        for spelling in &self.spellings {
            if !spelling.open {
                out.extend(
                    spelling
                        .fixed
                        .symlink_metadata()
                        .is_ok()
                        .then(|| spelling.fixed.clone()),
                );
                continue;
            }
            let mut left = MOST;
            self.walk(&spelling.fixed, &mut left, out)
                .ok_or_else(|| spelling.fixed.clone())?;
        }
        Ok(())
    }

    /// Nothing when there is too much to look at.
    fn walk(&self, start: &Path, left: &mut usize, out: &mut Vec<PathBuf>) -> Option<()> {
        if self.matches(start) {
            out.extend(
                start
                    .symlink_metadata()
                    .is_ok()
                    .then(|| start.to_path_buf()),
            );
            return Some(());
        }
        let mut dirs = vec![start.to_path_buf()];
        while let Some(dir) = dirs.pop() {
            for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
                *left = left.checked_sub(1)?;
                let path = entry.path();
                if self.matches(&path) {
                    out.push(path);
                } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    dirs.push(path);
                }
            }
        }
        Some(())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::super::{List, RuleSet};
    use crate::permission::Place;

    #[test]
    fn deny_rules_name_what_exists() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        for file in [
            ".env",
            "a/b/.env",
            "a/.env.example",
            "secret/x/y",
            "one",
            "two",
        ] {
            let path = root.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let place = Place {
            root: &root,
            home: None,
        };
        let mut rules = RuleSet::default();
        for rule in [
            "Read(**/.env)",
            "Read(secret/**)",
            "Read(one)",
            "Read(missing)",
            "Write(two)",
        ] {
            rules.add(List::Deny, rule, &place).unwrap();
        }
        rules.add(List::Allow, "Read(two)", &place).unwrap();
        let expected = [".env", "a/b/.env", "one", "secret"].map(|name| root.join(name));
        assert_eq!(rules.unreadable().unwrap(), expected);
        assert_eq!(
            RuleSet::default().unreadable().unwrap(),
            [""; 0].map(std::path::PathBuf::from)
        );
    }
}

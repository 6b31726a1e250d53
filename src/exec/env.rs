//! The environment children get: the user's own, without secrets and without
//! whatever would change how shells, git or search tools behave behind the
//! command line that was judged.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::stdx::redact::{self, Secrets};

/// Set for every child: no pagers, no prompts, no colours, no editors that wait.
const FIXED: &[(&str, &str)] = &[
    ("PAGER", "cat"),
    ("GIT_PAGER", "cat"),
    ("MANPAGER", "cat"),
    ("SYSTEMD_PAGER", "cat"),
    ("TERM", "dumb"),
    ("NO_COLOR", "1"),
    // `true` leaves a proposed message as it is, where an editor would wait for ever.
    ("EDITOR", "true"),
    ("VISUAL", "true"),
    ("GIT_EDITOR", "true"),
    ("GIT_SEQUENCE_EDITOR", "true"),
    ("GIT_TERMINAL_PROMPT", "0"),
    // Looking at a repository does not write its index, nor run the hook for that.
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GCM_INTERACTIVE", "never"),
    ("SSH_ASKPASS_REQUIRE", "never"),
    ("DEBIAN_FRONTEND", "noninteractive"),
    // A repository's own configuration must not run programs behind a `git status`.
    ("GIT_CONFIG_COUNT", "2"),
    ("GIT_CONFIG_KEY_0", "core.fsmonitor"),
    ("GIT_CONFIG_VALUE_0", "false"),
    ("GIT_CONFIG_KEY_1", "log.showSignature"),
    ("GIT_CONFIG_VALUE_1", "false"),
];

/// Parts of a name that mark a secret.
const SECRET_PARTS: &[&str] = &[
    "API_KEY",
    "APIKEY",
    "TOKEN",
    "SECRET",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "CREDENTIAL",
    "PRIVATE_KEY",
    "ACCESS_KEY",
];

const SECRET_ENDS: &[&str] = &["_KEY", "_PAT", "_PWD", "_PASS", "_AUTH"];

const SECRET_STARTS: &[&str] = &[
    "AWS_",
    "SOFOS_",
    "ANTHROPIC_",
    "OPENAI_",
    "MORPH_",
    "GEMINI_",
];

/// Names that change what a judged command line means.
const MEDDLERS: &[&str] = &[
    "BASH_ENV",
    "ENV",
    "SHELLOPTS",
    "BASHOPTS",
    "PROMPT_COMMAND",
    "PS4",
    "CDPATH",
    "GLOBIGNORE",
    "POSIXLY_CORRECT",
    "GREP_OPTIONS",
    "RIPGREP_CONFIG_PATH",
    "LESSOPEN",
    "LESSCLOSE",
    "SSH_ASKPASS",
    "FORCE_COLOR",
    "CLICOLOR_FORCE",
    "CARGO_TERM_COLOR",
    "OLDPWD",
];

/// The `GIT_*` names that only say who commits and how to reach servers.
const GIT_HARMLESS: &[&str] = &["GIT_AUTHOR_", "GIT_COMMITTER_", "GIT_SSL_", "GIT_SSH"];

/// The environment of children, worked out once.
#[derive(Debug, Clone, Default)]
pub struct Env {
    vars: Vec<(OsString, OsString)>,
    home: Option<PathBuf>,
    secrets: Secrets,
}

impl Env {
    /// The environment for children, from sofos' own.
    pub fn scrubbed(vars: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut kept = BTreeMap::new();
        let mut home = None;
        let mut secrets = Vec::new();
        for (name, value) in vars {
            if (name == "HOME" || name == "USERPROFILE") && Path::new(&value).is_absolute() {
                home.get_or_insert_with(|| PathBuf::from(&value));
            }
            let upper = name.to_string_lossy().to_ascii_uppercase();
            if is_named_secret(&upper)
                && let Some(value) = value.to_str()
            {
                secrets.push(value.to_string());
            }
            if is_secret(&upper, &value) || is_meddler(&upper) {
                continue;
            }
            let value = if upper == "PATH" {
                absolute_entries(&value)
            } else {
                value
            };
            kept.insert(name, value);
        }
        for (name, value) in FIXED {
            kept.insert(OsString::from(name), OsString::from(value));
        }
        Self {
            vars: kept.into_iter().collect(),
            home,
            secrets: Secrets::new(secrets),
        }
    }

    /// The same, with more secrets that no output may show.
    #[must_use]
    pub fn with_secrets(mut self, more: impl IntoIterator<Item = String>) -> Self {
        self.secrets = self.secrets.with(more);
        self
    }

    /// The values that children do not get and no output may show.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// The same with some variables set.
    #[must_use]
    pub fn with(&self, vars: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut env = self.clone();
        for (name, value) in vars {
            let (name, value) = (OsString::from(name), OsString::from(value));
            match env.vars.binary_search_by(|(known, _)| known.cmp(&name)) {
                Ok(at) => env.vars[at].1 = value,
                Err(at) => env.vars.insert(at, (name, value)),
            }
        }
        env
    }

    /// The variables, sorted by name.
    pub fn vars(&self) -> &[(OsString, OsString)] {
        &self.vars
    }

    /// The user's home directory, for `~` in paths.
    pub fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }
}

/// Whether a name says that the value is secret.
fn is_named_secret(upper: &str) -> bool {
    SECRET_PARTS.iter().any(|part| upper.contains(part))
        || SECRET_ENDS.iter().any(|end| upper.ends_with(end))
}

fn is_secret(upper: &str, value: &OsStr) -> bool {
    if is_named_secret(upper) || SECRET_STARTS.iter().any(|start| upper.starts_with(start)) {
        return true;
    }
    let value = value.to_string_lossy();
    let has_login = !upper.ends_with("PROXY") && url_has_password(&value);
    has_login || redact::redact(&value) != value
}

/// `scheme://user:password@host`.
fn url_has_password(value: &str) -> bool {
    value.split("://").skip(1).any(|rest| {
        let authority = rest.split(['/', '?', '#', ' ']).next().unwrap_or_default();
        authority
            .rsplit_once('@')
            .is_some_and(|(login, _)| login.contains(':'))
    })
}

fn is_meddler(upper: &str) -> bool {
    MEDDLERS.contains(&upper)
        || upper.starts_with("BASH_FUNC_")
        || (upper.starts_with("GIT_") && !GIT_HARMLESS.iter().any(|start| upper.starts_with(start)))
        || upper == "GIT_SSH_ASKPASS"
}

/// `PATH` without empty and relative entries: those would find programs in the
/// workspace under the names of harmless ones.
fn absolute_entries(path: &OsStr) -> OsString {
    let entries = std::env::split_paths(path).filter(|entry| entry.is_absolute());
    std::env::join_paths(entries).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrub(vars: &[(&str, &str)]) -> BTreeMap<String, String> {
        let vars = vars
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value)));
        Env::scrubbed(vars)
            .vars()
            .iter()
            .map(|(name, value)| {
                (
                    name.to_string_lossy().into_owned(),
                    value.to_string_lossy().into_owned(),
                )
            })
            .collect()
    }

    #[test]
    fn secrets_and_meddlers_do_not_reach_children() {
        for (name, value) in [
            ("ANTHROPIC_API_KEY", "x"),
            ("GITHUB_TOKEN", "x"),
            ("my_secret_thing", "x"),
            ("DB_PASSWORD", "x"),
            ("AWS_PROFILE", "x"),
            ("DEPLOY_KEY", "x"),
            ("SOFOS_HOME", "/x"),
            ("DATABASE_URL", "postgres://me:pw@host/db"),
            ("INNOCENT", "sk-abcdefghijklmnopqrstuv"),
            ("BASH_ENV", "/tmp/x"),
            ("BASH_FUNC_ls%%", "() { evil; }"),
            ("GIT_EXTERNAL_DIFF", "/tmp/x"),
            ("GIT_CONFIG_PARAMETERS", "'core.pager=x'"),
            ("RIPGREP_CONFIG_PATH", "/tmp/x"),
            ("CDPATH", "/etc"),
        ] {
            assert!(!scrub(&[(name, value)]).contains_key(name), "{name}");
        }
    }

    #[test]
    fn the_useful_rest_stays() {
        let vars = scrub(&[
            ("PATH", "/bin:.::bin:/usr/bin"),
            ("LANG", "de_DE.UTF-8"),
            ("CARGO_HOME", "/c"),
            ("HTTPS_PROXY", "http://me:pw@proxy:3128"),
            ("GIT_AUTHOR_NAME", "N"),
            ("PAGER", "less"),
        ]);
        assert_eq!(vars["PATH"], "/bin:/usr/bin");
        assert_eq!(vars["LANG"], "de_DE.UTF-8");
        assert_eq!(vars["CARGO_HOME"], "/c");
        assert_eq!(vars["HTTPS_PROXY"], "http://me:pw@proxy:3128");
        assert_eq!(vars["GIT_AUTHOR_NAME"], "N");
        assert_eq!(vars["PAGER"], "cat");
        assert_eq!(vars["GIT_TERMINAL_PROMPT"], "0");
    }

    #[test]
    fn home_is_known() {
        let env = Env::scrubbed([(OsString::from("HOME"), OsString::from("/home/u"))]);
        assert_eq!(env.home(), Some(Path::new("/home/u")));
        assert_eq!(Env::scrubbed([]).home(), None);
    }
}

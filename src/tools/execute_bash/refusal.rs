//! What a failed command tells of the sandbox around it.

use std::path::Path;

/// What programs say when the sandbox keeps them from a file.
const FILE_REFUSALS: &[&str] = &["read-only file system", "operation not permitted"];
/// What programs say of a file that is not there.
const MISSING: &str = "no such file";
/// Directories of which the sandbox has its own.
const TEMPORARY: [&str; 2] = ["/tmp", "/var/tmp"];

/// What programs say when there is no network.
const NETWORK_REFUSALS: &[&str] = &[
    "network is unreachable",
    "could not resolve host",
    "couldn't resolve host",
    "name resolution",
    "no such host",
    "enetunreach",
    "eai_again",
    "getaddrinfo",
    "nodename nor servname",
];

const FILE_HINT: &str = "[perhaps refused by the sandbox: a command may write in the workspace \
                         and /tmp only, not in .git, .sofos, editor and agent settings. If it \
                         has to be, repeat it with sandbox false: the user is asked]\n";

const NETWORK_HINT: &str = "[perhaps refused by the sandbox: a command has no network but \
                            loopback. If it has to be, repeat it with network true: the user \
                            is asked]\n";

/// What the sandbox refuses commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    File,
    Network,
}

impl Refusal {
    /// For the model.
    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::File => FILE_HINT,
            Self::Network => NETWORK_HINT,
        }
    }
}

/// What an output that ends so tells of, and the line that does. `root`: the workspace,
/// where nothing is hidden.
pub(super) fn find<'a>(output: &'a str, root: &Path) -> Option<(Refusal, &'a str)> {
    let end = &output[output.floor_char_boundary(output.len().saturating_sub(4096))..];
    let says = |what: Refusal, refusals: &[&str]| {
        let says = |line: &&str| {
            let line = line.to_ascii_lowercase();
            refusals.iter().any(|words| line.contains(words))
        };
        Some((what, end.lines().rev().find(says)?))
    };
    says(Refusal::Network, NETWORK_REFUSALS)
        .or_else(|| says(Refusal::File, FILE_REFUSALS))
        .or_else(|| {
            Some((
                Refusal::File,
                end.lines().rev().find(|line| unseen(line, root))?,
            ))
        })
}

/// Whether a program misses what is there outside: inside, some directories are others.
fn unseen(line: &str, root: &Path) -> bool {
    let there = |word: &str| {
        let path = Path::new(word);
        let below = |dir: &&str| path.starts_with(dir) && path.parent() != Some(Path::new(dir));
        TEMPORARY.iter().any(below)
            && !path.starts_with(root)
            && path.parent().is_some_and(Path::exists)
    };
    line.to_ascii_lowercase().contains(MISSING)
        && line
            .split(|c: char| c.is_whitespace() || ":,;'\"`()‘’“”".contains(c))
            .any(there)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_failure_tells_of() {
        let root = Path::new("/elsewhere/project");
        for (output, wanted) in [
            (
                "bash: line 1: /etc/x: Read-only file system\n",
                Some(Refusal::File),
            ),
            (
                "curl: (6) Could not resolve host: a.example\n",
                Some(Refusal::Network),
            ),
            ("cat: nothing.txt: No such file or directory\n", None),
            ("cat: /tmp/never-there-7: No such file or directory\n", None),
            ("error[E0425]: cannot find value `x`\n", None),
        ] {
            assert_eq!(find(output, root).map(|(what, _)| what), wanted, "{output}");
        }
    }

    #[test]
    fn what_is_there_outside_alone_was_hidden() {
        let Ok(outside) = tempfile::tempdir_in("/tmp") else {
            return;
        };
        let output = format!(
            "bash: line 1: {}/f: No such file or directory\n",
            outside.path().display()
        );
        assert!(find(&output, Path::new("/elsewhere/project")).is_some());
        assert!(
            find(&output, outside.path()).is_none(),
            "the workspace is not hidden"
        );
    }
}

//! Checkers and test runners that a Node project installs for itself.

use super::super::cx::{Cx, Verdict, is_unknown};
use super::Judge::Custom;
use super::build::REPORTERS;
use super::{Rows, listed, tools};
use crate::permission::short;

pub(super) const PROGRAMS: Rows = &[("npx", Custom(npx))];

/// A tool: its name, flags without a value, flags with a text, flags with a plain
/// word, the words that have to come first, and a flag that has to be there.
struct Tool {
    name: &'static str,
    alone: &'static str,
    valued: &'static str,
    words: &'static str,
    first: &'static str,
    needs: &'static str,
}

/// Left out on purpose: whatever names a configuration, a plugin, a reporter or a
/// file to write, and `--fix`.
const TOOLS: &[Tool] = &[
    Tool {
        name: "tsc",
        alone: "--noEmit --pretty --strict --skipLibCheck --version -v --listFiles --showConfig \
                --allowJs --checkJs --noUnusedLocals --noUnusedParameters --listFilesOnly",
        valued: "",
        words: "--target --module --lib --jsx --moduleResolution",
        first: "",
        needs: "--noEmit --version -v --showConfig --listFilesOnly",
    },
    Tool {
        name: "eslint",
        alone: "--quiet --no-color --version -v --max-warnings=0 \
                --report-unused-disable-directives --no-inline-config",
        valued: "--ext --max-warnings",
        words: "--format -f",
        first: "",
        needs: "",
    },
    Tool {
        name: "prettier",
        alone: "--check -c -l --list-different --version --ignore-unknown -u --no-config \
                --no-error-on-unmatched-pattern",
        valued: "",
        words: "--log-level",
        first: "",
        needs: "--check -c -l --list-different --version",
    },
    Tool {
        name: "jest",
        alone: "--ci --runInBand -i --verbose --silent --coverage=false --no-coverage --bail \
                --passWithNoTests --version --listTests --watchAll=false --coverage --forceExit \
                --detectOpenHandles --onlyChanged --no-cache --json --expand",
        valued: "-t --testNamePattern --testPathPattern --testPathPatterns --maxWorkers \
                 --testTimeout --shard --changedSince",
        words: "--env",
        first: "",
        needs: "",
    },
    Tool {
        name: "vitest",
        alone: "--run --no-coverage --silent --bail --passWithNoTests --version --coverage \
                --no-watch --typecheck",
        valued: "-t --testNamePattern --testTimeout --shard --project",
        words: "",
        first: "run --version list",
        needs: "",
    },
    Tool {
        name: "mocha",
        alone: "--bail --version --exit --recursive --forbid-only",
        valued: "-g --grep -f --fgrep --timeout",
        words: "",
        first: "",
        needs: "",
    },
];

/// Whether a program is one of these tools and lies where the project keeps its own:
/// without it a package of that name would be fetched and run.
pub(super) fn is_tool(cx: &Cx<'_, '_>, name: &str) -> bool {
    let place = cx.walker.place;
    let installed = |dir: &std::path::Path| {
        let path = dir.join("node_modules/.bin").join(name);
        path.canonicalize()
            .is_ok_and(|real| real.starts_with(place.root) && real.is_file())
    };
    (TOOLS.iter().any(|tool| tool.name == name) || tools::may_be_local(name))
        && (installed(&cx.walker.cwd) || installed(place.root))
}

fn npx(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let rest = match args {
        ["--no-install" | "--no", rest @ ..] => rest,
        rest => rest,
    };
    match rest {
        ["--version"] => Ok(()),
        [tool, rest @ ..] if is_tool(cx, tool) => judge(cx, tool, rest),
        _ => Err("may fetch a package and run it".to_string()),
    }
}

/// Judges the arguments of a tool.
pub(super) fn judge(cx: &mut Cx<'_, '_>, name: &str, args: &[&str]) -> Verdict {
    let Some(tool) = TOOLS.iter().find(|tool| tool.name == name) else {
        return tools::hand_on(cx, name, args);
    };
    let first = args.first().copied().unwrap_or_default();
    if !tool.first.is_empty() && !listed(tool.first, first) {
        return Err("waits for changes".to_string());
    }
    if !tool.needs.is_empty() && !args.iter().any(|word| listed(tool.needs, word)) {
        return Err("may change files".to_string());
    }
    let mut words = args.iter().skip(usize::from(!tool.first.is_empty()));
    while let Some(&word) = words.next() {
        let (flag, value) = match word.split_once('=') {
            Some((flag, value)) => (flag, Some(value)),
            None => (word, None),
        };
        if is_unknown(word) {
            return Err("an argument is only known when it runs".to_string());
        } else if listed(tool.alone, word) {
        } else if word.starts_with('-') && listed(tool.valued, flag) {
            let value = value.or_else(|| words.next().copied());
            if value.is_none_or(|value| value.starts_with('-') || is_unknown(value)) {
                return Err(format!("{flag} lacks its value"));
            }
        } else if word.starts_with('-') && listed(tool.words, flag) {
            let value = value.or_else(|| words.next().copied()).unwrap_or_default();
            let plain = |ch: char| ch.is_ascii_alphanumeric() || "_-,".contains(ch);
            if value.is_empty() || value.starts_with('-') || !value.chars().all(plain) {
                return Err(format!("no rule for {}", short(word)));
            }
        } else if listed("--reporter --reporters -R", flag) && listed("jest vitest mocha", name) {
            let value = value.or_else(|| words.next().copied()).unwrap_or_default();
            if !listed(REPORTERS, value) {
                return Err(format!("no rule for {}", short(word)));
            }
        } else if matches!(word, "-p" | "--project") && name == "tsc" {
            let file = words.next().copied().unwrap_or_default();
            cx.read(file)?;
        } else if word.starts_with(['-', '@']) {
            return Err(format!("no rule for {}", short(word)));
        } else {
            cx.mention(word)?;
        }
    }
    Ok(())
}

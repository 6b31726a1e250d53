//! Assignments and redirections: what stands around the words of a command.

use super::analysis::{EffectKind, MANY, UNKNOWN};
use super::cx::{Cx, is_unknown};
use super::flags::listed;
use super::walk::Value;
use crate::permission::shell::*;

/// Environment variables that change no more than how much a program tells.
const HARMLESS: &str = "RUST_BACKTRACE RUST_LOG RUST_LIB_BACKTRACE CARGO_TERM_COLOR \
    CARGO_INCREMENTAL CARGO_BUILD_JOBS RUST_TEST_THREADS RUST_MIN_STACK NO_COLOR FORCE_COLOR \
    CLICOLOR CLICOLOR_FORCE TERM COLUMNS LINES CI DEBUG VERBOSE NODE_ENV TZ LANG LC_ALL LC_CTYPE \
    LC_COLLATE LC_MESSAGES LC_NUMERIC LC_TIME PYTHONUNBUFFERED PYTHONDONTWRITEBYTECODE \
    PYTHONHASHSEED CGO_ENABLED GOMAXPROCS GOOS GOARCH PROPTEST_CASES INSTA_UPDATE V \
    RUST_TEST_NOCAPTURE RUST_TEST_SHUFFLE CARGO_NET_OFFLINE CARGO_PROFILE_DEV_DEBUG \
    CARGO_PROFILE_TEST_DEBUG CARGO_PROFILE_RELEASE_DEBUG QUICKCHECK_TESTS \
    GIT_OPTIONAL_LOCKS GIT_TERMINAL_PROMPT FLASK_ENV RAILS_ENV RACK_ENV";

/// Values that are harmless in variables that could hold others.
const VALUES: &[(&str, &str)] = &[
    ("GIT_PAGER PAGER", "cat"),
    ("MAKEFLAGS", "-j1 -j2 -j4 -j8 -j16 -s -k"),
    ("GO111MODULE", "on auto"),
    ("PYTHONWARNINGS", "ignore default always error"),
    ("GOTRACEBACK", "none single all system crash"),
];

/// Directories in which programs look for code: those of the workspace will do where
/// the system confines them.
const SEARCHED: &str = "PYTHONPATH NODE_PATH RUBYLIB";

/// Variables that say how a program works, or which code of the workspace it loads.
const MODES: &str = "MIX_ENV LOG_LEVEL APP_ENV BABEL_ENV HUSKY NEXT_TELEMETRY_DISABLED \
    DOTNET_CLI_TELEMETRY_OPTOUT DOTNET_NOLOGO DO_NOT_TRACK DJANGO_SETTINGS_MODULE FLASK_APP \
    RUST_TEST_TIME_UNIT TOX_ENV NODE_TEST_CONTEXT ESLINT_USE_FLAT_CONFIG TF_LOG SWIFT_DETERMINISTIC_HASHING";

/// Lower-case names that programs or the shell itself look at.
const MEDDLING: &str =
    "http_proxy https_proxy ftp_proxy all_proxy no_proxy histchars auto_resume _";

/// Whether setting this variable in the shell changes nothing but the variable.
pub fn is_harmless_variable(name: &str) -> bool {
    let local = name
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    (local && !listed(MEDDLING, name) && !name.starts_with("npm_") && !name.starts_with("pip_"))
        || listed(
            "i n f s x d N I F DIR FILE FILES NAME OUT OUTPUT RESULT COUNT TOTAL BRANCH COMMIT SHA \
             START END BASE LINE PATTERN QUERY MSG STATUS RC RET CODE EXIT_CODE NUM START_TIME \
             END_TIME CURRENT_BRANCH PASS FAIL PASSED FAILED",
            name,
        )
}

/// Whether a program may be given this environment variable with this value.
pub fn is_harmless_environment(name: &str, value: &str) -> bool {
    if name == "RUSTFLAGS" || name == "RUSTDOCFLAGS" {
        // Only how strict the compiler is: other flags name programs.
        return listed(
            "-Dwarnings -Awarnings -Wwarnings -Ctarget-cpu=native",
            &value.replacen(' ', "", 1),
        );
    }
    if let Some((_, values)) = VALUES.iter().find(|(names, _)| listed(names, name)) {
        return listed(values, value) || (name.ends_with("PAGER") && value.is_empty());
    }
    if name == "TZ" && value.contains('/') {
        // A zone: `America/New_York`.
        let part = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_')
        };
        return value.split('/').all(part);
    }
    if listed("PORT HTTP_PORT", name) {
        return !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    }
    listed(HARMLESS, name)
        && value
            .chars()
            .all(|ch| ch.is_ascii_alphanumeric() || "_-.,:=*+ ".contains(ch))
        // `TZ=:/etc/…` would name a file, and has no slash here.
        && !(name == "TZ" && value.starts_with(':'))
}

/// The names that simple assignments in a body set, and whether to a number.
pub fn names_set(body: &[Item], out: &mut Vec<(String, bool)>) {
    body.iter().for_each(|item| in_node(&item.node, out));
}

/// Every name in a sum: each may be set by it, to a number.
pub fn names_in(sum: &str) -> impl Iterator<Item = String> {
    sum.split(|ch: char| !ch.is_ascii_alphanumeric() && ch != '_')
        .filter(|word| word.starts_with(|ch: char| !ch.is_ascii_digit()))
        .map(str::to_string)
}

fn in_node(node: &Node, out: &mut Vec<(String, bool)>) {
    match node {
        Node::Simple(simple) => {
            out.extend(simple.assignments.iter().map(|assignment| {
                let sum = matches!(assignment.value.pieces.as_slice(), [Piece::Sum { .. }]);
                (assignment.name.clone(), sum && !assignment.append)
            }));
            if matches!(
                simple.words.first().and_then(Word::bare),
                Some("read" | "unset")
            ) {
                let names = simple.words.iter().filter_map(Word::bare);
                out.extend(names.map(|name| (name.to_string(), false)));
            }
        }
        Node::Pipeline(nodes) => nodes.iter().for_each(|node| in_node(node, out)),
        Node::Chain { first, rest } => {
            in_node(first, out);
            rest.iter().for_each(|(_, node)| in_node(node, out));
        }
        Node::Prefixed { node, .. } => in_node(node, out),
        Node::Compound { kind, .. } => match kind {
            Compound::Subshell(body) | Compound::Group(body) | Compound::Select(body) => {
                names_set(body, out);
            }
            Compound::If { arms, otherwise } => {
                for (condition, body) in arms {
                    names_set(condition, out);
                    names_set(body, out);
                }
                names_set(otherwise, out);
            }
            Compound::While { condition, body } => {
                names_set(condition, out);
                names_set(body, out);
            }
            Compound::For { name, body, .. } => {
                out.push((name.clone(), false));
                names_set(body, out);
            }
            Compound::Count { sums, body } => {
                out.extend(sums.iter().flat_map(|sum| names_in(sum)).map(|n| (n, true)));
                names_set(body, out);
            }
            Compound::Case { arms, .. } => arms.iter().for_each(|(_, body)| names_set(body, out)),
            Compound::Test(_) => {}
            Compound::Function(node) => in_node(node, out),
        },
    }
}

impl Cx<'_, '_> {
    /// Judges `NAME=value` before a program, or alone.
    pub fn assignments(&mut self, list: &[Assignment], program: Option<&str>, alone: bool) {
        for assignment in list {
            let name = assignment.name.as_str();
            let value = match self.walker.expand_text(&assignment.value) {
                Ok(value) => value,
                Err(why) => {
                    self.around(why);
                    continue;
                }
            };
            // Numbers and names of commits are as good as known.
            let open = value.contains([UNKNOWN, MANY]);
            let known = !open && !assignment.append;
            if alone {
                if !is_harmless_variable(name) {
                    self.around(format!("sets the variable {name}"));
                }
                let value = match self.walker.paths_of(&assignment.value) {
                    _ if known => Value::Text(value),
                    Some(paths) if !assignment.append => Value::Paths(paths),
                    _ => Value::Unknown,
                };
                self.walker.vars.insert(name.to_string(), value);
                continue;
            }
            let for_read = name == "IFS" && program == Some("read");
            let known = known && !is_unknown(&value);
            if for_read || (known && is_harmless_environment(name, &value)) {
                continue;
            }
            let why = format!("sets {name} for the program");
            if known && self.stays_confined(name, &value) {
                self.around_confined(why);
            } else {
                self.around(why);
            }
        }
    }

    /// Whether a variable leads a program to no more than code of the workspace, or
    /// says how it works.
    fn stays_confined(&self, name: &str, value: &str) -> bool {
        let plain = |text: &str, more: &str| {
            text.chars()
                .all(|ch| ch.is_ascii_alphanumeric() || "_-.,".contains(ch) || more.contains(ch))
        };
        let each = |list: &str| value.split_whitespace().all(|word| listed(list, word));
        if listed(SEARCHED, name) {
            return value.split(':').all(|dir| {
                let path = self.walker.place.resolve(&self.walker.cwd, dir);
                !dir.is_empty() && path.is_ok_and(|path| path.inside())
            });
        }
        match name {
            "GOFLAGS" => each("-mod=vendor -mod=mod -mod=readonly -v -race -count=1 -short"),
            "NODE_OPTIONS" => value.split_whitespace().all(|word| {
                listed(
                    "--no-warnings --trace-warnings --experimental-vm-modules \
                     --enable-source-maps --no-deprecation",
                    word,
                ) || word
                    .strip_prefix("--max-old-space-size=")
                    .is_some_and(|size| size.bytes().all(|byte| byte.is_ascii_digit()))
            }),
            name => listed(MODES, name) && !value.is_empty() && plain(value, ""),
        }
    }

    /// Judges redirections.
    pub fn redirects(&mut self, list: &[Redirect]) {
        for redirect in list {
            if let Err(why) = self.redirect(redirect) {
                self.around(why);
            }
        }
    }

    fn redirect(&mut self, redirect: &Redirect) -> Result<(), String> {
        let word = match &redirect.target {
            Target::Here(index) => {
                let body = self.walker.here(*index);
                return self.walker.expand_text(&body).map(|_| ());
            }
            Target::Word(word) => word,
        };
        match redirect.op {
            Op::Duplicate => {
                // Others are not open here, or lead to what another part opened.
                return match word.literal().as_deref() {
                    Some("0" | "1" | "2" | "-") => Ok(()),
                    _ => Err("uses another stream".to_string()),
                };
            }
            Op::HereString => return self.walker.expand_text(word).map(|_| ()),
            _ => {}
        }
        let words = self.walker.expand(word)?;
        let [target] = words.as_slice() else {
            return Err("redirects to several files".to_string());
        };
        if is_unknown(target) {
            return Err("redirects to what is only known when it runs".to_string());
        }
        match redirect.op {
            Op::Read => self.path(target, EffectKind::Reads),
            _ => self.path(target, EffectKind::Writes),
        }
    }
}

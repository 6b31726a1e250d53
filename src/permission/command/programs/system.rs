//! Programs that tell about the system.

use super::super::cx::{Cx, Verdict, is_unknown};
use super::super::flags::{Operands, Shape, is_name};
use super::Judge::{Custom, Table};
use super::{Rows, no_rule};
use Operands::{Names, Text};

pub(super) const PROGRAMS: Rows = &[
    (
        "whoami arch tty logname sw_vers users lsmem",
        Table(Shape::NOTHING),
    ),
    ("groups", Table(Shape::short("", Names))),
    (
        "nproc",
        Table(Shape {
            long: "all version",
            long_value: "ignore",
            ..Shape::NOTHING
        }),
    ),
    (
        "uptime",
        Table(Shape {
            long: "pretty since version",
            ..Shape::short("ps", Operands::None)
        }),
    ),
    (
        "lscpu",
        Table(Shape {
            long: "all online offline bytes json version",
            long_maybe: "extended parse caches",
            ..Shape::short("abcBJVep", Operands::None)
        }),
    ),
    (
        "lsblk",
        Table(Shape {
            short_value: "o",
            long: "all bytes fs json paths version",
            long_value: "output",
            ..Shape::short("abfJplmtSd", Operands::None)
        }),
    ),
    ("vmstat", Table(Shape::short("asdwtn", Names))),
    ("who", Table(Shape::short("abdHlmpqrtuw", Operands::None))),
    ("pidof", Table(Shape::short("s", Names))),
    ("pstree", Table(Shape::short("pnaluA", Names))),
    ("id", Table(Shape::short("ugnrGz", Names))),
    (
        "uname",
        Table(Shape {
            long: "all kernel-name kernel-release kernel-version machine nodename processor \
                   hardware-platform operating-system version",
            ..Shape::short("amnrsvpio", Operands::None)
        }),
    ),
    ("hostname", Table(Shape::short("fisdAI", Operands::None))),
    ("locale", Table(Shape::short("a", Operands::None))),
    ("getconf", Table(Shape::short("a", Names))),
    ("lsb_release", Table(Shape::short("aircds", Operands::None))),
    (
        "free",
        Table(Shape {
            long: "human mega giga total",
            ..Shape::short("hbkmgtw", Operands::None)
        }),
    ),
    ("cal", Table(Shape::short("13y", Names))),
    ("date", Custom(date)),
    ("ps", Custom(ps)),
    ("pgrep", Custom(pgrep)),
    ("env", Custom(super::launch::env)),
    ("printenv", Custom(printenv)),
    (
        "which whereis",
        Table(Shape {
            long: "all",
            ..Shape::short("abms", Names)
        }),
    ),
    (
        "basename dirname",
        Table(Shape {
            short_value: "s",
            ..Shape::short("az", Text)
        }),
    ),
    (
        "seq",
        Table(Shape {
            short_value: "sf",
            numeric: true,
            ..Shape::short("w", Names)
        }),
    ),
    ("sleep", Custom(sleep)),
    (
        "rustup",
        Custom(|_, args| match args {
            ["show"] | ["--version" | "-V"] | ["which", _] => Ok(()),
            ["show", "active-toolchain" | "home" | "profile"]
            | ["toolchain" | "target" | "component", "list"] => Ok(()),
            ["target" | "component", "list", "--installed"] | ["toolchain", "list", "-v"] => Ok(()),
            _ => no_rule(),
        }),
    ),
];

/// Telling the time; setting it asks.
fn date(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let mut words = args.iter();
    while let Some(&word) = words.next() {
        match word {
            "--version" | "-u" | "--utc" | "-R" | "-I" | "--iso-8601" | "--rfc-email" => {}
            "-d" | "--date" => {
                if words.next().is_none() {
                    return no_rule();
                }
            }
            "-r" | "--reference" => {
                let file = words.next().copied().unwrap_or_default();
                cx.list(file)?;
            }
            word if word.starts_with('+') => {}
            word if word.starts_with("-I")
                || word.starts_with("-d")
                || word.starts_with("--date=")
                || word.starts_with("--iso-8601=")
                || word.starts_with("--rfc-3339=") => {}
            _ => return Err("may set the clock".to_string()),
        }
    }
    Ok(())
}

/// Without a dash an `e` shows environments, which hold secrets.
fn ps(_: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let mut words = args.iter();
    while let Some(&word) = words.next() {
        let fine = match word.strip_prefix('-') {
            _ if is_unknown(word) => false,
            Some(long) if long.starts_with("sort=") || long.starts_with("-sort=") => true,
            Some("-sort") => words.next().is_some_and(|key| {
                key.bytes()
                    .all(|b| b.is_ascii_alphabetic() || b"+-%,".contains(&b))
            }),
            Some("-ppid" | "-pid" | "-user") => words.next().is_some_and(|name| is_name(name)),
            Some("-no-headers" | "-forest" | "-headers") => true,
            Some(letters) if !letters.is_empty() => {
                let valued = letters.find(|ch| "poCutg".contains(ch));
                let (plain, value) = match valued {
                    Some(at) if at + 1 == letters.len() => {
                        (&letters[..at], words.next().copied().unwrap_or_default())
                    }
                    Some(at) => (&letters[..at], &letters[at + 1..]),
                    None => (letters, ""),
                };
                plain.chars().all(|ch| "AaefFljwxdHTL".contains(ch)) && !value.contains("env")
            }
            _ => {
                word.chars().all(|ch| "auxwfjl".contains(ch))
                    || word.bytes().all(|byte| byte.is_ascii_digit())
            }
        };
        if !fine {
            return no_rule();
        }
    }
    Ok(())
}

fn pgrep(_: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let args = match args {
        ["-u" | "-U", name, rest @ ..] if is_name(name) => rest,
        rest => rest,
    };
    let flags = [
        "-f", "-l", "-a", "-x", "-n", "-o", "-c", "-fl", "-af", "-lf", "-fa",
    ];
    let fine = |word: &&str| !is_unknown(word) && (flags.contains(word) || !word.starts_with('-'));
    if args.iter().all(fine) {
        Ok(())
    } else {
        no_rule()
    }
}

/// The variables that tell nothing secret.
fn printenv(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let harmless = "HOME PWD PATH USER LOGNAME SHELL LANG TERM CI NODE_ENV RUST_LOG \
        RUST_BACKTRACE CARGO_HOME RUSTUP_HOME GOPATH GOROOT JAVA_HOME VIRTUAL_ENV EDITOR";
    if !args.is_empty() && args.iter().all(|name| super::listed(harmless, name)) {
        Ok(())
    } else if args.iter().all(|name| is_name(name)) {
        cx.confined("shows the environment, which may hold secrets");
        Ok(())
    } else {
        no_rule()
    }
}

fn sleep(_: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let fine = |word: &&str| is_name(word) || word.starts_with("0.") || word.starts_with('.');
    if args.iter().all(fine) {
        Ok(())
    } else {
        no_rule()
    }
}

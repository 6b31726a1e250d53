//! Programs that run other programs: what they run is judged in their place.

use super::super::analysis::Tier;
use super::super::assignments::is_harmless_environment;
use super::super::cx::{Cx, Verdict, is_unknown};
use super::super::expand::PROCESS;
use super::super::flags::is_name;
use super::Judge::Custom;
use super::{Rows, no_rule, tools};
use crate::permission::short;

pub(super) const PROGRAMS: Rows = &[
    ("timeout", Custom(timeout)),
    ("nice", Custom(nice)),
    ("nohup", Custom(nohup)),
    ("stdbuf", Custom(stdbuf)),
    ("time", Custom(time)),
    ("command", Custom(command)),
    ("builtin", Custom(builtin)),
    ("bash sh dash", Custom(shell)),
    ("eval", Custom(eval)),
    ("trap", Custom(trap)),
    (
        "exec setsid busybox toybox doas strace ltrace gdb valgrind parallel watch script chroot \
         unshare nsenter setarch setpriv runuser flock chrt taskset numactl ionice firejail \
         systemd-run sg at batch zsh ksh fish rlwrap unbuffer expect chronic moreutils proxychains proxychains4 pkexec \
         xvfb-run dbus-run-session dbus-launch caffeinate gtimeout gxargs gnice bwrap rbash \
         torsocks faketime fakeroot catchsegv perf hyperfine entr run-parts start-stop-daemon \
         source . coproc",
        Custom(launcher),
    ),
];

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| word.to_string()).collect()
}

/// Judges the rest of the words as a command.
fn go_on(cx: &mut Cx<'_, '_>, rest: &[&str]) -> Verdict {
    if rest.is_empty() {
        return no_rule();
    }
    cx.start(owned(rest));
    Ok(())
}

/// Judges what may be a command, for a launcher that asks anyway.
fn look(cx: &mut Cx<'_, '_>, args: &[&str]) {
    let first = args
        .iter()
        .position(|word| !word.starts_with(['-', '+']) && !word.contains('=') && !is_number(word));
    if let Some(at) = first {
        cx.start(owned(&args[at..]));
    }
}

fn is_number(word: &str) -> bool {
    let digits = word.trim_end_matches(['s', 'm', 'h', 'd']);
    !digits.is_empty()
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
}

fn launcher(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    look_at_all(cx, args);
    Err("runs another program".to_string())
}

/// Judges whatever may be a command or a line of them.
pub(super) fn look_at_all(cx: &mut Cx<'_, '_>, args: &[&str]) {
    look(cx, args);
    fed(cx, args);
    // Some of them take a whole line as one word.
    for line in args
        .iter()
        .filter(|word| word.contains(' ') && !is_unknown(word))
    {
        cx.start_line(line);
    }
}

/// Whether a program runs others that its arguments name.
pub(super) fn launches(name: &str) -> bool {
    super::listed("xargs find env sudo su", name)
        || PROGRAMS.iter().any(|(names, _)| super::listed(names, name))
}

/// Looks at the script that a shell would read from its standard input, or from a
/// substitution.
fn fed(cx: &mut Cx<'_, '_>, args: &[&str]) {
    let named = args
        .iter()
        .find(|word| !word.starts_with(['-', '+']) || **word == "-");
    let feed = match named {
        None | Some(&("-" | "/dev/stdin" | "/dev/fd/0" | "/proc/self/fd/0")) => &cx.walker.feed,
        Some(_) if args.contains(&"-s") => &cx.walker.feed,
        Some(&PROCESS) => &cx.walker.process,
        Some(_) => return,
    };
    if let Some(script) = feed.script() {
        cx.start_line(&script);
    }
}

/// Asks for unknown arguments of a launcher, still looking at what it runs.
fn unsure(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    look(cx, args);
    no_rule()
}

fn timeout(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let mut rest = args;
    loop {
        rest = match rest {
            [
                "--preserve-status" | "--foreground" | "-v" | "--verbose",
                after @ ..,
            ] => after,
            ["-s" | "--signal", signal, after @ ..] if is_name(signal) => after,
            ["-k" | "--kill-after", time, after @ ..] if is_number(time) => after,
            [flag, after @ ..]
                if flag.starts_with("--signal=")
                    || flag.starts_with("--kill-after=")
                    || (flag.starts_with("-k") && is_number(&flag[2..]))
                    || (flag.starts_with("-s") && is_name(&flag[2..])) =>
            {
                after
            }
            [time, after @ ..] if is_number(time) => return go_on(cx, after),
            _ => return unsure(cx, rest),
        };
    }
}

fn nice(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    match args {
        ["-n", number, rest @ ..] if is_number(number.trim_start_matches('-')) => go_on(cx, rest),
        [flag, rest @ ..] if flag.starts_with('-') && is_number(&flag[1..]) => go_on(cx, rest),
        [flag, rest @ ..] if flag.starts_with("-n") && is_number(&flag[2..]) => go_on(cx, rest),
        [flag, ..] if flag.starts_with('-') => unsure(cx, args),
        rest => go_on(cx, rest),
    }
}

fn nohup(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    match args.first() {
        Some(flag) if flag.starts_with('-') => unsure(cx, args),
        _ => go_on(cx, args),
    }
}

fn stdbuf(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let modes = ["-oL", "-o0", "-eL", "-e0", "-iL", "-i0"];
    let count = args.iter().take_while(|word| modes.contains(word)).count();
    match args.get(count) {
        Some(flag) if flag.starts_with('-') => unsure(cx, args),
        _ => go_on(cx, &args[count..]),
    }
}

fn time(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    match args {
        ["-p" | "-v", rest @ ..] => go_on(cx, rest),
        [flag, ..] if flag.starts_with('-') => unsure(cx, args),
        rest => go_on(cx, rest),
    }
}

fn command(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    match args {
        ["-v" | "-V", names @ ..] if names.iter().all(|name| is_name(name)) => Ok(()),
        ["-p" | "--", rest @ ..] => go_on(cx, rest),
        [flag, ..] if flag.starts_with('-') => unsure(cx, args),
        rest => go_on(cx, rest),
    }
}

fn builtin(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    go_on(cx, args)
}

pub(super) fn env(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let mut rest = args;
    loop {
        rest = match rest {
            [] => {
                cx.confined("shows the environment, which may hold secrets");
                return Ok(());
            }
            ["-i" | "-" | "--ignore-environment", after @ ..] => after,
            ["-u", name, after @ ..] => {
                if !is_harmless_environment(name, "") {
                    cx.around(format!("unsets {} for the program", short(name)));
                }
                after
            }
            ["--version"] => return Ok(()),
            ["--", after @ ..] => return go_on(cx, after),
            [flag, ..] if flag.starts_with('-') => {
                // `-S` splits a text into a command.
                for word in rest {
                    let text = word
                        .trim_start_matches("-S")
                        .trim_start_matches("--split-string=");
                    if text.contains(' ') {
                        cx.start_line(text);
                    }
                }
                return unsure(cx, rest);
            }
            [word, after @ ..] => match word.split_once('=') {
                Some((name, value)) => {
                    if is_unknown(word) || !is_harmless_environment(name, value) {
                        cx.around(format!("sets {} for the program", short(name)));
                    }
                    after
                }
                None => return go_on(cx, rest),
            },
        };
    }
}

fn shell(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    match args {
        ["--version"] => Ok(()),
        ["-n", file] => tools::only_reads(cx, file),
        ["-c" | "-ec" | "-ce" | "-euc" | "-xc" | "-lc" | "-cl", line] => {
            if is_unknown(line) {
                return Err("runs what is only known when it runs".to_string());
            }
            cx.start_line(line);
            if args[0].contains('l') {
                return Err("a login shell runs the user's own start files".to_string());
            }
            // Other shells than bash read these differently.
            let bash = cx.part.argv.first().is_some_and(|name| name == "bash");
            if !bash && line.contains(['$', '&', '<', '>', '{', '[', '\\', '~', '!', '(']) {
                return Err("another shell may read this differently".to_string());
            }
            Ok(())
        }
        _ => {
            for line in args.iter().filter(|word| !is_unknown(word)) {
                if line.contains(' ') {
                    cx.start_line(line);
                }
            }
            fed(cx, args);
            Err("runs a script".to_string())
        }
    }
}

fn eval(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let line = args.join(" ");
    if !is_unknown(&line) {
        cx.start_line(&line);
    } else if let Some(script) = cx.walker.output.script() {
        cx.start_line(&script);
    }
    Err("evaluates text".to_string())
}

fn trap(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    if let Some(line) = args.first().filter(|line| !is_unknown(line)) {
        cx.start_line(line);
    }
    cx.command(Tier::Ask, "trap: runs something later", &[]);
    Ok(())
}

//! Programs that search.

use super::super::analysis::{BELOW, EffectKind, FILE_BELOW, HASH, NUMBER, Tier};
use super::super::cx::{Cx, Verdict, is_unknown};
use super::super::feed::Feed;
use super::super::flags::{Operands, Shape, fits};
use super::super::listing::selected;
use super::Judge::{Custom, Table};
use super::Rows;
use crate::permission::short;
use Operands::PatternThenPaths;

pub(super) const PROGRAMS: Rows = &[
    ("grep egrep fgrep zgrep", Custom(grep)),
    ("rg", Custom(rg)),
    (
        "ag",
        Table(Shape {
            // `-A` and its kin take a word that is no number for the pattern.
            short_value: "mG",
            long: "ignore-case literal files-with-matches count word-regexp hidden nocolor \
                   nogroup smart-case case-sensitive",
            long_value: "ignore ignore-dir depth",
            ..Shape::short("ilLcwvsSQHuU", PatternThenPaths("-g"))
        }),
    ),
    (
        "fd fdfind",
        Table(Shape {
            short_value: "etdEcSj",
            long: "hidden no-ignore unrestricted ignore-case case-sensitive glob absolute-path \
                   full-path print0 no-ignore-vcs version",
            long_value: "extension type max-depth min-depth exact-depth exclude color size \
                         changed-within changed-before max-results owner",
            ..Shape::short("HIuisgapF01V", PatternThenPaths(""))
        }),
    ),
    ("find", Custom(find)),
    ("xargs", Custom(xargs)),
];

const GREP: Shape = Shape {
    short_value: "eABCm",
    short_path: "f",
    long: "line-number ignore-case recursive invert-match count files-with-matches \
           files-without-match only-matching word-regexp line-regexp quiet silent no-messages \
           extended-regexp fixed-strings basic-regexp perl-regexp no-filename with-filename text \
           null byte-offset null-data line-buffered initial-tab no-ignore-case version help",
    long_value: "include exclude exclude-dir context after-context before-context max-count \
                 regexp binary-files label",
    long_path: "file exclude-from",
    long_maybe: "color colour",
    numeric: true,
    ..Shape::short(
        "niIvclLowxqsrRhHEFGPabUzZTuyV",
        PatternThenPaths("-e --regexp -f --file"),
    )
};

/// `-R` follows links: fine where none leads out.
fn grep(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    fits(cx, &GREP, args)?;
    let flag = |letter: char| {
        args.iter()
            .any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains(letter))
    };
    let follows = flag('R');
    if (follows || flag('r') || args.contains(&"--recursive")) && !reads_something(cx) {
        cx.read(".")?;
    }
    if follows { cx.stays() } else { Ok(()) }
}

const RG: Shape = Shape {
    short_value: "egtTABCmMdjrE",
    short_path: "f",
    long: "line-number no-line-number ignore-case case-sensitive smart-case invert-match count \
           count-matches files-with-matches files-without-match files only-matching word-regexp \
           line-regexp quiet fixed-strings pcre2 multiline multiline-dotall hidden no-hidden \
           no-ignore no-ignore-vcs no-ignore-parent no-ignore-global no-ignore-dot unrestricted \
           text heading no-heading with-filename no-filename column vimgrep json stats trim \
           passthru null null-data no-messages type-list no-config pretty byte-offset crlf \
           glob-case-insensitive one-file-system line-buffered include-zero no-unicode \
           max-columns-preview no-ignore-messages no-stats version debug help binary \
           stop-on-nonmatch follow",
    long_value: "glob iglob type type-not context after-context before-context max-count \
                 max-columns max-depth max-filesize threads regexp replace sort sortr color \
                 colors encoding type-add type-clear context-separator field-match-separator \
                 field-context-separator path-separator engine",
    long_path: "file ignore-file",
    numeric: false,
    ..Shape::short(
        "niIsSvclowxqFPNHuUa0pbV.hL",
        PatternThenPaths("-e --regexp -f --file --files --type-list"),
    )
};

/// Left out on purpose: `--pre`, `--hostname-bin`, `-z`.
fn rg(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    fits(cx, &RG, args)?;
    if !reads_something(cx) && cx.walker.feed == Feed::Nothing {
        cx.read(".")?;
    }
    let follows = args.iter().any(|word| {
        *word == "--follow"
            || (word.starts_with('-') && !word.starts_with("--") && word.contains('L'))
    });
    if follows { cx.stays() } else { Ok(()) }
}

fn reads_something(cx: &Cx<'_, '_>) -> bool {
    let reads = |kind| matches!(kind, EffectKind::Reads | EffectKind::ReadsBelow);
    cx.part.effects.iter().any(|effect| reads(effect.kind))
}

const FIND_ALONE: &str = "-empty -print -print0 -ls -prune -not -o -or -a -and -readable \
    -writable -executable -xdev -mount -depth -daystart -quit -true -false -noleaf -nouser \
    -nogroup ( ) ! , -P";
const FIND_VALUED: &str = "-name -iname -path -ipath -wholename -iwholename -regex -iregex \
    -regextype -type -xtype -maxdepth -mindepth -size -mtime -mmin -ctime -cmin -atime -amin \
    -perm -user -group -uid -gid -links -inum -lname -ilname -newermt -newerat -newerct -printf \
    -fstype -used";
const FIND_FILES: &str = "-newer -anewer -cnewer -samefile";

/// Starting points, then tests. Of the actions only printing, and programs that
/// look at the regular files found.
fn find(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let mut words = args.iter();
    let mut starts: Vec<&str> = Vec::new();
    // Whether only regular files come this far, and what held before each bracket.
    let mut regular = false;
    let mut outer: Vec<bool> = Vec::new();
    let mut negated = false;
    while let Some(&word) = words.next() {
        if is_unknown(word) {
            return Err("an argument is only known when it runs".to_string());
        }
        let mut value = || {
            words
                .next()
                .copied()
                .ok_or(format!("{word} lacks its value"))
        };
        if super::listed(FIND_VALUED, word) {
            let value = value()?;
            if is_unknown(value) {
                return Err("an argument is only known when it runs".to_string());
            }
            regular |= word == "-type" && value == "f" && !negated;
        } else if super::listed(FIND_FILES, word) {
            let file = value()?;
            cx.list(file)?;
        } else if matches!(word, "-exec" | "-execdir" | "-ok" | "-okdir") {
            let mut inner: Vec<&str> = Vec::new();
            let many = loop {
                match words.next() {
                    None => return Err("its -exec does not end".to_string()),
                    Some(&";") => break false,
                    Some(&"+") if inner.last() == Some(&"{}") => break true,
                    Some(word) => inner.push(word),
                }
            };
            if starts.is_empty() {
                starts.push(".");
            }
            let silent = inner
                .first()
                .is_some_and(|program| super::listed(TELLS_NO_CONTENT, program));
            // The tests before this action, behind the starting points.
            let here = args.len() - words.len() - inner.len() - 2;
            let first = args
                .iter()
                .position(|word| word.starts_with(['-', '(', '!']));
            let (_, filter) = selected(&args[first.unwrap_or(here).min(here)..=here]);
            let fine = silent || regular || starts.iter().all(|dir| cx.stays_below(dir, &filter));
            let found = if fine { FILE_BELOW } else { BELOW };
            exec(cx, &inner, &starts, found, many)?;
            if !fine || word != "-exec" {
                return Err(format!("{word} runs a program on what it finds"));
            }
        } else if word == "-delete" {
            cx.effect(EffectKind::Deletes, "what it finds");
            return Err("deletes what it finds".to_string());
        } else if word.starts_with('-') || "(),!".contains(word) {
            if !super::listed(FIND_ALONE, word) {
                return Err(format!("no rule for {}", short(word)));
            }
            match word {
                "(" => outer.push(regular),
                ")" => regular = outer.pop().unwrap_or(false),
                "-o" | "-or" | "," => regular = outer.last().copied().unwrap_or(false),
                _ => {}
            }
        } else {
            cx.list(word)?;
            starts.push(word);
        }
        negated = matches!(word, "!" | "-not");
    }
    Ok(())
}

/// Judges what `-exec` runs, with paths below the starting points.
fn exec(cx: &mut Cx<'_, '_>, inner: &[&str], starts: &[&str], mark: char, many: bool) -> Verdict {
    let mut argv = Vec::new();
    for word in inner {
        if *word == "{}" {
            for start in starts {
                let found = format!("{}/{mark}", start.trim_end_matches('/'));
                if many {
                    argv.push(found.clone());
                }
                argv.push(found);
            }
        } else if word.contains("{}") {
            return Err("puts names of files into a word".to_string());
        } else {
            argv.push(word.to_string());
        }
    }
    cx.start(argv);
    Ok(())
}

/// Programs that tell no content, whatever path they are given.
const TELLS_NO_CONTENT: &str = "wc ls stat du md5sum sha1sum sha256sum sha512sum basename dirname \
    echo printf realpath readlink";

/// Programs that do nothing with a path.
const ONLY_TEXT: &str = "echo printf basename dirname";

fn xargs(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let mut ended = false;
    // All of the input becomes arguments of one run.
    let mut at_once = true;
    let mut replaced = None;
    let mut rest = args;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    loop {
        match rest {
            ["-0" | "--null", after @ ..] => {
                ended = true;
                rest = after;
            }
            ["-r" | "-t" | "--no-run-if-empty" | "--verbose", after @ ..] => rest = after,
            ["-0r" | "-r0" | "-0t", after @ ..] => {
                ended = true;
                rest = after;
            }
            ["-n" | "-P" | "-L" | "-s", number, after @ ..] if digits(number) => {
                at_once = false;
                rest = after;
            }
            ["-I", text, after @ ..] if !text.is_empty() => {
                replaced = Some(*text);
                rest = after;
            }
            ["-d", "\\n" | "\n", after @ ..] => {
                // Names of files hold no line ends, as a rule.
                rest = after;
            }
            [flag, after @ ..]
                if flag.len() > 2
                    && (flag.starts_with("-n")
                        || flag.starts_with("-P")
                        || flag.starts_with("-L"))
                    && digits(&flag[2..]) =>
            {
                at_once = false;
                rest = after;
            }
            [flag, after @ ..] if flag.starts_with("-I") && flag.len() > 2 => {
                replaced = Some(&flag[2..]);
                rest = after;
            }
            [flag, ..] if flag.starts_with('-') => {
                let argv = rest.iter().skip_while(|word| word.starts_with('-'));
                start(cx, argv.map(|word| word.to_string()).collect());
                return Err(format!("no rule for {}", short(flag)));
            }
            _ => break,
        }
    }
    let Some(program) = rest.first() else {
        return Ok(());
    };
    let only_text = super::listed(ONLY_TEXT, program);
    let silent = super::listed(TELLS_NO_CONTENT, program);
    let mut found = vec![format!("./{FILE_BELOW}"); 2];
    let safe = match cx.walker.feed.clone() {
        _ if only_text => true,
        Feed::Paths(paths) => {
            let whole = (ended && paths.ended && cx.no_dashes())
                || (!ended && !paths.ended && cx.walker.are_words(&paths));
            let stays = cx.walker.lead_nowhere(&paths);
            found = paths.words(if stays || silent { FILE_BELOW } else { BELOW }, true);
            silent || (paths.present && whole && stays)
        }
        Feed::Words(words) => {
            let safe = !ended && at_once && replaced.is_none();
            if safe {
                found = words;
            }
            safe || silent
        }
        // As many of them as there may be.
        Feed::Hashes => {
            found = vec![HASH.to_string(); 2];
            !ended
        }
        Feed::Numbers => {
            found = vec![NUMBER.to_string(); 2];
            !ended
        }
        _ => false,
    };
    let mut argv: Vec<String> = rest.iter().map(|word| word.to_string()).collect();
    match replaced {
        Some(text) => {
            for word in &mut argv {
                if word == text {
                    word.clone_from(&found[0]);
                } else if word.contains(text) && *program != "echo" {
                    return Err("puts its input into a word".to_string());
                }
            }
        }
        None => argv.extend(found),
    }
    start(cx, argv);
    if safe {
        Ok(())
    } else {
        Err("runs a program on what it reads".to_string())
    }
}

fn start(cx: &mut Cx<'_, '_>, argv: Vec<String>) {
    if argv.is_empty() {
        cx.command(Tier::Ask, "runs what it reads", &[]);
    } else {
        cx.start(argv);
    }
}

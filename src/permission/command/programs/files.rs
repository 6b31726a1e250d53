//! Programs that look at files.

use super::super::analysis::EffectKind;
use super::super::cx::{Cx, Verdict, is_stream, is_unknown};
use super::super::flags::{Operands, Shape, fits};
use super::Judge::{Custom, Table};
use super::{Rows, no_rule};
use Operands::{Listed, Paths, PathsUpTo};

/// Left out on purpose: `file -C`, `-m`, `-f`, `-z`,
/// `tree -o`, `-R`, `-l`, lists of files (`--files0-from`), checking sums.
pub(super) const PROGRAMS: Rows = &[
    (
        "ls",
        Table(Shape {
            // No `-L` and `--dereference`: with `-R` they leave the workspace.
            short_value: "wTI",
            long: "all almost-all human-readable recursive reverse size directory classify inode \
                   full-time group-directories-first numeric-uid-gid no-group si literal version \
                   file-type",
            long_value: "sort time format time-style ignore hide width",
            long_maybe: "color classify indicator-style quoting-style",
            ..Shape::short("aAlhtrRS1dFpisGgnxXCmkcuHoqQNbBUvfZ", Listed)
        }),
    ),
    ("dir vdir", Table(Shape::short("alhtrR1", Listed))),
    (
        "cat",
        Table(Shape {
            long: "number show-all squeeze-blank number-nonblank show-ends show-tabs show-nonprinting",
            ..Shape::short("nbAEsTvetu", Paths)
        }),
    ),
    (
        "head tail",
        Table(Shape {
            short_value: "nc",
            long: "quiet silent verbose zero-terminated follow retry",
            long_value: "lines bytes",
            numeric: true,
            ..Shape::short("qvzfF", Paths)
        }),
    ),
    (
        "wc",
        Table(Shape {
            long: "lines words bytes chars max-line-length",
            ..Shape::short("lwcmL", Paths)
        }),
    ),
    // Without a terminal these two copy; their options and `+commands` do more.
    ("less more", Custom(pager)),
    (
        "stat",
        Table(Shape {
            short_value: "c",
            long: "terse dereference file-system",
            long_value: "format printf",
            ..Shape::short("tLf", Listed)
        }),
    ),
    (
        "file",
        Table(Shape {
            long: "brief mime mime-type mime-encoding no-dereference dereference",
            ..Shape::short("biLhk0", Paths)
        }),
    ),
    (
        "du",
        Table(Shape {
            short_value: "dt",
            long: "human-readable summarize all total apparent-size bytes separate-dirs \
                   one-file-system",
            long_value: "max-depth exclude threshold",
            ..Shape::short("shackmbxSl0", Listed)
        }),
    ),
    (
        "df",
        Table(Shape {
            long: "human-readable print-type inodes local total",
            long_maybe: "output",
            ..Shape::short("hHTilkmPa", Listed)
        }),
    ),
    ("tree", Custom(tree)),
    ("tee", Custom(tee)),
    (
        "md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum cksum sum",
        Table(Shape {
            long: "binary text tag zero",
            ..Shape::short("btz", Paths)
        }),
    ),
    (
        "shasum",
        Table(Shape {
            short_value: "a",
            ..Shape::short("bt", Paths)
        }),
    ),
    ("strings", Custom(strings)),
    (
        "od",
        Table(Shape {
            // `-w` has no value but a glued one.
            short_value: "AtjN",
            long_value: "address-radix format skip-bytes read-bytes",
            ..Shape::short("abcdfilosxv", Paths)
        }),
    ),
    (
        "hexdump hd",
        Table(Shape {
            short_value: "ns",
            ..Shape::short("bcCdovx", Paths)
        }),
    ),
    ("xxd", Custom(xxd)),
    (
        "readlink realpath",
        Table(Shape {
            long: "canonicalize canonicalize-existing canonicalize-missing no-symlinks physical",
            long_value: "relative-to relative-base",
            ..Shape::short("fenmqsvzLP", Listed)
        }),
    ),
    (
        "base64 base32",
        Table(Shape {
            short_value: "w",
            long: "decode ignore-garbage",
            long_value: "wrap",
            ..Shape::short("di", PathsUpTo(1))
        }),
    ),
    ("zcat bzcat xzcat zstdcat", Table(Shape::short("", Paths))),
    ("gzip gunzip xz bzip2 bunzip2", Custom(decompress)),
    ("tar", Custom(tar)),
    ("unzip", Custom(unzip)),
    ("nm readelf size objdump", Custom(objects)),
    ("zipinfo", Table(Shape::short("1", PathsUpTo(1)))),
];

const TREE: Shape = Shape {
    short_value: "LIP",
    long: "dirsfirst filesfirst noreport gitignore prune inodes du si matchdirs ignore-case",
    long_maybe: "sort charset",
    long_value: "filelimit",
    ..Shape::short("adfpshDirFCnvtcUQNqugJX", Listed)
};

/// Its letters take their values from the next words, however they are clustered.
fn tree(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let glued = |word: &&str| {
        word.len() > 2
            && word.starts_with('-')
            && !word.starts_with("--")
            && word.contains(['L', 'I', 'P'])
            && !word
                .strip_prefix("-L")
                .is_some_and(|depth| depth.bytes().all(|byte| byte.is_ascii_digit()))
    };
    match args.iter().find(|word| glued(word)) {
        Some(word) => Err(format!("no rule for {}", crate::permission::short(word))),
        None => fits(cx, &TREE, args),
    }
}

/// Copying to what is open already.
fn tee(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    if args
        .iter()
        .all(|word| is_stream(word) || matches!(*word, "-a" | "--append"))
    {
        return Ok(());
    }
    super::operands(cx, args, EffectKind::Writes);
    Err("writes files".to_string())
}

/// What a compiler made: its names and sizes. `@file` holds more arguments.
fn objects(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    if args.iter().any(|word| word.starts_with('@')) {
        return no_rule();
    }
    let letters = match cx.part.argv.first().map(String::as_str) {
        Some("nm") => "aACDgnpruSU",
        Some("objdump") => "dDhxtTspSCrRfw",
        Some("readelf") => "ahlSsedrnVW",
        _ => "ABdox",
    };
    // The sources that it shows are those that the file names, wherever they lie.
    let sources = |word: &&str| word.starts_with('-') && word.contains('S');
    if cx.part.argv.first().is_some_and(|name| name == "objdump") && args.iter().any(sources) {
        cx.confined("shows the sources that the file names");
    }
    fits(cx, &Shape::short(letters, Paths), args)
}

/// `@file` holds more arguments.
fn strings(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    if args.iter().any(|word| word.starts_with('@')) {
        return no_rule();
    }
    let shape = Shape {
        short_value: "nte",
        long: "all",
        long_value: "bytes radix",
        numeric: true,
        ..Shape::short("af", Paths)
    };
    fits(cx, &shape, args)
}

fn pager(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    for word in args {
        match word.strip_prefix('-') {
            // How lines are shown.
            Some(letters) if letters.chars().all(|ch| "NSRFXEinM".contains(ch)) => {}
            Some(_) => return no_rule(),
            None if word.starts_with('+') => return no_rule(),
            None => cx.read(word)?,
        }
    }
    Ok(())
}

/// A second operand is written, and its letters do not cluster as elsewhere.
fn xxd(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let mut words = args.iter();
    let mut files = Vec::new();
    while let Some(word) = words.next() {
        match *word {
            "-p" | "-b" | "-u" | "-i" | "-e" => {}
            "-l" | "-s" | "-c" | "-g" => {
                let number = words.next().is_some_and(|value| {
                    !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit())
                });
                if !number {
                    return no_rule();
                }
            }
            word if word.starts_with(['-', '+']) => return no_rule(),
            word => files.push(word),
        }
    }
    match files.as_slice() {
        [] => Ok(()),
        [file] => cx.read(file),
        _ => Err("writes its second file".to_string()),
    }
}

/// To the standard output, or only looking.
fn decompress(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    match args {
        [
            "-l" | "-t" | "-dc" | "-cd" | "-c" | "--list" | "--test",
            files @ ..,
        ] if !files.iter().any(|file| file.starts_with('-')) => {
            files.iter().try_for_each(|file| cx.read(file))
        }
        ["--version"] => Ok(()),
        _ => Err("replaces files".to_string()),
    }
}

/// Listing an archive. `host:file` would be fetched.
fn tar(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let [mode, archive, names @ ..] = args else {
        return no_rule();
    };
    let letters = mode.strip_prefix('-').unwrap_or(mode);
    let lists = letters.contains('t')
        && letters.ends_with('f')
        && letters.chars().all(|ch| "tvzjJf".contains(ch));
    if !lists
        || archive.contains(':')
        || names
            .iter()
            .any(|name| name.starts_with('-') || is_unknown(name))
    {
        return Err("unpacks or writes an archive".to_string());
    }
    cx.read(archive)
}

fn unzip(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    match args {
        ["-l" | "-t" | "-v" | "-Z" | "-Z1", archive] => {
            fits(cx, &Shape::short("", Paths), &[archive])
        }
        ["-v"] => Ok(()),
        _ => Err("unpacks an archive".to_string()),
    }
}

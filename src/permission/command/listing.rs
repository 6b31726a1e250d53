//! What a list of paths leaves out: links outside of it lead nobody astray.

use std::path::{Path, PathBuf};

use super::feed::Paths;
use super::flags::listed;
use super::globs::Pattern;

/// What every path of a list has in common.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Patterns that its name fits, and whether without regard to case.
    names: Vec<(String, bool)>,
    /// Names of directories it does not lie below.
    without_names: Vec<String>,
    /// Directories it does not lie below, as `find` writes them.
    without_paths: Vec<String>,
    /// No part of it begins with a dot.
    visible: bool,
    /// Git tracks it.
    pub tracked: bool,
}

impl Filter {
    /// What git tracks.
    pub fn tracked() -> Self {
        Self {
            tracked: true,
            ..Self::default()
        }
    }

    /// The same for one starting point: paths are said from there.
    pub fn below(&self, start: &str) -> Self {
        let start = start.trim_end_matches('/');
        let paths = self.without_paths.iter().filter_map(|path| {
            let rest = path.strip_prefix(start)?.strip_prefix('/')?;
            Some(rest.to_string())
        });
        Self {
            without_paths: paths.collect(),
            ..self.clone()
        }
    }

    /// Whether the list may hold what lies in the directory `path`.
    pub fn enters(&self, path: &str, name: &str) -> bool {
        let left_out = self.without_names.iter().any(|other| other == name)
            || self.without_paths.iter().any(|other| other == path)
            || (self.visible && name.starts_with('.'));
        !left_out
    }

    /// Whether the list may hold something of this name.
    pub fn holds(&self, name: &str) -> bool {
        !(self.visible && name.starts_with('.'))
            && self
                .names
                .iter()
                .all(|(pattern, fold)| fits(pattern, *fold, name))
    }

    fn without(&mut self, path: &str) {
        let wild = |text: &str| text.contains(['*', '?', '[', '\\']);
        match path.strip_prefix("*/") {
            Some(name) if !wild(name) && !name.contains('/') => {
                self.without_names.push(name.to_string());
            }
            None if !wild(path) => self.without_paths.push(path.to_string()),
            _ => {}
        }
    }
}

fn fits(pattern: &str, fold: bool, name: &str) -> bool {
    // What is upper case and what lower is up to the language.
    if fold && !(name.is_ascii() && pattern.is_ascii()) {
        return true;
    }
    // And whether `?` is a character or a byte.
    if !name.is_ascii() && pattern.contains(['?', '[']) {
        return true;
    }
    let plain = |text: &str| match fold {
        true => text.to_ascii_lowercase(),
        false => text.to_string(),
    };
    let characters: Vec<(char, bool)> = plain(pattern).chars().map(|ch| (ch, false)).collect();
    Pattern::new(&characters).matches(&plain(name))
}

/// Tests and options of `find` whose next word is their value.
const VALUED: &str = "-name -iname -path -ipath -wholename -iwholename -regex -iregex -regextype \
    -type -xtype -maxdepth -mindepth -size -mtime -mmin -ctime -cmin -atime -amin -perm -user \
    -group -uid -gid -links -inum -lname -ilname -newermt -newerat -newerct -fstype -used -newer \
    -anewer -cnewer -samefile";

const ACTIONS: &str = "-print -print0 -exec -execdir -printf -ls -quit";

/// Splits the arguments of `find` into its starting points and the rest.
fn starts<'a, 'b>(args: &'b [&'a str]) -> (Vec<String>, &'b [&'a str]) {
    let count = args
        .iter()
        .take_while(|word| !word.starts_with(['-', '(', '!', ',']))
        .count();
    let starts = match count {
        0 => vec![".".to_string()],
        _ => args[..count].iter().map(|word| word.to_string()).collect(),
    };
    (starts, &args[count..])
}

/// What `find` with these arguments prints, when it prints no more than paths.
pub fn found(args: &[&str]) -> Option<Paths> {
    let has = |word: &str| args.contains(&word);
    if ["-exec", "-printf", "-ls", "-quit"]
        .iter()
        .any(|word| has(word))
    {
        return None;
    }
    let (below, tests) = starts(args);
    let (regular, filter) = selected(tests);
    Some(Paths {
        below,
        ended: has("-print0") && !has("-print"),
        present: true,
        regular,
        filter,
    })
}

/// What reaches the first action of these tests: whether only regular files, and
/// what else is known.
pub fn selected(tests: &[&str]) -> (bool, Filter) {
    let mut filter = Filter::default();
    let mut tests = tests;
    // It goes into directories before it looks at them.
    if tests.contains(&"-depth") || tests.contains(&"-delete") {
        return (false, filter);
    }
    while let Some((pruned, rest)) = prune(tests) {
        // Without an action everything is printed.
        if !rest.iter().any(|word| listed(ACTIONS, word)) {
            break;
        }
        for path in pruned {
            filter.without(&path);
        }
        tests = rest;
    }
    let mut regular = false;
    let mut negated = false;
    let mut more = filter.clone();
    let mut words = tests.iter();
    while let Some(&word) = words.next() {
        if listed("-o -or , ( )", word) {
            // Either of several: only what held before.
            return (false, filter);
        }
        if listed(ACTIONS, word) {
            break;
        }
        let value = match listed(VALUED, word) {
            true => words.next().copied().unwrap_or_default(),
            false => "",
        };
        match (word, negated) {
            ("-type", false) => regular |= value == "f",
            ("-name" | "-iname", false) if !value.contains('\\') => {
                more.names.push((value.to_string(), word == "-iname"));
            }
            ("-path" | "-wholename", true) if value == "*/.*" => more.visible = true,
            ("-path" | "-wholename", true) => {
                if let Some(dir) = value.strip_suffix("/*") {
                    more.without(dir);
                }
            }
            _ => {}
        }
        negated = match word {
            "!" | "-not" => !negated,
            _ => false,
        };
    }
    // Behind an action there may still be another way to the next one.
    let either = words.any(|word| listed("-o -or ,", word));
    if either {
        (false, filter)
    } else {
        (regular, more)
    }
}

/// `-name a -prune -o …` and `( -path a -o -name b ) -prune -o …`: what is left out,
/// and the rest.
fn prune<'a, 'b>(tests: &'b [&'a str]) -> Option<(Vec<String>, &'b [&'a str])> {
    let end = tests.iter().position(|word| *word == "-prune")?;
    let rest = tests[end + 1..]
        .split_first()
        .filter(|(or, _)| matches!(**or, "-o" | "-or"))?
        .1;
    let mut group = &tests[..end];
    if let ["(", inner @ .., ")"] = group {
        group = inner;
    } else if group.iter().any(|word| listed("-o -or", word)) {
        return None;
    }
    let mut pruned = Vec::new();
    for choice in group.split(|word| listed("-o -or", word)) {
        let choice = match choice {
            ["-type", "d", choice @ ..] | [choice @ .., "-type", "d"] => choice,
            choice => choice,
        };
        match choice {
            ["-name", name] => pruned.push(format!("*/{name}")),
            ["-path" | "-wholename", path] => {
                pruned.push(path.strip_suffix("/*").unwrap_or(path).to_string());
            }
            _ => return None,
        }
    }
    Some((pruned, rest))
}

/// Longest index of git that is looked at, in bytes, and most paths looked for.
const MAX_INDEX: u64 = 4 << 20;
const MAX_LOOKED_FOR: usize = 50;

/// Whether git tracks none of these paths, nor anything below them. Where the index
/// cannot be read that is not known.
pub fn none_tracked(root: &Path, paths: &[PathBuf]) -> bool {
    if paths.is_empty() {
        return true;
    }
    let file = root.join(".git/index");
    let fits = file
        .symlink_metadata()
        .is_ok_and(|meta| meta.is_file() && meta.len() <= MAX_INDEX);
    let Some(index) = std::fs::read(&file).ok().filter(|_| fits) else {
        return false;
    };
    // Other versions shorten paths, and these extensions leave entries out.
    let whole = index.starts_with(b"DIRC\0\0\0\x02") || index.starts_with(b"DIRC\0\0\0\x03");
    let holds = |wanted: &[u8]| memchr::memmem::find(&index, wanted).is_some();
    if !whole || paths.len() > MAX_LOOKED_FOR || holds(b"link\0") || holds(b"sdir\0") {
        return false;
    }
    paths.iter().all(|path| {
        let Some(path) = path.strip_prefix(root).ok().and_then(|path| path.to_str()) else {
            return false;
        };
        !path.is_empty()
            && !holds(format!("{path}\0").as_bytes())
            && !holds(format!("{path}/").as_bytes())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selects(tests: &str) -> (bool, Filter) {
        let words: Vec<&str> = tests.split(' ').collect();
        selected(&words)
    }

    #[test]
    fn tests_before_the_action_hold_for_what_is_found() {
        for (tests, regular, holds, leaves) in [
            ("-name *.rs -type f", true, "a.rs", "a.txt"),
            ("-iname *.RS -print", false, "a.rs", "a.txt"),
            ("-name a* -name *.rs", false, "ab.rs", "b.rs"),
            ("-not -path */.* -name *.rs", false, "a.rs", ".a.rs"),
            (
                "-maxdepth 2 -newer -name -name *.rs",
                false,
                "a.rs",
                "a.txt",
            ),
        ] {
            let (found, filter) = selects(tests);
            assert_eq!(found, regular, "{tests}");
            assert!(filter.holds(holds), "{tests}");
            assert!(!filter.holds(leaves), "{tests}");
        }
        // What comes behind an action, may be another way, or is the opposite.
        for tests in [
            "-print -name *.rs -type f",
            "-name *.rs -o -name *.txt",
            "-type f -o -print",
            "( -name *.rs -type f )",
            "-not -name *.rs",
            "! -type f",
            "-name *\\.rs",
            "-depth -name *.rs -type f",
            "-iname *\u{212a}",
        ] {
            let (regular, filter) = selects(tests);
            assert!(!regular && filter.holds("a.txt"), "{tests}");
        }
        assert!(selects("-name ??").1.holds("\u{e9}"));
    }

    #[test]
    fn directories_are_left_out() {
        for tests in [
            "-not -path ./target/* -name x",
            "! -path ./target/*",
            "-path ./target -prune -o -print",
            "-name target -prune -o -type f -print",
            "-type d -name target -prune -o -print0",
            "( -name target -o -name .git ) -prune -o -print",
            "-name .git -prune -o -path ./target -prune -o -print",
        ] {
            let filter = selects(tests).1.below(".");
            assert!(!filter.enters("target", "target"), "{tests}");
            assert!(filter.enters("src", "src"), "{tests}");
        }
        for tests in [
            // The directory itself is printed.
            "-path ./target -prune -o -name x",
            "-path ./target/* -print",
            "-not -path ./tar*/*",
            "-name target -o -prune -o -print",
            "-not -name target -prune -o -print",
            "-depth -name target -prune -o -print",
        ] {
            let filter = selects(tests).1.below(".");
            assert!(filter.enters("target", "target"), "{tests}");
        }
        let filter = selects("-not -path ./a/target/*").1;
        assert!(filter.below(".").enters("target", "target"));
        assert!(!filter.below("./a").enters("target", "target"));
        assert!(!filter.below("./").enters("a/target", "target"));
    }

    #[test]
    fn the_index_says_what_is_tracked() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let paths =
            |names: &[&str]| -> Vec<PathBuf> { names.iter().map(|name| root.join(name)).collect() };
        assert!(none_tracked(root, &[]));
        assert!(!none_tracked(root, &paths(&["x"])));
        std::fs::create_dir(root.join(".git")).unwrap();
        for (start, whole) in [
            (&b"DIRC\0\0\0\x02"[..], true),
            (b"DIRC\0\0\0\x03", true),
            (b"DIRC\0\0\0\x04", false),
            (b"junk", false),
            (b"DIRC\0\0\0\x02link\0", false),
        ] {
            let index = [start, b"..src/a.rs\0..dir/b\0"].concat();
            std::fs::write(root.join(".git/index"), index).unwrap();
            assert_eq!(none_tracked(root, &paths(&["out", "src/b"])), whole);
            assert!(!none_tracked(root, &paths(&["out", "src/a.rs"])));
            assert!(!none_tracked(root, &paths(&["dir"])));
        }
    }
}

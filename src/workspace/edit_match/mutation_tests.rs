//! Edits of real files with arguments damaged the way models damage them: applied
//! as meant or refused, never applied elsewhere, every other byte untouched.
//!
//! `SOFOS_MUTATIONS` sets the number of rounds, `SOFOS_SEED` where they begin,
//! `SOFOS_SHOW` fails at the end with what was refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::*;

/// Small and repeatable.
pub(in crate::workspace) struct Random(pub(in crate::workspace) u64);

impl Random {
    pub(in crate::workspace) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    pub(in crate::workspace) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    pub(in crate::workspace) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(in crate::workspace) fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }
}

pub(in crate::workspace) fn sources() -> Vec<String> {
    fn walk(dir: &Path, out: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, out);
            } else {
                out.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = vec![root.join("README.md"), root.join("Cargo.toml")];
    walk(&root.join("src"), &mut paths);
    walk(&root.join("tests"), &mut paths);
    paths.sort();
    let mut texts: Vec<String> = paths
        .iter()
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .filter(|text| text.lines().count() > 8 && !text.contains('\r'))
        .collect();
    texts.extend(OTHERS.map(str::to_string));
    texts
}

/// Files of other kinds.
const OTHERS: [&str; 4] = [
    "def load(path, *, strict=False):\n    \"\"\"Read a table.\n\n    Blank lines are skipped.\n    \"\"\"\n    rows = []\n    with open(path) as handle:\n        for number, line in enumerate(handle):\n            line = line.strip()\n            if not line:\n                continue\n            if strict and ';' not in line:\n                raise ValueError(f\"line {number}: no ;\")\n            rows.append(line.split(';'))\n    return rows\n\n\nclass Table:\n    def __init__(self, rows):\n        self.rows = rows\n\n    def column(self, index):\n        return [row[index] for row in self.rows]\n",
    "package main\n\nimport (\n\t\"fmt\"\n\t\"os\"\n)\n\nfunc main() {\n\tif len(os.Args) < 2 {\n\t\tfmt.Println(\"usage: x FILE\")\n\t\tos.Exit(2)\n\t}\n\tfor _, name := range os.Args[1:] {\n\t\tdata, err := os.ReadFile(name)\n\t\tif err != nil {\n\t\t\tfmt.Fprintln(os.Stderr, err)\n\t\t\tcontinue\n\t\t}\n\t\tfmt.Printf(\"%s: %d bytes\\n\", name, len(data))\n\t}\n}\n",
    "<ul class=\"menu\">\n  <li><a href=\"/a?x=1&amp;y=2\">It\u{2019}s \u{201c}here\u{201d}</a></li>\n  <li>\n    <span title='b &lt; c'>two \u{2013} three</span>\n  </li>\n  <li>\u{a0}four</li>\n</ul>\n<script>\n  if (a < b && c > d) {\n    go(\"x\");\n  }\n</script>\n",
    "services:\n  web:\n    image: nginx:1.27\n    ports:\n      - \"80:80\"\n    environment:\n      MODE: prod\n  db:\n    image: postgres:17\n    environment:\n      MODE: prod\n      LANG: C\nvolumes:\n  data: {}\n",
];

/// A file as lines with their ends.
pub(in crate::workspace) type File = Vec<(String, &'static str)>;

pub(in crate::workspace) fn join(file: &[(String, &'static str)]) -> String {
    file.iter()
        .map(|(body, end)| format!("{body}{end}"))
        .collect()
}

fn view(file: &[(String, &'static str)]) -> String {
    file.iter().map(|(body, _)| format!("{body}\n")).collect()
}

/// A source with the habits files have.
pub(in crate::workspace) fn file(text: &str, random: &mut Random) -> File {
    let ends = random.pick(&["lf", "lf", "lf", "crlf", "mixed", "cr"]);
    let tabs = random.chance(20);
    let blanks = random.chance(20);
    let curly = random.chance(15);
    let mut out: File = Vec::new();
    for line in text.lines() {
        let mut body = line.to_string();
        if tabs {
            let bare = body.trim_start_matches(' ');
            let depth = body.len() - bare.len();
            body = format!("{}{}{bare}", "\t".repeat(depth / 4), " ".repeat(depth % 4));
        }
        if curly && random.chance(30) {
            body = body.replace('\'', "\u{2019}").replace(" - ", " \u{2013} ");
        }
        if blanks && random.chance(30) {
            body.push_str(random.pick(&[" ", "  ", "\t"]));
        }
        let end = match ends {
            "lf" => "\n",
            "crlf" => "\r\n",
            "cr" => "\r",
            _ => random.pick(&["\n", "\r\n"]),
        };
        out.push((body, end));
    }
    if ends == "mixed" {
        out[0].1 = "\n";
    }
    if random.chance(20)
        && let Some(last) = out.last_mut()
    {
        last.1 = "";
    }
    out
}

/// What a model wants: lines `at` to `at + old` become these.
pub(in crate::workspace) struct Wish {
    pub(in crate::workspace) at: usize,
    pub(in crate::workspace) old: usize,
    pub(in crate::workspace) new: File,
}

pub(in crate::workspace) fn wish(file: &File, random: &mut Random) -> Wish {
    let old = 1 + random.below(10.min(file.len()));
    let at = random.below(file.len() - old + 1);
    let mut new: File = file[at..at + old].to_vec();
    for step in 0..1 + random.below(3) {
        if new.is_empty() {
            break;
        }
        let index = random.below(new.len());
        match random.below(4) {
            0 if new.len() > 1 => {
                new.remove(index);
            }
            1 => {
                let (body, end) = new[index].clone();
                // The blanks of a blank line are no indentation.
                let told = |line: &&(String, &str)| !line.0.trim().is_empty();
                let mut indent = if told(&&new[index]) {
                    leading(&body).to_string()
                } else {
                    String::new()
                };
                if random.chance(30) {
                    let starts = |with| {
                        let lines = file.iter().filter(told);
                        lines.filter(|line| line.0.starts_with(with)).count()
                    };
                    let tabs = starts('\t') > starts(' ');
                    indent.push_str(if tabs { "\t" } else { "    " });
                }
                let end = if end.is_empty() { None } else { Some(end) };
                let end = end.or(file.first().map(|line| line.1)).unwrap_or("\n");
                // The last line's lack of an end moves on to the new last line.
                let last = std::mem::replace(&mut new[index].1, end);
                let added = if last.is_empty() { "" } else { end };
                new.insert(index + 1, (format!("{indent}fresh_{step}(value);"), added));
            }
            _ => {
                let words: Vec<&str> = new[index]
                    .0
                    .split(|ch: char| !ch.is_ascii_alphanumeric())
                    .filter(|word| word.len() > 2)
                    .collect();
                if !words.is_empty() {
                    let word = random.pick(&words).to_string();
                    let changed = new[index].0.replacen(&word, &format!("Changed{step}"), 1);
                    new[index].0 = changed;
                }
            }
        }
    }
    Wish { at, old, new }
}

use super::indent::leading;

/// What was done to the arguments, and whether they can still be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Damage {
    None,
    NoFinalNewline,
    TrailingBlanksLost,
    TrailingBlanksAdded,
    Dedented,
    Indented,
    Tabs,
    Spaces,
    TwoSpaces,
    FirstLineStripped,
    Numbers,
    NumbersWithColon,
    Fence,
    Escaped,
    Entities,
    Curly,
    Straight,
    BlankEdges,
    CarriageReturns,
    Arrows,
    Pipes,
    Dots,
    FencedNumbers,
    Tildes,
    LoneCarriages,
    FirstBlank,
    FirstIndentLost,
    Slashes,
    CodePoints,
    Signs,
    // These may not be applied.
    WordChanged,
    BreakLost,
    LineLost,
    LineAdded,
    LinesSwapped,
    Elided,
    OneIndentChanged,
    Placeholder,
}

const ALL: [Damage; 38] = [
    Damage::None,
    Damage::NoFinalNewline,
    Damage::TrailingBlanksLost,
    Damage::TrailingBlanksAdded,
    Damage::Dedented,
    Damage::Indented,
    Damage::Tabs,
    Damage::Spaces,
    Damage::TwoSpaces,
    Damage::FirstLineStripped,
    Damage::Numbers,
    Damage::NumbersWithColon,
    Damage::Fence,
    Damage::Escaped,
    Damage::Entities,
    Damage::Curly,
    Damage::Straight,
    Damage::BlankEdges,
    Damage::CarriageReturns,
    Damage::Arrows,
    Damage::Pipes,
    Damage::Dots,
    Damage::FencedNumbers,
    Damage::Tildes,
    Damage::LoneCarriages,
    Damage::FirstBlank,
    Damage::FirstIndentLost,
    Damage::Slashes,
    Damage::CodePoints,
    Damage::Signs,
    Damage::WordChanged,
    Damage::BreakLost,
    Damage::LineLost,
    Damage::LineAdded,
    Damage::LinesSwapped,
    Damage::Elided,
    Damage::OneIndentChanged,
    Damage::Placeholder,
];

pub(in crate::workspace) fn blank_edges(lines: &[&str]) -> bool {
    let blank = |line: Option<&&str>| line.is_none_or(|line| line.trim().is_empty());
    blank(lines.first()) || blank(lines.last())
}

pub(in crate::workspace) fn each(text: &str, change: impl Fn(&str) -> String) -> String {
    text.split_inclusive('\n')
        .map(|line| match line.strip_suffix('\n') {
            Some(body) => format!("{}\n", change(body)),
            None => change(line),
        })
        .collect()
}

/// The damaged arguments; nothing where this damage changes nothing of them.
fn damaged(
    damage: Damage,
    old: &str,
    new: &str,
    at: usize,
    random: &mut Random,
) -> Option<(String, String)> {
    let both = |change: &dyn Fn(&str) -> String| (each(old, change), each(new, change));
    let reindent = |unit: &'static str| {
        move |line: &str| {
            let bare = line.trim_start_matches([' ', '\t']);
            let depth = line[..line.len() - bare.len()].replace('\t', "    ").len();
            format!("{}{}{bare}", unit.repeat(depth / 4), " ".repeat(depth % 4))
        }
    };
    let lines: Vec<&str> = old.lines().collect();
    let one = random.below(lines.len());
    let edited = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines: Vec<String> = lines.iter().map(|line| (*line).to_string()).collect();
        change(&mut lines);
        lines
            .iter()
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    };
    let pair = match damage {
        Damage::None => return Some((old.to_string(), new.to_string())),
        Damage::NoFinalNewline => (
            old.strip_suffix('\n')?.to_string(),
            new.strip_suffix('\n')?.to_string(),
        ),
        Damage::TrailingBlanksLost => both(&|line| line.trim_end().to_string()),
        Damage::TrailingBlanksAdded => both(&|line| format!("{line}  ")),
        Damage::Dedented => {
            let told = old
                .lines()
                .chain(new.lines())
                .filter(|line| !line.trim().is_empty());
            let least = told.map(|line| leading(line).len()).min()?;
            both(&|line| line.get(least..).unwrap_or("").to_string())
        }
        Damage::Indented => both(&|line| match line.trim() {
            "" => String::new(),
            _ => format!("    {line}"),
        }),
        Damage::Tabs => both(&reindent("\t")),
        Damage::Spaces => both(&reindent("    ")),
        Damage::TwoSpaces => both(&reindent("  ")),
        Damage::FirstLineStripped if lines.first() == new.lines().next().as_ref() => (
            old.trim_start_matches([' ', '\t']).to_string(),
            new.trim_start_matches([' ', '\t']).to_string(),
        ),
        Damage::Numbers | Damage::NumbersWithColon => {
            let number = |text: &str| -> String {
                text.lines()
                    .enumerate()
                    .map(|(index, line)| match damage {
                        Damage::Numbers => format!("{:>6}\t{line}\n", at + index + 1),
                        _ => format!("{}: {line}\n", at + index + 1),
                    })
                    .collect()
            };
            (number(old), number(new))
        }
        Damage::Fence => (format!("```rust\n{old}```"), format!("```rust\n{new}```")),
        Damage::Escaped => {
            let escape = |text: &str| {
                let json = serde_json::to_string(text).unwrap();
                json[1..json.len() - 1].to_string()
            };
            (escape(old), escape(new))
        }
        Damage::Entities => both(&|line| {
            line.replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
        }),
        Damage::Curly => both(&|line| line.replace('\'', "\u{2019}").replace('"', "\u{201d}")),
        Damage::Straight => both(&|line| typography::fold(line).into_owned()),
        Damage::BlankEdges => (format!("\n{old}\n"), format!("\n{new}\n")),
        Damage::CarriageReturns => (old.replace('\n', "\r\n"), new.replace('\n', "\r\n")),
        Damage::WordChanged => {
            let word = lines[one]
                .split(|ch: char| !ch.is_ascii_alphanumeric())
                .find(|word| word.len() > 2)?;
            (old.replacen(word, "stale_word", 1), new.to_string())
        }
        // Blank lines at the edges may be dropped, with what stands behind them.
        Damage::LineLost if lines.len() > 2 && !blank_edges(&lines) => {
            let middle = 1 + random.below(lines.len() - 2);
            (edited(&|lines| drop(lines.remove(middle))), new.to_string())
        }
        Damage::LineAdded => (
            edited(&|lines| lines.insert(one, "    never_there();".into())),
            new.to_string(),
        ),
        Damage::LinesSwapped
            if one > 0
                && !blank_edges(&lines[one - 1..=one])
                && lines[one - 1].trim() != lines[one].trim() =>
        {
            (edited(&|lines| lines.swap(one, one - 1)), new.to_string())
        }
        Damage::Elided if lines.len() > 3 => (
            edited(&|lines| {
                let range = 1..lines.len() - 1;
                lines.splice(range, ["    // ... existing code ...".to_string()]);
            }),
            new.to_string(),
        ),
        Damage::OneIndentChanged if lines.len() > 3 => {
            let inner = 1 + random.below(lines.len() - 1);
            if lines[inner].trim().is_empty() {
                return None;
            }
            (
                edited(&|lines| lines[inner] = format!("   {}", lines[inner])),
                new.to_string(),
            )
        }
        Damage::Placeholder => (
            old.to_string(),
            format!("{new}    // ... rest of the code unchanged ...\n"),
        ),
        _ => rarer(damage, old, new, at)?,
    };
    // What only the new text shows is what the model wants, and a piece that is in
    // the file as given is replaced as given.
    let bare = |text: &str| -> Vec<String> {
        let told = text.lines().filter(|line| !line.trim().is_empty());
        told.map(|line| line.trim_end().to_string()).collect()
    };
    let reindented = [
        Damage::Dedented,
        Damage::Tabs,
        Damage::Spaces,
        Damage::TwoSpaces,
    ];
    if reindented.contains(&damage)
        && (bare(&pair.0) == bare(old) || old.contains(pair.0.trim_end()))
    {
        return None;
    }
    (pair.0 != old || damage == Damage::Placeholder).then_some(pair)
}

/// Damage of the rarer kinds.
fn rarer(damage: Damage, old: &str, new: &str, at: usize) -> Option<(String, String)> {
    let both = |change: &dyn Fn(&str) -> String| (each(old, change), each(new, change));
    let numbered = |text: &str| -> String {
        let lines = text.lines().zip(at + 1..);
        lines
            .map(|(line, number)| match damage {
                Damage::Arrows => format!("{number:>5}\u{2192}{line}\n"),
                Damage::Pipes => format!("{number:>4} | {line}\n"),
                Damage::Dots => format!("{number}. {line}\n"),
                _ => format!("{number:>6}\t{line}\n"),
            })
            .collect()
    };
    Some(match damage {
        Damage::Arrows | Damage::Pipes | Damage::Dots => (numbered(old), numbered(new)),
        Damage::FencedNumbers => (
            format!("```\n{}```", numbered(old)),
            format!("```\n{}```", numbered(new)),
        ),
        Damage::Tildes => (format!("~~~~\n{old}~~~~"), format!("~~~~\n{new}~~~~")),
        Damage::LoneCarriages => (old.replace('\n', "\r"), new.replace('\n', "\r")),
        // Where a blank line follows, that would be what goes.
        Damage::BreakLost if !new.trim().is_empty() && !blank_edges(&[new.lines().last()?]) => {
            (old.to_string(), new.strip_suffix('\n')?.to_string())
        }
        Damage::FirstBlank if old.lines().next() == new.lines().next() => {
            (format!(" {old}"), format!(" {new}"))
        }
        Damage::FirstIndentLost if !blank_edges(&[old.lines().next()?]) => (
            old.trim_start_matches([' ', '\t']).to_string(),
            new.to_string(),
        ),
        Damage::Slashes => both(&|line| line.replace('/', "\\/")),
        Damage::CodePoints => both(&|line| line.replace('<', "\\u003c").replace('&', "\\u0026")),
        Damage::Signs => (
            each(old, |line| format!("- {line}")),
            each(new, |line| format!("+ {line}")),
        ),
        _ => return None,
    })
}

#[derive(Default, Debug)]
struct Count {
    applied: usize,
    refused: usize,
}

/// A number from the environment.
pub(in crate::workspace) fn number(name: &str, usual: u64) -> u64 {
    let told = std::env::var(name).ok();
    told.and_then(|text| text.parse().ok()).unwrap_or(usual)
}

#[test]
fn damaged_arguments_never_damage_a_file() {
    let (rounds, seed) = (number("SOFOS_MUTATIONS", 300), number("SOFOS_SEED", 1));
    let sources = sources();
    let mut counts: BTreeMap<Damage, Count> = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut shown = Vec::new();
    let mut round = 0;
    let mut state = seed;
    while round < rounds {
        state += 1;
        let mut random = Random(state.wrapping_mul(0x1234_5677));
        let before = file(&random.pick(&sources), &mut random);
        let wish = wish(&before, &mut random);
        let (old, new) = (view(&before[wish.at..wish.at + wish.old]), view(&wish.new));
        let text = join(&before);
        let whole = View::new(&text);
        let unique = !whole.text.contains('\r')
            && Finder::new(&whole).exact(old.trim_end()).len() == 1
            && old.trim().len() > 2;
        let damage = random.pick(&ALL);
        if old == new || !unique {
            continue;
        }
        let follows = before.get(wish.at + wish.old);
        let blank = follows.is_none_or(|line| line.0.is_empty());
        // To join lines is meant where nothing else is.
        if damage == Damage::BreakLost && (blank || old.trim_end() == new.trim_end()) {
            continue;
        }
        let Some((old, new)) = damaged(damage, &old, &new, wish.at, &mut random) else {
            continue;
        };
        // Damage may give what stands in another place as it is: that is no damage then.
        let refusable = damage >= Damage::WordChanged;
        let stands = Finder::new(&whole).exact(&old);
        let meant = whole.start(wish.at)..whole.start(wish.at + wish.old);
        let elsewhere = |at: &Range<usize>| at.start < meant.start || at.end > meant.end;
        let given = matches!(damage, Damage::Placeholder | Damage::BreakLost);
        if refusable && !given && !stands.is_empty() || stands.iter().any(elsewhere) {
            continue;
        }
        round += 1;
        let after = join(&[&before[..wish.at], &wish.new, &before[wish.at + wish.old..]].concat());
        let edit = Edit {
            old,
            new,
            all: false,
        };
        let result = apply(text.as_bytes(), std::slice::from_ref(&edit));
        let count = counts.entry(damage).or_default();
        match result {
            Ok(done) => {
                count.applied += 1;
                let done = String::from_utf8(done.bytes).unwrap();
                let (done, after) = (ended(&text, &done), ended(&text, &after));
                let (done, after) = (steady(done), steady(after));
                // Another indentation of one line may still be the same structure.
                if done != after || refusable && damage != Damage::OneIndentChanged {
                    wrong.push(format!(
                        "seed {state}, {damage:?}\n{edit:#?}\ngave\n{}",
                        near(&done, &after)
                    ));
                }
            }
            Err(error) => {
                count.refused += 1;
                if damage < Damage::WordChanged {
                    shown.push(format!("seed {state}, {damage:?}: {error}\n{edit:#?}"));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong of {rounds}\n{}",
        wrong.len(),
        wrong[..wrong.len().min(8)].join("\n\n")
    );
    let sloppy = counts.range(..Damage::WordChanged).map(|(_, count)| count);
    let (applied, refused) = sloppy.fold((0, 0), |sum, count| {
        (sum.0 + count.applied, sum.1 + count.refused)
    });
    assert!(
        applied * 100 >= 95 * (applied + refused),
        "{applied} applied, {refused} refused: {counts:#?}"
    );
    assert!(
        std::env::var_os("SOFOS_SHOW").is_none(),
        "refused: {}\n{counts:#?}",
        shown.join("\n")
    );
}

/// A text without what may differ in new lines: blanks at their ends, and their
/// line end where those of the file differ.
pub(in crate::workspace) fn steady(text: &str) -> String {
    lines_with_ends(text)
        .into_iter()
        .map(|line| {
            if line.contains("fresh_") || line.contains("Changed") {
                format!("{}|", line.trim_end())
            } else {
                line.to_string()
            }
        })
        .collect()
}

/// A text without its last line end, where the file had none: whether the line
/// before a deleted last one keeps its own is for the edit to say.
pub(in crate::workspace) fn ended<'a>(before: &str, after: &'a str) -> &'a str {
    if before.ends_with(['\n', '\r']) {
        after
    } else {
        after.trim_end_matches(['\n', '\r'])
    }
}

/// Lines that end with `\n`, `\r\n` or `\r`.
fn lines_with_ends(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['\n', '\r']) {
        let length = if rest[at..].starts_with("\r\n") { 2 } else { 1 };
        let (line, behind) = rest.split_at(at + length);
        out.push(line);
        rest = behind;
    }
    if !rest.is_empty() {
        out.push(rest);
    }
    out
}

/// The first lines that differ.
pub(in crate::workspace) fn near(done: &str, wanted: &str) -> String {
    let lines = |text: &str| -> Vec<String> {
        lines_with_ends(text)
            .into_iter()
            .map(|line| format!("{line:?}"))
            .collect()
    };
    let (done, wanted) = (lines(done), lines(wanted));
    let at = done.iter().zip(&wanted).take_while(|(a, b)| a == b).count();
    let part = |lines: &[String]| lines[at.saturating_sub(2)..(at + 6).min(lines.len())].join("\n");
    format!("{}\ninstead of\n{}", part(&done), part(&wanted))
}

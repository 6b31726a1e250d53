//! Patches of real files, damaged the way models damage them: applied as meant or
//! refused, never applied elsewhere, every other byte untouched.

use std::collections::BTreeMap;

use similar::{Algorithm, DiffOp};

use super::{Action, parse, place};
use crate::workspace::edit_match::indent::leading;
use crate::workspace::edit_match::mutation_tests::{
    File, Random, ended, file, join, near, number, sources, steady, wish,
};
use crate::workspace::edit_match::typography::fold;
use crate::workspace::edit_match::view::View;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Damage {
    None,
    Carriages,
    Heredoc,
    Numbered,
    Dots,
    BlanksLost,
    SomeBlanksLost,
    TrailingLost,
    TrailingAdded,
    Tabs,
    Spaces,
    TwoSpaces,
    Dedented,
    Indented,
    Entities,
    Escaped,
    Curly,
    Straight,
    SecondBlank,
    SecondBlankOfChanges,
    NumberedContext,
    NumbersBeforeSigns,
    NumberHeader,
    PlainDiff,
    DiffInEnvelope,
    InJson,
    // These may not be applied.
    Stale,
    LineLost,
    LineAdded,
    WrongHeader,
    Truncated,
    Placeholder,
    TruncatedDiff,
}

const ALL: [Damage; 33] = [
    Damage::None,
    Damage::Carriages,
    Damage::Heredoc,
    Damage::Numbered,
    Damage::Dots,
    Damage::BlanksLost,
    Damage::SomeBlanksLost,
    Damage::TrailingLost,
    Damage::TrailingAdded,
    Damage::Tabs,
    Damage::Spaces,
    Damage::TwoSpaces,
    Damage::Dedented,
    Damage::Indented,
    Damage::Entities,
    Damage::Escaped,
    Damage::Curly,
    Damage::Straight,
    Damage::SecondBlank,
    Damage::SecondBlankOfChanges,
    Damage::NumberedContext,
    Damage::NumbersBeforeSigns,
    Damage::NumberHeader,
    Damage::PlainDiff,
    Damage::DiffInEnvelope,
    Damage::InJson,
    Damage::Stale,
    Damage::LineLost,
    Damage::LineAdded,
    Damage::WrongHeader,
    Damage::Truncated,
    Damage::Placeholder,
    Damage::TruncatedDiff,
];

/// Lines with their signs.
type Body = Vec<(char, String)>;

/// The lines of a chunk with up to three lines of context around.
fn body(before: &File, at: usize, old: usize, new: &File) -> Body {
    let bare = |lines: &[(String, &'static str)]| -> Vec<String> {
        lines.iter().map(|line| line.0.clone()).collect()
    };
    let (above, behind) = (at.saturating_sub(3), (at + old + 3).min(before.len()));
    let (mine, wanted) = (bare(&before[at..at + old]), bare(new));
    let mut out: Body = Vec::new();
    let context = |out: &mut Body, lines: &[String]| {
        out.extend(lines.iter().map(|line| (' ', line.clone())));
    };
    context(&mut out, &bare(&before[above..at]));
    for op in similar::capture_diff_slices(Algorithm::Myers, &mine, &wanted) {
        let (_, old, new) = op.as_tag_tuple();
        if matches!(op, DiffOp::Equal { .. }) {
            context(&mut out, &mine[old]);
            continue;
        }
        out.extend(mine[old].iter().map(|line| ('-', line.clone())));
        out.extend(wanted[new].iter().map(|line| ('+', line.clone())));
    }
    context(&mut out, &bare(&before[at + old..behind]));
    out
}

/// The file as the chunk means it: of two equal lines the one stays that the chunk
/// shows as context, with its own line end.
fn meant(before: &File, at: usize, new: &File, body: &Body) -> File {
    let first = at.saturating_sub(3);
    let mut out = before[..first].to_vec();
    let (mut old, mut news) = (first, 0);
    for (sign, _) in body {
        // Lines before and behind the change are in no new text.
        let inside = *sign == '+' || *sign == ' ' && old >= at && news < new.len();
        match sign {
            '-' => {}
            '+' => out.push(new[news].clone()),
            // A last line without an end gets one when more follows.
            _ if inside && before[old].1.is_empty() => out.push(new[news].clone()),
            _ => out.push(before[old].clone()),
        }
        news += usize::from(inside);
        old += usize::from(*sign != '+');
    }
    out.extend_from_slice(&before[old..]);
    out
}

/// The damaged patch; nothing where this damage changes nothing of it.
fn damaged(damage: Damage, body: &Body, at: usize, random: &mut Random) -> Option<String> {
    let mut lines = body.clone();
    let mut header = "@@".to_string();
    let each = |lines: &mut Body, change: &dyn Fn(&str) -> String| {
        for (_, text) in lines.iter_mut() {
            *text = change(text);
        }
    };
    let reindent = |unit: &'static str| {
        move |line: &str| {
            let bare = line.trim_start_matches([' ', '\t']);
            let depth = line[..line.len() - bare.len()].replace('\t', "    ").len();
            format!("{}{}{bare}", unit.repeat(depth / 4), " ".repeat(depth % 4))
        }
    };
    let old: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].0 != '+').collect();
    match damage {
        Damage::None | Damage::Carriages | Damage::Heredoc | Damage::Truncated => {}
        Damage::PlainDiff | Damage::DiffInEnvelope | Damage::TruncatedDiff | Damage::InJson => {}
        Damage::SecondBlank => each(&mut lines, &|line| format!(" {line}")),
        Damage::SecondBlankOfChanges | Damage::NumberedContext | Damage::NumbersBeforeSigns => {}
        Damage::NumberHeader => header = format!("@@ lines {}-{}", at + 1, at + 9),
        Damage::Numbered => header = format!("@@ -{},9 +{},9 @@", at + 1, at + 1),
        Damage::Dots => header = "@@ ... @@".to_string(),
        Damage::BlanksLost | Damage::SomeBlanksLost => {}
        Damage::TrailingLost => each(&mut lines, &|line| line.trim_end().to_string()),
        Damage::TrailingAdded => each(&mut lines, &|line| format!("{line}  ")),
        Damage::Tabs => each(&mut lines, &reindent("\t")),
        Damage::Spaces => each(&mut lines, &reindent("    ")),
        Damage::TwoSpaces => each(&mut lines, &reindent("  ")),
        Damage::Dedented => {
            let told = lines.iter().filter(|line| !line.1.trim().is_empty());
            let least = told.map(|line| leading(&line.1).len()).min()?;
            each(&mut lines, &|line| {
                line.get(least..).unwrap_or("").to_string()
            });
        }
        Damage::Indented => each(&mut lines, &|line| match line.trim() {
            "" => String::new(),
            _ => format!("    {line}"),
        }),
        Damage::Entities => each(&mut lines, &|line| {
            let line = line.replace('&', "&amp;").replace('<', "&lt;");
            line.replace('>', "&gt;")
        }),
        Damage::Escaped => each(&mut lines, &|line| {
            line.replace('\\', "\\\\").replace('"', "\\\"")
        }),
        Damage::Curly => each(&mut lines, &|line| {
            line.replace('\'', "\u{2019}").replace('"', "\u{201d}")
        }),
        Damage::Straight => each(&mut lines, &|line| fold(line).into_owned()),
        Damage::Stale => {
            let line = &mut lines[random.pick(&old)].1;
            let mut words = line.split(|ch: char| !ch.is_ascii_alphanumeric());
            let word = words.find(|word| word.len() > 2)?.to_string();
            *line = line.replacen(&word, "stale_word", 1);
        }
        Damage::LineLost => {
            let inner: Vec<usize> = old.iter().copied().skip(1).collect();
            let inner = &inner[..inner.len().checked_sub(1).filter(|count| *count > 0)?];
            let one = random.pick(inner);
            if body[one].0 != ' ' || body[one].1.trim().is_empty() {
                return None;
            }
            lines.remove(one);
        }
        Damage::LineAdded => {
            let one = random.pick(&old);
            lines.insert(one, (' ', "    never_there();".to_string()));
        }
        Damage::WrongHeader => header = "@@ class NeverThere:".to_string(),
        Damage::Placeholder => {
            lines.push(('+', "    // ... rest of the code unchanged ...".to_string()));
        }
    }
    // What only the new lines show is what the model wants.
    let mut pairs = lines.iter().zip(body).filter(|(line, _)| line.0 != '+');
    let changed = lines.len() != body.len() || pairs.any(|(a, b)| a.1.trim_end() != b.1.trim_end());
    let blanks = [Damage::TrailingLost, Damage::TrailingAdded].contains(&damage);
    let changed = changed || blanks && lines != *body;
    // The first line of the chunk is up to three lines above.
    let mut numbers = (at + 1).saturating_sub(3).max(1)..;
    let mut number = 0;
    let text: Vec<String> = lines
        .iter()
        .map(|(sign, text)| {
            if *sign != '+' {
                number = numbers.next().unwrap_or(number);
            }
            match (damage, sign) {
                (Damage::SecondBlankOfChanges, '+' | '-') => return format!("{sign} {text}"),
                (Damage::NumberedContext, ' ') => return format!(" {number:>6}\t{text}"),
                (Damage::NumbersBeforeSigns, _) => return format!("{number:>6} {sign}{text}"),
                _ => {}
            }
            let bare = match damage {
                Damage::BlanksLost => true,
                Damage::SomeBlanksLost => random.chance(50),
                _ => false,
            };
            // A line that begins with a sign itself cannot lose its blank.
            if *sign == ' ' && bare && !text.starts_with(['+', '-', '@', '*', '\\']) {
                text.clone()
            } else {
                format!("{sign}{text}")
            }
        })
        .collect();
    let end = if damage == Damage::Truncated {
        ""
    } else {
        "*** End Patch\n"
    };
    let patch = format!(
        "*** Begin Patch\n*** Update File: f\n{header}\n{}\n{end}",
        text.join("\n")
    );
    let count = |other: char| lines.iter().filter(|line| line.0 != other).count();
    let diff = format!(
        "--- a/f\n+++ b/f\n@@ -{0},{1} +{0},{2} @@\n{3}\n",
        at + 1,
        count('+'),
        count('-'),
        text.join("\n")
    );
    match damage {
        Damage::PlainDiff => Some(diff),
        Damage::DiffInEnvelope => Some(format!("*** Begin Patch\n{diff}*** End Patch\n")),
        Damage::TruncatedDiff => {
            let cut = text[..text.len() - 1].join("\n");
            let told = !text.last()?.trim().is_empty();
            told.then(|| diff.replace(&text.join("\n"), &cut))
        }
        Damage::InJson => Some(serde_json::json!({ "patch": patch }).to_string()),
        Damage::Carriages => Some(patch.replace('\n', "\r\n")),
        Damage::Heredoc => Some(format!("apply_patch <<'EOF'\n{patch}EOF\n")),
        _ if (Damage::TrailingLost..=Damage::LineAdded).contains(&damage) => {
            changed.then_some(patch)
        }
        _ => Some(patch),
    }
}

fn apply(text: &str, patch: &str) -> Result<String, String> {
    let sections = parse(patch).map_err(|error| error.0)?;
    let [section] = &sections[..] else {
        return Err("several sections".to_string());
    };
    let Action::Update { chunks, .. } = &section.action else {
        return Err("no update".to_string());
    };
    place::update(text.as_bytes(), chunks).map(|done| String::from_utf8(done.bytes).unwrap())
}

#[test]
fn damaged_patches_never_damage_a_file() {
    let (rounds, seed) = (number("SOFOS_MUTATIONS", 300), number("SOFOS_SEED", 1));
    let sources = sources();
    let mut counts: BTreeMap<Damage, (u64, u64)> = BTreeMap::new();
    let (mut wrong, mut shown) = (Vec::new(), Vec::new());
    let (mut round, mut state) = (0, seed);
    while round < rounds {
        state += 1;
        let mut random = Random(state.wrapping_mul(0x9876_5431));
        let before = file(&random.pick(&sources), &mut random);
        let wish = wish(&before, &mut random);
        let text = join(&before);
        let whole = View::new(&text);
        let lines = body(&before, wish.at, wish.old, &wish.new);
        let old: String = lines
            .iter()
            .filter(|line| line.0 != '+')
            .map(|line| format!("{}\n", line.1))
            .collect();
        let unique = !whole.text.contains('\r')
            && whole.text.matches(old.trim_end()).count() == 1
            && old.chars().filter(|ch| ch.is_alphanumeric()).count() > 8;
        let damage = random.pick(&ALL);
        if !unique || lines.iter().all(|line| line.0 == ' ') {
            continue;
        }
        // A file about patches may hold the end that is cut off.
        let has_end = lines.iter().any(|line| line.1.contains("*** End Patch"));
        if damage == Damage::Truncated && has_end {
            continue;
        }
        let Some(patch) = damaged(damage, &lines, wish.at, &mut random) else {
            continue;
        };
        round += 1;
        let after = join(&meant(&before, wish.at, &wish.new, &lines));
        let count = counts.entry(damage).or_default();
        match apply(&text, &patch) {
            Ok(done) => {
                count.0 += 1;
                let (done, after) = (ended(&text, &done), ended(&text, &after));
                let (done, after) = (steady(done), steady(after));
                // Context lost beside a blank edge may still leave one place.
                let refusable = damage >= Damage::Stale && damage != Damage::LineLost;
                if done != after || refusable {
                    let near = near(&done, &after);
                    wrong.push(format!("seed {state}, {damage:?}\n{patch}\ngave\n{near}"));
                }
            }
            Err(error) => {
                count.1 += 1;
                if damage < Damage::Stale {
                    shown.push(format!("seed {state}, {damage:?}: {error}\n{patch}"));
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
    let sloppy = counts.range(..Damage::Stale).map(|(_, count)| count);
    let (applied, refused) = sloppy.fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
    assert!(
        applied * 100 >= 90 * (applied + refused),
        "{applied} applied, {refused} refused: {counts:#?}\n{}",
        shown.join("\n")
    );
    assert!(
        std::env::var_os("SOFOS_SHOW").is_none(),
        "refused: {}\n{counts:#?}",
        shown.join("\n")
    );
}

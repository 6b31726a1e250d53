//! Indentation that differs as a whole: the same text further in or out, or with
//! tabs for spaces.
//!
//! It counts as the same only where the file's indentation is a strictly monotone
//! function of the model's: what is deeper stays deeper, what is level stays level.
//! Anything else is other code, and is refused.

use std::cmp::Ordering;

use super::typography::plain;
use super::view::View;

/// The blanks a line begins with.
pub(in crate::workspace) fn leading(line: &str) -> &str {
    let text = line.trim_start_matches(|ch: char| ch == '\t' || plain(ch) == ' ');
    &line[..line.len() - text.len()]
}

fn is_blank(line: &str) -> bool {
    leading(line).len() == line.len() || line.trim().is_empty()
}

/// Whether a line goes on with a comment, as ` * so`; not `*value = 1`.
fn is_star(line: &str) -> bool {
    let body = line[leading(line).len()..].strip_prefix('*');
    body.is_some_and(|body| body.is_empty() || body.starts_with([' ', '\t', '/', '*']))
}

/// How the file indents one level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::workspace) enum Unit {
    Tab,
    Spaces(usize),
}

impl Unit {
    /// What most lines of a file use.
    pub(in crate::workspace) fn of(view: &View) -> Self {
        const LOOKED_AT: usize = 5_000;
        let (mut tabs, mut spaces) = (0, 0);
        let mut steps = [0usize; 9];
        let mut before = 0;
        for index in 0..view.len().min(LOOKED_AT) {
            let line = view.line(index);
            if is_blank(line) {
                continue;
            }
            let indent = leading(line);
            match indent.chars().next() {
                Some('\t') => tabs += 1,
                Some(_) => spaces += 1,
                None => {}
            }
            let now = indent.chars().count();
            if now > before && now - before < steps.len() && !indent.contains('\t') {
                steps[now - before] += 1;
            }
            before = now;
        }
        if tabs > spaces {
            return Self::Tab;
        }
        let best = [3, 8, 2, 4].into_iter().max_by_key(|step| steps[*step]);
        Self::Spaces(best.filter(|step| steps[*step] > 0).unwrap_or(4))
    }
}

/// From the model's indentation to the file's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::workspace) struct IndentMap {
    /// Each indentation of the old text with the file's, from the shallowest.
    pairs: Vec<(String, String)>,
    /// The first line, where it alone deviates.
    first: Option<(String, String)>,
    steps: Steps,
}

/// How deeper levels are converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Steps {
    Same,
    /// So many of the model's characters are so many of the file's.
    Ratio {
        from: (char, usize),
        to: (char, usize),
    },
}

impl IndentMap {
    /// The map between lines that are equal but for their blanks; nothing when
    /// they are not the same structure.
    pub(in crate::workspace) fn build(
        old: &[&str],
        file: &[&str],
        new: &[&str],
        unit: Unit,
    ) -> Option<Self> {
        let lines: Vec<Indents> = old
            .iter()
            .zip(file)
            .filter(|(line, _)| !is_blank(line))
            .map(|(old, file)| Indents::of(old, file))
            .collect();
        let (pairs, first) = match function(&lines) {
            Some(_) if let Some(only) = blank_too_many(&lines, new) => {
                let file = only.file.to_string();
                let pair = (file.clone(), file.clone());
                (vec![pair], Some((only.old.to_string(), file)))
            }
            Some(pairs) => (pairs, None),
            None => {
                let (first, rest) = lines.split_first()?;
                let pairs = function(rest)?;
                let same = rest.iter().all(|line| line.old == line.file);
                // The first line begins where its text was cut out, with a part of its
                // indentation, or with a blank too many. Two lines cannot tell which of
                // them deviates.
                let cut = first.old.is_empty();
                let less = order(first.old, first.file) == Some(Ordering::Less);
                let blank = same && first.has_one_more() && !one_more_elsewhere(rest, new);
                if !(blank || less && (same && cut || rest.len() > 1 && (same || cut))) {
                    return None;
                }
                (pairs, Some((first.old.to_string(), first.file.to_string())))
            }
        };
        let indents = |lines: &[&str]| -> Vec<String> {
            let skip = usize::from(first.is_some());
            lines
                .iter()
                .skip(skip)
                .filter(|line| !is_blank(line) && !is_star(line))
                .map(|line| leading(line).to_string())
                .collect()
        };
        let written = [indents(old), indents(new)].concat();
        let steps = Steps::find(&pairs, &written, new, unit);
        Some(Self {
            pairs,
            first,
            steps,
        })
    }

    /// The file's indentation for a line of the new text; nothing when the old text
    /// does not tell.
    pub(in crate::workspace) fn map(&self, indent: &str, first_line: bool) -> Option<String> {
        if first_line
            && let Some((old, file)) = &self.first
            && indent == old
        {
            return Some(file.clone());
        }
        if let Some((_, file)) = self.pairs.iter().find(|(old, _)| indent == old) {
            return Some(file.clone());
        }
        let found = self.deeper(indent).or_else(|| self.shallower(indent))?;
        let tabs = |text: &str| text.contains('\t');
        if tabs(&found) && tabs(indent) && !self.pairs.iter().any(|(_, file)| tabs(file)) {
            return None;
        }
        // What was between two levels stays between them.
        let fits = self.pairs.iter().all(|(old, file)| {
            order(indent, old).is_none_or(|wanted| order(&found, file) == Some(wanted))
        });
        fits.then_some(found)
    }

    fn deeper(&self, indent: &str) -> Option<String> {
        let anchors: Vec<(&str, &str)> = self
            .pairs
            .iter()
            .rev()
            .filter_map(|(old, file)| Some((indent.strip_prefix(old.as_str())?, file.as_str())))
            .collect();
        let (extra, file) = anchors
            .iter()
            .find(|(extra, _)| self.steps.divides(extra))
            .or_else(|| anchors.first())?;
        Some(format!("{file}{}", self.steps.convert(extra)))
    }

    fn shallower(&self, indent: &str) -> Option<String> {
        self.pairs.iter().find_map(|(old, file)| {
            let missing = self.steps.convert(old.strip_prefix(indent)?);
            file.strip_suffix(missing.as_str()).map(str::to_string)
        })
    }
}

/// The indentation of a line on both sides.
#[derive(Clone, Copy)]
struct Indents<'a> {
    old: &'a str,
    file: &'a str,
    /// The line goes on with the star of a comment, one further in than a level.
    star: bool,
}

impl<'a> Indents<'a> {
    fn of(old: &'a str, file: &'a str) -> Self {
        let (indent, there) = (leading(old), leading(file));
        let star = is_star(old);
        Self {
            old: indent,
            file: there,
            star: star && indent.ends_with(' ') && there.ends_with(' '),
        }
    }

    fn has_one_more(&self) -> bool {
        self.old.strip_prefix(' ') == Some(self.file)
    }

    /// Columns of both sides.
    fn columns(&self, tab: usize) -> (usize, usize) {
        let star = usize::from(self.star);
        (
            columns(self.old, tab) - star,
            columns(self.file, tab) - star,
        )
    }
}

/// The only line, when it has a blank too many, which the new lines below it have not.
fn blank_too_many<'a>(lines: &[Indents<'a>], new: &[&str]) -> Option<Indents<'a>> {
    let [only] = lines else { return None };
    let mut rest = new.iter().skip(1).filter(|line| !is_blank(line)).peekable();
    // Levels are even, so an odd one counts from the blank.
    let beside = rest.peek().is_some()
        && rest.all(|line| {
            let indent = leading(line);
            let extra = indent.strip_prefix(only.file);
            extra.is_some_and(|extra| !indent.starts_with(only.old) || extra.len() % 2 == 0)
        });
    (only.has_one_more() && beside).then_some(*only)
}

/// Whether lines of the new text but the first have a blank more than others, too.
fn one_more_elsewhere(rest: &[Indents], new: &[&str]) -> bool {
    let mut indents = new.iter().skip(1).filter(|line| !is_blank(line));
    indents.any(|line| {
        let indent = leading(line);
        let known = |with: &str| rest.iter().any(|line| line.old == with);
        !known(indent) && indent.strip_suffix(' ').is_some_and(known)
    })
}

/// Whether all lines are shifted by the same, with some width of tabs, or all levels
/// are so many times as wide.
fn is_shift_or_unit(lines: &[Indents]) -> bool {
    if has_same_prefix(lines) {
        return true;
    }
    [4, 8, 2, 3].iter().any(|tab| {
        let all = lines.iter().map(|line| line.columns(*tab));
        let Some((old, file)) = all.clone().next() else {
            return true;
        };
        all.clone().all(|(o, f)| o + file == f + old)
            || [(1, 2), (2, 1), (1, 4), (4, 1)]
                .iter()
                .any(|(p, q)| all.clone().all(|(o, f)| f * q == o * p))
    })
}

/// Whether one side has the same blanks more before every line, whatever a tab behind them
/// is worth.
fn has_same_prefix(lines: &[Indents]) -> bool {
    all_equal(lines.iter().map(|line| line.old.strip_suffix(line.file)))
        || all_equal(lines.iter().map(|line| line.file.strip_suffix(line.old)))
}

fn all_equal<'a>(mut prefixes: impl Iterator<Item = Option<&'a str>>) -> bool {
    let first = prefixes.next().flatten();
    first.is_some() && prefixes.all(|prefix| prefix == first)
}

/// The pairs of a strictly monotone function that is a shift or another unit,
/// shallowest first; nothing when it is none.
fn function(lines: &[Indents]) -> Option<Vec<(String, String)>> {
    if !is_shift_or_unit(lines) {
        return None;
    }
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    for line in lines {
        match pairs.iter().find(|(known, _)| *known == line.old) {
            Some((_, there)) if *there == line.file => {}
            Some(_) => return None,
            None => pairs.push((line.old, line.file)),
        }
    }
    if !has_same_prefix(lines) && !keeps_order(&pairs)? {
        return None;
    }
    pairs.sort_by_key(|(old, _)| columns(old, 8));
    Some(
        pairs
            .into_iter()
            .map(|(old, file)| (old.to_string(), file.to_string()))
            .collect(),
    )
}

/// Whether what is deeper on one side is deeper on the other; nothing when that depends on
/// what a tab is worth.
fn keeps_order(pairs: &[(&str, &str)]) -> Option<bool> {
    for (index, (old, file)) in pairs.iter().enumerate() {
        for (other, there) in &pairs[index + 1..] {
            let wanted = order(old, other)?;
            if wanted == Ordering::Equal || order(file, there) != Some(wanted) {
                return Some(false);
            }
        }
    }
    Some(true)
}

/// Which indentation is deeper, whatever a tab is worth; nothing when that matters.
fn order(a: &str, b: &str) -> Option<Ordering> {
    if a == b {
        return Some(Ordering::Equal);
    }
    if b.starts_with(a) {
        return Some(Ordering::Less);
    }
    if a.starts_with(b) {
        return Some(Ordering::Greater);
    }
    let by = |tab: usize| columns(a, tab).cmp(&columns(b, tab));
    let orders = [by(2), by(4), by(8)];
    (orders[0] != Ordering::Equal && orders.iter().all(|order| *order == orders[0]))
        .then_some(orders[0])
}

fn columns(indent: &str, tab: usize) -> usize {
    indent.chars().fold(0, |at, ch| match ch {
        '\t' => (at / tab + 1) * tab,
        _ => at + 1,
    })
}

/// The only character of a text and how often it stands there.
fn run(text: &str) -> Option<(char, usize)> {
    let first = text.chars().next()?;
    text.chars()
        .all(|ch| ch == first)
        .then(|| (first, text.chars().count()))
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The step between indentations of spaces: their greatest common divisor.
fn space_step<'a>(indents: impl Iterator<Item = &'a str>) -> usize {
    let mut widths: Vec<usize> = indents
        .filter(|indent| !indent.contains('\t'))
        .map(|indent| indent.chars().count())
        .collect();
    widths.sort_unstable();
    widths.dedup();
    let step = widths
        .windows(2)
        .fold(0, |step, pair| gcd(step, pair[1] - pair[0]));
    match step {
        0 => widths
            .first()
            .copied()
            .filter(|width| *width > 0)
            .unwrap_or(4),
        1 => 4,
        step => step,
    }
}

impl Steps {
    fn find(pairs: &[(String, String)], written: &[String], new: &[&str], unit: Unit) -> Self {
        let margin = (String::new(), String::new());
        let at_margin = |tab: usize| {
            pairs
                .iter()
                .all(|(old, file)| columns(old, tab) == columns(file, tab))
        };
        let with_margin = match pairs.first() {
            // The same columns, written otherwise: then the margin is the same too.
            Some((old, _)) if !old.is_empty() && [4, 8, 2, 3].into_iter().any(at_margin) => {
                [std::slice::from_ref(&margin), pairs].concat()
            }
            _ => pairs.to_vec(),
        };
        if let Some(known) = Self::from_levels(&with_margin) {
            return known;
        }
        let tabs = |texts: &mut dyn Iterator<Item = &String>| -> Option<bool> {
            let mut seen = None;
            for text in texts.filter(|text| !text.is_empty()) {
                seen = Some(seen.unwrap_or(false) || text.contains('\t'));
            }
            seen
        };
        let model_tabs = tabs(&mut written.iter());
        let file_tabs = tabs(&mut pairs.iter().map(|(_, file)| file)).unwrap_or(unit == Unit::Tab);
        let step = space_step(written.iter().map(String::as_str));
        match (model_tabs, file_tabs, unit) {
            (Some(false), true, _) => Self::Ratio {
                from: (' ', step),
                to: ('\t', 1),
            },
            (Some(true), false, unit) => Self::Ratio {
                from: ('\t', 1),
                to: (
                    ' ',
                    match unit {
                        Unit::Spaces(width) => width,
                        Unit::Tab => 4,
                    },
                ),
            },
            (Some(false), false, Unit::Spaces(width))
                if width != step && Self::is_other_unit(pairs, new, step, width) =>
            {
                Self::Ratio {
                    from: (' ', step),
                    to: (' ', width),
                }
            }
            _ => Self::Same,
        }
    }

    /// What two levels of the old text tell.
    fn from_levels(pairs: &[(String, String)]) -> Option<Self> {
        let mut same = None;
        for two in pairs.windows(2) {
            let [(old, file), (deeper_old, deeper_file)] = two else {
                continue;
            };
            let (Some(old), Some(file)) = (
                deeper_old.strip_prefix(old.as_str()),
                deeper_file.strip_prefix(file.as_str()),
            ) else {
                continue;
            };
            // One blank is an alignment, as before the stars of a comment.
            if old == file && old.len() == 1 && old == " " {
                continue;
            }
            if old == file {
                same = Some(Self::Same);
                continue;
            }
            if let (Some(from), Some(to)) = (run(old), run(file)) {
                let common = gcd(from.1, to.1);
                return Some(Self::Ratio {
                    from: (from.0, from.1 / common),
                    to: (to.0, to.1 / common),
                });
            }
        }
        same
    }

    /// Whether one level of spaces is likely a level of another width, not a shift.
    fn is_other_unit(pairs: &[(String, String)], new: &[&str], step: usize, width: usize) -> bool {
        let [(old, file)] = pairs else {
            return false;
        };
        // One blank more or less is no level.
        if old.len().abs_diff(file.len()) == 1 {
            return false;
        }
        let level = old.len() / step;
        if !old.is_empty() && old.len() == level * step && file.len() == level * width {
            return true;
        }
        // Otherwise it is a shift, and deeper lines must open as blocks do, or they are
        // continued lines, which are indented as one likes.
        let mut before: Option<&str> = None;
        let mut blocks = true;
        for line in new.iter().filter(|line| !is_blank(line)) {
            if let Some(above) = before
                && leading(line).len() > leading(above).len()
            {
                let above = above.trim_end();
                blocks &= above.ends_with(['{', ':'])
                    || above.ends_with(" do")
                    || above.ends_with(" then");
            }
            before = Some(line);
        }
        blocks
    }

    fn divides(self, extra: &str) -> bool {
        match self {
            Self::Same => true,
            Self::Ratio { from, .. } => {
                run(extra).is_some_and(|(ch, count)| ch == from.0 && count % from.1 == 0)
            }
        }
    }

    fn convert(self, extra: &str) -> String {
        let Self::Ratio { from, to } = self else {
            return extra.to_string();
        };
        let count = extra.chars().take_while(|ch| *ch == from.0).count();
        let whole = count / from.1;
        let mut out: String = std::iter::repeat_n(to.0, whole * to.1).collect();
        out.extend(extra.chars().skip(whole * from.1));
        out
    }
}

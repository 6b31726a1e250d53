//! Changes to files as numbered, coloured lines.

use ratatui::style::{Modifier, Style};
use ratatui::text::Line;
use similar::{ChangeTag, TextDiff};

use crate::protocol::diff::{DiffKind, DiffLine, FileDiff};
use crate::stdx::text::{clean, one_line, plural};

use super::highlight::Highlighter;
use super::text::expand_tabs;
use super::theme::Theme;
use super::wrap::{Pieces, hanging_rows, pieces_width, push_piece, steady_pieces, to_line};

/// Longer lines are not compared word by word.
const MAX_WORDS_LINE: usize = 500;

/// Lines of one diff, and of each of several ones, that stand between answers.
const FOLDED: usize = 40;
const FOLDED_EACH: usize = 16;

/// The lines of a diff: two spaces, number, sign, text. Each is one logical line
/// whatever its length.
pub fn lines(diff: &FileDiff, theme: &Theme) -> Vec<Line<'static>> {
    some(diff, usize::MAX, theme)
}

/// The same, folded where it is long.
pub fn folded(diff: &FileDiff, theme: &Theme) -> Vec<Line<'static>> {
    some(diff, FOLDED, theme)
}

/// The rows of a diff of at most `width` columns: what does not fit goes on below
/// its own text.
pub fn rows(diff: &FileDiff, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let indent = gutter(diff) + 2;
    lines(diff, theme)
        .into_iter()
        .flat_map(|line| hanging(line, indent, width))
        .collect()
}

/// Columns before the sign.
fn gutter(diff: &FileDiff) -> usize {
    let numbers = diff.hunks.iter().flat_map(|hunk| &hunk.lines);
    let most = numbers.map(|line| line.number).max().unwrap_or(1);
    most.to_string().len() + 4
}

fn hanging(line: Line<'static>, indent: usize, width: usize) -> Vec<Line<'static>> {
    let pieces = steady_pieces(line);
    if pieces_width(&pieces) <= width {
        return vec![to_line(pieces)];
    }
    // In a very narrow window there is no room to hang anything.
    let indent = if width >= indent + 8 { indent } else { 0 };
    hanging_rows(&pieces, width, indent)
        .into_iter()
        .map(to_line)
        .collect()
}

fn some(diff: &FileDiff, most: usize, theme: &Theme) -> Vec<Line<'static>> {
    let digits = gutter(diff) - 4;
    let mut left = most;
    let mut out = Vec::new();
    for (index, hunk) in diff.hunks.iter().enumerate() {
        if left == 0 {
            break;
        }
        if index > 0 {
            out.push(Line::styled(
                format!("  {:>digits$}", theme.glyphs.gap),
                theme.dim,
            ));
        }
        let shown = &hunk.lines[..hunk.lines.len().min(left)];
        left -= shown.len();
        hunk_lines(shown, &diff.path, digits, theme, &mut out);
    }
    let all: usize = diff.hunks.iter().map(|hunk| hunk.lines.len()).sum();
    let hidden = diff.folded + all.saturating_sub(most);
    if hidden > 0 {
        let more = plural(hidden, "more line");
        out.push(Line::styled(
            format!("  {} {more}", theme.glyphs.ellipsis),
            theme.dim,
        ));
    }
    out
}

/// The lines of several diffs, each below its path, folded where they are long.
pub fn several_folded(diffs: &[FileDiff], theme: &Theme) -> Vec<Line<'static>> {
    below_paths(diffs, theme, |diff| some(diff, FOLDED_EACH, theme))
}

/// The rows of several diffs, each below its path.
pub fn several_rows(diffs: &[FileDiff], width: usize, theme: &Theme) -> Vec<Line<'static>> {
    below_paths(diffs, theme, |diff| rows(diff, width, theme))
}

fn below_paths(
    diffs: &[FileDiff],
    theme: &Theme,
    shown: impl Fn(&FileDiff) -> Vec<Line<'static>>,
) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    for diff in diffs {
        let path = one_line(&clean(&diff.path), MAX_WORDS_LINE);
        let mut head = Pieces::new();
        push_piece(&mut head, &format!("  {path}"), Style::new());
        let sums = format!(" {} {}", theme.glyphs.dot, counts(diff, theme));
        push_piece(&mut head, &sums, theme.dim);
        out.push(to_line(head));
        out.extend(shown(diff));
    }
    out
}

/// `+1 −1`, the sums of a change.
pub fn counts(diff: &FileDiff, theme: &Theme) -> String {
    format!("+{} {}{}", diff.added, theme.glyphs.minus, diff.removed)
}

fn hunk_lines(
    lines: &[DiffLine],
    path: &str,
    digits: usize,
    theme: &Theme,
    out: &mut Vec<Line<'static>>,
) {
    let mut code = Highlighter::for_path(path, &theme.code);
    // Removed lines go on from where they stood and leave no trace in what follows.
    let mut removed: Option<Highlighter> = None;
    let emphasis = emphasised(lines);
    for (line, changed) in lines.iter().zip(emphasis) {
        let cleaned = clean(&line.text);
        let text = expand_tabs(&cleaned);
        let (sign, style, tint, shown) = match line.kind {
            DiffKind::Context => (" ", theme.dim, None, code.line(&text)),
            DiffKind::Added => ("+", theme.added, theme.added_tint, code.line(&text)),
            DiffKind::Removed => {
                let old = removed.get_or_insert_with(|| code.clone());
                let pieces = old.line(&text);
                (
                    theme.glyphs.minus,
                    theme.removed,
                    theme.removed_tint,
                    pieces,
                )
            }
        };
        if line.kind != DiffKind::Removed {
            removed = None;
        }
        let tinted = |style: Style| tint.map_or(style, |tint| style.bg(tint));
        let mut pieces = Pieces::new();
        push_piece(
            &mut pieces,
            &format!("  {:>digits$}  ", line.number),
            theme.dim,
        );
        push_piece(&mut pieces, &format!("{sign} "), tinted(style));
        for (text, changed, code_style) in emphasise(&shown, &changed) {
            let look = if changed {
                style.add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
            } else {
                code_style
            };
            push_piece(&mut pieces, &text, tinted(look));
        }
        out.push(to_line(pieces));
    }
}

/// For every line the byte ranges of its cleaned text that changed within the
/// line; only where removed lines are followed by as many added ones.
fn emphasised(lines: &[DiffLine]) -> Vec<Vec<(usize, usize)>> {
    let mut ranges = vec![Vec::new(); lines.len()];
    let run = |from: usize, kind: DiffKind| {
        lines[from..]
            .iter()
            .take_while(|line| line.kind == kind)
            .count()
    };
    let mut at = 0;
    while at < lines.len() {
        let removed = run(at, DiffKind::Removed);
        let added = run(at + removed, DiffKind::Added);
        if removed > 0 && removed == added {
            for index in at..at + removed {
                let (old, new) = word_ranges(&lines[index].text, &lines[index + removed].text);
                ranges[index] = old;
                ranges[index + removed] = new;
            }
        }
        at += (removed + added).max(1);
    }
    ranges
}

type Ranges = Vec<(usize, usize)>;

fn word_ranges(old: &str, new: &str) -> (Ranges, Ranges) {
    let (old, new) = (clean(old), clean(new));
    let (old, new) = (expand_tabs(&old), expand_tabs(&new));
    if old.len().max(new.len()) > MAX_WORDS_LINE {
        return Default::default();
    }
    let diff = TextDiff::from_words(old.as_ref(), new.as_ref());
    if diff.ratio() < 0.4 {
        // Two different lines: marking nearly everything says nothing.
        return Default::default();
    }
    let (mut in_old, mut in_new) = (Ranges::new(), Ranges::new());
    let (mut old_at, mut new_at) = (0, 0);
    for change in diff.iter_all_changes() {
        let length = change.value().len();
        match change.tag() {
            ChangeTag::Equal => {
                old_at += length;
                new_at += length;
            }
            ChangeTag::Delete => {
                in_old.push((old_at, old_at + length));
                old_at += length;
            }
            ChangeTag::Insert => {
                in_new.push((new_at, new_at + length));
                new_at += length;
            }
        }
    }
    (in_old, in_new)
}

/// Splits coloured code at the borders of the changed ranges.
fn emphasise(code: &Pieces, changed: &Ranges) -> Vec<(String, bool, Style)> {
    let mut out = Vec::new();
    let mut start = 0;
    for (text, style) in code {
        let end = start + text.len();
        let mut cuts = vec![start, end];
        for (from, to) in changed {
            cuts.extend(
                [*from, *to]
                    .into_iter()
                    .filter(|cut| (start..end).contains(cut)),
            );
        }
        cuts.sort_unstable();
        cuts.dedup();
        for pair in cuts.windows(2) {
            let inside = changed
                .iter()
                .any(|(from, to)| *from <= pair[0] && pair[1] <= *to);
            if let Some(part) = text.get(pair[0] - start..pair[1] - start) {
                out.push((part.to_owned(), inside, *style));
            }
        }
        start = end;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::diff::Hunk;

    fn line(kind: DiffKind, number: usize, text: &str) -> DiffLine {
        DiffLine {
            kind,
            number,
            text: text.into(),
        }
    }

    #[test]
    fn a_change_is_numbered_and_its_words_stand_out() {
        let diff = FileDiff {
            path: "src/cart.rs".into(),
            added: 1,
            removed: 1,
            folded: 3,
            hunks: vec![
                Hunk {
                    lines: vec![
                        line(DiffKind::Context, 9, "\tlet now = clock.now();"),
                        line(
                            DiffKind::Removed,
                            10,
                            "    let ttl = Utc::now() - self.created;",
                        ),
                        line(DiffKind::Added, 10, "    let ttl = now - self.created;"),
                    ],
                },
                Hunk {
                    lines: vec![line(DiffKind::Added, 120, "\u{1b}[31mred")],
                },
            ],
        };
        let shown = lines(&diff, &Theme::default());
        let text: Vec<String> = shown.iter().map(ToString::to_string).collect();
        assert_eq!(
            text,
            [
                "    9        let now = clock.now();",
                "   10  −     let ttl = Utc::now() - self.created;",
                "   10  +     let ttl = now - self.created;",
                "    ⋮",
                "  120  + red",
                "  … 3 more lines",
            ]
        );
        let bold: String = shown[2]
            .spans
            .iter()
            .filter(|span| span.style.add_modifier.contains(Modifier::UNDERLINED))
            .map(|span| span.content.as_ref())
            .collect();
        assert_eq!(bold, "now");
        assert_eq!(counts(&diff, &Theme::new(false)), "+1 -1");
    }

    #[test]
    fn a_long_change_is_folded_and_a_long_line_hangs() {
        let added = |number: usize, text: &str| line(DiffKind::Added, number, text);
        let diff = FileDiff {
            path: "a.txt".into(),
            folded: 3,
            hunks: vec![Hunk {
                lines: (1..=100).map(|n| added(n, "x")).collect(),
            }],
            ..FileDiff::default()
        };
        let theme = Theme::default();
        let shown = folded(&diff, &theme);
        assert_eq!(shown.len(), FOLDED + 1);
        assert_eq!(shown[FOLDED].to_string(), "  … 63 more lines");
        assert_eq!(lines(&diff, &theme).len(), 101);
        let wide = FileDiff {
            path: "a.txt".into(),
            hunks: vec![Hunk {
                lines: vec![added(7, "\tlet 世界 = \"some words\";"), added(8, "short")],
            }],
            ..FileDiff::default()
        };
        let text = |lines: Vec<Line<'_>>| -> Vec<String> {
            lines.iter().map(ToString::to_string).collect()
        };
        assert_eq!(
            text(rows(&wide, 20, &theme)),
            [
                "  7  +     let 世界 ",
                "       = \"some words",
                "       \";",
                "  8  + short",
            ]
        );
        assert_eq!(
            text(lines(&wide, &theme))[0],
            "  7  +     let 世界 = \"some words\";",
            "one logical line in the scrollback"
        );
        for width in 1..40 {
            let fits = rows(&wide, width, &theme)
                .iter()
                .all(|row| row.width() <= width.max(2));
            assert!(fits, "{width}");
        }
    }
}

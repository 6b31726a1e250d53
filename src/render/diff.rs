//! Changes to files as numbered, coloured lines.

use ratatui::style::{Modifier, Style};
use ratatui::text::Line;
use similar::{ChangeTag, TextDiff};

use crate::protocol::diff::{DiffKind, DiffLine, FileDiff, Hunk};
use crate::stdx::text::{clean, one_line, plural};

use super::highlight::Highlighter;
use super::text::expand_tabs;
use super::theme::Theme;
use super::wrap::{Pieces, push_piece, to_line};

/// Longer lines are not compared word by word.
const MAX_WORDS_LINE: usize = 500;

/// The lines of a diff: two spaces, number, sign, text.
pub fn lines(diff: &FileDiff, theme: &Theme) -> Vec<Line<'static>> {
    let digits = diff
        .hunks
        .iter()
        .flat_map(|hunk| &hunk.lines)
        .map(|line| line.number)
        .max()
        .unwrap_or(1)
        .to_string()
        .len();
    let mut out = Vec::new();
    for (index, hunk) in diff.hunks.iter().enumerate() {
        if index > 0 {
            out.push(Line::styled(
                format!("  {:>digits$}", theme.glyphs.gap),
                theme.dim,
            ));
        }
        hunk_lines(hunk, &diff.path, digits, theme, &mut out);
    }
    if diff.folded > 0 {
        let more = plural(diff.folded, "more line");
        out.push(Line::styled(
            format!("  {} {more}", theme.glyphs.ellipsis),
            theme.dim,
        ));
    }
    out
}

/// The lines of several diffs, each below its path.
pub fn several(diffs: &[FileDiff], theme: &Theme) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    for diff in diffs {
        let path = one_line(&clean(&diff.path), MAX_WORDS_LINE);
        let mut head = Pieces::new();
        push_piece(&mut head, &format!("  {path}"), Style::new());
        let sums = format!(" {} {}", theme.glyphs.dot, counts(diff, theme));
        push_piece(&mut head, &sums, theme.dim);
        out.push(to_line(head));
        out.extend(lines(diff, theme));
    }
    out
}

/// `+1 −1`, the sums of a change.
pub fn counts(diff: &FileDiff, theme: &Theme) -> String {
    format!("+{} {}{}", diff.added, theme.glyphs.minus, diff.removed)
}

fn hunk_lines(hunk: &Hunk, path: &str, digits: usize, theme: &Theme, out: &mut Vec<Line<'static>>) {
    let mut code = Highlighter::for_path(path, &theme.code);
    // Removed lines go on from where they stood and leave no trace in what follows.
    let mut removed: Option<Highlighter> = None;
    let emphasis = emphasised(&hunk.lines);
    for (line, changed) in hunk.lines.iter().zip(emphasis) {
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
}

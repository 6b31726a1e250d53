//! The last row: model, mode, thinking, context, cache, cost and place.

use ratatui::text::{Line, Span};

use crate::protocol::event::Status;
use crate::protocol::permission::PermissionMode;
use crate::render::text::{fit, steady_text, width};
use crate::render::theme::Theme;
use crate::stdx::text::{clean, count, dollars, plural};

/// What stands in the row besides the worker's status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// Git branch; empty outside a repository.
    pub branch: String,
    /// Sandbox in a word or two; empty when nothing is to be said.
    pub sandbox: String,
    /// Names of the parts to show; the usual ones where nothing is set.
    pub parts: Option<Vec<String>>,
}

/// The mode in one word.
pub fn mode_word(status: &Status) -> &'static str {
    match status.mode {
        _ if status.safe => "safe",
        PermissionMode::Default => "normal",
        PermissionMode::Plan => "plan",
        PermissionMode::AcceptEdits => "accept edits",
        PermissionMode::Bypass => "bypass",
    }
}

/// The sign in front of the prompt.
pub fn sign(status: &Status) -> &'static str {
    match status.mode {
        _ if status.safe => ":",
        PermissionMode::Plan => "plan>",
        PermissionMode::Bypass => "bypass>",
        PermissionMode::Default | PermissionMode::AcceptEdits => ">",
    }
}

/// `claude-sonnet-5-5` as `sonnet-5.5`.
fn short_model(id: &str) -> String {
    let id = clean(id);
    let Some(name) = id.strip_prefix("claude-") else {
        return id.into_owned();
    };
    let mut parts: Vec<&str> = name.split('-').collect();
    let is_number = |part: &&str| part.len() <= 2 && part.bytes().all(|b| b.is_ascii_digit());
    if parts.len() >= 3 && parts.iter().rev().take(2).all(is_number) {
        let minor = parts.pop().unwrap_or_default();
        let major = parts.pop().unwrap_or_default();
        return format!("{}-{major}.{minor}", parts.join("-"));
    }
    name.to_owned()
}

/// The parts shown where nothing else is set.
const DEFAULT: &[&str] = &[
    "model", "mode", "thinking", "context", "cached", "cost", "jobs", "sandbox", "branch",
];

/// A part of the row by its name: the rank in which it stays (0 always), and its
/// text where there is something to say.
fn part(name: &str, status: &Status, place: &Place) -> Option<(u8, String)> {
    let percent = |part: u64, of: u64| part.saturating_mul(100).checked_div(of).unwrap_or(0);
    let some = |text: &str| (!text.is_empty()).then(|| clean(text).into_owned());
    let (rank, text) = match name {
        "model" => (0, Some(short_model(&status.model))),
        "mode" => (0, Some(mode_word(status).to_owned())),
        // What nobody has set is not worth a place.
        "thinking" => (3, some(&status.thinking).filter(|set| set != "default")),
        "context" => {
            let used = percent(status.context_used, status.context_window);
            (0, Some(format!("ctx {used}%")))
        }
        "tokens" => {
            let (sent, got) = (status.usage.prompt(), status.usage.output);
            let words = || format!("{} in {} out", count(sent), count(got));
            (5, (sent > 0).then(words))
        }
        "cached" => {
            let cached = status.usage.cached_percent().filter(|cached| *cached > 0);
            (4, cached.map(|cached| format!("{cached}% cached")))
        }
        "cost" => {
            let known = status.cost.usd > 0.0 && !status.cost.incomplete;
            (1, known.then(|| dollars(status.cost.usd)))
        }
        "sandbox" => (5, some(&place.sandbox)),
        "branch" if status.session.is_empty() => (2, some(&place.branch)),
        "branch" => (2, some(&status.branch)),
        "queue" => {
            let waiting = status.queued.len();
            (2, (waiting > 0).then(|| format!("{waiting} queued")))
        }
        "jobs" => (1, (status.jobs > 0).then(|| plural(status.jobs, "job"))),
        "title" => (6, status.title.as_deref().and_then(some)),
        _ => (9, None),
    };
    text.map(|text| (rank, text))
}

/// The row in at most `cols` columns; what matters least goes first.
pub fn line(status: &Status, place: &Place, cols: usize, theme: &Theme) -> Line<'static> {
    let names: Vec<&str> = match &place.parts {
        Some(parts) => parts.iter().map(String::as_str).collect(),
        None => DEFAULT.to_vec(),
    };
    let mut mode = mode_word(status);
    let mut parts: Vec<(u8, String)> = names
        .into_iter()
        .filter_map(|name| part(name, status, place))
        .collect();
    if !status.extra.is_empty() {
        parts.push((3, steady_text(&clean(&status.extra)).into_owned()));
    }
    let separator = format!(" {} ", theme.glyphs.dot);
    let room = cols.saturating_sub(3);
    let total = |parts: &[(u8, String)]| {
        let text: usize = parts.iter().map(|(_, part)| width(part)).sum();
        text + width(&separator) * parts.len().saturating_sub(1)
    };
    while total(&parts) > room {
        let Some(least) = parts
            .iter()
            .map(|(rank, _)| *rank)
            .max()
            .filter(|rank| *rank > 0)
        else {
            break;
        };
        parts.retain(|(rank, _)| *rank != least);
    }
    let over = total(&parts).saturating_sub(room);
    let others = parts.iter_mut().filter(|(_, part)| part != mode);
    if over > 0
        && let Some((_, model)) = others.max_by_key(|(_, part)| width(part))
    {
        let keep = width(model).saturating_sub(over).max(1);
        *model = fit(model, keep, theme.glyphs.ellipsis);
    }
    // In the narrowest window mode and context count more than looks.
    if total(&parts) > cols
        && status.mode == PermissionMode::AcceptEdits
        && let Some((_, part)) = parts.iter_mut().find(|(_, part)| part == mode)
    {
        mode = "edits";
        *part = mode.into();
    }
    if total(&parts) > cols
        && let Some((_, part)) = parts.iter_mut().find(|(_, part)| part.starts_with("ctx "))
    {
        part.drain(..4);
    }
    let indent = if total(&parts) > room { "" } else { "  " };
    let mut spans = vec![Span::raw(indent)];
    for (index, (_, part)) in parts.iter().enumerate() {
        if index > 0 {
            spans.push(Span::styled(separator.clone(), theme.dim));
        }
        let loud = part == mode && (status.safe || status.mode != PermissionMode::Default);
        let style = if loud { theme.warning } else { theme.dim };
        spans.push(Span::styled(part.clone(), style));
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::usage::{Cost, Usage};

    fn status() -> Status {
        Status {
            model: "claude-sonnet-5-5".into(),
            thinking: "medium".into(),
            context_used: 36_000,
            context_window: 200_000,
            usage: Usage {
                input: 4,
                cache_read: 96,
                ..Usage::default()
            },
            cost: Cost {
                usd: 0.08,
                incomplete: false,
            },
            ..Status::default()
        }
    }

    fn shown(cols: usize) -> String {
        let place = Place {
            branch: "main".into(),
            sandbox: "sandbox".into(),
            parts: None,
        };
        line(&status(), &place, cols, &Theme::default()).to_string()
    }

    #[test]
    fn what_matters_least_goes_first() {
        assert_eq!(
            shown(100),
            "  sonnet-5.5 · normal · medium · ctx 18% · 96% cached · $0.080 · sandbox · main"
        );
        assert_eq!(
            shown(60),
            "  sonnet-5.5 · normal · medium · ctx 18% · $0.080 · main"
        );
        assert_eq!(shown(40), "  sonnet-5.5 · normal · ctx 18%");
        assert_eq!(shown(20), "s · normal · ctx 18%");
        assert_eq!(shown(19), "  s · normal · 18%");
        let mut status = status();
        status.mode = PermissionMode::AcceptEdits;
        let shown = |cols| line(&status, &Place::default(), cols, &Theme::default()).to_string();
        assert_eq!(shown(40), "  sonnet-5.5 · accept edits · ctx 18%");
        assert_eq!(shown(30), "  s… · accept edits · ctx 18%");
        assert_eq!(shown(19), "s · edits · ctx 18%");
    }

    #[test]
    fn the_parts_are_the_users_choice() {
        let mut status = status();
        status.session = "s".into();
        status.branch = "next".into();
        status.queued = vec!["a".into(), "b".into()];
        status.extra = "14:05\u{1b}[2J".into();
        let place = Place {
            branch: "main".into(),
            parts: Some(
                ["mode", "branch", "queue", "tokens"]
                    .map(String::from)
                    .to_vec(),
            ),
            ..Place::default()
        };
        let shown = |cols| line(&status, &place, cols, &Theme::default()).to_string();
        assert_eq!(
            shown(80),
            "  normal · next · 2 queued · 100 in 0 out · 14:05"
        );
        assert_eq!(shown(30), "  normal · next · 2 queued");
        assert_eq!(crate::config::STATUS_PARTS.len(), 12);
        for name in crate::config::STATUS_PARTS {
            status.jobs = 1;
            status.title = Some("t".into());
            let place = Place {
                branch: "b".into(),
                sandbox: "s".into(),
                parts: None,
            };
            assert!(part(name, &status, &place).is_some(), "{name}");
        }
    }

    #[test]
    fn modes_have_a_word_and_a_sign() {
        let mut status = status();
        for (mode, safe, word, expected) in [
            (PermissionMode::Default, false, "normal", ">"),
            (PermissionMode::Default, true, "safe", ":"),
            (PermissionMode::Plan, false, "plan", "plan>"),
            (PermissionMode::AcceptEdits, false, "accept edits", ">"),
            (PermissionMode::Bypass, false, "bypass", "bypass>"),
        ] {
            status.mode = mode;
            status.safe = safe;
            assert_eq!((mode_word(&status), sign(&status)), (word, expected));
        }
        assert_eq!(short_model("claude-opus-4-20250514"), "opus-4-20250514");
        assert_eq!(short_model("gpt-5.4"), "gpt-5.4");
    }
}

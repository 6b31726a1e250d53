//! The last row: model, mode, thinking, context, cache, cost and place.

use ratatui::text::{Line, Span};

use crate::protocol::event::Status;
use crate::protocol::permission::PermissionMode;
use crate::render::text::{fit, width};
use crate::render::theme::Theme;
use crate::stdx::text::{clean, dollars, plural};

/// What stands in the row besides the worker's status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// Git branch; empty outside a repository.
    pub branch: String,
    /// Sandbox in a word or two; empty when nothing is to be said.
    pub sandbox: String,
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

/// The row in at most `cols` columns; what matters least goes first.
pub fn line(status: &Status, place: &Place, cols: usize, theme: &Theme) -> Line<'static> {
    let percent = |part: u64, of: u64| part.saturating_mul(100).checked_div(of).unwrap_or(0);
    let context = percent(status.context_used, status.context_window);
    let cached = status.usage.cached_percent().filter(|cached| *cached > 0);
    let cost = (status.cost.usd > 0.0 && !status.cost.incomplete).then(|| dollars(status.cost.usd));
    let jobs = (status.jobs > 0).then(|| plural(status.jobs, "job"));
    let text = |text: &str| (!text.is_empty()).then(|| clean(text).into_owned());
    // In the order shown, with the rank in which they stay: 0 always.
    let mut parts: Vec<(u8, String)> = [
        (0, Some(short_model(&status.model))),
        (0, Some(mode_word(status).to_owned())),
        (3, text(&status.thinking)),
        (0, Some(format!("ctx {context}%"))),
        (4, cached.map(|cached| format!("{cached}% cached"))),
        (1, cost),
        (1, jobs),
        (5, text(&place.sandbox)),
        (2, text(&place.branch)),
    ]
    .into_iter()
    .filter_map(|(rank, part)| Some((rank, part?)))
    .collect();
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
    if over > 0
        && let Some((_, model)) = parts.first_mut()
    {
        let keep = width(model).saturating_sub(over).max(4);
        *model = fit(model, keep, theme.glyphs.ellipsis);
    }
    let mut spans = vec![Span::raw("  ")];
    for (index, (_, part)) in parts.iter().enumerate() {
        if index > 0 {
            spans.push(Span::styled(separator.clone(), theme.dim));
        }
        let loud = index == 1 && (status.safe || status.mode != PermissionMode::Default);
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
        assert_eq!(shown(20), "  son… · normal · ctx 18%");
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

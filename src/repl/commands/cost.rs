//! `/cost` and `/context`: where tokens and money went, and what fills the window.

use super::Flow;
use crate::agent::{Ledger, Part, Share};
use crate::protocol::event::{NoticeLevel, UiEvent};
use crate::repl::worker::Worker;
use crate::stdx::text;

/// Cells of the bar that shows the window.
const BAR: u64 = 40;

pub(super) fn cost(worker: &mut Worker, arguments: &str) -> Flow {
    show(worker, |worker, ledger| {
        let limit = worker.agent.budget().max_cost;
        report(ledger, limit, arguments.contains("why"))
    })
}

pub(super) fn context(worker: &mut Worker, _arguments: &str) -> Flow {
    show(worker, |worker, ledger| {
        window(
            ledger,
            &worker.agent.model().id,
            worker.agent.model().context,
        )
    })
}

fn show(worker: &mut Worker, words: impl Fn(&Worker, &Ledger) -> String) -> Flow {
    match worker.agent.ledger() {
        Ok(ledger) => {
            let markdown = words(worker, &ledger);
            worker.reporter.send(UiEvent::Text { markdown });
        }
        Err(error) => worker.notice(NoticeLevel::Error, error.to_string()),
    }
    Flow::GoOn
}

/// The report as Markdown; `why` adds where the tokens came from.
pub fn report(ledger: &Ledger, limit: Option<f64>, why: bool) -> String {
    if ledger.models.is_empty() {
        return "no answer has come to its end yet, so no cost is known".to_string();
    }
    let usage = &ledger.usage;
    let mut out = format!("**{}**", ledger.cost);
    if let Some(limit) = limit {
        out.push_str(&format!(" of {}", text::dollars(limit)));
    }
    let share = usage.cached_percent().unwrap_or(0);
    out.push_str(&format!(
        " · {} in, {share} % of it from the cache · {} out",
        text::count(usage.prompt()),
        text::count(usage.output)
    ));
    if ledger.saved > 0.0005 {
        out.push_str(&format!(" · caching saved {}", text::dollars(ledger.saved)));
    }
    out.push_str(
        "\n\n| model | answers | in | cached | out | cost |\n|---|---:|---:|---:|---:|---:|\n",
    );
    for row in &ledger.models {
        out.push_str(&format!(
            "| {} | {} | {} | {} % | {} | {} |\n",
            cell(&row.model),
            row.requests,
            text::count(row.usage.prompt()),
            row.usage.cached_percent().unwrap_or(0),
            text::count(row.usage.output),
            row.cost
        ));
    }
    if why {
        out.push_str("\n| what | tokens | share | cost |\n|---|---:|---:|---:|\n");
        for (part, share, percent) in sorted(ledger.parts.iter()) {
            out.push_str(&format!(
                "| {} | {} | {percent} % | {} |\n",
                cell(&part.words()),
                text::count(share.tokens),
                text::dollars(share.usd)
            ));
        }
    }
    for found in &ledger.breaks {
        out.push_str(&format!(
            "\n- cache missed: {} ({} tokens read anew)",
            found.cause,
            text::count(found.tokens)
        ));
    }
    if !why {
        out.push_str("\n`/cost why` tells where the tokens came from.");
    }
    out
}

/// What fills the window, as Markdown with a bar.
fn window(ledger: &Ledger, model: &str, size: u64) -> String {
    let used: u64 = ledger.window.values().map(|share| share.tokens).sum();
    let cells = (used.saturating_mul(BAR) / size.max(1)).min(BAR);
    let mut out = format!(
        "`{}{}` {} of {} ({} %) · {}\n\n| what | tokens | share of the window |\n|---|---:|---:|\n",
        "█".repeat(cells as usize),
        "░".repeat((BAR - cells) as usize),
        text::count(used),
        text::count(size),
        used.saturating_mul(100) / size.max(1),
        cell(model)
    );
    for (part, share, _) in sorted(ledger.window.iter()) {
        let percent = share.tokens as f64 * 100.0 / size.max(1) as f64;
        out.push_str(&format!(
            "| {} | {} | {percent:.1} % |\n",
            cell(&part.words()),
            text::count(share.tokens)
        ));
    }
    let free = size.saturating_sub(used);
    out.push_str(&format!("| free | {} | |\n", text::count(free)));
    out
}

/// Largest first, with the share in percent.
fn sorted<'a>(
    parts: impl Iterator<Item = (&'a Part, &'a Share)>,
) -> Vec<(&'a Part, &'a Share, u64)> {
    let mut rows: Vec<_> = parts.collect();
    rows.sort_by_key(|(_, share)| std::cmp::Reverse(share.tokens));
    let whole: u64 = rows.iter().map(|(_, share)| share.tokens).sum();
    let percent = |share: &Share| share.tokens.saturating_mul(100) / whole.max(1);
    rows.into_iter()
        .map(|(part, share)| (part, share, percent(share)))
        .collect()
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_drawn_to_scale() {
        let mut ledger = Ledger::default();
        let share = |tokens| Share { tokens, usd: 0.0 };
        ledger.window.insert(Part::User, share(1_000));
        ledger.window.insert(Part::Files, share(49_000));
        let text = window(&ledger, "m", 200_000);
        let bar = format!(
            "`{}{}` 50.0k of 200.0k (25 %)",
            "█".repeat(10),
            "░".repeat(30)
        );
        assert!(text.starts_with(&bar), "{text}");
        let rows: Vec<&str> = text.lines().skip(4).collect();
        assert!(
            rows[0].starts_with("| files read | 49.0k | 24.5 % |"),
            "{text}"
        );
        assert!(rows[2].starts_with("| free | 150.0k"), "{text}");
    }

    #[test]
    fn a_session_without_an_answer_says_so() {
        assert!(report(&Ledger::default(), None, true).contains("no cost is known"));
    }
}

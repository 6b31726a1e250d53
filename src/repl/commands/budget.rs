//! `/budget`: what the session may cost.

use super::Flow;
use crate::agent::Budget;
use crate::protocol::event::NoticeLevel;
use crate::repl::worker::Worker;
use crate::stdx::text;

pub(super) fn run(worker: &mut Worker, arguments: &str) -> Flow {
    let budget = worker.agent.budget();
    match parse(arguments) {
        Some(Asked::Show) => {}
        Some(Asked::Limit(max_cost)) => worker.agent.set_budget(Budget { max_cost, ..budget }),
        None => {
            worker.notice(NoticeLevel::Error, "/budget takes dollars, or off");
            return Flow::GoOn;
        }
    }
    let spent = worker.agent.session().conversation().cost;
    let words = match worker.agent.budget().max_cost {
        Some(limit) => format!("budget {} · {spent} spent", text::dollars(limit)),
        None => format!("no budget · {spent} spent"),
    };
    worker.notice(NoticeLevel::Info, words);
    Flow::GoOn
}

enum Asked {
    Show,
    Limit(Option<f64>),
}

fn parse(arguments: &str) -> Option<Asked> {
    match arguments.trim_start_matches('$') {
        "" => Some(Asked::Show),
        "off" | "none" => Some(Asked::Limit(None)),
        amount => {
            let amount: f64 = amount.parse().ok()?;
            (amount > 0.0 && amount.is_finite()).then_some(Asked::Limit(Some(amount)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read() {
        assert!(matches!(parse(""), Some(Asked::Show)));
        assert!(matches!(parse("$2.5"), Some(Asked::Limit(Some(amount))) if amount == 2.5));
        assert!(matches!(parse("off"), Some(Asked::Limit(None))));
        for bad in ["-1", "much", "0", "inf", "nan"] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }
}

//! `/think`.

use super::Flow;
use crate::protocol::event::NoticeLevel;
use crate::protocol::model::{Effort, ModelInfo, ThinkingKind, ThinkingSetting};
use crate::repl::status::thinking_words;
use crate::repl::worker::Worker;

pub(super) fn run(worker: &mut Worker, arguments: &str) -> Flow {
    let mut settings = worker.agent.settings().clone();
    let model = worker.agent.model();
    match change(settings.thinking, model, arguments) {
        Ok(thinking) => {
            settings.thinking = thinking;
            let words = format!("thinking: {}", thinking_words(thinking));
            worker.agent.set_settings(settings);
            worker.notice(NoticeLevel::Info, words);
        }
        Err(words) => worker.notice(NoticeLevel::Error, words),
    }
    Flow::GoOn
}

/// The setting after `/think ARGUMENTS`, or what is wrong with them.
fn change(
    current: ThinkingSetting,
    model: &ModelInfo,
    arguments: &str,
) -> Result<ThinkingSetting, String> {
    match arguments.to_lowercase().as_str() {
        "" => Ok(current),
        "on" => Ok(ThinkingSetting {
            enabled: Some(true),
            ..current
        }),
        "off" if model.always_thinks => Err(format!(
            "{} always thinks; /think low is the least",
            model.id
        )),
        "off" => Ok(ThinkingSetting {
            enabled: Some(false),
            ..current
        }),
        level => {
            let effort = Effort::parse(level).filter(|effort| model.efforts.contains(effort));
            match effort {
                Some(effort) => Ok(ThinkingSetting {
                    enabled: Some(true),
                    effort: Some(effort),
                    ..current
                }),
                None => Err(format!("{} takes {}", model.id, choices(model))),
            }
        }
    }
}

fn choices(model: &ModelInfo) -> String {
    let mut out = String::from("/think on");
    if !model.always_thinks {
        out.push_str(", off");
    }
    for effort in &model.efforts {
        out.push_str(", ");
        out.push_str(effort.as_str());
    }
    if model.thinking == ThinkingKind::None {
        out.push_str(" (without effect: it has no thinking that can be set)");
    }
    out
}

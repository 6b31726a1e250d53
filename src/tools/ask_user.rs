//! `ask_user`.

use serde::Deserialize;

use super::{Tool, ToolCx, ToolError, ToolOutput, common};
use crate::protocol::permission::{Answer, Effect, Preview};
use crate::protocol::tool::ToolTitle;
use crate::stdx::text;

/// Answers to choose from: one key each.
const MAX_CHOICES: usize = 9;

/// Asks the user one question.
pub(super) struct AskUser;

#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(super) struct Args {
    question: String,
    #[serde(default)]
    choices: Vec<String>,
}

impl Tool for AskUser {
    type Args = Args;
    const NAME: &'static str = "ask_user";
    const DESCRIPTION: &'static str = include_str!("ask_user.md");
    const READ_ONLY: bool = false;

    fn title(args: &Args, _cx: &ToolCx) -> ToolTitle {
        ToolTitle::new("Ask", text::one_line(&args.question, 80))
    }

    fn effects(args: &Args, _cx: &ToolCx) -> Result<Vec<Effect>, ToolError> {
        if args.question.trim().is_empty() {
            return Err(ToolError::model("ask_user: the question is empty"));
        }
        if args.choices.len() > MAX_CHOICES {
            return Err(ToolError::model(format!(
                "ask_user: {} choices are too many, at most {MAX_CHOICES}",
                args.choices.len()
            )));
        }
        Ok(Vec::new())
    }

    async fn run(args: Args, cx: ToolCx) -> Result<ToolOutput, ToolError> {
        let title = Self::title(&args, &cx);
        let preview = Preview::Question {
            text: args.question,
            choices: args.choices,
        };
        match common::ask(&cx, title, preview).await? {
            None => Err(ToolError::model(
                "nobody can be asked in this run: decide yourself and say what you assumed",
            )),
            Some(Answer::Reply { text }) => {
                let outcome = text::one_line(&text, 80);
                Ok(ToolOutput::text(format!("The user says: {text}"), outcome))
            }
            Some(_) => Ok(ToolOutput::text(
                "The user gave no answer: decide yourself and say what you assumed.",
                "no answer",
            )),
        }
    }
}

//! `enter_plan_mode` and `exit_plan_mode`.

use serde::Deserialize;

use super::{Tool, ToolCx, ToolError, ToolOutput, common};
use crate::protocol::permission::{Answer, Effect, PermissionMode, Preview};
use crate::protocol::tool::{ToolBody, ToolTitle};

/// What the model is told when plan mode begins.
pub const PLAN_ON: &str =
    "Plan mode is on: look, ask, change nothing. Then call exit_plan_mode with the plan.";

/// What the model is told when plan mode ends.
pub const PLAN_OFF: &str = "Plan mode is off.";

/// From here on nothing is changed until the user approves a plan.
pub(super) struct Enter;

#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(super) struct EnterArgs {}

impl Tool for Enter {
    type Args = EnterArgs;
    const NAME: &'static str = "enter_plan_mode";
    const DESCRIPTION: &'static str = include_str!("enter_plan_mode.md");
    const READ_ONLY: bool = false;

    fn title(_args: &EnterArgs, _cx: &ToolCx) -> ToolTitle {
        ToolTitle::new("Enter", "plan mode")
    }

    fn effects(_args: &EnterArgs, _cx: &ToolCx) -> Result<Vec<Effect>, ToolError> {
        Ok(Vec::new())
    }

    async fn run(_args: EnterArgs, _cx: ToolCx) -> Result<ToolOutput, ToolError> {
        Ok(ToolOutput {
            planning: Some(true),
            ..ToolOutput::text(PLAN_ON, "")
        })
    }
}

/// Puts a plan before the user; approved, plan mode ends.
pub(super) struct Exit;

#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(super) struct ExitArgs {
    /// Markdown
    plan: String,
}

impl Tool for Exit {
    type Args = ExitArgs;
    const NAME: &'static str = "exit_plan_mode";
    const DESCRIPTION: &'static str = include_str!("exit_plan_mode.md");
    const READ_ONLY: bool = false;

    fn title(_args: &ExitArgs, _cx: &ToolCx) -> ToolTitle {
        ToolTitle::new("Propose", "a plan")
    }

    fn effects(args: &ExitArgs, cx: &ToolCx) -> Result<Vec<Effect>, ToolError> {
        if args.plan.trim().is_empty() {
            return Err(ToolError::model("exit_plan_mode: the plan is empty"));
        }
        if cx.mode != PermissionMode::Plan {
            return Err(ToolError::model(
                "plan mode is not on: nothing needs approval, go on with the work",
            ));
        }
        Ok(Vec::new())
    }

    async fn run(args: ExitArgs, cx: ToolCx) -> Result<ToolOutput, ToolError> {
        let title = Self::title(&args, &cx);
        let shown = args.plan.lines().map(str::to_owned).collect();
        let preview = Preview::Plan {
            markdown: args.plan,
        };
        match common::ask(&cx, title, preview).await? {
            None => Err(ToolError::model(
                "nobody can approve a plan in this run: give the plan as your answer and stop",
            )),
            Some(Answer::No { message }) if message.is_empty() => Err(ToolError::Denied {
                reason: "the user does not approve the plan; plan mode stays on".into(),
                words: "not approved".into(),
            }),
            Some(Answer::No { message } | Answer::Reply { text: message }) => {
                Err(ToolError::Denied {
                    reason: format!("the user wants another plan: {message}"),
                    words: format!("not approved: {message}"),
                })
            }
            Some(Answer::Once | Answer::Session | Answer::Always) => Ok(ToolOutput {
                planning: Some(false),
                body: ToolBody::Output {
                    tail: shown,
                    folded: 0,
                },
                ..ToolOutput::text(
                    format!("{PLAN_OFF} The user approves the plan: carry it out."),
                    "approved",
                )
            }),
        }
    }
}

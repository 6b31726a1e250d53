//! `update_plan`.

use serde::Deserialize;

use super::{Tool, ToolCx, ToolError, ToolOutput};
use crate::protocol::permission::Effect;
use crate::protocol::tool::{PlanItem, PlanStatus, ToolTitle};

/// Steps a plan may have.
const MAX_STEPS: usize = 50;

/// Sets the plan the user sees.
pub(super) struct UpdatePlan;

#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(super) struct Args {
    steps: Vec<PlanItem>,
}

impl Tool for UpdatePlan {
    type Args = Args;
    const NAME: &'static str = "update_plan";
    const DESCRIPTION: &'static str = include_str!("update_plan.md");
    const READ_ONLY: bool = false;

    fn title(args: &Args, _cx: &ToolCx) -> ToolTitle {
        let done = args
            .steps
            .iter()
            .filter(|step| step.status == PlanStatus::Completed)
            .count();
        ToolTitle::new("Plan", format!("{done}/{} done", args.steps.len()))
    }

    fn effects(args: &Args, _cx: &ToolCx) -> Result<Vec<Effect>, ToolError> {
        if args.steps.len() > MAX_STEPS {
            return Err(ToolError::model(format!(
                "update_plan: {} steps are too many, at most {MAX_STEPS}",
                args.steps.len()
            )));
        }
        if args.steps.iter().any(|step| step.step.trim().is_empty()) {
            return Err(ToolError::model("update_plan: a step is empty"));
        }
        Ok(Vec::new())
    }

    async fn run(args: Args, _cx: ToolCx) -> Result<ToolOutput, ToolError> {
        Ok(ToolOutput {
            plan: Some(args.steps),
            ..ToolOutput::text("plan updated", "")
        })
    }
}

//! A command that the sandbox seems to have stopped, once more without it.
//!
//! The person at the front end is asked right after the failure. The gate judges the
//! second run like any other call (deny rules hold, answers are recorded), and its result
//! stands for both. Where nobody can answer, the model has the hint in the first result.

use tokio_util::sync::CancellationToken;

use super::Agent;
use super::dispatch::{Batch, Call};
use super::results::Finished;
use crate::protocol::message::ContentBlock;
use crate::tools::{Again, ToolError, ToolOutput};

const ALLOWED: &str = "[the sandbox stopped the first run; the user allowed this second one]";

const REFUSED: &str = "It is not run again without that limit";

impl Agent {
    /// Offers the call that just ended once more, when it asks for that.
    pub(super) async fn offer_again(
        &mut self,
        call: Call<'_>,
        batch: &mut Batch,
        cancel: &CancellationToken,
    ) {
        let Some(again) = batch.done.get(call.id).and_then(wish) else {
            return;
        };
        if cancel.is_cancelled()
            || !self.parts.authority.is_person()
            || self.not_again.contains(&again.arguments)
        {
            return;
        }
        let second = Call {
            arguments: &again.arguments,
            ..call
        };
        let Ok((tool, prepared)) = self.prepare(second, cancel) else {
            return;
        };
        match self
            .permit(second, &*tool, &prepared, Some(&again), cancel)
            .await
        {
            Ok(()) => {
                batch.done.remove(call.id);
                self.spawn(batch, call.id, tool.name(), prepared);
                self.drain(batch, cancel).await;
                if let Some(output) = batch.done.get_mut(call.id).and_then(output) {
                    output.content.insert(0, ContentBlock::text(ALLOWED));
                }
            }
            Err(refused) => {
                if let Err(ToolError::Denied { reason, .. }) = refused.result
                    && let Some(output) = batch.done.get_mut(call.id).and_then(output)
                {
                    let words = format!("[{REFUSED}: {reason}]");
                    output.content.push(ContentBlock::text(words));
                    self.not_again.push(again.arguments);
                }
            }
        }
    }
}

fn wish(finished: &Finished) -> Option<Again> {
    finished.result.as_ref().ok()?.again.clone()
}

fn output(finished: &mut Finished) -> Option<&mut ToolOutput> {
    finished.result.as_mut().ok()
}

//! What came of calls: their results in the log and on the screen.

use std::borrow::Cow;

use tokio_util::sync::CancellationToken;

use super::dispatch::{Batch, BatchEnd, Call};
use super::repeats::{Repeats, Verdict, WAY_OUT};
use super::{Agent, message_id};
use crate::protocol::entry::{Aside, EntryKind};
use crate::protocol::event::AgentEvent;
use crate::protocol::message::{ContentBlock, Message, ToolResult};
use crate::protocol::tool::{ToolBody, ToolStatus, ToolTitle, ToolView};
use crate::stdx::redact::Secrets;
use crate::stdx::text;
use crate::tools::{self, ToolError, ToolOutput};

/// A call and what came of it.
pub(super) struct Finished {
    pub(super) call_id: String,
    pub(super) title: ToolTitle,
    pub(super) result: Result<ToolOutput, ToolError>,
}

impl Finished {
    /// The end of a call that ran. Secrets go no further: neither the model nor the
    /// log nor the screen gets them.
    pub(super) fn new(
        call_id: String,
        title: ToolTitle,
        result: Result<ToolOutput, ToolError>,
        secrets: &Secrets,
    ) -> Self {
        let result = match result {
            Ok(mut output) => {
                for block in &mut output.content {
                    if let ContentBlock::Text { text, .. } = block {
                        hide(text, secrets);
                    }
                }
                hide(&mut output.outcome, secrets);
                hide_in_body(&mut output.body, secrets);
                if let Some(again) = &mut output.again {
                    hide(&mut again.said, secrets);
                }
                Ok(output)
            }
            Err(ToolError::ToModel(mut text)) => {
                hide(&mut text, secrets);
                Err(ToolError::ToModel(text))
            }
            Err(ToolError::Stopped(mut text)) => {
                hide(&mut text, secrets);
                Err(ToolError::Stopped(text))
            }
            Err(denied @ ToolError::Denied { .. }) => Err(denied),
        };
        Self {
            call_id,
            title,
            result,
        }
    }
}

fn hide(text: &mut String, secrets: &Secrets) {
    if let Cow::Owned(hidden) = secrets.redact(text) {
        *text = hidden;
    }
}

fn hide_in_body(body: &mut ToolBody, secrets: &Secrets) {
    let diffs = match body {
        ToolBody::None => return,
        ToolBody::Output { tail, .. } => {
            return tail.iter_mut().for_each(|line| hide(line, secrets));
        }
        ToolBody::Diff { diff } => std::slice::from_mut(diff),
        ToolBody::Diffs { diffs } => diffs,
    };
    let lines = diffs.iter_mut().flat_map(|diff| &mut diff.hunks);
    for line in lines.flat_map(|hunk| &mut hunk.lines) {
        hide(&mut line.text, secrets);
    }
}

impl Agent {
    /// Logs the results of these calls in their order.
    pub(super) fn log_results(
        &mut self,
        calls: &[Call<'_>],
        batch: &mut Batch,
        repeats: &mut Repeats,
        end: &mut BatchEnd,
        stopped: bool,
    ) {
        for call in calls {
            batch.will_show(call.id, call.name);
            batch.done.entry(call.id.to_string()).or_insert_with(|| {
                let started = batch.started.get(call.id).cloned();
                Finished::missing(*call, started, stopped)
            });
        }
        self.show_done(batch);
        for call in calls {
            let finished = batch.done.remove(call.id).unwrap_or_else(|| {
                // Two calls of one message had the same id.
                Finished::missing(*call, None, stopped)
            });
            if self.log_result(*call, finished, repeats) == Verdict::Stop {
                *end = BatchEnd::Stuck {
                    name: call.name.to_string(),
                };
            }
        }
    }

    pub(super) fn log_result(
        &mut self,
        call: Call<'_>,
        finished: Finished,
        repeats: &mut Repeats,
    ) -> Verdict {
        let view = finished.view();
        let stopped = matches!(finished.result, Err(ToolError::Stopped(_)));
        let mut planning = None;
        let (mut content, failed, plan) = match finished.result {
            Ok(output) => {
                let (mut content, images) =
                    self.with_pages(output.content, output.images, &output.outcome);
                content.extend(self.store_images(images));
                planning = output.planning;
                if let Some(spent) = output.spent {
                    self.record(EntryKind::Usage {
                        model: spent.model,
                        usage: spent.usage,
                        cost: spent.cost,
                        compaction: false,
                        aside: Some(Aside::Apply),
                        broke: None,
                    });
                }
                (content, output.is_error, output.plan)
            }
            Err(error) => (vec![ContentBlock::text(error.to_string())], true, None),
        };
        for block in &mut content {
            self.cut_long_text(call.id, block);
        }
        let verdict = repeats.record(call.name, call.arguments, failed && !stopped);
        if verdict == Verdict::Hint {
            content.push(ContentBlock::text(WAY_OUT.trim_start()));
        }
        if content.is_empty() {
            content.push(ContentBlock::text("(no output)"));
        }
        self.record_message(Message::ToolResult(ToolResult {
            id: message_id(),
            call_id: call.id.to_string(),
            content,
            is_error: failed,
            view,
        }));
        if let Some(items) = plan {
            self.emit(AgentEvent::Plan {
                items: items.clone(),
            });
            self.record(EntryKind::Plan { items });
        }
        if let Some(on) = planning {
            self.set_planning(on);
        }
        verdict
    }

    pub(super) fn store_images(&self, images: Vec<(String, Vec<u8>)>) -> Vec<ContentBlock> {
        let store = |(media, bytes): (String, Vec<u8>)| {
            if !self.parts.model.vision {
                let text = format!(
                    "[{media} not shown: {} takes no images]",
                    self.parts.model.id
                );
                return ContentBlock::text(text);
            }
            match self.parts.services.blobs.put(&bytes) {
                Ok(blob) => ContentBlock::Image { media, blob },
                Err(error) => ContentBlock::text(format!("[image cannot be stored: {error}]")),
            }
        };
        images.into_iter().map(store).collect()
    }

    /// The last net: whatever a tool returns, the model gets a bounded text.
    fn cut_long_text(&self, call_id: &str, block: &mut ContentBlock) {
        if let ContentBlock::Text { text, .. } = block
            && text.len() > tools::output::LARGEST
        {
            *text = tools::output::limit(text, &self.tool_cx(call_id, &CancellationToken::new()));
        }
    }

    pub(super) fn show(&self, name: &str, finished: &Finished) {
        self.emit(AgentEvent::ToolFinished {
            call_id: finished.call_id.clone(),
            name: name.to_string(),
            view: ToolView {
                output: finished.output().into(),
                ..finished.view()
            },
        });
    }
}

impl Finished {
    pub(super) fn error(call: Call<'_>, error: ToolError) -> Self {
        let title = ToolTitle::new(text::one_line(call.name, 40), "");
        Self {
            call_id: call.id.to_string(),
            title,
            result: Err(error),
        }
    }

    /// The result of a call that ended without one: it was stopped, or it crashed.
    pub(super) fn missing(call: Call<'_>, started: Option<ToolTitle>, stopped: bool) -> Self {
        let error = match (&started, stopped) {
            (Some(_), true) => {
                ToolError::Stopped("The user stopped this call while it ran.".into())
            }
            (None, true) => ToolError::Stopped("The user stopped the turn before this ran.".into()),
            (_, false) => ToolError::model(
                "the tool crashed: a bug in sofos. Its effects are unknown; check before repeating it.",
            ),
        };
        let title = started.unwrap_or_else(|| ToolTitle::new(text::one_line(call.name, 40), ""));
        Self {
            call_id: call.id.to_string(),
            title,
            result: Err(error),
        }
    }

    /// What the model gets as text.
    pub(super) fn output(&self) -> String {
        match &self.result {
            Ok(output) => {
                let texts = output.content.iter().filter_map(ContentBlock::as_text);
                texts.collect::<Vec<_>>().join("\n")
            }
            Err(error) => error.to_string(),
        }
    }

    pub(super) fn view(&self) -> ToolView {
        let title = self.title.clone();
        match &self.result {
            Ok(output) => ToolView {
                title,
                status: if output.is_error {
                    ToolStatus::Failed
                } else {
                    ToolStatus::Ok
                },
                outcome: output.outcome.clone(),
                body: output.body.clone(),
                ..ToolView::default()
            },
            Err(error) => {
                let status = match error {
                    ToolError::ToModel(_) => ToolStatus::Failed,
                    ToolError::Denied { .. } => ToolStatus::Denied,
                    ToolError::Stopped(_) => ToolStatus::Stopped,
                };
                let outcome = match error {
                    ToolError::Denied { words, .. } => words.as_str(),
                    ToolError::ToModel(words) => words.lines().next().unwrap_or(""),
                    ToolError::Stopped(_) => "stopped",
                };
                let outcome = text::one_line(outcome, 160);
                ToolView {
                    title,
                    status,
                    outcome,
                    ..ToolView::default()
                }
            }
        }
    }
}

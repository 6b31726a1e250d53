//! One model response: shown as it streams, reading calls started on the way.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use futures_util::{FutureExt, StreamExt};
use tokio_util::sync::CancellationToken;

use super::dispatch::Batch;
use super::{Agent, message_id};
use crate::protocol::event::AgentEvent;
use crate::protocol::message::{AssistantMessage, ContentBlock, Origin, StopReason};
use crate::protocol::tool::ToolSpec;
use crate::protocol::usage::Usage;
use crate::provider::{Delta, Failure, FailureKind, StreamEvent, citations};

/// What came of one request.
pub(super) enum Response {
    /// A complete message and the calls it started already.
    Complete(AssistantMessage, Batch),
    /// The user stopped it; what had arrived, when anything did.
    Interrupted(Option<AssistantMessage>, Batch),
    /// It failed for good; what had arrived, when anything did.
    Failed(Failure, Option<AssistantMessage>, Batch),
}

/// A message that is still growing.
#[derive(Default)]
struct Growing {
    blocks: BTreeMap<usize, ContentBlock>,
    /// Text of blocks that are not complete.
    open_text: BTreeMap<usize, String>,
    /// Blocks of reasoning that are not complete, and since when.
    open_thinking: BTreeMap<usize, Instant>,
    model: String,
    /// Text that was received and not shown yet.
    pending: String,
}

impl Growing {
    /// What is worth keeping of a message that was cut off: complete blocks, and
    /// the open text. Reasoning without its signature cannot be replayed.
    fn cut_off(mut self, origin: Origin) -> Option<AssistantMessage> {
        for (index, text) in std::mem::take(&mut self.open_text) {
            if !text.trim().is_empty() {
                self.blocks.insert(index, ContentBlock::text(text));
            }
        }
        let content: Vec<ContentBlock> = self.blocks.into_values().collect();
        (!content.is_empty()).then(|| AssistantMessage {
            id: message_id(),
            content,
            origin,
            stop: StopReason::Interrupted,
            usage: Usage::default(),
        })
    }
}

impl Agent {
    /// Asks the model once and shows the answer as it comes. Calls that only read
    /// start as soon as their block is complete, unless a call before them in
    /// the message changes something.
    pub(super) async fn ask_model(
        &mut self,
        tools: Arc<[ToolSpec]>,
        cancel: &CancellationToken,
    ) -> Response {
        let mut stream = self
            .parts
            .provider
            .stream(self.request(tools), cancel.clone());
        let mut growing = Growing::default();
        let mut batch = Batch::default();
        loop {
            // What is there already is shown in one piece: one event a network
            // read, not one a token.
            let event = match stream.next().now_or_never() {
                Some(event) if !cancel.is_cancelled() => event,
                _ => {
                    self.show_pending(&mut growing);
                    tokio::select! {
                        biased;
                        () = cancel.cancelled() => None,
                        event = stream.next() => event,
                        () = self.early_result(&mut batch) => continue,
                    }
                }
            };
            let Some(event) = event else {
                self.show_pending(&mut growing);
                let origin = self.origin(&growing.model);
                let partial = growing.cut_off(origin);
                if cancel.is_cancelled() {
                    return Response::Interrupted(partial, batch);
                }
                let message = "the stream ended without an end".to_string();
                let failure = Failure {
                    kind: FailureKind::Protocol,
                    message,
                };
                return Response::Failed(failure, partial, batch);
            };
            if !matches!(
                event,
                StreamEvent::Delta {
                    delta: Delta::Text(_),
                    ..
                }
            ) {
                self.show_pending(&mut growing);
                self.show_early_results(&mut batch);
            }
            match event {
                StreamEvent::Start { model } => growing.model = model,
                StreamEvent::Delta { index, delta } => self.on_delta(&mut growing, index, delta),
                StreamEvent::BlockDone { index, block } => {
                    self.on_block(&mut growing, &mut batch, index, block, cancel);
                }
                StreamEvent::Retrying {
                    attempt,
                    of,
                    wait_ms,
                    reason,
                } => {
                    self.emit(AgentEvent::Retrying {
                        attempt,
                        of,
                        wait_ms,
                        reason,
                    });
                }
                StreamEvent::Restarted { reason } => {
                    growing = Growing::default();
                    batch = Batch::default();
                    self.emit(AgentEvent::StreamRestarted { reason });
                }
                StreamEvent::Done { stop, usage } => {
                    let message = AssistantMessage {
                        id: message_id(),
                        origin: self.origin(&growing.model),
                        content: growing.blocks.into_values().collect(),
                        stop,
                        usage,
                    };
                    if let Some(text) = citations::sources(&message) {
                        self.emit(AgentEvent::TextDelta { text });
                        self.emit(AgentEvent::TextDone);
                    }
                    return Response::Complete(message, batch);
                }
                StreamEvent::Failed(failure) => {
                    let origin = self.origin(&growing.model);
                    let partial = growing.cut_off(origin);
                    return match failure.kind {
                        FailureKind::Cancelled => Response::Interrupted(partial, batch),
                        _ => Response::Failed(failure, partial, batch),
                    };
                }
            }
        }
    }

    fn origin(&self, answered: &str) -> Origin {
        let model = if answered.is_empty() {
            self.parts.model.id.as_str()
        } else {
            answered
        };
        Origin {
            provider: self.parts.provider.id().to_string(),
            wire: self.parts.provider.wire().to_string(),
            model: model.to_string(),
        }
    }

    fn show_pending(&self, growing: &mut Growing) {
        if !growing.pending.is_empty() {
            self.emit(AgentEvent::TextDelta {
                text: std::mem::take(&mut growing.pending),
            });
        }
    }

    fn on_delta(&self, growing: &mut Growing, index: usize, delta: Delta) {
        match delta {
            Delta::Text(text) => {
                growing.open_text.entry(index).or_default().push_str(&text);
                growing.pending.push_str(&text);
            }
            Delta::Thinking(text) => {
                growing
                    .open_thinking
                    .entry(index)
                    .or_insert_with(Instant::now);
                if !text.is_empty() {
                    self.emit(AgentEvent::ThinkingDelta { text });
                }
            }
            Delta::ToolName(_) | Delta::Arguments(_) => {}
        }
    }

    fn on_block(
        &self,
        growing: &mut Growing,
        batch: &mut Batch,
        index: usize,
        block: ContentBlock,
        cancel: &CancellationToken,
    ) {
        growing.open_text.remove(&index);
        match &block {
            ContentBlock::Text { .. } => self.emit(AgentEvent::TextDone),
            ContentBlock::Thinking { text, .. } => {
                let since = growing.open_thinking.remove(&index);
                if !text.is_empty() {
                    let elapsed_ms = since.map(|since| since.elapsed().as_millis() as u64);
                    self.emit(AgentEvent::ThinkingDone { elapsed_ms });
                }
            }
            ContentBlock::ServerSide { summary, .. } => {
                if !summary.is_empty() {
                    self.emit(AgentEvent::ServerSide {
                        summary: summary.clone(),
                    });
                }
            }
            ContentBlock::ToolCall {
                id,
                name,
                arguments,
                ..
            } => {
                self.start_early(batch, id, name, arguments, cancel);
            }
            ContentBlock::Image { .. } => {}
        }
        growing.blocks.insert(index, block);
    }
}

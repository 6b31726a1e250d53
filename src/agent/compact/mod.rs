//! Making a conversation shorter before it no longer fits, without losing the
//! thread.
//!
//! First, without a model: old tool results are folded ([`fold`]). Where that is
//! not enough, all messages give way to one that carries, word for word, the
//! user's messages, the plan, what was rejected and what was changed ([`carry`]),
//! and an account of the rest: by a model when it gives a good one ([`summary`]),
//! else put together from the log. The latest message of the user stays as it is.
//!
//! Nothing is lost: the log keeps every message, and a compaction is one entry
//! in it, written when all is ready. One that fails or is stopped changes nothing.
//!
//! Within a turn only the second way is open: vendors want the reasoning of the
//! running turn back unchanged, and it is bound to every byte before it.

mod carry;
mod fold;
pub(super) mod summary;

use std::path::Path;

use tokio_util::sync::CancellationToken;

use super::{Agent, message_id};
use crate::protocol::entry::{CompactedHead, Compaction, EntryKind};
use crate::protocol::event::{AgentEvent, NoticeLevel, TurnOutcome};
use crate::protocol::message::{ContentBlock, ContextKind, Message};
use crate::protocol::tool::{ToolStatus, ToolTitle, ToolView};
use crate::provider::{count, price};
use crate::session::Conversation;
use crate::stdx::{ids, text};
use crate::tools::output;
use summary::Answer;

/// Bytes a token has in text of this kind, when nothing better is known.
const BYTES_A_TOKEN: f64 = 3.5;
/// Tokens a byte has at least, and at most, whatever was reported.
const LEAST_SCALE: f64 = 0.1;
const MOST_SCALE: f64 = 1.0;
/// Below this a conversation is not worth a summary, in bytes.
const SHORT: usize = 4_000;
/// What one image counts for, in bytes.
const IMAGE_BYTES: u64 = 5_000;

/// Why a conversation is compacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// The window is nearly full.
    Threshold,
    /// The vendor said that it is full.
    Overflow,
    /// The user asked for it.
    Command,
}

/// How a compaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The conversation is shorter now.
    Done,
    /// There is nothing that could be left out.
    Nothing,
    /// The user stopped it; nothing changed.
    Stopped,
}

impl Agent {
    /// Compacts on the user's word. `focus` is what the account should dwell on.
    pub async fn compact_now(&mut self, focus: &str) {
        let cancel = self.parts.control.begin();
        if self.compact(Cause::Command, focus, &cancel).await == End::Nothing {
            self.notice(
                NoticeLevel::Info,
                "the conversation is too short to compact",
            );
        }
        self.sync();
    }

    /// Makes room before a request when the window is nearly full; an outcome ends
    /// the turn.
    pub(super) async fn make_room(&mut self, cancel: &CancellationToken) -> Option<TurnOutcome> {
        let window = self.parts.model.context;
        let threshold = self.threshold();
        // Room for the answer counts, too, as far as it leaves half the window.
        let answer = self.parts.settings.max_tokens.unwrap_or(0);
        if self.tokens_needed() < threshold.min(window - answer.min(window / 2)) {
            return None;
        }
        match self.compact(Cause::Threshold, "", cancel).await {
            End::Stopped => Some(TurnOutcome::Interrupted),
            End::Done | End::Nothing if self.tokens_needed() > window => {
                Some(TurnOutcome::Failed {
                    message: super::turn::TOO_LONG.to_string(),
                })
            }
            End::Done | End::Nothing => None,
        }
    }

    /// Tokens from which the window counts as nearly full.
    fn threshold(&self) -> u64 {
        self.parts.model.context / 100 * u64::from(self.parts.compact_at)
    }

    /// Tokens the next request has, as far as known: what the last answer reported,
    /// and an estimate of what came since.
    fn tokens_needed(&self) -> u64 {
        let (known, estimated) = self.unanswered();
        known + self.gauge.of(estimated)
    }

    /// Tokens that the last answer reported, and those estimated of what came since.
    pub(in crate::agent) fn unanswered(&self) -> (u64, u64) {
        let conversation = self.parts.session.conversation();
        let messages = &conversation.messages;
        let answered = |message: &Message| matches!(message, Message::Assistant(_));
        match messages.iter().rposition(answered) {
            Some(last) if conversation.context_used > 0 => {
                (conversation.context_used, tokens(&messages[last + 1..]))
            }
            _ if conversation.context_used > 0 && conversation.compacted > 0 => {
                (conversation.context_used, 0)
            }
            _ => {
                let prefix = (self.prefix_bytes() as f64 / BYTES_A_TOKEN) as u64;
                (0, tokens(messages) + prefix)
            }
        }
    }

    fn prefix_bytes(&self) -> usize {
        let conversation = self.parts.session.conversation();
        let system = conversation
            .prefix
            .as_ref()
            .map_or(0, |(system, _)| system.len());
        let spec = |spec: &crate::protocol::tool::ToolSpec| {
            spec.description.len() + spec.schema.to_string().len()
        };
        system + self.specs().iter().map(spec).sum::<usize>()
    }

    /// The one way to compact; shown as a tool line.
    pub(super) async fn compact(
        &mut self,
        cause: Cause,
        focus: &str,
        cancel: &CancellationToken,
    ) -> End {
        let conversation = self.parts.session.conversation();
        // What is short already cannot be made to fit by a summary that costs a request.
        let short = cause != Cause::Threshold && bytes(&conversation.messages) < SHORT;
        if short || !worth_it(conversation) {
            return End::Nothing;
        }
        let before = self.tokens_needed();
        let call_id = format!("compact-{}", ids::random(6));
        let title = ToolTitle::new("Compact", "the conversation");
        self.emit(AgentEvent::ToolStarted {
            call_id: call_id.clone(),
            name: "compact".to_string(),
            title: title.clone(),
        });
        let mut view = ToolView {
            title,
            ..ToolView::default()
        };
        let end = match self.shorten(cause, focus, before, cancel).await {
            Some((compaction, how)) => {
                view.outcome = format!(
                    "{} → {} tokens, {how}",
                    text::count(before),
                    text::count(compaction.after)
                );
                self.record(EntryKind::Compaction {
                    compaction: Box::new(compaction),
                });
                for message in self.mcp_news() {
                    self.record_message(message);
                }
                End::Done
            }
            None => {
                view.status = ToolStatus::Stopped;
                view.outcome = "stopped; the conversation is unchanged".to_string();
                End::Stopped
            }
        };
        self.emit(AgentEvent::ToolFinished {
            call_id,
            name: "compact".to_string(),
            view,
        });
        self.report_usage();
        end
    }

    /// The shorter form and how it was made, in words; nothing when stopped.
    async fn shorten(
        &mut self,
        cause: Cause,
        focus: &str,
        before: u64,
        cancel: &CancellationToken,
    ) -> Option<(Compaction, String)> {
        let window = self.parts.model.context;
        let conversation = self.parts.session.conversation();
        let whole = bytes(&conversation.messages) + self.prefix_bytes();
        // What the vendor counted says how long a token is in this conversation; a count
        // that cannot be (another model's, a server that is wrong) says nothing.
        let scale = (before as f64 / whole.max(1) as f64).clamp(LEAST_SCALE, MOST_SCALE);
        if cause == Cause::Threshold && !ends_in_calls(&conversation.messages) {
            let keep = (window / 10) as usize * 3;
            let folded = fold::fold(&conversation.messages, keep, |result, text| {
                self.keep_aside(&result.call_id, text)
            });
            let saved = saved_bytes(&conversation.messages, &folded);
            let after = before.saturating_sub((saved as f64 * scale) as u64);
            // Enough to go on for a while; else it would be the same soon again.
            if after < self.threshold() / 10 * 6 {
                let how = format!("{} folded", text::plural(folded.len(), "tool result"));
                let compaction = Compaction {
                    folded,
                    head: None,
                    before,
                    after,
                };
                return Some((compaction, how));
            }
        }
        let (head, how) = self.head(focus, cancel).await?;
        let length = bytes(&head.messages) + self.prefix_bytes();
        let compaction = Compaction {
            folded: Vec::new(),
            after: (length as f64 * scale) as u64,
            head: Some(head),
            before,
        };
        Some((compaction, how))
    }

    /// The messages that stand for all there are.
    async fn head(
        &mut self,
        focus: &str,
        cancel: &CancellationToken,
    ) -> Option<(CompactedHead, String)> {
        let window = self.parts.model.context as usize;
        let conversation = self.parts.session.conversation();
        let mut carried = carry::gather(conversation);
        carry::fit_users(&mut carried.users, window, |index, text| {
            self.keep_aside(&format!("message-{}", index + 1), text)
        });
        let latest = carry::latest_user(&conversation.messages);
        // The steps since the latest message are work under way: their end is kept.
        let since = latest.map_or(0, |index| index + 1);
        let steps = summary::last_steps(&conversation.messages[since..], window / 10);
        let said = summary::said(&conversation.messages);
        let first = conversation.messages.iter().find(|message| {
            matches!(
                message,
                Message::Context {
                    kind: ContextKind::Environment,
                    ..
                }
            )
        });
        let first = first.cloned();
        let request = latest.map(|index| conversation.messages[index].clone());
        let plan = conversation.plan.clone();
        let (text, by, how) = match self.account_of(&carried.changed, focus, cancel).await {
            Answer::Cancelled => return None,
            Answer::Good { text, model } => {
                let how = format!("summary by {model}");
                (text, Some(model), how)
            }
            Answer::Bad(why) => {
                let text = carry::skeleton(&carried, &said, (window / 4).min(24_000));
                (text, None, format!("without a summary: {why}"))
            }
        };
        carried.summary = text;
        let mut messages: Vec<Message> = first.into_iter().collect();
        messages.push(Message::Context {
            id: message_id(),
            kind: ContextKind::Compaction,
            text: carry::render(&carried, &plan, &steps),
        });
        messages.extend(request);
        if !steps.is_empty() {
            messages.push(Message::Context {
                id: message_id(),
                kind: ContextKind::Reminder,
                text: "Go on with this message; what was done for it so far stands under \
                       \"Last steps\" above. If it is answered already, wait for the next one."
                    .to_string(),
            });
        }
        Some((
            CompactedHead {
                messages,
                carried,
                by,
            },
            how,
        ))
    }

    /// Asks for an account of the conversation, and logs what it cost.
    async fn account_of(
        &mut self,
        changed: &[String],
        focus: &str,
        cancel: &CancellationToken,
    ) -> Answer {
        let (provider, model) = self.compactor();
        let room = (model.context.saturating_sub(model.context / 4) as f64 * 3.0) as usize;
        let messages = &self.parts.session.conversation().messages;
        let transcript = summary::transcript(messages, room.min(1_000_000));
        // A cache key of its own leaves the conversation's prefix where it is warm.
        let key = format!("{}-compact", self.parts.session.id());
        let request = summary::request(&model, &transcript, focus, key);
        let (answer, spent) = summary::ask(&*provider, request, changed, cancel).await;
        if let Some((answering, usage)) = spent {
            let cost = price::cost(&model, &usage);
            self.record(EntryKind::Usage {
                model: answering,
                usage,
                cost,
                compaction: true,
                aside: None,
                broke: None,
            });
        }
        answer
    }

    /// Keeps a text on disk; where it is, relative to the workspace.
    fn keep_aside(&self, name: &str, text: &str) -> Option<String> {
        let dir = self.parts.services.outputs.join(self.parts.session.id());
        let path = output::save(text, &dir, name).ok()?;
        let root = self.parts.services.workspace.root();
        let path: &Path = path.strip_prefix(root).unwrap_or(&path);
        Some(path.display().to_string())
    }
}

/// Whether there is more than the user's message and what compactions left.
fn worth_it(conversation: &Conversation) -> bool {
    conversation
        .messages
        .iter()
        .any(|message| matches!(message, Message::Assistant(_)))
}

/// Whether the last message of the model has calls: its reasoning must go back
/// with their results.
fn ends_in_calls(messages: &[Message]) -> bool {
    let last = messages.iter().rev().find_map(|message| match message {
        Message::Assistant(message) => Some(message),
        Message::User { .. } | Message::Context { .. } | Message::ToolResult(_) => None,
    });
    last.is_some_and(|message| message.tool_calls().next().is_some())
}

/// What messages take of the window, estimated.
fn tokens(messages: &[Message]) -> u64 {
    let of = |message| weigh(message, count::tokens, 10, count::IMAGE);
    messages.iter().map(of).sum()
}

/// A message's weight: that of its texts, and what a call and an image add.
fn weigh(message: &Message, text_of: fn(&str) -> u64, call: u64, image: u64) -> u64 {
    let content = match message {
        Message::User { content, .. } => content,
        Message::Context { text, .. } => return text_of(text),
        Message::Assistant(message) => &message.content,
        Message::ToolResult(result) => &result.content,
    };
    let block = |block: &ContentBlock| match block {
        ContentBlock::Text { text, .. } | ContentBlock::Thinking { text, .. } => text_of(text),
        ContentBlock::ToolCall { arguments, .. } => text_of(arguments) + call,
        ContentBlock::ServerSide { summary, .. } => text_of(summary),
        ContentBlock::Image { .. } => image,
    };
    content.iter().map(block).sum()
}

fn saved_bytes(messages: &[Message], folded: &[crate::protocol::entry::Folded]) -> usize {
    let length = |id: &str| {
        messages.iter().find_map(|message| match message {
            Message::ToolResult(result) if result.id == id => Some(fold::text_of(result).len()),
            _ => None,
        })
    };
    folded
        .iter()
        .map(|folded| {
            length(&folded.message)
                .unwrap_or(0)
                .saturating_sub(folded.text.len())
        })
        .sum()
}

/// What messages weigh in a request.
fn bytes(messages: &[Message]) -> usize {
    let of = |message| weigh(message, |text| text.len() as u64, 40, IMAGE_BYTES);
    messages.iter().map(of).sum::<u64>() as usize
}

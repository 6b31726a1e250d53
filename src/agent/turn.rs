//! One user turn: ask, run the calls, ask again, until the model is done.

use std::sync::Arc;
use std::time::Instant;

use tokio_util::sync::CancellationToken;

use super::compact::{Cause, End};
use super::dispatch::{Batch, BatchEnd, Call};
use super::repeats::Repeats;
use super::response::Response;
use super::{Agent, message_id};
use crate::protocol::command::UserInput;
use crate::protocol::entry::EntryKind;
use crate::protocol::event::{AgentEvent, NoticeLevel, TurnOutcome, TurnSummary};
use crate::protocol::message::{AssistantMessage, ContentBlock, ContextKind, Message, StopReason};
use crate::protocol::tool::ToolSpec;
use crate::protocol::usage::{Cost, Usage};
use crate::provider::{FailureKind, price};
use crate::stdx::text;

/// Tool calls in one turn at most.
const MAX_CALLS: u32 = 200;

/// Times a vendor-side pause, or a cut-off call, is gone along with in a row.
const MAX_CONTINUATIONS: u32 = 10;

const CUT_OFF: &str = "not run: the output limit cut this call off. Work in smaller steps: \
                       shorter arguments, several edits, or write_file with append.";

const LIMIT_REACHED: &str = "not run: the limit of 200 tool calls for one request is reached";

const SUMMARISE: &str = "The limit of 200 tool calls for one request is reached. Call no more \
                         tools. Say what was done, what is left, and ask how to go on.";

const INTERRUPTED: &str = "The user interrupted the turn here.";

/// Why there is no next message.
enum Ending {
    Outcome(TurnOutcome),
    /// The conversation does not fit the model's window.
    Overflow,
    /// Another model is asked in its place.
    Again,
}

/// Counters of a running turn.
struct Turn {
    started: Instant,
    usage: Usage,
    cost: Cost,
    tools: Vec<(String, u32)>,
    calls: u32,
    /// Answers of the model.
    answers: u64,
    /// Declared models that took over, or were tried.
    fallbacks: usize,
    continuations: u32,
    repeats: Repeats,
    /// The conversation was shortened because the vendor said that it is too long.
    recovered: bool,
}

impl Agent {
    /// Runs one turn for a user message and returns its sums. Everything that
    /// happens is logged as it happens and reported as events; the last one is
    /// `TurnFinished`.
    pub async fn run_turn(&mut self, input: UserInput) -> TurnSummary {
        let cancel = self.parts.control.begin();
        let mut turn = Turn {
            started: Instant::now(),
            usage: Usage::default(),
            cost: Cost::default(),
            tools: Vec::new(),
            calls: 0,
            answers: 0,
            fallbacks: 0,
            continuations: 0,
            repeats: Repeats::default(),
            recovered: false,
        };
        self.emit(AgentEvent::TurnStarted);
        self.learn_model(&cancel).await;
        let outcome = match self.too_large(&input) {
            Some(message) => TurnOutcome::Failed { message },
            None => {
                self.begin_turn(input, &cancel).await;
                self.warm_undo();
                self.watch_jobs().await;
                let outcome = self.drive(&mut turn, &cancel).await;
                self.settle_change().await;
                self.settle_jobs().await;
                outcome
            }
        };
        if outcome == TurnOutcome::Interrupted {
            self.record_message(Message::Context {
                id: message_id(),
                kind: ContextKind::Reminder,
                text: INTERRUPTED.to_string(),
            });
        }
        let noted = self.parts.session.append_card();
        self.tell_unsaved(noted);
        self.sync();
        let summary = TurnSummary {
            outcome,
            elapsed_ms: turn.started.elapsed().as_millis() as u64,
            usage: turn.usage,
            cost: turn.cost,
            tools: turn.tools,
        };
        self.emit(AgentEvent::TurnFinished {
            summary: summary.clone(),
        });
        if matches!(summary.outcome, TurnOutcome::Finished { .. }) {
            self.name_session(&cancel).await;
        }
        summary
    }

    /// Logs settings, prefix and the user's message in one write, and makes them
    /// durable.
    async fn begin_turn(&mut self, input: UserInput, cancel: &CancellationToken) {
        let title = text::one_line(&input.text, 60);
        let said = self.take_in(input, cancel).await;
        let conversation = self.parts.session.conversation();
        let mut kinds = Vec::new();
        if conversation.settings.as_ref() != Some(&self.parts.settings) {
            let settings = self.parts.settings.clone();
            kinds.push(EntryKind::Settings { settings });
        }
        kinds.extend(self.new_prefix(&self.specs()));
        if conversation.title.is_none() {
            kinds.push(EntryKind::Title { title });
        }
        let told = |message: &Message| {
            let environment = ContextKind::Environment;
            matches!(message, Message::Context { kind, .. } if *kind == environment)
        };
        if !conversation.messages.iter().any(told) {
            let message = self.environment_message();
            kinds.push(EntryKind::Message { message });
        }
        let news = self.instruction_news().into_iter();
        kinds.extend(
            news.chain(self.mcp_news())
                .chain(self.planning_message())
                .map(|message| EntryKind::Message { message }),
        );
        kinds.extend(
            said.into_iter()
                .map(|message| EntryKind::Message { message }),
        );
        self.record_all(kinds);
        self.sync();
    }

    async fn say(&mut self, input: UserInput, cancel: &CancellationToken) {
        for message in self.take_in(input, cancel).await {
            self.record_message(message);
        }
    }

    /// The loop.
    async fn drive(&mut self, turn: &mut Turn, cancel: &CancellationToken) -> TurnOutcome {
        let tools = self.specs();
        loop {
            self.report_jobs();
            if let Some(outcome) = self.over_budget(turn.answers, turn.started.elapsed()) {
                return outcome;
            }
            if let Some(outcome) = self.make_room(cancel).await {
                return outcome;
            }
            let (message, batch) = match self.next_message(turn, tools.clone(), cancel).await {
                Ok(next) => next,
                Err(Ending::Outcome(outcome)) => return outcome,
                Err(Ending::Again) => continue,
                Err(Ending::Overflow) => match self.recover(turn, cancel).await {
                    Some(outcome) => return outcome,
                    None => continue,
                },
            };
            let calls = calls_of(&message);
            if message.stop == StopReason::ContextWindow {
                self.refuse_calls(&calls, CUT_OFF);
                match self.recover(turn, cancel).await {
                    Some(outcome) => return outcome,
                    None => continue,
                }
            }
            if let Some(outcome) = self.answer(turn, &message, &calls, batch, cancel).await {
                return outcome;
            }
            for steer in self.parts.control.take_steer() {
                self.say(steer, cancel).await;
            }
        }
    }

    /// Tells the model of background commands that ended.
    fn report_jobs(&mut self) {
        for text in self.parts.services.jobs.take_news() {
            self.record_message(Message::Context {
                id: message_id(),
                kind: ContextKind::Reminder,
                text,
            });
        }
    }

    /// Asks the model and logs its message; an outcome ends the turn.
    async fn next_message(
        &mut self,
        turn: &mut Turn,
        tools: Arc<[ToolSpec]>,
        cancel: &CancellationToken,
    ) -> Result<(AssistantMessage, Batch), Ending> {
        match self.ask_model(tools, cancel).await {
            Response::Complete(message, batch) => {
                self.account(turn, &message);
                self.record_message(Message::Assistant(message.clone()));
                Ok((message, batch))
            }
            Response::Interrupted(partial, batch) => {
                self.keep_partial(partial, batch, cancel).await;
                Err(Ending::Outcome(TurnOutcome::Interrupted))
            }
            Response::Failed(failure, partial, batch) => {
                let called = |message: &AssistantMessage| message.tool_calls().next().is_some();
                // Words that break off are void when another model says it all.
                if !partial.as_ref().is_some_and(called)
                    && self.fall_back(&failure, &mut turn.fallbacks)
                {
                    if partial.is_some() {
                        let reason = failure.message;
                        self.emit(AgentEvent::StreamRestarted { reason });
                    }
                    return Err(Ending::Again);
                }
                let called = partial.as_ref().is_some_and(called);
                self.keep_partial(partial, batch, cancel).await;
                if called && self.fall_back(&failure, &mut turn.fallbacks) {
                    return Err(Ending::Again);
                }
                Err(match failure.kind {
                    FailureKind::ContextOverflow => Ending::Overflow,
                    _ => Ending::Outcome(TurnOutcome::Failed {
                        message: failure.message,
                    }),
                })
            }
        }
    }

    /// Answers a complete message; an outcome ends the turn.
    async fn answer(
        &mut self,
        turn: &mut Turn,
        message: &AssistantMessage,
        calls: &[Call<'_>],
        batch: Batch,
        cancel: &CancellationToken,
    ) -> Option<TurnOutcome> {
        let finished = || {
            Some(TurnOutcome::Finished {
                stop: message.stop.clone(),
            })
        };
        match &message.stop {
            StopReason::Refusal {
                category,
                explanation,
            } => {
                self.refuse_calls(calls, "not run: the model's answer was refused");
                return Some(TurnOutcome::Failed {
                    message: refusal(category, explanation),
                });
            }
            StopReason::PauseTurn if calls.is_empty() => {
                return self.continue_or_stop(turn, "the vendor kept pausing its own tools");
            }
            StopReason::MaxTokens if ends_in_call(message) => {
                // The last call is incomplete whatever its JSON looks like.
                let (cut, whole) = calls.split_last()?;
                turn.count(whole);
                let end = self
                    .run_calls(whole, batch, &mut turn.repeats, cancel)
                    .await;
                self.refuse_calls(std::slice::from_ref(cut), CUT_OFF);
                return match end {
                    BatchEnd::Interrupted => Some(TurnOutcome::Interrupted),
                    BatchEnd::Done | BatchEnd::Stuck { .. } => {
                        self.continue_or_stop(turn, "the model kept reaching its output limit")
                    }
                };
            }
            StopReason::MaxTokens if calls.is_empty() => {
                self.notice(
                    NoticeLevel::Warning,
                    "the answer was cut off at the output limit; send \"continue\" to go on, or \
                     raise --max-tokens",
                );
                return finished();
            }
            StopReason::EndTurn | StopReason::Interrupted if calls.is_empty() => {
                return self.finish_or_steer(message, cancel).await;
            }
            // Some servers say "end of turn" although calls are there: the calls count.
            StopReason::EndTurn
            | StopReason::Interrupted
            | StopReason::ToolUse
            | StopReason::MaxTokens
            | StopReason::ContextWindow
            | StopReason::PauseTurn => {}
        }
        if calls.is_empty() {
            return self.finish_or_steer(message, cancel).await;
        }
        turn.continuations = 0;
        if turn.calls >= MAX_CALLS {
            self.refuse_calls(calls, LIMIT_REACHED);
            return Some(self.summarise_limit(turn, cancel).await);
        }
        turn.count(calls);
        match self
            .run_calls(calls, batch, &mut turn.repeats, cancel)
            .await
        {
            BatchEnd::Done => None,
            BatchEnd::Interrupted => Some(TurnOutcome::Interrupted),
            BatchEnd::Stuck { name } => Some(TurnOutcome::Limit {
                message: format!(
                    "stopped: the same {name} call failed 6 times. Say how to go on, or what to \
                     try instead."
                ),
            }),
        }
    }

    /// A turn ends with its last message, unless the user has said more meanwhile.
    async fn finish_or_steer(
        &mut self,
        message: &AssistantMessage,
        cancel: &CancellationToken,
    ) -> Option<TurnOutcome> {
        let steer = self.parts.control.take_steer();
        if steer.is_empty() {
            if message.text().trim().is_empty() {
                self.notice(
                    NoticeLevel::Warning,
                    "the model ended without an answer; send a message to go on",
                );
            }
            return Some(TurnOutcome::Finished {
                stop: message.stop.clone(),
            });
        }
        for input in steer {
            self.say(input, cancel).await;
        }
        None
    }

    fn continue_or_stop(&mut self, turn: &mut Turn, why: &str) -> Option<TurnOutcome> {
        turn.continuations += 1;
        (turn.continuations > MAX_CONTINUATIONS).then(|| TurnOutcome::Limit {
            message: format!("stopped: {why}. Send a message to go on."),
        })
    }

    /// The limit is reached: one last answer without tools.
    async fn summarise_limit(
        &mut self,
        turn: &mut Turn,
        cancel: &CancellationToken,
    ) -> TurnOutcome {
        self.record_message(Message::Context {
            id: message_id(),
            kind: ContextKind::Reminder,
            text: SUMMARISE.to_string(),
        });
        let message = "stopped at 200 tool calls; send \"continue\" to go on".to_string();
        match self.next_message(turn, self.specs(), cancel).await {
            Ok((answer, _)) => {
                self.refuse_calls(&calls_of(&answer), LIMIT_REACHED);
                TurnOutcome::Limit { message }
            }
            Err(Ending::Outcome(outcome)) => outcome,
            Err(Ending::Again) => TurnOutcome::Limit { message },
            Err(Ending::Overflow) => TurnOutcome::Failed {
                message: TOO_LONG.to_string(),
            },
        }
    }

    /// The vendor says that the conversation is too long for it: shorten it and try
    /// again, once in a turn.
    async fn recover(
        &mut self,
        turn: &mut Turn,
        cancel: &CancellationToken,
    ) -> Option<TurnOutcome> {
        let first = !std::mem::replace(&mut turn.recovered, true);
        let end = match first {
            true => self.compact(Cause::Overflow, "", cancel).await,
            false => End::Nothing,
        };
        match end {
            End::Done => None,
            End::Stopped => Some(TurnOutcome::Interrupted),
            End::Nothing => Some(TurnOutcome::Failed {
                message: TOO_LONG.to_string(),
            }),
        }
    }

    /// Keeps what arrived of a message that was cut off, marked as such, with the
    /// results of calls that had finished.
    async fn keep_partial(
        &mut self,
        partial: Option<AssistantMessage>,
        batch: Batch,
        cancel: &CancellationToken,
    ) {
        let Some(partial) = partial else { return };
        self.record_message(Message::Assistant(partial.clone()));
        self.close_calls(&calls_of(&partial), batch, cancel).await;
    }

    fn account(&mut self, turn: &mut Turn, message: &AssistantMessage) {
        turn.answers += 1;
        self.note_substitute(&message.origin.model);
        let model =
            crate::provider::models::lookup(self.parts.provider.id(), &message.origin.model);
        // A dated or aliased id that is unknown is still the model that was asked for.
        let model = if model.assumed {
            (*self.parts.model).clone()
        } else {
            model
        };
        let (known, estimated) = self.unanswered();
        let reported = message.usage.prompt().saturating_sub(known);
        self.gauge.learn(estimated, reported);
        let cost = price::cost(&model, &message.usage);
        turn.usage.add(&message.usage);
        turn.cost.add(cost);
        let broke = self.images_broke();
        self.record(EntryKind::Usage {
            model: message.origin.model.clone(),
            usage: message.usage,
            cost,
            compaction: false,
            aside: None,
            broke,
        });
        self.report_usage();
    }

    /// Tells what the session has used so far.
    pub(super) fn report_usage(&self) {
        let conversation = self.parts.session.conversation();
        self.emit(AgentEvent::Usage {
            context_used: conversation.context_used,
            usage: conversation.usage,
            cost: conversation.cost,
        });
    }
}

impl Turn {
    fn count(&mut self, calls: &[Call<'_>]) {
        self.calls += calls.len() as u32;
        for call in calls {
            match self.tools.iter_mut().find(|(name, _)| name == call.name) {
                Some((_, count)) => *count += 1,
                None => self.tools.push((call.name.to_string(), 1)),
            }
        }
    }
}

fn calls_of(message: &AssistantMessage) -> Vec<Call<'_>> {
    let call = |(id, name, arguments)| Call {
        id,
        name,
        arguments,
    };
    message.tool_calls().map(call).collect()
}

/// Whether the last block of a message is a tool call.
fn ends_in_call(message: &AssistantMessage) -> bool {
    matches!(message.content.last(), Some(ContentBlock::ToolCall { .. }))
}

/// What the user is told when nothing more can be left out.
pub(super) const TOO_LONG: &str = "the conversation does not fit the model's window, and nothing \
                                   more can be left out. Use a model with a larger window, \
                                   shorten the last message, or start a new session with /clear; \
                                   this one stays saved.";

fn refusal(category: &Option<String>, explanation: &Option<String>) -> String {
    let mut out = "the model declined to answer".to_string();
    if let Some(category) = category {
        out.push_str(&format!(" ({category})"));
    }
    if let Some(explanation) = explanation {
        out.push_str(&format!(": {explanation}"));
    }
    out.push_str(". Rephrase the request, or use another model.");
    out
}

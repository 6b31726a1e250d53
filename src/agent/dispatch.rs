//! The gate: every call passes here, in this order.
//!
//! 1. find the tool, parse the arguments against its schema
//! 2. effects -> `permission::decide` -> the authority when it says "ask"
//! 3. sync the log before the first call that changes something
//! 4. run, with output, cancellation and a guard against panics
//! 5. cut what is too long, keep the whole on disk, log in call order
//!
//! Calls that only read run together; any other call waits for those before it
//! and holds up those after it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::repeats::{Repeats, Verdict, WAY_OUT};
use super::{Agent, Services, message_id};
use crate::exec::sandbox;
use crate::permission;
use crate::protocol::entry::EntryKind;
use crate::protocol::event::AgentEvent;
use crate::protocol::message::{ContentBlock, Message, ToolResult};
use crate::protocol::permission::{Answer, AskRequest, Effect, PermissionDecision, PermissionMode};
use crate::protocol::sandbox::SandboxState;
use crate::protocol::tool::{ToolStatus, ToolTitle, ToolView};
use crate::stdx::text;
use crate::tools::{self, Approval, DynTool, Prepared, ToolCx, ToolError, ToolOutput};

/// How long a stopped tool may take to wind up before it is dropped.
const STOP_GRACE: Duration = Duration::from_millis(150);

/// Calls of one message that already run, by call id.
#[derive(Default)]
pub(super) struct Batch {
    running: JoinSet<Finished>,
    started: HashMap<String, ToolTitle>,
    done: HashMap<String, Finished>,
    /// A call that changes something was seen: nothing after it starts early.
    barrier: bool,
}

/// A call and what came of it.
struct Finished {
    call_id: String,
    title: ToolTitle,
    result: Result<ToolOutput, ToolError>,
}

/// One call as the model wrote it.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) arguments: &'a str,
}

/// How the calls of a message ended.
pub(super) enum BatchEnd {
    /// All have results.
    Done,
    /// The user stopped them.
    Interrupted,
    /// The same call failed again and again.
    Stuck {
        /// Name of its tool.
        name: String,
    },
}

impl Agent {
    /// Starts a call whose block just arrived, when it only reads and nothing
    /// before it in the message changes anything.
    pub(super) fn start_early(
        &self,
        batch: &mut Batch,
        id: &str,
        name: &str,
        arguments: &str,
        cancel: &CancellationToken,
    ) {
        if batch.barrier || batch.started.contains_key(id) {
            return;
        }
        match self.prepare(
            Call {
                id,
                name,
                arguments,
            },
            cancel,
        ) {
            Ok((tool, prepared)) if self.runs_freely(&prepared.effects) && reads(&prepared) => {
                self.spawn(batch, id, tool.name(), prepared);
            }
            Ok(_) => batch.barrier = true,
            // Nothing runs for it; the error is reported in its turn.
            Err(_) => {}
        }
    }

    /// Runs the calls of a complete message and logs their results in call order.
    pub(super) async fn run_calls(
        &mut self,
        calls: &[Call<'_>],
        mut batch: Batch,
        repeats: &mut Repeats,
        cancel: &CancellationToken,
    ) -> BatchEnd {
        let mut end = BatchEnd::Done;
        let mut synced = false;
        let mut logged = 0;
        for (index, call) in calls.iter().enumerate() {
            if batch.started.contains_key(call.id) {
                continue;
            }
            let finished = match self.prepare(*call, cancel) {
                Err(error) => Finished::error(*call, error),
                Ok((tool, prepared)) if reads(&prepared) && self.runs_freely(&prepared.effects) => {
                    self.spawn(&mut batch, call.id, tool.name(), prepared);
                    continue;
                }
                Ok((tool, prepared)) => {
                    self.drain(&mut batch, cancel).await;
                    self.log_results(
                        &calls[logged..index],
                        &mut batch,
                        repeats,
                        &mut end,
                        cancel.is_cancelled(),
                    );
                    logged = index;
                    if cancel.is_cancelled() {
                        break;
                    }
                    match self.permit(*call, tool, &prepared, cancel).await {
                        Err(finished) => *finished,
                        Ok(()) => {
                            if !std::mem::replace(&mut synced, true) {
                                self.sync();
                            }
                            self.spawn(&mut batch, call.id, tool.name(), prepared);
                            self.drain(&mut batch, cancel).await;
                            continue;
                        }
                    }
                }
            };
            self.show(*call, &finished);
            batch.done.insert(call.id.to_string(), finished);
        }
        self.drain(&mut batch, cancel).await;
        self.log_results(
            &calls[logged..],
            &mut batch,
            repeats,
            &mut end,
            cancel.is_cancelled(),
        );
        if cancel.is_cancelled() {
            BatchEnd::Interrupted
        } else {
            end
        }
    }

    /// Ends the calls of a message that was cut off: finished ones keep their
    /// results, the others are answered as stopped.
    pub(super) async fn close_calls(
        &mut self,
        calls: &[Call<'_>],
        mut batch: Batch,
        cancel: &CancellationToken,
    ) {
        self.drain(&mut batch, cancel).await;
        self.log_results(
            calls,
            &mut batch,
            &mut Repeats::default(),
            &mut BatchEnd::Done,
            true,
        );
    }

    /// Answers calls that will not run, with the reason.
    pub(super) fn refuse_calls(&mut self, calls: &[Call<'_>], reason: &str) {
        for call in calls {
            let finished = Finished::error(*call, ToolError::model(reason));
            self.show(*call, &finished);
            self.log_result(*call, finished, &mut Repeats::default());
        }
    }

    fn prepare(
        &self,
        call: Call<'_>,
        cancel: &CancellationToken,
    ) -> Result<(&'static dyn DynTool, Prepared), ToolError> {
        let tool = self.find_tool(call.name)?;
        let cx = self.tool_cx(call.id, cancel);
        Ok((tool, tool.prepare(call.arguments, &cx)?))
    }

    /// The tool of a name; another case is understood, a wrong name is answered
    /// with the right ones.
    fn find_tool(&self, name: &str) -> Result<&'static dyn DynTool, ToolError> {
        let found = self.tools().find(|tool| tool.name() == name).or_else(|| {
            self.tools()
                .find(|tool| tool.name().eq_ignore_ascii_case(name))
        });
        found.ok_or_else(|| {
            let names: Vec<&str> = self.tools().map(DynTool::name).collect();
            let why = if self.parts.settings.safe {
                " in safe mode"
            } else {
                ""
            };
            ToolError::model(format!(
                "there is no tool {:?}{why}; the tools are {}",
                text::one_line(name, 60),
                names.join(", ")
            ))
        })
    }

    fn tool_cx(&self, call_id: &str, cancel: &CancellationToken) -> ToolCx {
        let (events, id) = (self.parts.events.clone(), call_id.to_string());
        let Services {
            workspace,
            env,
            outputs,
            sandbox,
            ..
        } = &*self.parts.services;
        ToolCx {
            workspace: workspace.clone(),
            env: env.clone(),
            cancel: cancel.clone(),
            progress: Arc::new(move |piece| {
                events(AgentEvent::ToolOutput {
                    call_id: id.clone(),
                    text: piece.to_string(),
                });
            }),
            call_id: call_id.to_string(),
            outputs: outputs.join(self.parts.session.id()),
            sandbox: *sandbox,
            approval: Approval::default(),
        }
    }

    fn decide(&self, effects: &[Effect]) -> PermissionDecision {
        let services = &self.parts.services;
        let mode = self.parts.settings.mode;
        let basis = permission::Basis {
            mode,
            safe: self.parts.settings.safe,
            place: permission::Place {
                root: services.workspace.root(),
                home: services.env.home(),
            },
            rules: &services.rules,
            grants: &self.grants,
            // Only where it matters: finding out runs a command, once.
            confined: mode == PermissionMode::AcceptEdits
                && services.sandbox
                && sandbox::state() == SandboxState::Full,
        };
        permission::decide(&basis, effects)
    }

    fn runs_freely(&self, effects: &[Effect]) -> bool {
        matches!(self.decide(effects), PermissionDecision::Allow { .. })
    }

    /// Whether the user's own word allowed it: a grant, or bypass mode.
    fn is_allowed_by_name(&self, effects: &[Effect]) -> bool {
        let granted = |effect: &Effect| {
            permission::rule_of(effect)
                .is_some_and(|rule| self.grants.iter().any(|grant| grant.rule == rule))
        };
        self.parts.settings.mode == PermissionMode::Bypass || effects.iter().any(granted)
    }

    /// Asks the gate, and the authority where the gate says so.
    async fn permit(
        &mut self,
        call: Call<'_>,
        tool: &dyn DynTool,
        prepared: &Prepared,
        cancel: &CancellationToken,
    ) -> Result<(), Box<Finished>> {
        let title = prepared.title.clone();
        let denied = |reason: String, words: String| {
            let error = ToolError::Denied { reason, words };
            Box::new(Finished {
                call_id: call.id.into(),
                title: title.clone(),
                result: Err(error),
            })
        };
        let (why, session) = match self.decide(&prepared.effects) {
            PermissionDecision::Allow { .. } => {
                if self.is_allowed_by_name(&prepared.effects) {
                    prepared.approval.give();
                }
                return Ok(());
            }
            PermissionDecision::Deny { why } => {
                let words = format!("denied: {why}");
                return Err(denied(why, words));
            }
            PermissionDecision::Ask { why, session } => (why, session),
        };
        let request = AskRequest {
            id: 0,
            call_id: call.id.to_string(),
            title: prepared.title.clone(),
            preview: tool.preview(call.arguments, &self.tool_cx(call.id, cancel)),
            why: why.clone(),
            session: session.clone(),
        };
        let authority = self.parts.authority.clone();
        let answer = tokio::select! {
            biased;
            () = cancel.cancelled() => None,
            answer = authority.ask(request) => Some(answer),
        };
        let Some(answer) = answer else {
            let error = ToolError::Stopped("The user stopped the turn before this ran.".into());
            return Err(Box::new(Finished {
                call_id: call.id.into(),
                title,
                result: Err(error),
            }));
        };
        self.record(EntryKind::Decision {
            call_id: call.id.to_string(),
            title: prepared.title.clone(),
            answer: answer.clone(),
        });
        match answer {
            Answer::Once => {
                prepared.approval.give();
                Ok(())
            }
            Answer::Session => {
                prepared.approval.give();
                self.grants.extend(session);
                Ok(())
            }
            Answer::No { message } if !self.parts.authority.is_person() => {
                let words = format!("denied: {why}; nobody can be asked");
                Err(denied(format!("{why}; {message}"), words))
            }
            Answer::No { message } if message.is_empty() => {
                let reason = format!("the user said no ({why})");
                Err(denied(reason, "denied by you".to_string()))
            }
            Answer::No { message } => {
                let words = format!("denied by you: {message}");
                Err(denied(format!("the user said no: {message}"), words))
            }
        }
    }

    /// Starts a permitted call as a task of its own.
    fn spawn(&self, batch: &mut Batch, call_id: &str, name: &str, prepared: Prepared) {
        let Prepared { title, run, .. } = prepared;
        self.emit(AgentEvent::ToolStarted {
            call_id: call_id.to_string(),
            name: name.to_string(),
            title: title.clone(),
        });
        batch.started.insert(call_id.to_string(), title.clone());
        let call_id = call_id.to_string();
        batch.running.spawn(async move {
            Finished {
                call_id,
                title,
                result: run.await,
            }
        });
    }

    /// Waits for every running call. After a stop they get a moment to wind up.
    async fn drain(&self, batch: &mut Batch, cancel: &CancellationToken) {
        loop {
            let next = tokio::select! {
                biased;
                next = batch.running.join_next() => next,
                () = stopped(cancel) => {
                    batch.running.shutdown().await;
                    break;
                }
            };
            match next {
                None => break,
                Some(Ok(finished)) => {
                    let call = Call {
                        id: &finished.call_id,
                        name: "",
                        arguments: "",
                    };
                    self.show(call, &finished);
                    batch.done.insert(finished.call_id.clone(), finished);
                }
                // The call has no result: `log_results` says so.
                Some(Err(error)) => tracing::error!("a tool crashed: {error}"),
            }
        }
    }

    /// Logs the results of these calls in their order.
    fn log_results(
        &mut self,
        calls: &[Call<'_>],
        batch: &mut Batch,
        repeats: &mut Repeats,
        end: &mut BatchEnd,
        stopped: bool,
    ) {
        for call in calls {
            let finished = batch.done.remove(call.id).unwrap_or_else(|| {
                let started = batch.started.get(call.id).cloned();
                let finished = Finished::missing(*call, started, stopped);
                self.show(*call, &finished);
                finished
            });
            if self.log_result(*call, finished, repeats) == Verdict::Stop {
                *end = BatchEnd::Stuck {
                    name: call.name.to_string(),
                };
            }
        }
    }

    fn log_result(&mut self, call: Call<'_>, finished: Finished, repeats: &mut Repeats) -> Verdict {
        let view = finished.view();
        let stopped = matches!(finished.result, Err(ToolError::Stopped(_)));
        let (mut content, failed, plan) = match finished.result {
            Ok(output) => {
                let mut content = output.content;
                content.extend(self.store_images(output.images));
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

    fn show(&self, call: Call<'_>, finished: &Finished) {
        self.emit(AgentEvent::ToolFinished {
            call_id: finished.call_id.clone(),
            name: call.name.to_string(),
            view: finished.view(),
        });
    }
}

/// Resolves a moment after the cancellation.
async fn stopped(cancel: &CancellationToken) {
    cancel.cancelled().await;
    tokio::time::sleep(STOP_GRACE).await;
}

fn reads(prepared: &Prepared) -> bool {
    prepared.effects.iter().all(Effect::is_read_only)
}

impl Finished {
    fn error(call: Call<'_>, error: ToolError) -> Self {
        let title = ToolTitle::new(text::one_line(call.name, 40), "");
        Self {
            call_id: call.id.to_string(),
            title,
            result: Err(error),
        }
    }

    /// The result of a call that ended without one: it was stopped, or it crashed.
    fn missing(call: Call<'_>, started: Option<ToolTitle>, stopped: bool) -> Self {
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

    fn view(&self) -> ToolView {
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

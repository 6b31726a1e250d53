//! The gate: every call passes here, in this order.
//!
//! 1. find the tool, parse the arguments against its schema
//! 2. effects -> `permission::decide` -> the authority when it says "ask" (`permit.rs`)
//! 3. sync the log before the first call that changes something
//! 4. keep what it may change, so that it can be taken back (`undo.rs`)
//! 5. run, with output, cancellation and a guard against panics; what the sandbox
//!    stopped is offered once more to the person at the front end (`again.rs`)
//! 6. cut what is too long, keep the whole on disk, log in call order (`results.rs`)
//!
//! Calls that only read run together; any other call waits for those before it
//! and holds up those after it.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::mcp::Offered;
use super::repeats::Repeats;
use super::results::Finished;
use super::{Agent, Services};
use crate::protocol::event::AgentEvent;
use crate::protocol::permission::Effect;
use crate::protocol::tool::ToolTitle;
use crate::stdx::text;
use crate::tools::{Approval, Prepared, ToolCx, ToolError};

/// How long a stopped tool may take to wind up before it is dropped.
const STOP_GRACE: Duration = Duration::from_millis(150);

/// Calls of one message that already run, by call id.
#[derive(Default)]
pub(super) struct Batch {
    running: JoinSet<Finished>,
    pub(super) started: HashMap<String, ToolTitle>,
    pub(super) done: HashMap<String, Finished>,
    /// Id and tool of calls that wait to be shown as finished, in call order.
    unshown: VecDeque<(String, String)>,
    /// A call that changes something was seen: nothing after it starts early.
    barrier: bool,
    /// Paths that started calls are about.
    touched: Vec<PathBuf>,
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
            Err(_) => batch.will_show(id, name),
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
                    match self.permit(*call, &*tool, &prepared, None, cancel).await {
                        Err(finished) => *finished,
                        Ok(()) => {
                            if !std::mem::replace(&mut synced, true) {
                                self.sync();
                            }
                            let change = self.before_change(*call, &prepared, cancel).await;
                            if cancel.is_cancelled() {
                                self.after_change(change).await;
                                break;
                            }
                            self.spawn(&mut batch, call.id, tool.name(), prepared);
                            self.drain(&mut batch, cancel).await;
                            self.offer_again(*call, &mut batch, cancel).await;
                            self.after_change(change).await;
                            continue;
                        }
                    }
                }
            };
            batch.will_show(call.id, call.name);
            batch.done.insert(call.id.to_string(), finished);
            self.show_done(&mut batch);
        }
        self.drain(&mut batch, cancel).await;
        self.log_results(
            &calls[logged..],
            &mut batch,
            repeats,
            &mut end,
            cancel.is_cancelled(),
        );
        self.tell_nested_instructions(&batch.touched);
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
            self.show(call.name, &finished);
            self.log_result(*call, finished, &mut Repeats::default());
        }
    }

    pub(super) fn prepare(
        &self,
        call: Call<'_>,
        cancel: &CancellationToken,
    ) -> Result<(Offered, Prepared), ToolError> {
        let tool = self.find_tool(call.name)?;
        let cx = self.tool_cx(call.id, cancel);
        let prepared = tool.prepare(call.arguments, &cx)?;
        Ok((tool, prepared))
    }

    /// The tool of a name; another case is understood, a wrong name is answered
    /// with the right ones.
    fn find_tool(&self, name: &str) -> Result<Offered, ToolError> {
        let found = self.tools().find(|tool| tool.name() == name).or_else(|| {
            self.tools()
                .find(|tool| tool.name().eq_ignore_ascii_case(name))
        });
        found.or_else(|| self.server_tool(name)).ok_or_else(|| {
            let names: Vec<String> = self.tools().map(|tool| tool.name().to_string()).collect();
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

    pub(super) fn tool_cx(&self, call_id: &str, cancel: &CancellationToken) -> ToolCx {
        let (events, id) = (self.parts.events.clone(), call_id.to_string());
        let Services {
            workspace,
            env,
            outputs,
            sandbox,
            jobs,
            web,
            morph,
            mcp,
            ..
        } = &*self.parts.services;
        ToolCx {
            judged: None,
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
            web: web.clone(),
            approval: Approval::default(),
            jobs: jobs.clone(),
            ask: self.asker(call_id),
            mode: self.parts.settings.mode,
            morph: morph.clone(),
            mcp: mcp.clone(),
            unreadable: {
                let services = self.parts.services.clone();
                Arc::new(move || services.rules.rules().unreadable())
            },
        }
    }

    /// Starts a permitted call as a task of its own.
    pub(super) fn spawn(&self, batch: &mut Batch, call_id: &str, name: &str, prepared: Prepared) {
        let Prepared {
            title,
            run,
            effects,
            ..
        } = prepared;
        let paths = effects.iter().filter_map(Effect::path);
        batch
            .touched
            .extend(paths.map(|path| path.real().to_path_buf()));
        self.emit(AgentEvent::ToolStarted {
            call_id: call_id.to_string(),
            name: name.to_string(),
            title: title.clone(),
        });
        batch.started.insert(call_id.to_string(), title.clone());
        batch.will_show(call_id, name);
        let call_id = call_id.to_string();
        let secrets = self.parts.services.env.secrets().clone();
        batch
            .running
            .spawn(async move { Finished::new(call_id, title, run.await, &secrets) });
    }

    /// Waits for every running call. After a stop they get a moment to wind up.
    pub(super) async fn drain(&self, batch: &mut Batch, cancel: &CancellationToken) {
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
                Some(ended) => self.take_ended(batch, ended),
            }
        }
    }

    /// Waits for one of the calls that run already; for ever when none does.
    pub(super) async fn early_result(&self, batch: &mut Batch) {
        match batch.running.join_next().await {
            Some(ended) => self.take_ended(batch, ended),
            None => std::future::pending().await,
        }
    }

    /// Shows what has ended meanwhile.
    pub(super) fn show_early_results(&self, batch: &mut Batch) {
        while let Some(ended) = batch.running.try_join_next() {
            self.take_ended(batch, ended);
        }
    }

    fn take_ended(&self, batch: &mut Batch, ended: Result<Finished, JoinError>) {
        match ended {
            Ok(finished) => {
                batch.done.insert(finished.call_id.clone(), finished);
                self.show_done(batch);
            }
            // The call has no result: `log_results` says so.
            Err(error) => tracing::error!("a tool crashed: {error}"),
        }
    }

    /// Shows finished calls; none before those in front of it in the message.
    pub(super) fn show_done(&self, batch: &mut Batch) {
        while let Some((id, _)) = batch.unshown.front()
            && let Some(finished) = batch.done.get(id)
            && let Some((_, name)) = batch.unshown.pop_front()
        {
            self.show(&name, finished);
        }
    }
}

impl Batch {
    /// The call has its place in the order in which results are shown.
    pub(super) fn will_show(&mut self, id: &str, name: &str) {
        let known = self.unshown.iter().any(|(waiting, _)| waiting == id);
        if !known && !self.done.contains_key(id) {
            self.unshown.push_back((id.to_string(), name.to_string()));
        }
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

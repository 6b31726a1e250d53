//! The question of a call: what the gate says, and who answers when it asks.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::Agent;
use super::dispatch::Call;
use super::results::Finished;
use crate::exec::sandbox;
use crate::permission;
use crate::protocol::entry::EntryKind;
use crate::protocol::event::NoticeLevel;
use crate::protocol::permission::{
    Answer, AskRequest, Effect, Grant, PermissionDecision, PermissionMode,
};
use crate::protocol::sandbox::SandboxState;
use crate::tools::{Again, Asker, DynTool, Prepared, ToolError};

impl Agent {
    fn decide(&self, effects: &[Effect]) -> PermissionDecision {
        let settings = &self.parts.settings;
        self.decide_as(settings.mode, settings.safe, effects)
    }

    /// What the user does by hand needs no answer; only deny rules hold.
    pub(super) fn decide_by_hand(&self, effects: &[Effect]) -> PermissionDecision {
        self.decide_as(PermissionMode::Bypass, false, effects)
    }

    fn decide_as(
        &self,
        mode: PermissionMode,
        safe: bool,
        effects: &[Effect],
    ) -> PermissionDecision {
        let services = &self.parts.services;
        let rules = services.rules.rules();
        let runs = services.sandbox
            && effects
                .iter()
                .any(|effect| matches!(effect, Effect::Exec(_) | Effect::Input { .. }));
        let basis = permission::Basis {
            mode,
            safe,
            place: permission::Place {
                root: services.workspace.root(),
                home: services.env.home(),
            },
            rules: &rules,
            grants: &self.grants,
            // Only where it matters: finding out runs a command, once.
            confined: runs && sandbox::state() == SandboxState::Full,
            exposed: runs && matches!(sandbox::state(), SandboxState::None(_)),
        };
        permission::decide(&basis, effects)
    }

    /// What the gate says about a command, in words, and how it is understood.
    pub fn judge_command(&self, line: &str) -> (String, permission::command::Analysis) {
        let services = &self.parts.services;
        let place = permission::Place {
            root: services.workspace.root(),
            home: services.env.home(),
        };
        let decision = self.decide(&[Effect::Exec(line.to_string())]);
        (
            permission::explain::verdict(&decision),
            permission::command::analyse(&place, line),
        )
    }

    /// How a call asks the user something; nothing where nobody can answer.
    pub(super) fn asker(&self, call_id: &str) -> Asker {
        let (authority, call_id) = (self.parts.authority.clone(), call_id.to_string());
        Arc::new(move |title, preview| {
            let (authority, call_id) = (authority.clone(), call_id.clone());
            Box::pin(async move {
                if !authority.is_person() {
                    return None;
                }
                let request = AskRequest {
                    id: 0,
                    call_id,
                    title,
                    question: None,
                    preview,
                    why: String::new(),
                    effects: Vec::new(),
                    session: Vec::new(),
                    always: Vec::new(),
                };
                Some(authority.ask(request).await)
            })
        })
    }

    pub(super) fn runs_freely(&self, effects: &[Effect]) -> bool {
        matches!(self.decide(effects), PermissionDecision::Allow { .. })
    }

    /// Asks the gate, and the authority where the gate says so. `stopped`: the call was
    /// made before and seems to have failed in the sandbox.
    pub(super) async fn permit(
        &mut self,
        call: Call<'_>,
        tool: &dyn DynTool,
        prepared: &Prepared,
        stopped: Option<&Again>,
        cancel: &CancellationToken,
    ) -> Result<(), Box<Finished>> {
        let finished = |error| {
            Box::new(Finished {
                call_id: call.id.into(),
                title: prepared.title.clone(),
                result: Err(error),
            })
        };
        let (why, effects, session, always) = match self.decide(&prepared.effects) {
            PermissionDecision::Allow { by_user, .. } => {
                if by_user {
                    prepared.approval.give();
                }
                return Ok(());
            }
            PermissionDecision::Deny { why } => {
                let words = format!("denied: {why}");
                return Err(finished(denied(why, words)));
            }
            PermissionDecision::Ask {
                why,
                effects,
                session,
                always,
            } => (why, effects, session, always),
        };
        let request = AskRequest {
            id: 0,
            call_id: call.id.to_string(),
            title: prepared.title.clone(),
            question: match stopped {
                Some(again) => Some(again.question.to_string()),
                None => beyond_sandbox(&prepared.effects).map(str::to_string),
            },
            preview: tool.preview(call.arguments, &self.tool_cx(call.id, cancel)),
            why: match stopped {
                Some(again) => format!("the sandbox stopped it: {}; {why}", again.said),
                None => why.clone(),
            },
            effects,
            session: session.clone(),
            always: always.clone(),
        };
        let authority = self.parts.authority.clone();
        let answer = tokio::select! {
            biased;
            () = cancel.cancelled() => None,
            answer = authority.ask(request) => Some(answer),
        };
        let Some(answer) = answer else {
            let words = "The user stopped the turn before this ran.";
            return Err(finished(ToolError::Stopped(words.into())));
        };
        self.record(EntryKind::Decision {
            call_id: call.id.to_string(),
            title: prepared.title.clone(),
            answer: answer.clone(),
        });
        self.settle(answer, &why, session, &always)
            .map_err(finished)?;
        prepared.approval.give();
        Ok(())
    }

    /// Keeps what an answer grants beyond this one call; the error says no.
    fn settle(
        &mut self,
        answer: Answer,
        why: &str,
        session: Vec<Grant>,
        always: &[Grant],
    ) -> Result<(), ToolError> {
        match answer {
            Answer::Once => {}
            Answer::Session => self.grants.extend(session),
            Answer::Always => {
                // The session at least holds it when the file cannot be written.
                self.grants.extend(session);
                if let Err(error) = self.parts.services.rules.remember(always) {
                    self.notice(
                        NoticeLevel::Error,
                        format!("the rule is not saved: {error}; it holds for this session"),
                    );
                }
            }
            Answer::No { message } if !self.parts.authority.is_person() => {
                let words = format!("denied: {why}; nobody can be asked");
                return Err(denied(format!("{why}; {message}"), words));
            }
            Answer::No { message } if message.is_empty() => {
                let reason = format!("the user said no ({why})");
                return Err(denied(reason, "denied by you".to_string()));
            }
            // Only questions of the model get a reply; it never means yes.
            Answer::No { message } | Answer::Reply { text: message } => {
                let words = format!("denied by you: {message}");
                return Err(denied(format!("the user said no: {message}"), words));
            }
        }
        Ok(())
    }
}

fn denied(reason: String, words: String) -> ToolError {
    ToolError::Denied { reason, words }
}

/// The question about a command that leaves the sandbox: what matters most is never out
/// of sight.
fn beyond_sandbox(effects: &[Effect]) -> Option<&'static str> {
    effects.iter().find_map(|effect| match effect {
        Effect::Unconfined(_) => Some("Run this without the sandbox?"),
        Effect::Network(_) => Some("Run this with the network open?"),
        _ => None,
    })
}

//! The status as front ends see it, kept up to date by the events passing through.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::agent::Agent;
use crate::protocol::event::{AgentEvent, Status, UiEvent};
use crate::protocol::model::ThinkingSetting;
use crate::stdx::text;

/// Sends events and keeps the status.
pub(super) struct Reporter {
    sink: Arc<dyn Fn(UiEvent) + Send + Sync>,
    status: Mutex<Status>,
}

impl Reporter {
    pub(super) fn new(sink: Arc<dyn Fn(UiEvent) + Send + Sync>) -> Self {
        Self {
            sink,
            status: Mutex::default(),
        }
    }

    fn status(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The status as it is.
    pub(super) fn current(&self) -> Status {
        self.status().clone()
    }

    /// Sends an event.
    pub(super) fn send(&self, event: UiEvent) {
        (self.sink)(event);
    }

    /// Sends an agent's event; usage also changes the status.
    pub(super) fn agent_event(&self, event: AgentEvent) {
        if let AgentEvent::Usage {
            context_used,
            usage,
            cost,
        } = &event
        {
            let (context_used, usage, cost) = (*context_used, *usage, *cost);
            self.update(|status| {
                status.context_used = context_used;
                status.usage = usage;
                status.cost = cost;
            });
        }
        if let AgentEvent::Mode { mode } = &event {
            let mode = *mode;
            self.update(|status| status.mode = mode);
        }
        if let AgentEvent::UserMessage { text } = &event {
            // A message that was delivered waits no longer.
            self.update(|status| {
                if let Some(at) = status.queued.iter().position(|queued| queued == text) {
                    status.queued.remove(at);
                }
            });
        }
        self.send(UiEvent::main(event));
    }

    /// Changes the status and sends it, when anything did change.
    pub(super) fn update(&self, change: impl FnOnce(&mut Status)) {
        let mut status = self.status();
        let before = status.clone();
        change(&mut status);
        if *status != before {
            let event = UiEvent::Status(Box::new(status.clone()));
            drop(status);
            self.send(event);
        }
    }

    /// Brings the status in line with the agent between turns.
    pub(super) fn follow(&self, agent: &Agent) {
        let (settings, model) = (agent.settings(), agent.model());
        let conversation = agent.session().conversation();
        self.update(|status| {
            status.session = agent.session().id().to_string();
            status.title = conversation.title.clone();
            status.provider = settings.provider.clone();
            status.model = model.id.clone();
            status.mode = settings.mode;
            status.safe = settings.safe;
            status.thinking = thinking_words(settings.thinking);
            status.context_used = conversation.context_used;
            status.context_window = model.context;
            status.usage = conversation.usage;
            status.cost = conversation.cost;
        });
    }

    /// The closing summary; empty when nothing was spent and nothing is saved.
    pub(super) fn summary(&self, saved: bool) -> String {
        let status = self.status();
        let spent = (status.usage != Default::default()).then(|| {
            format!(
                "{} in{} · {} out · {}",
                text::count(status.usage.prompt()),
                status
                    .usage
                    .cached_percent()
                    .map(|p| format!(", {p}% cached"))
                    .unwrap_or_default(),
                text::count(status.usage.output),
                status.cost,
            )
        });
        let resume = saved.then(|| format!("resume with: sofos -r {}", status.session));
        let parts: Vec<String> = spent.into_iter().chain(resume).collect();
        parts.join("\n\n")
    }
}

/// The thinking setting in words.
pub(super) fn thinking_words(setting: ThinkingSetting) -> String {
    match setting {
        ThinkingSetting {
            enabled: Some(false),
            ..
        } => "no thinking".to_string(),
        ThinkingSetting {
            effort: Some(effort),
            ..
        } => effort.as_str().to_string(),
        ThinkingSetting {
            budget: Some(budget),
            ..
        } => text::count(budget),
        ThinkingSetting {
            enabled: Some(true),
            ..
        } => "thinking".to_string(),
        ThinkingSetting { enabled: None, .. } => "default".to_string(),
    }
}

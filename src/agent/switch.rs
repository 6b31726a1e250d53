//! Which model answers: switching it, falling back to another, what it may cost.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Agent;
use crate::protocol::entry::EntryKind;
use crate::protocol::event::{NoticeLevel, TurnOutcome};
use crate::protocol::model::ModelInfo;
use crate::provider::{Failure, FailureKind, Provider, models, registry};

/// Longest wait for what a server on this machine says of its model.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// What a session may spend.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Budget {
    /// Dollars of the whole session.
    pub max_cost: Option<f64>,
    /// Answers of the model in one turn.
    pub max_turns: Option<u64>,
    /// How long one turn may take.
    pub max_time: Option<Duration>,
}

/// Models for what is not the conversation itself, and for when its own model is
/// out of reach; each named as `vendor/model`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roles {
    /// Writes the account of a conversation that is compacted.
    pub compact: Option<String>,
    /// Names sessions; without it the first message does.
    pub title: Option<String>,
    /// Merges sketches of edits: a model of Morph.
    pub apply: Option<String>,
    /// Take over, in this order, while a vendor is overloaded or out of reach.
    pub fallback: Vec<String>,
}

impl Agent {
    /// Goes on with another model: a name as [`crate::provider::Access::resolve`]
    /// takes it. The conversation stays; it is converted with the next request. What
    /// the user should know comes back in words.
    ///
    /// # Errors
    /// When the vendor cannot be asked; the model in force stays.
    pub fn switch(&mut self, name: &str) -> Result<String, Failure> {
        let (provider, model) = self.open(name)?;
        let mut settings = self.parts.settings.clone();
        settings.provider = provider.id().to_string();
        settings.model.clone_from(&model.id);
        let words = format!(
            "model {} ({}) · {}",
            model.id,
            provider.id(),
            models::words(&model)
        );
        let effort = settings
            .thinking
            .effort
            .filter(|_| !model.efforts.is_empty());
        let effort = effort.and_then(|wanted| {
            let near = model
                .nearest_effort(wanted)
                .filter(|near| *near != wanted)?;
            Some(format!(
                " · effort {} is {} here",
                wanted.as_str(),
                near.as_str()
            ))
        });
        self.parts.settings = settings;
        self.parts.provider = provider;
        self.parts.model = model;
        self.substitute = None;
        self.warm();
        Ok(words + effort.as_deref().unwrap_or_default())
    }

    /// A vendor and model by name, ready to be asked.
    pub(super) fn open(&self, name: &str) -> Result<(Arc<dyn Provider>, Arc<ModelInfo>), Failure> {
        let access = &self.parts.services.access;
        let (row, id) = match registry::info(self.parts.provider.id()) {
            Some(current) => access.resolve(current, name),
            None => return Err(no_model(name)),
        };
        if id.is_empty() {
            return Err(no_model(&format!("{}/NAME", row.id)));
        }
        let provider = access.open(row.id)?;
        Ok((provider, Arc::new(models::lookup(row.id, id))))
    }

    /// Who writes the account when the conversation is compacted: the model set for
    /// it where it can be asked, else the conversation's own.
    pub(super) fn compactor(&self) -> (Arc<dyn Provider>, Arc<ModelInfo>) {
        let own = || (self.parts.provider.clone(), self.parts.model.clone());
        match self
            .parts
            .roles
            .compact
            .as_deref()
            .map(|name| self.open(name))
        {
            Some(Ok(found)) => found,
            Some(Err(failure)) => {
                tracing::warn!(message = %failure.message, "the model for compaction");
                own()
            }
            None => own(),
        }
    }

    /// Goes on with the next declared model when the vendor is overloaded or out of
    /// reach; false when there is none.
    pub(super) fn fall_back(&mut self, failure: &Failure, tried: &mut usize) -> bool {
        let outage = matches!(
            failure.kind,
            FailureKind::Overloaded | FailureKind::RateLimit | FailureKind::Network
        );
        while outage && *tried < self.parts.roles.fallback.len() {
            let name = self.parts.roles.fallback[*tried].clone();
            *tried += 1;
            match self.switch(&name) {
                Ok(words) => {
                    self.notice(
                        NoticeLevel::Warning,
                        format!("{}. Going on with {words}", failure.message),
                    );
                    let settings = self.parts.settings.clone();
                    self.record(EntryKind::Settings { settings });
                    return true;
                }
                Err(error) => self.notice(NoticeLevel::Warning, error.message),
            }
        }
        false
    }

    /// Takes over what a server on this machine says of a model that the catalogue does
    /// not know: its window, and whether it sees. Asked before the first request.
    pub(super) async fn learn_model(&mut self, cancel: &CancellationToken) {
        let model = self.parts.model.clone();
        let local = registry::info(&model.provider).is_some_and(|row| row.local);
        if !local || !model.assumed || self.described.as_ref() == Some(&model.id) {
            return;
        }
        let provider = self.parts.provider.clone();
        let asked = tokio::time::timeout(PATIENCE, provider.abilities(&model.id));
        let answer = tokio::select! {
            answer = asked => answer,
            () = cancel.cancelled() => return,
        };
        let Ok(Some(abilities)) = answer else {
            return;
        };
        self.described = Some(model.id.clone());
        if abilities.tools == Some(false) {
            let id = &model.id;
            let words = format!("{id} is not made for calling tools: it may answer without acting");
            self.notice(NoticeLevel::Warning, words);
        }
        self.parts.model = Arc::new(abilities.of(&model));
    }

    /// Tells once when another model answered than the one that was asked.
    pub(super) fn note_substitute(&mut self, answered: &str) {
        let asked = self.parts.model.id.as_str();
        let local = registry::info(self.parts.provider.id()).is_some_and(|row| row.local);
        if local || answered.is_empty() || same_model(asked, answered) {
            return;
        }
        if self.substitute.as_deref() == Some(answered) {
            return;
        }
        self.notice(
            NoticeLevel::Warning,
            format!("{answered} answered in place of {asked}; it is costed at its own rates"),
        );
        self.substitute = Some(answered.to_string());
    }

    /// Sets what the session may spend.
    pub fn set_budget(&mut self, budget: Budget) {
        self.parts.budget = budget;
    }

    /// What the session may spend.
    pub fn budget(&self) -> Budget {
        self.parts.budget
    }

    /// Whether the budget is used up, before another request; `answers` were given in
    /// this turn, which has taken so long.
    pub(super) fn over_budget(&self, answers: u64, elapsed: Duration) -> Option<TurnOutcome> {
        let Budget {
            max_cost,
            max_turns,
            max_time,
        } = self.parts.budget;
        let spent = self.parts.session.conversation().cost;
        let message = match (max_cost, max_turns) {
            (Some(limit), _) if spent.usd >= limit => format!(
                "stopped: the budget of {} is used up ({spent} spent). /budget USD or --max-cost \
                 raises it",
                crate::stdx::text::dollars(limit)
            ),
            (_, Some(limit)) if answers >= limit => format!(
                "stopped after {} of the model (--max-turns); send \"continue\" to go on",
                crate::stdx::text::plural(usize::try_from(limit).unwrap_or(usize::MAX), "answer")
            ),
            _ => match max_time {
                Some(limit) if elapsed >= limit => format!(
                    "stopped after {} (--max-time); send \"continue\" to go on",
                    crate::stdx::text::duration(elapsed.as_millis() as u64)
                ),
                _ => return None,
            },
        };
        Some(TurnOutcome::Limit { message })
    }
}

fn no_model(name: &str) -> Failure {
    Failure {
        kind: FailureKind::NotFound,
        message: format!("no model is named; use /model {name}"),
    }
}

/// Whether two ids name one model: a date, a tag or the maker's name may differ.
fn same_model(asked: &str, answered: &str) -> bool {
    let bare = |id: &str| {
        let id = id.rsplit('/').next().unwrap_or(id).to_ascii_lowercase();
        id.replace(['.', ':', '@', '_'], "-")
    };
    let (asked, answered) = (bare(asked), bare(answered));
    asked.starts_with(&answered)
        || models::is_form_of(&answered, &asked)
        || asked.ends_with("-latest")
        || asked == "default"
}

#[cfg(test)]
mod tests {
    use super::same_model;

    #[test]
    fn forms_of_a_name_are_one_model() {
        for (asked, answered, same) in [
            ("claude-sonnet-5-5", "claude-sonnet-5-5-20261020", true),
            ("anthropic/claude-sonnet-5.5", "claude-sonnet-5-5", true),
            ("gpt-6.1-sol", "gpt-6.1-sol-2026-09-30", true),
            ("mistral-medium-latest", "mistral-medium-3.5", true),
            ("gemini-3.8-flash", "gemini-3.8-flash", true),
            ("claude-fable-5-1", "claude-opus-5-5", false),
            ("gpt-6-astra", "gpt-6-luna", false),
        ] {
            assert_eq!(same_model(asked, answered), same, "{asked} {answered}");
        }
    }
}

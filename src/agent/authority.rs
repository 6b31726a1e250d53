//! Who answers when the permission decision is "ask".

use std::sync::Arc;

use super::Events;
use super::control::TurnControl;
use crate::protocol::event::AgentEvent;
use crate::protocol::permission::{Answer, AskRequest};
use crate::tools::BoxFuture;

/// Answers questions about calls.
pub trait Authority: Send + Sync {
    /// The answer to a question (its `id` is the authority's to set).
    fn ask(&self, request: AskRequest) -> BoxFuture<'_, Answer>;

    /// Whether its answers are a person's.
    fn is_person(&self) -> bool;
}

/// Asks the person at the front end and waits.
pub struct Interactive {
    /// Where the answer comes from.
    pub control: Arc<TurnControl>,
    /// Where the question goes.
    pub events: Events,
}

impl Authority for Interactive {
    fn ask(&self, mut request: AskRequest) -> BoxFuture<'_, Answer> {
        Box::pin(async move {
            let (id, answer) = self.control.open_ask();
            request.id = id;
            (self.events)(AgentEvent::Asked {
                ask: Box::new(request),
            });
            // A closed channel means that nobody will answer any more.
            let answer = answer.await.unwrap_or(Answer::No {
                message: String::new(),
            });
            (self.events)(AgentEvent::AskClosed { id });
            answer
        })
    }

    fn is_person(&self) -> bool {
        true
    }
}

/// Nobody is there: every question is a no.
pub struct Refuse;

impl Authority for Refuse {
    fn ask(&self, _request: AskRequest) -> BoxFuture<'_, Answer> {
        Box::pin(async {
            Answer::No {
                message: "nobody can be asked in this run. Find a way that needs no permission, \
                          or finish and say what is left for the user to do."
                    .to_string(),
            }
        })
    }

    fn is_person(&self) -> bool {
        false
    }
}

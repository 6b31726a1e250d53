//! Naming a session, by a model that the user set for it.

use std::collections::HashMap;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Agent;
use super::compact::summary::answer_of;
use crate::protocol::entry::{Aside, EntryKind};
use crate::protocol::message::{ContentBlock, Message};
use crate::protocol::model::ThinkingSetting;
use crate::provider::{ModelRequest, price};
use crate::stdx::text;

const PROMPT: &str = "Name the conversation in at most six words, in the user's language. \
                      Answer with the name alone: no quotes, no full stop.";

/// Longest wait for a name: the next message may be waiting.
const PATIENCE: Duration = Duration::from_secs(10);

/// What of the message, and of the answer, the model sees, in characters.
const EXCERPT: usize = 2_000;

/// Longest name, in characters.
const LONGEST: usize = 60;

impl Agent {
    /// Names the session after its first turn, where a model is set for that. Until
    /// then, and when nothing comes of it, the first message is its name.
    pub(super) async fn name_session(&mut self, cancel: &CancellationToken) {
        let Some(name) = self.parts.roles.title.clone() else {
            return;
        };
        let Some(excerpt) = self.first_turn() else {
            return;
        };
        let (provider, model) = match self.open(&name) {
            Ok(found) => found,
            Err(failure) => {
                tracing::warn!(message = %failure.message, "the model for titles");
                return;
            }
        };
        let request = ModelRequest {
            model: model.clone(),
            system: PROMPT.into(),
            tools: std::sync::Arc::from([]),
            messages: vec![Message::User {
                id: "title".to_string(),
                content: vec![ContentBlock::text(excerpt)],
            }],
            images: HashMap::new(),
            max_tokens: model.max_output.min(1_000),
            thinking: ThinkingSetting {
                enabled: Some(false),
                ..ThinkingSetting::default()
            },
            cache_key: format!("{}-title", self.parts.session.id()),
            web_search: false,
        };
        let stream = provider.stream(request, cancel.clone());
        let written = answer_of(stream, model.id.clone());
        let Ok(Ok((title, by, usage))) = tokio::time::timeout(PATIENCE, written).await else {
            return;
        };
        self.record(EntryKind::Usage {
            model: by,
            usage,
            cost: price::cost(&model, &usage),
            compaction: false,
            aside: Some(Aside::Title),
            broke: None,
        });
        let title = title.trim().trim_matches(['"', '\'', '.', '*', '#', ' ']);
        if !title.is_empty() {
            let title = text::one_line(title, LONGEST);
            self.record(EntryKind::Title { title });
        }
        self.report_usage();
    }

    /// What was said in the first turn; nothing later, or when the session was named.
    fn first_turn(&self) -> Option<String> {
        let conversation = self.parts.session.conversation();
        let mut said = conversation.messages.iter().filter_map(|message| {
            let Message::User { content, .. } = message else {
                return None;
            };
            content.iter().find_map(ContentBlock::as_text)
        });
        let (asked, more) = (said.next()?, said.next());
        let usual = text::one_line(asked, LONGEST);
        if more.is_some() || conversation.title.as_deref() != Some(&usual) {
            return None;
        }
        let answer = conversation.messages.iter().rev().find_map(|message| {
            let Message::Assistant(message) = message else {
                return None;
            };
            message.content.iter().find_map(ContentBlock::as_text)
        });
        let cut = |text: &str| text.chars().take(EXCERPT).collect::<String>();
        Some(format!("User: {}\n\nAnswer: {}", cut(asked), cut(answer?)))
    }
}

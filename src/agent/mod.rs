//! The loop: one conversation, one model, tools behind one gate.
//!
//! [`Agent::run_turn`] is the only loop there is; chat, one-shot runs and
//! whatever comes later call it. [`dispatch`] is the only way to a tool.

mod authority;
mod control;
mod dispatch;
mod prompt;
mod repeats;
mod response;
mod turn;

use std::path::PathBuf;
use std::sync::Arc;

pub use authority::{Authority, Interactive, Refuse};
pub use control::TurnControl;
pub use prompt::{DEFAULT_MAX_TOKENS, fixed_overhead};

use crate::exec::Env;
use crate::protocol::entry::{EntryKind, Settings};
use crate::protocol::event::{AgentEvent, NoticeLevel};
use crate::protocol::message::Message;
use crate::protocol::model::ModelInfo;
use crate::protocol::permission::Grant;
use crate::provider::Provider;
use crate::session::{Session, SessionError};
use crate::stdx::blob::BlobStore;
use crate::stdx::ids;
use crate::tools::{BUILTIN, DynTool};
use crate::workspace::Workspace;

/// Where an agent's events go.
pub type Events = Arc<dyn Fn(AgentEvent) + Send + Sync>;

/// What agents share.
pub struct Services {
    /// The files.
    pub workspace: Arc<Workspace>,
    /// What commands inherit of the environment, and the home directory.
    pub env: Arc<Env>,
    /// Images of the conversation.
    pub blobs: BlobStore,
    /// Directory for outputs too long for the model.
    pub outputs: PathBuf,
}

/// One conversation with one model. Owned by one task.
pub struct Agent {
    session: Session,
    settings: Settings,
    model: Arc<ModelInfo>,
    provider: Arc<dyn Provider>,
    services: Arc<Services>,
    authority: Arc<dyn Authority>,
    control: Arc<TurnControl>,
    events: Events,
    /// What the user allowed for this session.
    grants: Vec<Grant>,
    /// The user was told that the log cannot be written.
    told_unsaved: bool,
}

impl Agent {
    /// An agent for a session, new or resumed.
    pub fn new(
        session: Session,
        settings: Settings,
        model: Arc<ModelInfo>,
        provider: Arc<dyn Provider>,
        services: Arc<Services>,
        authority: Arc<dyn Authority>,
        control: Arc<TurnControl>,
        events: Events,
    ) -> Self {
        Self {
            session,
            settings,
            model,
            provider,
            services,
            authority,
            control,
            events,
            grants: Vec::new(),
            told_unsaved: false,
        }
    }

    /// The session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Settings in force.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The model in use.
    pub fn model(&self) -> &ModelInfo {
        &self.model
    }

    /// Changes settings; they hold from the next request on and are logged with
    /// the next message.
    pub fn set_settings(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// Gives the conversation up for another session (new or resumed).
    pub fn replace_session(&mut self, session: Session) {
        self.session = session;
        self.grants.clear();
        self.told_unsaved = false;
    }

    /// Saves what is not saved yet.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn save(&mut self) -> Result<(), SessionError> {
        self.session.sync()
    }

    /// Sets up the connection while the user still types.
    pub fn warm(&self) {
        let provider = self.provider.clone();
        std::thread::spawn(move || provider.warm());
    }

    /// The tools that exist for the model now.
    fn tools(&self) -> impl Iterator<Item = &'static dyn DynTool> {
        let safe = self.settings.safe;
        BUILTIN
            .iter()
            .copied()
            .filter(move |tool| !safe || tool.read_only())
    }

    fn emit(&self, event: AgentEvent) {
        (self.events)(event);
    }

    fn notice(&self, level: NoticeLevel, text: impl Into<String>) {
        self.emit(AgentEvent::Notice {
            level,
            text: text.into(),
        });
    }

    /// Logs an entry. A disk that refuses does not end the turn: the user is told
    /// once, and the entry is written as soon as the disk takes it.
    fn record(&mut self, kind: EntryKind) {
        let result = self.session.append(kind);
        self.tell_unsaved(result);
    }

    fn record_message(&mut self, message: Message) {
        self.record(EntryKind::Message { message });
    }

    fn sync(&mut self) {
        let result = self.session.sync();
        self.tell_unsaved(result);
    }

    fn tell_unsaved(&mut self, result: Result<(), SessionError>) {
        match result {
            Ok(()) => self.told_unsaved = false,
            Err(error) if !std::mem::replace(&mut self.told_unsaved, true) => self.notice(
                NoticeLevel::Error,
                format!(
                    "the session is not being saved: {error}. The turn goes on; what is missing \
                     is written as soon as the disk takes it."
                ),
            ),
            Err(_) => {}
        }
    }
}

/// A fresh message id.
fn message_id() -> String {
    ids::random(10)
}

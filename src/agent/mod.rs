//! The loop: one conversation, one model, tools behind one gate.
//!
//! [`Agent::run_turn`] is the only loop there is; chat, one-shot runs and
//! whatever comes later call it. [`dispatch`] is the only way to a tool.

mod again;
mod authority;
mod changes;
mod compact;
mod control;
mod dispatch;
mod gauge;
mod images;
mod input;
mod instructions;
mod ledger;
mod mcp;
mod permit;
mod prompt;
mod repeats;
mod response;
mod results;
mod single;
mod switch;
mod taker;
mod title;
mod turn;
mod undo;

use std::path::PathBuf;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, OnceLock};

pub use authority::{Authority, Interactive, Refuse};
pub use control::TurnControl;
pub use input::BY_HAND;
pub use ledger::{Break, ByModel, Ledger, Part, Share, ledger};
pub use mcp::ServerPrompt;
pub use prompt::{DEFAULT_MAX_TOKENS, fixed_overhead, overhead_by_wire};
pub use switch::{Budget, Roles};
pub use taker::Taker;
pub use undo::{ChangedFiles, Obstructed, RewindPoint, RewindWhat, TakeBackError, TakenBack, list};

use self::gauge::Gauge;
use self::mcp::Offered;
use crate::exec::Env;
use crate::mcp::Hub;
use crate::memory::Places;
use crate::permission::RuleBook;
use crate::protocol::entry::{EntryKind, Settings};
use crate::protocol::event::{AgentEvent, NoticeLevel};
use crate::protocol::message::Message;
use crate::protocol::model::{ModelInfo, WebSearch};
use crate::protocol::permission::{Grant, PermissionMode};
use crate::provider::{Access, Provider, registry};
use crate::session::{Session, SessionError};
use crate::stdx::blob::BlobStore;
use crate::stdx::ids;
use crate::tools::jobs::Jobs;
use crate::tools::mcp::ServerTool;
use crate::tools::morph::Morph;
use crate::tools::web::Web;
use crate::tools::{BUILTIN, FOR_SERVERS, MORPH, WEB_SEARCH};
use crate::workspace::Workspace;
use crate::workspace::checkpoint::{Begun, Checkpoints, Ended};
use tokio::task::JoinHandle;

/// Where an agent's events go.
pub type Events = Arc<dyn Fn(AgentEvent) + Send + Sync>;

/// What agents share.
pub struct Services {
    /// The files.
    pub workspace: Arc<Workspace>,
    /// What calls changed, to take it back.
    pub undo: Checkpoints,
    /// What commands inherit of the environment, and the home directory.
    pub env: Arc<Env>,
    /// What the user allowed, denied, or wants to be asked about.
    pub rules: Arc<RuleBook>,
    /// Keys and addresses of vendors.
    pub access: Arc<Access>,
    /// Images of the conversation.
    pub blobs: BlobStore,
    /// Directory for outputs too long for the model.
    pub outputs: PathBuf,
    /// Commands run in the system's sandbox, where there is one.
    pub sandbox: bool,
    /// Where instruction files lie.
    pub memory: Places,
    /// Running commands.
    pub jobs: Arc<Jobs>,
    /// The web.
    pub web: Arc<Web>,
    /// Morph, where there is a key.
    pub morph: Option<Arc<Morph>>,
    /// MCP servers.
    pub mcp: Arc<Hub>,
}

/// What an agent is made of.
pub struct Parts {
    /// The conversation, new or resumed.
    pub session: Session,
    /// Settings in force.
    pub settings: Settings,
    /// The conversation is compacted at this share of the window, in percent.
    pub compact_at: u8,
    /// Who searches the web.
    pub web_search: WebSearch,
    /// The model.
    pub model: Arc<ModelInfo>,
    /// Who answers.
    pub provider: Arc<dyn Provider>,
    /// Models for other work than the conversation itself.
    pub roles: Roles,
    /// What the session may spend.
    pub budget: Budget,
    /// What agents share.
    pub services: Arc<Services>,
    /// Who answers questions about calls.
    pub authority: Arc<dyn Authority>,
    /// How a running turn is reached.
    pub control: Arc<TurnControl>,
    /// Where events go.
    pub events: Events,
}

/// One conversation with one model. Owned by one task.
pub struct Agent {
    parts: Parts,
    /// What the user allowed for this session.
    grants: Vec<Grant>,
    /// What the user does not want to run again with more freedom: arguments.
    not_again: Vec<String>,
    /// The user was told that the log cannot be written.
    told_unsaved: bool,
    /// The user was told that changes cannot be taken back.
    told_no_undo: bool,
    /// The session was just opened: changes cut off by a crash are to be looked for.
    unrecovered: bool,
    /// The first look at the tree.
    warming: Option<JoinHandle<()>>,
    /// The look at what the last command changed.
    ending: Option<JoinHandle<Result<Ended, String>>>,
    /// The tree as it was when commands in the background began to be watched.
    job_watch: Option<Begun>,
    /// Commands ran in the background when the last call that changed something ended.
    jobs_ran: bool,
    /// Images that the last request left out.
    images_left_out: AtomicUsize,
    /// Images that the last answered request left out.
    images_were_out: Option<usize>,
    /// The model that answered in place of the one in force, once told.
    substitute: Option<String>,
    /// What estimates of tokens are corrected by.
    gauge: Gauge,
    /// The model that its server was asked about.
    described: Option<String>,
    /// What an approved plan is carried out in.
    mode_before_plan: PermissionMode,
    /// Tools of MCP servers that are declared as they are: the same for the whole
    /// session, whatever the servers say later.
    declared: OnceLock<Vec<Arc<ServerTool>>>,
    /// What goes with the next message of the user.
    to_attach: Vec<String>,
}

impl Agent {
    /// An agent for a session, new or resumed.
    pub fn new(parts: Parts) -> Self {
        Self {
            parts,
            grants: Vec::new(),
            not_again: Vec::new(),
            told_unsaved: false,
            substitute: None,
            gauge: Gauge::default(),
            described: None,
            images_left_out: AtomicUsize::new(0),
            images_were_out: None,
            job_watch: None,
            declared: OnceLock::new(),
            to_attach: Vec::new(),
            jobs_ran: false,
            mode_before_plan: PermissionMode::Default,
            told_no_undo: false,
            unrecovered: true,
            warming: None,
            ending: None,
        }
    }

    /// The session.
    pub fn session(&self) -> &Session {
        &self.parts.session
    }

    /// Settings in force.
    pub fn settings(&self) -> &Settings {
        &self.parts.settings
    }

    /// The rules of the user.
    pub fn rules(&self) -> &RuleBook {
        &self.parts.services.rules
    }

    /// Where instruction files lie.
    pub fn memory(&self) -> &Places {
        &self.parts.services.memory
    }

    /// Whether commands run in the system's sandbox, where there is one.
    pub fn is_sandboxed(&self) -> bool {
        self.parts.services.sandbox
    }

    /// The model in use.
    pub fn model(&self) -> &ModelInfo {
        &self.parts.model
    }

    /// Keys and addresses of vendors.
    pub fn access(&self) -> &Arc<Access> {
        &self.parts.services.access
    }

    /// Where tokens and money of the session went.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn ledger(&mut self) -> Result<Ledger, SessionError> {
        let root = self.parts.services.workspace.root().display().to_string();
        let (_, tools) = fixed_overhead(&root);
        Ok(ledger::ledger(&self.parts.session.entries()?, tools))
    }

    /// Changes settings; they hold from the next request on and are logged with
    /// the next message.
    pub fn set_settings(&mut self, settings: Settings) {
        let old = self.parts.settings.mode;
        if settings.mode == PermissionMode::Plan && old != PermissionMode::Plan {
            self.mode_before_plan = old;
        }
        self.parts.settings = settings;
    }

    /// Begins plan mode, or goes back to the mode before it.
    fn set_planning(&mut self, on: bool) {
        let mode = match on {
            true => PermissionMode::Plan,
            false => self.mode_before_plan,
        };
        let mut settings = self.parts.settings.clone();
        settings.mode = mode;
        self.set_settings(settings.clone());
        self.record(EntryKind::Settings { settings });
        self.emit(AgentEvent::Mode { mode });
    }

    /// Gives the conversation up for another session (new or resumed).
    pub fn replace_session(&mut self, session: Session) {
        self.parts.services.jobs.stop(None);
        self.parts.session = session;
        self.grants.clear();
        self.declared = OnceLock::new();
        self.told_unsaved = false;
        self.unrecovered = true;
    }

    /// Names the session.
    pub fn rename(&mut self, title: String) {
        self.record(EntryKind::Title { title });
    }

    /// Saves what is not saved yet.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn save(&mut self) -> Result<(), SessionError> {
        self.parts.session.sync()
    }

    /// Sets up the connection while the user still types.
    pub fn warm(&self) {
        let provider = self.parts.provider.clone();
        std::thread::spawn(move || provider.warm());
    }

    /// Whether the vendor itself searches the web.
    fn searches_natively(&self) -> bool {
        let wanted = matches!(self.parts.web_search, WebSearch::Auto | WebSearch::Native);
        wanted && registry::searches(&self.parts.model)
    }

    /// The tools that exist for the model now.
    fn tools(&self) -> impl Iterator<Item = Offered> {
        let safe = self.parts.settings.safe;
        let servers = !safe && !self.parts.services.mcp.is_empty();
        let for_servers = FOR_SERVERS.iter().filter(move |_| servers).copied();
        let declared = self.declared().iter().filter(move |_| servers).cloned();
        let morph = self.parts.services.morph.is_some();
        let search = match self.parts.web_search {
            WebSearch::Auto => !self.searches_natively(),
            WebSearch::DuckDuckGo => true,
            WebSearch::Native | WebSearch::Off => false,
        };
        BUILTIN
            .iter()
            .copied()
            .filter(move |tool| !safe || tool.read_only())
            .filter(move |tool| search || tool.name() != WEB_SEARCH)
            .filter(move |tool| morph || tool.name() != MORPH)
            .chain(for_servers)
            .map(Offered::Own)
            .chain(declared.map(Offered::Server))
    }

    fn emit(&self, event: AgentEvent) {
        (self.parts.events)(event);
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
        let result = self.parts.session.append(kind);
        self.tell_unsaved(result);
    }

    fn record_all(&mut self, kinds: Vec<EntryKind>) {
        let result = self.parts.session.append_all(kinds);
        self.tell_unsaved(result);
    }

    fn record_message(&mut self, message: Message) {
        self.record(EntryKind::Message { message });
    }

    fn sync(&mut self) {
        let result = self.parts.session.sync();
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

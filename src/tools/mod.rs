//! What the model can call. One file a tool, its description beside it as `.md`;
//! adding one is a file, a `mod` line and a row of [`BUILTIN`].
//!
//! A tool states its effects before it runs; it never asks for permission, never
//! prints, and never decides what is allowed: that is the gate's job
//! (`agent::dispatch`).

mod apply_patch;
mod ask_user;
mod bash_job;
mod common;
mod copy_file;
mod create_directory;
mod create_file;
mod delete_directory;
mod delete_file;
mod edit_file;
mod execute_bash;
mod find_tools;
mod glob_files;
pub mod jobs;
mod list_directory;
pub mod mcp;
pub mod morph;
mod morph_edit_file;
mod move_file;
mod notebook_edit;
pub mod output;
pub mod plan_mode;
mod read_file;
pub mod schema;
mod search_code;
mod update_plan;
pub mod web;
mod web_fetch;
mod web_search;
mod write_file;

#[cfg(test)]
#[path = "testing_tests.rs"]
pub(crate) mod testing;

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use crate::exec::Env;
use crate::mcp::Hub;
use crate::protocol::message::ContentBlock;
use crate::protocol::permission::{Answer, Effect, PermissionMode, Preview};
use crate::protocol::tool::{PlanItem, ToolBody, ToolSpec, ToolTitle};
use crate::protocol::usage::{Cost, Usage};
use crate::workspace::Workspace;

/// A boxed future that can move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Receives live output of a running call, cleaned for the terminal.
pub type Progress = Arc<dyn Fn(&str) + Send + Sync>;

/// Puts a question of the model to the user; nothing when nobody can be asked.
pub type Asker =
    Arc<dyn Fn(ToolTitle, Preview) -> BoxFuture<'static, Option<Answer>> + Send + Sync>;

/// Lists the files and directories that the user's rules close to reading; the error
/// says why that cannot be done.
pub type Unreadable = Arc<dyn Fn() -> Result<Vec<PathBuf>, String> + Send + Sync>;

/// What a running call may use.
#[derive(Clone)]
pub struct ToolCx {
    /// The files.
    pub workspace: Arc<Workspace>,
    /// Fires when the user stops the turn; a tool ends within 200 ms of it.
    pub cancel: CancellationToken,
    /// Where live output goes.
    pub progress: Progress,
    /// The call's id, for naming files that belong to it.
    pub call_id: String,
    /// The environment of commands, and the home directory.
    pub env: Arc<Env>,
    /// Directory for outputs too long for the model (created on demand).
    pub outputs: PathBuf,
    /// Commands run in the system's sandbox, where there is one.
    pub sandbox: bool,
    /// The web.
    pub web: Arc<web::Web>,
    /// Whether somebody answered for the call.
    pub approval: Approval,
    /// Running commands.
    pub jobs: Arc<jobs::Jobs>,
    /// Morph, where there is a key.
    pub morph: Option<Arc<morph::Morph>>,
    /// Lists what rules close to reading.
    pub unreadable: Unreadable,
    /// Asks the user.
    pub ask: Asker,
    /// What may happen without asking.
    pub mode: PermissionMode,
    /// MCP servers.
    pub mcp: Arc<Hub>,
    /// What the gate allowed, once the call runs: the paths that it resolves have to
    /// be among it.
    pub judged: Option<Arc<[Effect]>>,
}

/// Whether a call runs by an explicit word of the user (an answer, a rule, bypass
/// mode) and not by sofos' own judgement. Set by the gate before the call runs.
#[derive(Debug, Clone, Default)]
pub struct Approval(Arc<AtomicBool>);

impl Approval {
    /// The user allowed the call.
    pub fn give(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether the user allowed the call.
    pub fn is_given(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// For the model: what was wrong and what to do instead.
    #[error("{0}")]
    ToModel(String),
    /// The user or a rule said no.
    #[error("Denied: {reason}")]
    Denied {
        /// For the model: why, and what it may do instead.
        reason: String,
        /// For the user: who said no, and why.
        words: String,
    },
    /// The user stopped it; the text is what it had done by then.
    #[error("{0}")]
    Stopped(String),
}

impl ToolError {
    /// An error for the model.
    pub fn model(text: impl Into<String>) -> Self {
        Self::ToModel(text.into())
    }
}

/// What a call produced.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ToolOutput {
    /// For the model. Text is never empty, and bounded by the tool itself (about
    /// 30 KB, a page of a file up to 50 KB): it needs no further cut.
    pub content: Vec<ContentBlock>,
    /// Images for the model, to be stored and shown after `content`: media type and bytes.
    pub images: Vec<(String, Vec<u8>)>,
    /// It ran, but did not do what was asked (e.g. a command's exit code was not 0).
    pub is_error: bool,
    /// For the user: short, e.g. `7 matches, 3 files`; may be empty.
    pub outcome: String,
    /// For the user: what stands below the tool line.
    pub body: ToolBody,
    /// A new plan, when the call set one.
    pub plan: Option<Vec<PlanItem>>,
    /// Plan mode begins (true) or ends, when the call says so.
    pub planning: Option<bool>,
    /// What another model took that the call asked.
    pub spent: Option<Spent>,
    /// The same call with more freedom, when it seems to have failed for want of it.
    pub again: Option<Again>,
}

/// A call that the sandbox seems to have stopped, as it could be made once more.
#[derive(Debug, Clone, PartialEq)]
pub struct Again {
    /// Its arguments, which ask for more; the gate judges them like any others.
    pub arguments: String,
    /// What the user is asked.
    pub question: &'static str,
    /// What the program said when it was stopped: one line.
    pub said: String,
}

/// What a model took that a tool asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Spent {
    /// Its id.
    pub model: String,
    /// Tokens.
    pub usage: Usage,
    /// Cost at its rates.
    pub cost: Cost,
}

impl ToolOutput {
    /// A plain text result with an outcome for the user.
    pub fn text(text: impl Into<String>, outcome: impl Into<String>) -> Self {
        Self {
            content: vec![ContentBlock::text(text)],
            outcome: outcome.into(),
            ..Self::default()
        }
    }
}

/// One built-in tool.
pub trait Tool: Send + Sync + 'static {
    /// Its arguments; the schema the model sees is derived from this type.
    type Args: DeserializeOwned + schemars::JsonSchema + Send + 'static;
    /// Name on the wire.
    const NAME: &'static str;
    /// What the model reads.
    const DESCRIPTION: &'static str;
    /// Looks at the workspace and nothing else: exists in safe mode too.
    const READ_ONLY: bool;

    /// Verb and object for the tool line.
    fn title(args: &Self::Args, cx: &ToolCx) -> ToolTitle;

    /// Everything the call would do, with resolved paths.
    ///
    /// # Errors
    /// When an argument makes no sense (e.g. a path that cannot be resolved).
    fn effects(args: &Self::Args, cx: &ToolCx) -> Result<Vec<Effect>, ToolError>;

    /// What the user sees when asked about the call.
    fn preview(_args: &Self::Args, _cx: &ToolCx) -> Preview {
        Preview::None
    }

    /// Runs the call. Only called after the gate allowed the effects.
    fn run(
        args: Self::Args,
        cx: ToolCx,
    ) -> impl Future<Output = Result<ToolOutput, ToolError>> + Send + 'static;
}

/// A call whose arguments were parsed; `run` has not been polled yet.
pub struct Prepared {
    /// Verb and object for the tool line.
    pub title: ToolTitle,
    /// What it would do.
    pub effects: Vec<Effect>,
    /// To be given when the user allowed it.
    pub approval: Approval,
    /// The work.
    pub run: BoxFuture<'static, Result<ToolOutput, ToolError>>,
}

/// A tool with its argument type erased.
pub trait DynTool: Send + Sync {
    /// Name on the wire.
    fn name(&self) -> &str;
    /// Name, description and schema as offered to the model.
    fn spec(&self) -> ToolSpec;
    /// Looks at the workspace and nothing else: exists in safe mode too.
    fn read_only(&self) -> bool;
    /// Parses the raw JSON arguments (coercing harmless type slips by schema) and
    /// works out the effects.
    ///
    /// # Errors
    /// A text that tells the model which argument is wrong and how to mend it.
    fn prepare(&self, arguments: &str, cx: &ToolCx) -> Result<Prepared, ToolError>;
    /// What the user sees when asked about a call that [`DynTool::prepare`]
    /// accepted. Apart from it because most calls are never asked about and a
    /// preview may read files.
    fn preview(&self, arguments: &str, cx: &ToolCx) -> Preview;
}

/// Erases a [`Tool`].
struct Erased<T>(std::marker::PhantomData<fn() -> T>);

impl<T: Tool> Erased<T> {
    const fn new() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<T: Tool> DynTool for Erased<T> {
    fn name(&self) -> &str {
        T::NAME
    }

    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: T::NAME.to_string(),
            description: T::DESCRIPTION.trim().to_string(),
            schema: schema::of::<T::Args>(),
        }
    }

    fn read_only(&self) -> bool {
        T::READ_ONLY
    }

    fn prepare(&self, arguments: &str, cx: &ToolCx) -> Result<Prepared, ToolError> {
        let args: T::Args = schema::parse(T::NAME, arguments)?;
        let effects = T::effects(&args, cx)?;
        let (judged, cx) = (effects.clone(), cx.clone());
        Ok(Prepared {
            title: T::title(&args, &cx),
            effects,
            approval: cx.approval.clone(),
            run: Box::pin(async move {
                // A link may have been changed while the call waited for an answer.
                let cx = ToolCx {
                    judged: Some(judged.as_slice().into()),
                    ..cx
                };
                if T::effects(&args, &cx)? != judged {
                    return Err(ToolError::model(format!(
                        "{}: the path leads elsewhere now than when it was judged; nothing was done",
                        T::NAME
                    )));
                }
                T::run(args, cx).await
            }),
        })
    }

    fn preview(&self, arguments: &str, cx: &ToolCx) -> Preview {
        schema::parse(T::NAME, arguments).map_or(Preview::None, |args| T::preview(&args, cx))
    }
}

/// Name of the search tool, which steps aside where the vendor has its own.
pub const WEB_SEARCH: &str = "web_search";
/// Name of the tool that is only offered where there is a key for it.
pub const MORPH: &str = "morph_edit_file";

/// Every built-in tool, in the order the model sees them.
pub static BUILTIN: &[&dyn DynTool] = &[
    &Erased::<read_file::ReadFile>::new(),
    &Erased::<list_directory::ListDirectory>::new(),
    &Erased::<glob_files::GlobFiles>::new(),
    &Erased::<search_code::SearchCode>::new(),
    &Erased::<edit_file::EditFile>::new(),
    &Erased::<apply_patch::ApplyPatch>::new(),
    &Erased::<morph_edit_file::MorphEditFile>::new(),
    &Erased::<create_file::CreateFile>::new(),
    &Erased::<write_file::WriteFile>::new(),
    &Erased::<notebook_edit::NotebookEdit>::new(),
    &Erased::<create_directory::CreateDirectory>::new(),
    &Erased::<move_file::MoveFile>::new(),
    &Erased::<copy_file::CopyFile>::new(),
    &Erased::<delete_file::DeleteFile>::new(),
    &Erased::<delete_directory::DeleteDirectory>::new(),
    &Erased::<execute_bash::ExecuteBash>::new(),
    &Erased::<bash_job::BashJob>::new(),
    &Erased::<web_fetch::WebFetch>::new(),
    &Erased::<web_search::WebSearch>::new(),
    &Erased::<update_plan::UpdatePlan>::new(),
    &Erased::<ask_user::AskUser>::new(),
    &Erased::<plan_mode::Enter>::new(),
    &Erased::<plan_mode::Exit>::new(),
];

/// What is offered beside the built-in tools where there are MCP servers.
pub static FOR_SERVERS: &[&dyn DynTool] = &[&Erased::<find_tools::FindTools>::new(), &mcp::McpCall];

#[cfg(all(test, unix))]
#[path = "bash_tests.rs"]
mod bash_tests;
#[cfg(test)]
#[path = "change_tests.rs"]
mod change_tests;
#[cfg(test)]
mod corpus_tests;
#[cfg(test)]
#[path = "look_tests.rs"]
mod look_tests;
#[cfg(test)]
#[path = "mod_tests.rs"]
mod tests;

//! How the worker is made from what the start found out.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedReceiver;

use super::super::commands::Panel;
use super::super::own::OwnCommands;
use super::super::queue::Queue;
use super::super::servers::Servers;
use super::super::status::Reporter;
use super::super::{ReplError, Setup};
use super::Worker;
use crate::agent::{Agent, Authority, Events, Interactive, Parts, Refuse, Services, TurnControl};
use crate::memory::Places;
use crate::protocol::command::Command;
use crate::protocol::event::{AgentEvent, NoticeLevel, UiEvent};
use crate::session::Store;
use crate::stdx::blob::BlobStore;
use crate::tools::jobs::{JobNews, Jobs};
use crate::tools::morph::Morph;
use crate::tools::web::Web;
use crate::workspace::Workspace;
use crate::workspace::checkpoint::Checkpoints;

impl Worker {
    /// # Errors
    /// When the workspace cannot be opened.
    pub(in crate::repl) fn new(
        setup: Setup,
        sink: Arc<dyn Fn(UiEvent) + Send + Sync>,
        commands: UnboundedReceiver<Command>,
    ) -> Result<Self, ReplError> {
        let Setup {
            paths,
            env,
            settings,
            model,
            provider,
            access,
            roles,
            budget,
            session,
            warnings,
            interactive,
            status_command,
            notify_command,
            sandbox,
            compact_at,
            rules,
            web_search,
            mcp,
            mcp_secrets,
            scrollback,
        } = setup;
        let mcp_panel = Panel::new(paths.clone(), mcp_secrets);
        let cwd = paths.workspace.display().to_string();
        let workspace =
            Workspace::open(&paths.workspace).map_err(|source| ReplError::Workspace {
                path: cwd.clone(),
                source,
            })?;
        let reporter = Arc::new(Reporter::new(sink));
        let control = Arc::new(TurnControl::default());
        let events: Events = {
            let reporter = reporter.clone();
            Arc::new(move |event| reporter.agent_event(event))
        };
        let jobs = {
            let reporter = reporter.clone();
            Arc::new(Jobs::new(move |news| match news {
                JobNews::Running(count) => reporter.update(|status| status.jobs = count),
                JobNews::Ended(text) => reporter.agent_event(AgentEvent::Notice {
                    level: NoticeLevel::Info,
                    text,
                }),
            }))
        };
        let authority: Arc<dyn Authority> = if interactive {
            Arc::new(Interactive {
                control: control.clone(),
                events: events.clone(),
            })
        } else {
            Arc::new(Refuse)
        };
        let own = OwnCommands {
            status: status_command,
            notify: notify_command,
            cwd: paths.workspace.clone(),
            env: env.clone(),
            ran: None,
        };
        let services = Arc::new(Services {
            undo: Checkpoints::new(
                workspace.root().to_path_buf(),
                paths.undo(),
                paths.user_home.as_deref(),
            ),
            memory: Places {
                workspace: workspace.root().to_path_buf(),
                home: paths.user_home.clone(),
                own: paths.home.clone(),
            },
            workspace: Arc::new(workspace),
            web: Arc::new(Web::new(&env)),
            morph: Morph::new(&access, roles.apply.as_deref()).map(Arc::new),
            env,
            rules,
            access,
            blobs: BlobStore::new(paths.blobs()),
            outputs: paths.outputs(),
            sandbox,
            jobs: jobs.clone(),
            mcp: mcp.clone(),
        });
        let queue = Queue::new(control.clone(), reporter.clone());
        let agent = Agent::new(Parts {
            session,
            settings,
            compact_at,
            web_search,
            model,
            provider,
            roles,
            budget,
            services,
            authority,
            control: control.clone(),
            events,
        });
        Ok(Self {
            agent,
            store: Store::new(paths.sessions()),
            cwd,
            reporter,
            control,
            commands,
            queue,
            warnings,
            interactive,
            own,
            earlier: None,
            job: None,
            servers: Servers::default(),
            jobs,
            to_remember: None,
            home: paths.home.display().to_string(),
            mcp,
            mcp_panel,
            scrollback,
        })
    }
}

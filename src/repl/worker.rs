//! The worker: hears commands, runs turns, keeps the queue.

mod build;

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedReceiver;

use super::commands::{self, Flow};
use super::own::OwnCommands;
use super::queue::Queue;
use super::replay::{self, Earlier};
use super::servers::{Found, Servers};
use super::signals;
use super::status::Reporter;
use crate::agent::{Agent, ServerPrompt, TurnControl};
use crate::mcp::Hub;
use crate::protocol::command::{Command, UserInput};
use crate::protocol::entry::Settings;
use crate::protocol::event::{AgentEvent, NoticeLevel, UiEvent};
use crate::protocol::message::Message;
use crate::protocol::permission::PermissionMode;
use crate::session::{Session, SessionError, Store};
use crate::tools::jobs::Jobs;

/// When model servers are looked for: the start has better things to do.
const LOOK_AFTER: std::time::Duration = std::time::Duration::from_secs(1);

/// When new MCP servers are started, for the same reason.
const SERVERS_AFTER: std::time::Duration = std::time::Duration::from_millis(300);
/// How long a run without a terminal waits for them.
const SERVERS_AWAITED: std::time::Duration = std::time::Duration::from_secs(5);

/// The state behind the channel.
pub(super) struct Worker {
    pub(super) agent: Agent,
    pub(super) store: Store,
    pub(super) cwd: String,
    pub(super) reporter: Arc<Reporter>,
    control: Arc<TurnControl>,
    commands: UnboundedReceiver<Command>,
    queue: Queue,
    warnings: Vec<String>,
    interactive: bool,
    own: OwnCommands,
    /// What resuming did not show again.
    earlier: Option<Earlier>,
    /// What a slash command asked for that takes a while and can be stopped.
    pub(super) job: Option<Job>,
    /// Model servers on this machine.
    servers: Servers,
    /// Commands that run.
    pub(super) jobs: Arc<Jobs>,
    /// MCP servers.
    pub(super) mcp: Arc<Hub>,
    /// What `/mcp` works with.
    pub(super) mcp_panel: commands::Panel,
    /// sofos' own directory of the user.
    pub(super) home: String,
    /// How finished lines reach the scrollback, in words.
    pub(super) scrollback: String,
    /// A message that waits for the user to say where it is to be remembered.
    pub(super) to_remember: Option<String>,
}

/// What keeps the worker busy; the user can stop it.
pub(super) enum Job {
    /// A turn for a message.
    Turn(UserInput),
    /// A compaction; what its summary should dwell on.
    Compact(String),
    /// A command line of the user's own hand.
    Command(String),
    /// A prompt of an MCP server.
    Prompt(ServerPrompt),
}

impl Worker {
    /// Runs until shutdown, or until nobody is left to give commands.
    pub(super) async fn run(mut self) {
        if !self.interactive {
            signals::listen(self.control.clone());
        } else {
            self.agent.warm();
            let (servers, access) = (self.servers.clone(), self.agent.access().clone());
            tokio::spawn(async move {
                tokio::time::sleep(LOOK_AFTER).await;
                servers.look(&access);
            });
        }
        self.announce();
        self.own.refresh(&self.reporter);
        self.start_servers().await;
        for warning in std::mem::take(&mut self.warnings) {
            self.notice(NoticeLevel::Warning, warning);
        }
        while !self.queue.ending() {
            self.agent.recover_changes().await;
            let flow = match self.next().await {
                None => Flow::Exit,
                Some(Command::Submit { text, images })
                    if self.interactive && images.is_empty() && memory_line(&text).is_some() =>
                {
                    commands::remember(&mut self, text);
                    Flow::GoOn
                }
                Some(Command::Submit { text, images }) => {
                    let job = match command_line(&text).filter(|_| self.interactive) {
                        Some(line) => Job::Command(line.to_string()),
                        None => Job::Turn(UserInput { text, images }),
                    };
                    self.work(job).await
                }
                Some(Command::Slash { line }) => match (self.slash(&line), self.job.take()) {
                    (Flow::GoOn, Some(job)) => self.work(job).await,
                    (flow, _) => flow,
                },
                Some(Command::Secret { purpose, secret }) => {
                    commands::store_secret(&mut self, &purpose, &secret);
                    Flow::GoOn
                }
                Some(Command::Call {
                    id,
                    tool,
                    arguments,
                }) => {
                    let (text, failed) = self.agent.call_tool(&tool, &arguments).await;
                    self.reporter.send(UiEvent::Called { id, text, failed });
                    Flow::GoOn
                }
                Some(Command::Shutdown) => Flow::Exit,
                Some(Command::Notify { message }) => {
                    self.own.notify(message);
                    Flow::GoOn
                }
                Some(Command::Earlier) => {
                    tell_earlier(&mut self.earlier, &self.reporter);
                    Flow::GoOn
                }
                // Nothing runs: nothing to stop, answer or take back.
                Some(
                    Command::Interrupt
                    | Command::Background
                    | Command::Answer { .. }
                    | Command::ClearQueue
                    | Command::EditQueued,
                ) => Flow::GoOn,
            };
            if flow == Flow::Exit {
                break;
            }
        }
        self.jobs.end().await;
        self.finish();
        self.mcp.shut_down().await;
    }

    /// Gets to know the MCP servers that are new: in a terminal once the prompt is
    /// there, else before the first request, which should know their tools.
    async fn start_servers(&self) {
        if self.interactive {
            self.tell_prompts();
        }
        if self.mcp.is_empty() {
            return;
        }
        if self.interactive {
            let mcp = self.mcp.clone();
            tokio::spawn(async move {
                tokio::time::sleep(SERVERS_AFTER).await;
                mcp.start();
            });
            return;
        }
        self.mcp.start();
        let late = self.mcp.settle(SERVERS_AWAITED).await;
        if !late.is_empty() {
            let names = late.join(", ");
            let words = format!("not waiting any longer for the MCP servers: {names}");
            self.notice(NoticeLevel::Warning, words);
        }
    }

    /// Tells which prompts MCP servers have, now and whenever that changes.
    fn tell_prompts(&self) {
        let (mcp, reporter) = (self.mcp.clone(), self.reporter.clone());
        tokio::spawn(async move {
            let mut changes = mcp.changes();
            let mut told = Vec::new();
            loop {
                let commands = commands::server_prompt::commands(&mcp);
                if commands != told {
                    told.clone_from(&commands);
                    reporter.send(UiEvent::Commands { commands });
                }
                if changes.changed().await.is_err() {
                    return;
                }
            }
        });
    }

    /// Asks the model servers on this machine what they have, in the background.
    pub(super) fn look_for_servers(&self) {
        self.servers.look(self.agent.access());
    }

    /// What the model servers on this machine have, as far as they have answered.
    pub(super) fn servers(&self) -> std::sync::MutexGuard<'_, Found> {
        self.servers.found()
    }

    /// What waits from the last turn, else the next command.
    async fn next(&mut self) -> Option<Command> {
        match self.queue.pop() {
            Some(command) => Some(command),
            None => self.commands.recv().await,
        }
    }

    /// Shows the session that is open now.
    fn announce(&mut self) {
        let conversation = self.agent.session().conversation();
        let resumed = !conversation.messages.is_empty();
        let id = self.agent.session().id().to_string();
        self.reporter.send(UiEvent::SessionReplaced { id, resumed });
        self.reporter.follow(&self.agent);
        if resumed && self.interactive {
            let log = self.store.path(self.agent.session().id());
            self.earlier = Earlier::of(conversation, log);
            for event in replay::events(conversation) {
                self.reporter.agent_event(event);
            }
        }
    }

    /// Does what takes a while, hearing commands meanwhile.
    async fn work(&mut self, job: Job) -> Flow {
        self.reporter.update(|status| status.busy = true);
        let Self {
            agent,
            commands,
            queue,
            reporter,
            jobs,
            own,
            earlier,
            ..
        } = self;
        {
            let mut work = std::pin::pin!(async {
                match job {
                    Job::Turn(input) => drop(agent.run_turn(input).await),
                    Job::Compact(focus) => agent.compact_now(&focus).await,
                    Job::Command(line) => agent.run_by_hand(&line).await,
                    Job::Prompt(prompt) => agent.run_prompt(prompt).await,
                }
            });
            let mut hearing = true;
            loop {
                tokio::select! {
                    biased;
                    command = commands.recv(), if hearing => match command {
                        Some(Command::Background) => {
                            jobs.to_background();
                        }
                        Some(Command::Slash { line })
                            if commands::answer_jobs(jobs, reporter, &line) => {}
                        Some(Command::Notify { message }) => own.notify(message),
                        Some(Command::Earlier) => tell_earlier(earlier, reporter),
                        Some(command) => queue.hear(command),
                        None => {
                            // The front end is gone: end as if asked to.
                            hearing = false;
                            queue.end();
                        }
                    },
                    () = &mut work => break,
                }
            }
        }
        self.queue.take_unsteered();
        self.reporter.follow(&self.agent);
        self.own.refresh(&self.reporter);
        self.reporter.update(|status| status.busy = false);
        self.queue.show();
        Flow::GoOn
    }

    fn slash(&mut self, line: &str) -> Flow {
        let flow = commands::run(self, line);
        self.reporter.follow(&self.agent);
        flow
    }

    /// Opens another session in place of this one.
    pub(super) fn resume(&mut self, wanted: &str) -> Flow {
        match self.open(wanted) {
            Ok(warnings) => {
                self.announce();
                for warning in warnings {
                    self.notice(NoticeLevel::Warning, warning);
                }
            }
            Err(error) => self.notice(NoticeLevel::Error, error.to_string()),
        }
        Flow::GoOn
    }

    fn open(&mut self, wanted: &str) -> Result<Vec<String>, SessionError> {
        let id = self.store.find(wanted)?;
        if id == self.agent.session().id() {
            return Ok(vec!["this session is open already".to_string()]);
        }
        self.agent.save()?;
        let (session, mut warnings) = Session::open(&self.store, &id)?;
        warnings.extend(session.moved(&self.cwd));
        if let Some(saved) = session.conversation().settings.clone() {
            let (settings, words) = stricter(self.agent.settings(), &saved);
            warnings.extend(words);
            self.agent.set_settings(settings);
        }
        self.agent.replace_session(session);
        Ok(warnings)
    }

    /// Starts an empty session.
    pub(super) fn clear(&mut self) {
        if let Err(error) = self.agent.save() {
            self.notice(NoticeLevel::Error, error.to_string());
        }
        self.agent
            .replace_session(Session::create(&self.store, &self.cwd));
        self.announce();
    }

    pub(super) fn notice(&self, level: NoticeLevel, text: impl Into<String>) {
        self.reporter.agent_event(AgentEvent::Notice {
            level,
            text: text.into(),
        });
    }

    fn finish(&mut self) {
        let saved = match self.agent.save() {
            Ok(()) => {
                let messages = &self.agent.session().conversation().messages;
                let said = |message: &Message| matches!(message, Message::User { .. });
                messages.iter().any(said)
            }
            Err(error) => {
                self.notice(NoticeLevel::Error, error.to_string());
                false
            }
        };
        self.reporter.send(UiEvent::Exit {
            summary: self.reporter.summary(saved),
        });
    }
}

/// The settings a session goes on with when it is opened in the place of another:
/// those in force, or its own where they allow less; and what is different, in words.
fn stricter(now: &Settings, saved: &Settings) -> (Settings, Vec<String>) {
    let rank = |mode| {
        PermissionMode::ALL
            .iter()
            .position(|(other, _)| *other == mode)
    };
    let strictness = |mode| match mode {
        PermissionMode::Plan => None,
        mode => rank(mode),
    };
    let mut settings = now.clone();
    let mut words = Vec::new();
    if strictness(saved.mode) < strictness(now.mode) {
        settings.mode = saved.mode;
        words.push(format!(
            "mode {} again, as in this session",
            saved.mode.as_str()
        ));
    } else if saved.mode != now.mode {
        words.push(format!(
            "this session was held in mode {}; it goes on in {}",
            saved.mode.as_str(),
            now.mode.as_str()
        ));
    }
    if saved.safe && !now.safe {
        settings.safe = true;
        words.push("safe mode again, as in this session; /n leaves it".to_string());
    }
    if !saved.model.is_empty() && saved.model != now.model {
        words.push(format!(
            "this session was held with {}; it goes on with {}",
            saved.model, now.model
        ));
    }
    (settings, words)
}

/// Reads what resuming did not show, once, beside everything else.
fn tell_earlier(earlier: &mut Option<Earlier>, reporter: &Arc<Reporter>) {
    let Some(earlier) = earlier.take() else {
        return;
    };
    let reporter = reporter.clone();
    tokio::task::spawn_blocking(move || match earlier.events() {
        Ok(events) => reporter.send(UiEvent::Earlier { events }),
        Err(error) => reporter.agent_event(AgentEvent::Notice {
            level: NoticeLevel::Warning,
            text: error.to_string(),
        }),
    });
}

/// What a message that begins with `#` wants to be remembered.
pub(super) fn memory_line(text: &str) -> Option<&str> {
    let line = text.strip_prefix('#')?.trim();
    (!line.is_empty() && !line.contains('\n') && !line.starts_with('#')).then_some(line)
}

/// The command of a message that begins with `!`.
pub(super) fn command_line(text: &str) -> Option<&str> {
    let line = text.strip_prefix('!')?.trim();
    (!line.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_session_is_never_less_restricted() {
        let with = |mode, safe| Settings {
            mode,
            safe,
            model: "m".into(),
            ..Settings::default()
        };
        use PermissionMode::{AcceptEdits, Bypass, Default, Plan};
        for (now, saved, wanted) in [
            (Default, Bypass, Default),
            (Bypass, Default, Default),
            (AcceptEdits, Plan, Plan),
            (Plan, Bypass, Plan),
            (AcceptEdits, AcceptEdits, AcceptEdits),
        ] {
            let (settings, words) = stricter(&with(now, false), &with(saved, true));
            assert_eq!((settings.mode, settings.safe), (wanted, true));
            assert_eq!(words.len(), 1 + usize::from(now != saved), "{words:?}");
        }
    }
}

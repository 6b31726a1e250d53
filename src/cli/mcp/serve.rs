//! `sofos mcp serve`: reading tools and whole tasks for other programs.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value, json};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::cli::run::{missing_key, setup};
use crate::cli::{Args, CliError, runtime, settings};
use crate::config::mcp::{McpServer, McpTransport};
use crate::config::{Config, Env, Paths};
use crate::mcp::serve::{Outcome, Served, Serves, serve};
use crate::protocol::command::Command;
use crate::protocol::event::{AgentEvent, TurnOutcome, UiEvent};
use crate::repl::{self, CommandSender, Setup};
use crate::session::{Session, Store};
use crate::tools::BUILTIN;

/// The tools that look and do nothing else.
const READING: [&str; 4] = ["list_directory", "read_file", "glob_files", "search_code"];
/// The tool that runs an agent.
const TASK: &str = "run_task";
const TASK_DOES: &str = "Runs a coding agent in the workspace until the task is done and returns \
                         its answer. It reads, edits and runs what its user's rules allow; what \
                         would need a question is refused. Say all it needs to know: it does not \
                         see this conversation.";
const INSTRUCTIONS: &str = "sofos works in one workspace, the directory it was started in. Paths \
                            are relative to it.";

/// Serves until the client leaves.
pub(in crate::cli) fn run(
    args: &Args,
    env: &Env,
    paths: &Paths,
    file: &Config,
) -> Result<u8, CliError> {
    let maker = Maker {
        args: args.clone(),
        env: env.clone(),
        paths: paths.clone(),
        file: file.clone(),
    };
    let work = Arc::new(Work {
        maker: Arc::new(maker),
        reader: Mutex::default(),
        waiting: Arc::default(),
        next: AtomicU64::new(1),
    });
    let runtime = runtime()?;
    let served = runtime.block_on(serve(work.clone(), INSTRUCTIONS));
    // The thread that reads stdin may still wait.
    runtime.shutdown_background();
    if let Some(reader) = work
        .reader
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()
    {
        // A worker that is gone needs no goodbye.
        let _ = reader.send(Command::Shutdown);
    }
    match served {
        Ok(()) => Ok(0),
        Err(error) => Err(CliError::Provider(error.to_string())),
    }
}

/// Makes what a worker starts with.
struct Maker {
    args: Args,
    env: Env,
    paths: Paths,
    file: Config,
}

impl Maker {
    fn make(&self, servers: bool) -> Result<Setup, String> {
        let mut file = self.file.clone();
        // A task must not start the program that serves it.
        let is_own = |server: &McpServer| match &server.transport {
            McpTransport::Stdio { args, .. } => args.ends_with(&["mcp".into(), "serve".into()]),
            McpTransport::Http { .. } => false,
        };
        file.mcp_servers.retain(|server| servers && !is_own(server));
        let words = |error: CliError| error.to_string();
        let mut args = self.args.clone();
        if !servers {
            // Who only reads asks no model: a vendor without a key stands in for one.
            args.provider = Some("ollama".to_string());
            args.model = Some("none".to_string());
        }
        let chosen = settings::choose(&args, &self.env, file, None).map_err(words)?;
        if let Some(words) = missing_key(&chosen).filter(|_| servers) {
            return Err(words);
        }
        let store = Store::new(self.paths.sessions());
        let session = Session::create(&store, &self.paths.workspace.display().to_string());
        let (env, paths) = (self.env.clone(), self.paths.clone());
        setup(env, paths, chosen, session, Vec::new(), false).map_err(words)
    }
}

type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<(String, bool)>>>>;

/// What is served.
struct Work {
    maker: Arc<Maker>,
    /// The worker that reads; started with the first call.
    reader: Mutex<Option<CommandSender>>,
    waiting: Waiting,
    next: AtomicU64,
}

impl Serves for Work {
    fn tools(&self) -> Vec<Served> {
        let reading = BUILTIN.iter().map(|tool| tool.spec());
        let reading = reading.filter(|spec| READING.contains(&spec.name.as_str()));
        let mut tools: Vec<Served> = reading
            .map(|spec| Served {
                name: spec.name,
                description: spec.description,
                schema: spec.schema.as_object().cloned().unwrap_or_default(),
                read_only: true,
            })
            .collect();
        let schema = json!({
            "type": "object",
            "properties": {"prompt": {"type": "string", "description": "The task"}},
            "required": ["prompt"],
            "additionalProperties": false,
        });
        tools.push(Served {
            name: TASK.to_string(),
            description: TASK_DOES.to_string(),
            schema: schema.as_object().cloned().unwrap_or_default(),
            read_only: false,
        });
        tools
    }

    fn call(&self, tool: &str, arguments: Map<String, Value>, stop: CancellationToken) -> Outcome {
        if tool == TASK {
            let prompt = arguments.get("prompt").and_then(Value::as_str);
            let prompt = prompt.unwrap_or_default().trim().to_string();
            let maker = self.maker.clone();
            return Box::pin(async move { task(&maker, prompt, stop).await });
        }
        let (sender, receiver) = oneshot::channel();
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let failed = |words: String| -> Outcome { Box::pin(async move { (words, true) }) };
        held(&self.waiting).insert(id, sender);
        let sent = self.reader().map(|reader| {
            reader.send(Command::Call {
                id,
                tool: tool.to_string(),
                arguments: Value::Object(arguments).to_string(),
            })
        });
        match sent {
            Ok(Ok(())) => Box::pin(async move {
                let gone = || ("the call came to no end".to_string(), true);
                receiver.await.unwrap_or_else(|_| gone())
            }),
            Ok(Err(_)) => failed("the worker has ended".to_string()),
            Err(words) => failed(words),
        }
    }
}

impl Work {
    fn reader(&self) -> Result<CommandSender, String> {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reader) = &*reader {
            return Ok(reader.clone());
        }
        let waiting = self.waiting.clone();
        let sink = move |event| match event {
            UiEvent::Called { id, text, failed } => {
                if let Some(sender) = held(&waiting).remove(&id) {
                    // Whoever gave the call up needs no result.
                    let _ = sender.send((text, failed));
                }
            }
            // Nobody is left to answer.
            UiEvent::Exit { .. } => held(&waiting).clear(),
            _ => {}
        };
        let handle = repl::spawn(self.maker.make(false)?, Box::new(sink));
        let commands = handle.map_err(|error| error.to_string())?.commands;
        *reader = Some(commands.clone());
        Ok(commands)
    }
}

fn held<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs one task to its end in a session of its own.
async fn task(maker: &Maker, prompt: String, stop: CancellationToken) -> (String, bool) {
    if prompt.is_empty() {
        return ("prompt is empty: say what to do".to_string(), true);
    }
    let (sender, receiver) = oneshot::channel();
    let told = Mutex::new(Told {
        text: String::new(),
        end: Some(sender),
    });
    let setup = match maker.make(true) {
        Ok(setup) => setup,
        Err(words) => return (words, true),
    };
    let handle = match repl::spawn(setup, Box::new(move |event| held(&told).hear(event))) {
        Ok(handle) => handle,
        Err(error) => return (error.to_string(), true),
    };
    // A worker that is gone says so with its last event.
    let _ = handle.commands.send(Command::Submit {
        text: prompt,
        images: Vec::new(),
    });
    let mut receiver = std::pin::pin!(receiver);
    let ended = tokio::select! {
        ended = &mut receiver => ended,
        () = stop.cancelled() => {
            let _ = handle.commands.send(Command::Interrupt);
            receiver.await
        }
    };
    let _ = handle.commands.send(Command::Shutdown);
    // Everything is saved when the worker has ended.
    let _ = tokio::task::spawn_blocking(move || handle.join()).await;
    ended.unwrap_or_else(|_| ("the task ended without an answer".to_string(), true))
}

/// What a task has said so far.
struct Told {
    text: String,
    end: Option<oneshot::Sender<(String, bool)>>,
}

impl Told {
    fn hear(&mut self, event: UiEvent) {
        let words = match event {
            UiEvent::Agent { inner, .. } => match inner {
                AgentEvent::TextDelta { text } => {
                    self.text.push_str(&text);
                    return;
                }
                // Text before a call is a remark, not the answer.
                AgentEvent::ToolStarted { .. } | AgentEvent::StreamRestarted { .. } => {
                    self.text.clear();
                    return;
                }
                AgentEvent::TurnFinished { summary } => match summary.outcome {
                    TurnOutcome::Finished { .. } => None,
                    TurnOutcome::Interrupted => Some("the task was stopped".to_string()),
                    TurnOutcome::Limit { message } | TurnOutcome::Failed { message } => {
                        Some(message)
                    }
                },
                _ => return,
            },
            UiEvent::Exit { summary } => Some(summary),
            _ => return,
        };
        let text = std::mem::take(&mut self.text).trim().to_string();
        let outcome = match (words, text.is_empty()) {
            (None, false) => (text, false),
            (None, true) => ("(the task ended without words)".to_string(), false),
            (Some(words), true) => (words, true),
            (Some(words), false) => (format!("{text}\n\n{words}"), true),
        };
        if let Some(end) = self.end.take() {
            // Whoever gave the call up needs no result.
            let _ = end.send(outcome);
        }
    }
}

//! The smallest front end: runs one prompt from a script and prints the worker's
//! events as JSON lines.
//!
//!     cargo run --example events -- examples/hello.jsonl "look around"

use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};

use sofos::agent::{Budget, Roles};
use sofos::config::{Env, Paths};
use sofos::protocol::command::Command;
use sofos::protocol::entry::Settings;
use sofos::protocol::event::{AgentEvent, UiEvent};
use sofos::provider::{self, ProviderConfig, models};
use sofos::repl::{self, Setup};
use sofos::session::{Session, Store};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Confined commands start this program again.
    sofos::exec::sandbox::entry();
    let mut args = std::env::args().skip(1);
    let script = args.next().ok_or("usage: events SCRIPT PROMPT")?;
    let text = args.next().ok_or("usage: events SCRIPT PROMPT")?;

    let env = Env::from_process();
    let paths = Paths::new(&std::env::current_dir()?, &env);
    let config = ProviderConfig {
        script: Some(PathBuf::from(script)),
        ..ProviderConfig::default()
    };
    let provider = provider::build("scripted", config).map_err(|failure| failure.message)?;
    let setup = Setup {
        env: Arc::new(sofos::exec::Env::default()),
        settings: Settings::default(),
        model: Arc::new(models::lookup("scripted", "script")),
        provider,
        access: Arc::default(),
        roles: Roles::default(),
        budget: Budget::default(),
        session: Session::create(&Store::new(paths.sessions()), display(&paths.workspace)),
        warnings: Vec::new(),
        interactive: false,
        status_command: None,
        notify_command: None,
        sandbox: true,
        compact_at: 80,
        rules: Arc::default(),
        web_search: Default::default(),
        mcp: sofos::mcp::Hub::none(),
        mcp_secrets: Arc::new(sofos::config::mcp::Secrets::new(&paths, &env)),
        scrollback: String::new(),
        paths,
    };

    let (sender, events) = mpsc::sync_channel(1024);
    let handle = repl::spawn(setup, Box::new(move |event| drop(sender.send(event))))?;
    handle.commands.send(Command::Submit {
        text,
        images: Vec::new(),
    })?;
    for event in events {
        let line = serde_json::to_string(&event)?;
        #[allow(clippy::print_stdout)]
        {
            println!("{line}");
        }
        match event {
            UiEvent::Agent {
                inner: AgentEvent::TurnFinished { .. },
                ..
            } => {
                handle.commands.send(Command::Shutdown)?;
            }
            UiEvent::Exit { .. } => break,
            _ => {}
        }
    }
    Ok(())
}

fn display(path: &Path) -> &str {
    path.to_str().unwrap_or(".")
}

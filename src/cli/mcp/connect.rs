//! Connecting from the shell: trying a server, logging in and out.

use std::io::{BufRead, IsTerminal};
use std::sync::Arc;

use serde_json::json;

use super::{Cx, shown};
use crate::cli::run::child_env;
use crate::cli::sessions::print;
use crate::cli::{CliError, FAILED, complain, runtime};
use crate::config::mcp::{McpServer, McpTransport};
use crate::exec::browse;
use crate::mcp::oauth::{self, Login, Step};
use crate::mcp::{Client, McpError, Secrets, Wiring, connect_once, expand};
use crate::stdx::text::{clean, one_line};

fn secrets(cx: &Cx<'_>) -> Secrets {
    let secrets = cx.secrets.clone();
    Arc::new(move |name| secrets.get(name))
}

fn wiring(cx: &Cx<'_>) -> Wiring {
    Wiring {
        cwd: cx.paths.workspace.clone(),
        env: Arc::new(child_env(cx.env)),
        secrets: secrets(cx),
        dir: cx.paths.mcp(),
        era: None,
        changed: Arc::new(|| {}),
    }
}

/// A server that may be connected.
fn usable<'a>(cx: &'a Cx<'_>, name: &str) -> Result<&'a McpServer, CliError> {
    match cx.find(name)? {
        (server, true) => Ok(server),
        (server, false) => Err(CliError::Usage(format!(
            "{name} comes with this workspace ({}) and is not trusted: `sofos trust` shows what \
             it would run, `sofos trust accept` accepts it",
            clean(&server.from)
        ))),
    }
}

/// `sofos mcp test`
pub(super) fn test(cx: &Cx<'_>, name: &str, as_json: bool) -> Result<u8, CliError> {
    let server = usable(cx, name)?;
    let tried = runtime()?.block_on(async {
        let client = connect_once(server, &wiring(cx)).await?;
        let tools = client.tools().await;
        let out = (client.protocol(), instructions(&client), tools);
        client.close().await;
        Ok::<_, McpError>(out)
    });
    let tried = tried.and_then(|(protocol, words, tools)| Ok((protocol, words, tools?)));
    match tried {
        Err(error) if as_json => {
            print(&format!(
                "{}\n",
                json!({"name": name, "ok": false, "error": error.to_string()})
            ))?;
            Ok(FAILED)
        }
        Err(error) => {
            complain(&error.to_string());
            Ok(FAILED)
        }
        Ok((protocol, _, tools)) if as_json => {
            let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
            let row = json!({"name": name, "ok": true, "protocol": protocol, "tools": names});
            print(&format!("{row}\n"))
        }
        Ok((protocol, words, tools)) => {
            let mut out = format!(
                "{name}: answers, protocol {protocol}, {}\n",
                crate::stdx::text::plural(tools.len(), "tool")
            );
            if let Some(words) = words {
                out.push_str(&format!("  says: {}\n", one_line(&words, 100)));
            }
            for tool in tools {
                let hidden = if server.offers(&tool.name) {
                    ""
                } else {
                    "  (not offered)"
                };
                out.push_str(&format!(
                    "  {:28} {}{hidden}\n",
                    tool.name,
                    one_line(&tool.description, 80)
                ));
            }
            print(&clean(&out))
        }
    }
}

fn instructions(client: &Client) -> Option<String> {
    client
        .instructions()
        .filter(|words| !words.trim().is_empty())
}

/// `sofos mcp login`
pub(super) fn login(cx: &Cx<'_>, name: &str, no_browser: bool) -> Result<u8, CliError> {
    let server = usable(cx, name)?;
    let display = cfg!(any(windows, target_os = "macos"))
        || cx.env.first(&["DISPLAY", "WAYLAND_DISPLAY"]).is_some();
    let tell = |step: Step<'_>| match step {
        Step::Open(address) => {
            eprintln!("open this address in a browser and allow sofos:\n\n{address}\n");
            if display && !no_browser && browse::open(address) {
                eprintln!("(a browser has been asked to open it)");
            }
            if std::io::stdin().is_terminal() {
                eprintln!(
                    "waiting. If the browser runs on another machine, paste the address it ends \
                     at (http://127.0.0.1…) here:"
                );
            }
        }
        Step::Odd => eprintln!("that is not the address of this login; it holds another state"),
    };
    let done = runtime()?.block_on(oauth::login(Login {
        server,
        dir: cx.paths.mcp(),
        secrets: secrets(cx),
        tell: &tell,
        pasted: Some(typed()),
    }));
    match done {
        Ok(()) => print(&format!(
            "{name}: logged in; tokens in {}\n",
            shown(&cx.paths.mcp())
        )),
        Err(error) => {
            complain(&error.to_string());
            Ok(FAILED)
        }
    }
}

/// Lines of standard input, read by a thread that nobody waits for.
fn typed() -> tokio::sync::mpsc::Receiver<String> {
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            if !line.trim().is_empty() && sender.blocking_send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

/// `sofos mcp logout`
pub(super) fn logout(cx: &Cx<'_>, name: &str) -> Result<u8, CliError> {
    let (server, _) = cx.find(name)?;
    let McpTransport::Http { url, .. } = &server.transport else {
        return Err(CliError::Usage(format!(
            "{name} is a process; it has no login"
        )));
    };
    let url = expand(url, &|name| cx.secrets.get(name)).map_err(|variable| {
        CliError::Usage(format!("{name} needs {variable}, which is not set"))
    })?;
    match oauth::logout(&cx.paths.mcp(), &url).map_err(CliError::Usage)? {
        true => print(&format!(
            "{name}: logged out; its tokens are forgotten here\n"
        )),
        false => print(&format!("{name}: there was no login\n")),
    }
}

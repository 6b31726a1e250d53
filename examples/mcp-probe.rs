//! A client for the official conformance suite of the Model Context Protocol, made of the
//! very parts that sofos uses: `conformance client --command target/debug/examples/mcp-probe`.
//!
//! The address of the suite's server is the last argument; `MCP_CONFORMANCE_SCENARIO` and
//! `MCP_CONFORMANCE_CONTEXT` say what to do there. Browsers are played: the address of a
//! login is followed at once.

#![allow(clippy::print_stderr)]

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use sofos::config::Layer;
use sofos::config::mcp::{McpServer, McpTransport};
use sofos::mcp::oauth::{self, Login, Step};
use sofos::mcp::{CallCx, Client, McpError, Wiring, connect_once};
use sofos::net::buffered::Buffered;

/// How often a login is tried.
const LOGINS: usize = 4;
/// The document that describes the suite's client.
const DOCUMENT: &str = "https://conformance-test.local/client-metadata.json";

fn main() -> ExitCode {
    let Some(url) = std::env::args().next_back() else {
        return ExitCode::FAILURE;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let Ok(runtime) = runtime else {
        return ExitCode::FAILURE;
    };
    match runtime.block_on(run(&url)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(url: &str) -> Result<(), McpError> {
    let scenario = std::env::var("MCP_CONFORMANCE_SCENARIO").unwrap_or_default();
    let context: Value = std::env::var("MCP_CONFORMANCE_CONTEXT")
        .ok()
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default();
    let dir = std::env::temp_dir().join(format!("mcp-probe-{}", std::process::id()));
    let transport = McpTransport::Http {
        url: url.to_string(),
        headers: BTreeMap::new(),
    };
    let mut server = McpServer::new("probe", transport, Layer::User);
    server.timeout = Duration::from_secs(20);
    let given = |name: &str| context[name].as_str().map(str::to_string);
    server.client_id = given("client_id").or_else(|| Some(DOCUMENT.to_string()));
    server.client_secret = given("client_secret");
    let wiring = Wiring {
        cwd: std::env::temp_dir(),
        env: Arc::default(),
        secrets: Arc::new(|_| None),
        dir: dir.clone(),
        era: None,
        changed: Arc::new(|| {}),
    };
    let mut result = Ok(());
    for _ in 0..LOGINS {
        result = talk(&server, &wiring, &scenario).await;
        if !matches!(result, Err(McpError::Login { .. })) {
            break;
        }
        if let Err(error) = log_in(&server, &wiring).await {
            result = Err(error);
            break;
        }
    }
    // Nothing of the run is of use to the next.
    let _ = std::fs::remove_dir_all(&dir);
    result
}

async fn log_in(server: &McpServer, wiring: &Wiring) -> Result<(), McpError> {
    oauth::login(Login {
        server,
        dir: wiring.dir.clone(),
        secrets: wiring.secrets.clone(),
        tell: &|step| {
            if let Step::Open(address) = step {
                let address = address.to_string();
                tokio::spawn(async move { follow(address).await });
            }
        },
        pasted: None,
    })
    .await
}

/// Does what a browser would.
async fn follow(mut address: String) {
    let client = Buffered::default();
    for _ in 0..5 {
        let Ok(request) = http::Request::get(&address).body(Vec::new()) else {
            return;
        };
        let sent = client.send(request, false, 1 << 20, Duration::from_secs(10));
        let Ok(answer) = sent.await else {
            return;
        };
        let next = answer.headers().get("location");
        let Some(next) = next.and_then(|next| next.to_str().ok()) else {
            return;
        };
        address = next.to_string();
    }
}

async fn talk(server: &McpServer, wiring: &Wiring, scenario: &str) -> Result<(), McpError> {
    let client = connect_once(server, wiring).await?;
    let done = act(&client, scenario).await;
    client.close().await;
    done
}

async fn act(client: &Client, scenario: &str) -> Result<(), McpError> {
    if scenario == "initialize" {
        return Ok(());
    }
    let tools = client.tools().await?;
    let call = |name: &str, arguments: Value| {
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        let name = name.to_string();
        async move { call(client, &name, arguments).await }
    };
    match scenario {
        "tools_call" => call("add_numbers", json!({"a": 5, "b": 3})).await,
        _ if scenario.starts_with("auth/") => match tools.first() {
            Some(tool) => call(&tool.name, json!({})).await,
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

async fn call(client: &Client, name: &str, arguments: Map<String, Value>) -> Result<(), McpError> {
    client
        .call(name, arguments, &CallCx::silent())
        .await
        .map(drop)
}

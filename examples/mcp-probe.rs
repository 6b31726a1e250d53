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
use sofos::mcp::{Asking, CallCx, Client, McpError, McpTool, Reply, Wiring, connect_once};
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
        result = talk(&server, &wiring, &scenario, &context).await;
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

async fn talk(
    server: &McpServer,
    wiring: &Wiring,
    scenario: &str,
    context: &Value,
) -> Result<(), McpError> {
    let client = connect_once(server, wiring).await?;
    let done = act(&client, scenario, context).await;
    client.close().await;
    done
}

async fn act(client: &Client, scenario: &str, context: &Value) -> Result<(), McpError> {
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
        // What is watched is that nothing is fetched.
        "json-schema-ref-no-deref" => Ok(()),
        _ => everything(client, &tools, context).await,
    }
}

/// Calls what the context names, else every tool, prompt and resource.
async fn everything(client: &Client, tools: &[McpTool], context: &Value) -> Result<(), McpError> {
    let cx = agreeable();
    let named = context["toolCalls"].as_array();
    for call in named.into_iter().flatten() {
        let name = call["name"].as_str().unwrap_or_default();
        let arguments = call["arguments"].as_object().cloned().unwrap_or_default();
        let called = client.call(name, arguments, &cx).await;
        eprintln!("{name}: {called:?}");
    }
    if named.is_some() {
        return Ok(());
    }
    for tool in tools {
        let called = client.call(&tool.name, arguments(tool, tools), &cx).await;
        eprintln!("{}: {called:?}", tool.name);
    }
    for prompt in client.prompts().await.unwrap_or_default() {
        let given = prompt.arguments.iter();
        let given = given.map(|(name, ..)| (name.clone(), Value::from("x")));
        let _ = client.get_prompt(&prompt.name, given.collect(), &cx).await;
    }
    for resource in client.resources().await.unwrap_or_default() {
        let _ = client.read_resource(&resource.uri, &cx).await;
    }
    Ok(())
}

async fn call(client: &Client, name: &str, arguments: Map<String, Value>) -> Result<(), McpError> {
    client
        .call(name, arguments, &CallCx::silent())
        .await
        .map(drop)
}

/// Takes the default of every question, as a user who presses enter.
fn agreeable() -> CallCx {
    let ask: Asking = Arc::new(|question| {
        Box::pin(async move {
            let first = question.choices.into_iter().next();
            question
                .default
                .or(first)
                .map_or(Reply::Cancelled, Reply::Said)
        })
    });
    CallCx {
        ask: Some(ask),
        ..CallCx::silent()
    }
}

/// Arguments that fit a schema. What asks for a schema gets that of another tool, as
/// it was received.
fn arguments(tool: &McpTool, all: &[McpTool]) -> Map<String, Value> {
    let properties = tool.schema.get("properties").and_then(Value::as_object);
    let value = |schema: &Value| match schema["type"].as_str() {
        Some("number") => json!(5),
        Some("integer") => json!(5),
        Some("boolean") => json!(true),
        Some("array") => json!([]),
        Some("object") => json!({}),
        _ => json!("us-west1"),
    };
    let other = all.iter().find(|other| other.name != tool.name);
    let given = |name: &str, schema: &Value| match (name, other) {
        ("schema", Some(other)) => other.schema.clone(),
        _ => value(schema),
    };
    properties
        .into_iter()
        .flatten()
        .map(|(name, schema)| (name.clone(), given(name, schema)))
        .collect()
}

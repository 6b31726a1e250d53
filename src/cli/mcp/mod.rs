//! `sofos mcp`: servers with tools, from the shell.

mod add;
mod args;
mod connect;
pub(super) mod serve;
mod show;

pub(super) use args::Mcp;

use std::sync::Arc;

use super::CliError;
use crate::config::mcp::{McpServer, Secrets};
use crate::config::{self, Config, Env, Paths};
use crate::stdx::text::clean;

/// Does it.
pub(super) fn run(what: &Mcp, paths: &Paths, env: &Env, trusting: bool) -> Result<u8, CliError> {
    let cx = Cx {
        paths,
        env,
        config: config::load(paths, env, trusting)?,
        secrets: Arc::new(Secrets::new(paths, env)),
    };
    match what {
        Mcp::Add(add) => add::run(&cx, add),
        Mcp::AddJson { name, json, scope } => add::json(&cx, name, json, *scope),
        Mcp::Import { from, names, all } => add::import(&cx, *from, names, *all),
        Mcp::List { json } => show::list(&cx, *json),
        Mcp::Get { name, json } => show::get(&cx, name, *json),
        Mcp::Remove { name, scope } => remove(&cx, name, *scope),
        Mcp::Enable { name } => switch(&cx, name, true),
        Mcp::Disable { name } => switch(&cx, name, false),
        // Handled where everything a run needs is at hand.
        Mcp::Serve => Ok(0),
        Mcp::Test { name, json } => connect::test(&cx, name, *json),
        Mcp::Login { name, no_browser } => connect::login(&cx, name, *no_browser),
        Mcp::Logout { name } => connect::logout(&cx, name),
        Mcp::Secret(what) => add::secret(&cx, what),
        Mcp::Catalog { query, json } => show::catalog(&query.join(" "), *json),
    }
}

/// What every subcommand works with.
struct Cx<'a> {
    paths: &'a Paths,
    env: &'a Env,
    config: Config,
    secrets: Arc<Secrets>,
}

impl Cx<'_> {
    /// All servers, those that wait for trust last.
    fn servers(&self) -> impl Iterator<Item = (&McpServer, bool)> {
        let trusted = self.config.mcp_servers.iter().map(|server| (server, true));
        trusted.chain(
            self.config
                .mcp_untrusted
                .iter()
                .map(|server| (server, false)),
        )
    }

    /// The server of a name, and whether it is trusted.
    fn find(&self, name: &str) -> Result<(&McpServer, bool), CliError> {
        let found = self.servers().find(|(server, _)| server.name == name);
        found.ok_or_else(|| {
            let names: Vec<&str> = self
                .servers()
                .map(|(server, _)| server.name.as_str())
                .collect();
            let known = match names.is_empty() {
                true => "there is none yet; `sofos mcp catalog` lists known ones".to_string(),
                false => format!("there are: {}", names.join(", ")),
            };
            CliError::Usage(format!("no MCP server {name:?}; {known}"))
        })
    }

    /// Names of what a server needs and has not got.
    fn missing(&self, server: &McpServer) -> Vec<String> {
        let mut names = server.variables();
        names.retain(|name| self.secrets.origin(name).is_none());
        names
    }
}

fn shown(path: &std::path::Path) -> String {
    clean(&path.display().to_string()).into_owned()
}

fn remove(cx: &Cx<'_>, name: &str, scope: Option<args::ScopeName>) -> Result<u8, CliError> {
    let scope = scope.map(Into::into);
    let removed = config::mcp::remove(cx.paths, name, scope)?;
    if removed.is_empty() {
        let (server, _) = cx.find(name)?;
        return Err(CliError::Usage(format!(
            "{name} stands in {}, which belongs to another tool; switch it off here with: \
             sofos mcp disable {name}",
            clean(&server.from)
        )));
    }
    for path in removed {
        println!("{name}: removed from {}", shown(&path));
    }
    let left = config::load(cx.paths, cx.env, false)?;
    if let Some(server) = left.mcp_servers.iter().find(|server| server.name == name) {
        println!("another {name} now counts: {}", clean(&server.from));
    }
    Ok(0)
}

fn switch(cx: &Cx<'_>, name: &str, enabled: bool) -> Result<u8, CliError> {
    cx.find(name)?;
    let path = config::mcp::set_enabled(cx.paths, &cx.config, name, enabled)?;
    let state = if enabled { "on" } else { "off" };
    println!("{name}: switched {state} in {}", shown(&path));
    Ok(0)
}

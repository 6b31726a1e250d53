//! Getting a connection: which transport, which era of the protocol, in which order.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use std::sync::Arc;

use rmcp::RoleClient;
use rmcp::model::ProtocolVersion;
use rmcp::service::{ClientInitializeError, ClientLifecycleMode, ClientServiceExt, RunningService};
use tokio_util::sync::CancellationToken;

use super::cache::Era;
use super::client::Wiring;
use super::error::McpError;
use super::expand::expand;
use super::handler::{Handler, Shared};
use super::http;
use super::oauth;
use super::sse;
use super::stderr::Stderr;
use super::stdio::Lines;
use crate::config::mcp::{McpServer, McpTransport};
use crate::exec::service::Service;
use crate::net;
use crate::stdx::redact::Secrets;
use crate::stdx::text;

/// How long a server may take to answer for the first time.
const START: Duration = Duration::from_secs(30);
/// The same where the program is fetched first.
const FETCH: Duration = Duration::from_secs(120);
/// Programs that fetch others.
const FETCHERS: &[&str] = &[
    "npx", "uvx", "bunx", "pnpm", "yarn", "pipx", "uv", "docker", "podman",
];
/// How long an ended process may take to be seen as such.
const MOMENT: Duration = Duration::from_millis(200);

/// Variables a server inherits; any other is named in its settings.
const INHERITED: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TERM",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TMPDIR",
    "TMP",
    "TEMP",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    "REQUESTS_CA_BUNDLE",
    "SYSTEMROOT",
    "SystemRoot",
    "APPDATA",
    "LOCALAPPDATA",
    "USERPROFILE",
    "PATHEXT",
    "COMSPEC",
    "ComSpec",
    "WINDIR",
    "windir",
    "Path",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "DBUS_SESSION_BUS_ADDRESS",
];
/// And those whose names begin so.
const INHERITED_STARTS: &[&str] = &["LC_", "XDG_", "npm_config_", "NPM_CONFIG_", "UV_", "PIP_"];

/// A connection that was made.
pub(super) struct Connection {
    pub(super) running: RunningService<RoleClient, Handler>,
    pub(super) process: Option<Service>,
    pub(super) closed: CancellationToken,
    pub(super) era: Era,
    /// Values that no output may show.
    pub(super) hidden: Secrets,
}

/// An attempt that came to nothing.
struct Failure {
    error: McpError,
    /// Another way may work.
    again: bool,
}

fn auto() -> ClientLifecycleMode {
    ClientLifecycleMode::Auto {
        preferred_versions: vec![ProtocolVersion::V_2026_07_28],
        legacy_version: Some(ProtocolVersion::LATEST_WITH_INITIALIZE),
    }
}

/// Connects, in the way that worked last time first.
pub(super) async fn connect(
    server: &McpServer,
    wiring: &Wiring,
    shared: &Arc<Shared>,
    stderr: &Stderr,
) -> Result<Connection, McpError> {
    let mut modes = vec![Some(auto()), Some(ClientLifecycleMode::Initialize)];
    match &server.transport {
        McpTransport::Stdio { .. } => {}
        McpTransport::Http { .. } => modes.push(None),
    }
    match wiring.era {
        Some(Era::Legacy) => modes.swap(0, 1),
        Some(Era::LegacySse) if modes.len() == 3 => modes.rotate_right(1),
        _ => {}
    }
    let mut first: Option<McpError> = None;
    for mode in modes {
        let attempt = async {
            match (&server.transport, mode) {
                (McpTransport::Stdio { .. }, Some(mode)) => {
                    process(server, wiring, shared, stderr, mode).await
                }
                (McpTransport::Stdio { .. }, None) => Err(Failure {
                    error: McpError::Unknown(server.name.clone()),
                    again: false,
                }),
                (McpTransport::Http { .. }, Some(mode)) => {
                    remote(server, wiring, shared, mode).await
                }
                (McpTransport::Http { .. }, None) => old_remote(server, wiring, shared).await,
            }
        };
        let limit = start_limit(server);
        let failure = match tokio::time::timeout(limit, Box::pin(attempt)).await {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(failure)) => failure,
            Err(_) => Failure {
                error: McpError::Timeout {
                    server: server.name.clone(),
                    what: format!("starting{}", stderr.last_words()),
                    seconds: limit.as_secs(),
                },
                again: false,
            },
        };
        let error = first.get_or_insert(failure.error).clone();
        if !failure.again {
            return Err(error);
        }
    }
    Err(first.unwrap_or_else(|| McpError::Unknown(server.name.clone())))
}

fn start_limit(server: &McpServer) -> Duration {
    match &server.transport {
        McpTransport::Stdio { command, .. } => {
            let name = std::path::Path::new(command)
                .file_stem()
                .unwrap_or_default();
            let fetches = FETCHERS.iter().any(|fetcher| name == *fetcher);
            if fetches { FETCH } else { START }
        }
        McpTransport::Http { .. } => START,
    }
}

/// The environment of a server: what it may inherit, and what its settings name. The
/// second part are the values that came from secrets.
fn environment(
    server: &McpServer,
    wiring: &Wiring,
) -> Result<(crate::exec::Env, Vec<String>), McpError> {
    let McpTransport::Stdio { env, .. } = &server.transport else {
        return Ok((crate::exec::Env::default(), Vec::new()));
    };
    let kept = wiring.env.vars().iter().filter(|(name, _)| {
        let name = name.to_string_lossy();
        INHERITED.contains(&&*name) || INHERITED_STARTS.iter().any(|start| name.starts_with(start))
    });
    let mut vars: BTreeMap<String, String> = kept
        .filter_map(|(name, value)| Some((name.to_str()?.to_string(), value.to_str()?.to_string())))
        .collect();
    let mut hidden = Vec::new();
    for (name, value) in env {
        let full = put_in(server, wiring, value)?;
        if full != *value {
            hidden.push(full.clone());
        }
        vars.insert(name.clone(), full);
    }
    Ok((crate::exec::Env::default().with(vars), hidden))
}

fn put_in(server: &McpServer, wiring: &Wiring, text: &str) -> Result<String, McpError> {
    expand(text, &|name| (wiring.secrets)(name)).map_err(|name| McpError::Secret {
        server: server.name.clone(),
        name,
    })
}

async fn process(
    server: &McpServer,
    wiring: &Wiring,
    shared: &Arc<Shared>,
    stderr: &Stderr,
    mode: ClientLifecycleMode,
) -> Result<Connection, Failure> {
    let fatal = |error| Failure {
        error,
        again: false,
    };
    let unreachable = |cause: String| McpError::Connect {
        server: server.name.clone(),
        cause,
    };
    let McpTransport::Stdio { command, args, .. } = &server.transport else {
        return Err(fatal(McpError::Unknown(server.name.clone())));
    };
    let (env, mut hidden) = environment(server, wiring).map_err(fatal)?;
    let command = put_in(server, wiring, command).map_err(fatal)?;
    let args: Result<Vec<String>, McpError> = args
        .iter()
        .map(|arg| {
            let full = put_in(server, wiring, arg)?;
            if full != *arg {
                hidden.push(full.clone());
            }
            Ok(full)
        })
        .collect();
    let args = args.map_err(fatal)?;
    let hidden = wiring.env.secrets().with(hidden);
    stderr.clear();
    let mut service = Service::start(&command, &args, &wiring.cwd, &env)
        .map_err(|error| fatal(unreachable(error.to_string())))?;
    let streams = (
        service.input.take(),
        service.output.take(),
        service.errors.take(),
    );
    let (Some(input), Some(output), Some(errors)) = streams else {
        return Err(fatal(unreachable("its streams cannot be had".into())));
    };
    stderr.follow(errors, hidden.clone());
    let closed = CancellationToken::new();
    let transport = Lines::new(&server.name, output, input, closed.clone());
    let handler = Handler(shared.clone());
    match handler.serve_with_lifecycle(transport, mode.clone()).await {
        Ok(running) => Ok(Connection {
            era: era_of(&running),
            running,
            process: Some(service),
            closed,
            hidden,
        }),
        Err(error) => {
            let early = tokio::time::timeout(MOMENT, service.wait()).await;
            // Some servers end when they are asked what they do not know.
            let again = matches!(mode, ClientLifecycleMode::Auto { .. });
            service.stop(MOMENT).await;
            let cause = match early {
                Ok(how) => format!("it ended with {how}{}", stderr.last_words()),
                Err(_) => format!("{}{}", shown(&error), stderr.last_words()),
            };
            Err(Failure {
                error: unreachable(hidden.redact(&cause).into_owned()),
                again,
            })
        }
    }
}

fn era_of(running: &RunningService<RoleClient, Handler>) -> Era {
    let version = running
        .peer()
        .peer_info()
        .map(|info| info.protocol_version.clone());
    match version {
        Some(version) if version >= ProtocolVersion::V_2026_07_28 => Era::Modern,
        _ => Era::Legacy,
    }
}

/// Values of headers are secrets.
fn header_values(server: &McpServer, wiring: &Wiring) -> Result<Secrets, Failure> {
    let fatal = |error| Failure {
        error,
        again: false,
    };
    let (_, headers) = http::endpoint(server, wiring).map_err(fatal)?;
    let values = headers.into_iter().flat_map(|(_, value)| {
        let token = value.split_once(' ').map(|(_, token)| token.to_string());
        [Some(value), token]
    });
    Ok(wiring.env.secrets().with(values.flatten()))
}

async fn remote(
    server: &McpServer,
    wiring: &Wiring,
    shared: &Arc<Shared>,
    mode: ClientLifecycleMode,
) -> Result<Connection, Failure> {
    let fatal = |error| Failure {
        error,
        again: false,
    };
    let hidden = header_values(server, wiring)?;
    let (url, _) = http::endpoint(server, wiring).map_err(fatal)?;
    let client = net::client::streaming(&url).map_err(|error| {
        fatal(McpError::Connect {
            server: server.name.clone(),
            cause: error.to_string(),
        })
    })?;
    let handler = Handler(shared.clone());
    let served = if http::authorized(server) {
        let transport = http::over(client, server, wiring).map_err(fatal)?;
        handler.serve_with_lifecycle(transport, mode).await
    } else {
        let client = oauth::client(&server.name, &url, client, &wiring.dir);
        let transport = http::over(client.await.map_err(fatal)?, server, wiring);
        let transport = transport.map_err(fatal)?;
        handler.serve_with_lifecycle(transport, mode).await
    };
    match served {
        Ok(running) => Ok(Connection {
            era: era_of(&running),
            running,
            process: None,
            closed: CancellationToken::new(),
            hidden,
        }),
        Err(error) => {
            if let Some(challenge) = error.auth_challenge() {
                oauth::note(&wiring.dir, &url, challenge);
            }
            Err(refused(server, &error, &hidden))
        }
    }
}

async fn old_remote(
    server: &McpServer,
    wiring: &Wiring,
    shared: &Arc<Shared>,
) -> Result<Connection, Failure> {
    let hidden = header_values(server, wiring)?;
    let endpoint = http::endpoint(server, wiring).map_err(|error| Failure {
        error,
        again: false,
    })?;
    let closed = CancellationToken::new();
    let transport = sse::open(&server.name, &endpoint.0, &endpoint.1, closed.clone());
    let transport = transport
        .await
        .map_err(|error| Failure { error, again: true })?;
    let handler = Handler(shared.clone());
    let mode = ClientLifecycleMode::Initialize;
    match handler.serve_with_lifecycle(transport, mode).await {
        Ok(running) => Ok(Connection {
            running,
            process: None,
            closed,
            era: Era::LegacySse,
            hidden,
        }),
        Err(error) => Err(refused(server, &error, &hidden)),
    }
}

fn refused(server: &McpServer, error: &ClientInitializeError, hidden: &Secrets) -> Failure {
    let words = shown(error);
    if error.auth_challenge().is_some() || wants_login(error) {
        return Failure {
            error: McpError::Login {
                server: server.name.clone(),
            },
            again: false,
        };
    }
    let nobody = ["refused", "dns error", "timed out", "certificate"];
    Failure {
        again: !nobody.iter().any(|word| words.contains(word)),
        error: McpError::Connect {
            server: server.name.clone(),
            cause: hidden.redact(&words).into_owned(),
        },
    }
}

/// An error with its causes, cleaned, on one line.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<String> = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        let words = cause.to_string();
        if !parts.iter().any(|part| part.contains(&words)) {
            parts.push(words);
        }
        next = cause.source();
    }
    text::one_line(&text::clean(&parts.join(": ")), 600)
}

fn shown(error: &ClientInitializeError) -> String {
    match error {
        ClientInitializeError::LegacyFallbackFailed { fallback, .. } => shown(fallback),
        ClientInitializeError::ConnectionClosed(_) => "it closed the connection".to_string(),
        ClientInitializeError::NoCompatibleProtocolVersion {
            server_supported, ..
        } => {
            let versions: Vec<&str> = server_supported
                .iter()
                .map(ProtocolVersion::as_str)
                .collect();
            format!("it speaks only protocol {}", versions.join(", "))
        }
        ClientInitializeError::TransportError { error, .. } => chain(error.error.as_ref()),
        other => chain(other),
    }
}

/// Whether an error says that a login is needed.
pub(super) fn wants_login(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(cause) = next {
        if cause.to_string().contains("HTTP 401") {
            return true;
        }
        next = cause.source();
    }
    oauth::challenge(error).is_some()
}

//! Servers behind an address.
//!
//! Everything here is generic over the HTTP client, so that one that logs in can take
//! the place of the plain one.

use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::{
    StreamableHttpClient, StreamableHttpClientTransportConfig,
};

use super::client::Wiring;
use super::error::McpError;
use super::expand::expand;
use crate::config::mcp::{McpServer, McpTransport};

/// Largest event of a stream, in bytes.
const LARGEST: usize = 32 * 1024 * 1024;

/// A transport over any client.
pub(super) fn over<C: StreamableHttpClient + Sync>(
    client: C,
    server: &McpServer,
    wiring: &Wiring,
) -> Result<StreamableHttpClientTransport<C>, McpError> {
    let (url, headers) = endpoint(server, wiring)?;
    let wrong = |name: &str| McpError::Connect {
        server: server.name.clone(),
        cause: format!("the header {name} in its settings cannot be sent"),
    };
    let mut config = StreamableHttpClientTransportConfig::with_uri(url).max_sse_event_size(LARGEST);
    for (name, value) in headers {
        let key = name.parse().map_err(|_| wrong(&name))?;
        let value = value.parse().map_err(|_| wrong(&name))?;
        config.custom_headers.insert(key, value);
    }
    Ok(StreamableHttpClientTransport::with_client(client, config))
}

/// Address and headers with their variables put in.
pub(super) fn endpoint(
    server: &McpServer,
    wiring: &Wiring,
) -> Result<(String, Vec<(String, String)>), McpError> {
    let McpTransport::Http { url, headers } = &server.transport else {
        return Err(McpError::Unknown(server.name.clone()));
    };
    let put_in = |text: &str| {
        expand(text, &|name| (wiring.secrets)(name)).map_err(|name| McpError::Secret {
            server: server.name.clone(),
            name,
        })
    };
    let headers: Result<Vec<_>, McpError> = headers
        .iter()
        .map(|(name, value)| Ok((name.clone(), put_in(value)?)))
        .collect();
    Ok((put_in(url)?, headers?))
}

/// Whether its settings say how it is to be authorized.
pub(super) fn authorized(server: &McpServer) -> bool {
    let McpTransport::Http { headers, .. } = &server.transport else {
        return false;
    };
    let mut names = headers.keys();
    names.any(|name| name.eq_ignore_ascii_case("authorization"))
}

//! What a server has: its tools, prompts and resources, and the notices of changes.

use std::time::Duration;

use rmcp::ServiceError;
use rmcp::model::{
    ClientRequest, ListPromptsRequest, ListResourceTemplatesRequest, ListResourcesRequest,
    ListToolsRequest, PaginatedRequestParams, ProtocolVersion, SubscriptionFilter,
};
use serde_json::Value;

use super::super::cache::Known;
use super::super::error::McpError;
use super::super::tool::{McpPrompt, McpResource, McpTool};
use super::{CallCx, Client};

/// Pages of a list at most.
const PAGES: usize = 100;
/// How long lists may take.
const LISTING: Duration = Duration::from_secs(30);

impl Client {
    fn has_resources(&self) -> bool {
        self.info()
            .is_some_and(|info| info.capabilities.resources.is_some())
    }

    /// All that is worth keeping of what the server has.
    ///
    /// # Errors
    /// When its tools cannot be listed.
    pub async fn known(&self) -> Result<Known, McpError> {
        let tools = self.tools().await?;
        let has_prompts = self
            .info()
            .is_some_and(|info| info.capabilities.prompts.is_some());
        let prompts = match has_prompts {
            true => self.prompts().await.unwrap_or_default(),
            false => Vec::new(),
        };
        Ok(Known {
            tools,
            prompts,
            resources: self.has_resources(),
            instructions: self.instructions(),
            protocol: Some(self.protocol()),
            era: Some(self.era),
        })
    }

    /// Its tools, by name.
    ///
    /// # Errors
    /// When it does not answer, or not with a list.
    pub async fn tools(&self) -> Result<Vec<McpTool>, McpError> {
        let info = self.info();
        if info.is_some_and(|info| info.capabilities.tools.is_none()) {
            return Ok(Vec::new());
        }
        let request =
            |params| ClientRequest::ListToolsRequest(list(ListToolsRequest::default(), params));
        let mut tools = self
            .pages("tools", "tools/list", request, McpTool::read)
            .await?;
        tools.sort_by(|a, b| a.name.cmp(&b.name));
        tools.dedup_by(|a, b| a.name == b.name);
        Ok(tools)
    }

    /// Its prompts, by name.
    ///
    /// # Errors
    /// When it does not answer, or not with a list.
    pub async fn prompts(&self) -> Result<Vec<McpPrompt>, McpError> {
        let request =
            |params| ClientRequest::ListPromptsRequest(list(ListPromptsRequest::default(), params));
        let mut prompts = self
            .pages("prompts", "prompts/list", request, McpPrompt::read)
            .await?;
        prompts.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(prompts)
    }

    /// Its resources, and the templates of those it makes on demand.
    ///
    /// # Errors
    /// When it does not answer, or not with a list.
    pub async fn resources(&self) -> Result<Vec<McpResource>, McpError> {
        let request = |params| {
            ClientRequest::ListResourcesRequest(list(ListResourcesRequest::default(), params))
        };
        let mut all = self
            .pages("resources", "resources/list", request, McpResource::read)
            .await?;
        let request = |params| {
            ClientRequest::ListResourceTemplatesRequest(list(
                ListResourceTemplatesRequest::default(),
                params,
            ))
        };
        let what = "resources/templates/list";
        let templates = self.pages("resourceTemplates", what, request, McpResource::read);
        all.extend(templates.await.unwrap_or_default());
        Ok(all)
    }

    async fn pages<T>(
        &self,
        key: &str,
        what: &str,
        request: impl Fn(Option<PaginatedRequestParams>) -> ClientRequest,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Vec<T>, McpError> {
        let mut out = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..PAGES {
            let params = cursor
                .clone()
                .map(|cursor| PaginatedRequestParams::default().with_cursor(Some(cursor)));
            let cx = CallCx::silent();
            let result = self.request(request(params), &cx, what, LISTING).await?;
            let result = serde_json::to_value(result).unwrap_or_default();
            let Some(page) = result.get(key).and_then(Value::as_array) else {
                return Err(self.odd(format!("{what} gave no {key}")));
            };
            out.extend(page.iter().filter_map(&read));
            let next = result
                .get("nextCursor")
                .and_then(Value::as_str)
                .map(str::to_string);
            // A server that names the same page again would go on for ever.
            if next.is_none() || next == cursor {
                break;
            }
            cursor = next;
        }
        Ok(out)
    }

    /// Hears of changed lists where the server tells of them only when asked to.
    pub(super) fn listen(&self) {
        let Some(info) = self.info() else { return };
        let modern = info.protocol_version >= ProtocolVersion::V_2026_07_28;
        let tells = |flag: Option<bool>| flag == Some(true);
        let capabilities = &info.capabilities;
        let mut filter = SubscriptionFilter::new();
        if capabilities
            .tools
            .as_ref()
            .is_some_and(|tools| tells(tools.list_changed))
        {
            filter.tools_list_changed = Some(true);
        }
        if capabilities
            .prompts
            .as_ref()
            .is_some_and(|prompts| tells(prompts.list_changed))
        {
            filter.prompts_list_changed = Some(true);
        }
        if !modern || filter == SubscriptionFilter::new() {
            return;
        }
        let (peer, shared, closed) = (self.peer.clone(), self.shared.clone(), self.closed.clone());
        tokio::spawn(async move {
            let heard = async {
                let mut subscription = peer.listen(filter).await?;
                while subscription.next().await?.is_some() {
                    (shared.changed)();
                }
                Ok::<_, ServiceError>(())
            };
            tokio::select! {
                heard = heard => if let Err(error) = heard {
                    tracing::debug!(server = shared.server, "no notices of changes: {error}");
                },
                () = closed.cancelled() => {}
            }
        });
    }
}

/// A list request with its page.
fn list<M>(
    mut request: rmcp::model::RequestOptionalParam<M, PaginatedRequestParams>,
    params: Option<PaginatedRequestParams>,
) -> rmcp::model::RequestOptionalParam<M, PaginatedRequestParams> {
    request.params = params;
    request
}

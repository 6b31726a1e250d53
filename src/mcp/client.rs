//! One connection to one server.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CancelledNotification, CancelledNotificationParam,
    ClientNotification, ClientRequest, ElicitResult, GetPromptRequest, GetPromptRequestParams,
    InputRequest, InputRequiredResult, InputResponses, ListPromptsRequest,
    ListResourceTemplatesRequest, ListResourcesRequest, ListToolsRequest, PaginatedRequestParams,
    ProtocolVersion, ReadResourceRequest, ReadResourceRequestParams, ServerPeerInfo, ServerResult,
    SubscriptionFilter,
};
use rmcp::service::{PeerRequestOptions, RunningService};
use rmcp::{RoleClient, ServiceError};
use serde_json::{Map, Value};
use tokio::sync::{Mutex, Notify, OnceCell};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::cache::{Era, Known};
use super::connect::{self, Connection};
use super::elicit::Asking;
use super::error::McpError;
use super::expand::Secrets;
pub use super::handler::Progress;
use super::handler::{Handler, Running, Shared};
use super::http;
use super::oauth;
use super::result::CallOutput;
use super::stderr::Stderr;
use super::tool::{McpPrompt, McpResource, McpTool};
use crate::config::mcp::McpServer;
use crate::exec;
use crate::exec::service::Service;
use crate::stdx::redact;
use crate::stdx::text;

/// Pages of a list at most.
const PAGES: usize = 100;
/// Rounds of questions in one call at most.
const ROUNDS: usize = 10;

/// Answers to what a server wanted to know, and the state it gave with the questions.
type Inputs = (Option<InputResponses>, Option<String>);
/// A call ends after this many times its limit, whatever progress it reports.
const MOST: u32 = 10;
/// Longest wait for a process to end by itself.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long an ended process may take to be seen as such.
const MOMENT: Duration = Duration::from_millis(300);
/// How long lists may take.
const LISTING: Duration = Duration::from_secs(30);
/// Longest instructions that are kept, in bytes.
const INSTRUCTIONS: usize = 4 * 1024;

/// What connecting needs beside the server itself.
#[derive(Clone)]
pub struct Wiring {
    /// Where processes are started.
    pub cwd: PathBuf,
    /// What they may inherit of the environment.
    pub env: Arc<exec::Env>,
    /// Values of variables and stored secrets.
    pub secrets: Secrets,
    /// Directory for what is kept of logins.
    pub dir: PathBuf,
    /// How it was spoken to last time.
    pub era: Option<Era>,
    /// Called when the lists of the server change.
    pub changed: Arc<dyn Fn() + Send + Sync>,
}

/// What a call may use.
#[derive(Clone)]
pub struct CallCx {
    /// Fires when the user stops the turn.
    pub cancel: CancellationToken,
    /// Shows how far the call is.
    pub progress: Option<Progress>,
    /// Puts questions of the server to the user.
    pub ask: Option<Asking>,
}

impl CallCx {
    /// Nobody watches, nobody can be asked.
    pub fn silent() -> Self {
        Self {
            cancel: CancellationToken::new(),
            progress: None,
            ask: None,
        }
    }
}

/// A connected server.
pub struct Client {
    server: McpServer,
    running: Mutex<Option<RunningService<RoleClient, Handler>>>,
    peer: rmcp::Peer<RoleClient>,
    shared: Arc<Shared>,
    closed: CancellationToken,
    process: Mutex<Option<Service>>,
    stderr: Stderr,
    era: Era,
    hidden: redact::Secrets,
    end: OnceCell<String>,
    /// Where logins are kept, and the address they belong to.
    login: Option<(PathBuf, String)>,
}

/// Connects to a server, once. The caller closes the client.
///
/// # Errors
/// When it cannot be started or reached, or wants something first.
pub async fn connect_once(server: &McpServer, wiring: &Wiring) -> Result<Client, McpError> {
    connect_with(server, wiring, &Stderr::default()).await
}

pub(super) async fn connect_with(
    server: &McpServer,
    wiring: &Wiring,
    stderr: &Stderr,
) -> Result<Client, McpError> {
    let shared = Arc::new(Shared::new(&server.name, wiring.changed.clone()));
    let Connection {
        running,
        process,
        closed,
        era,
        hidden,
    } = Box::pin(connect::connect(server, wiring, &shared, stderr)).await?;
    let client = Client {
        server: server.clone(),
        peer: running.peer().clone(),
        running: Mutex::new(Some(running)),
        shared,
        closed,
        process: Mutex::new(process),
        stderr: stderr.clone(),
        era,
        hidden,
        end: OnceCell::new(),
        login: http::endpoint(server, wiring)
            .ok()
            .map(|(url, _)| (wiring.dir.clone(), url)),
    };
    client.listen();
    Ok(client)
}

impl Client {
    /// Fires when the connection has ended.
    pub fn closed(&self) -> CancellationToken {
        self.closed.clone()
    }

    /// Whether it can still be used.
    pub fn is_closed(&self) -> bool {
        self.closed.is_cancelled() || self.peer.is_transport_closed()
    }

    fn info(&self) -> Option<Arc<ServerPeerInfo>> {
        self.peer.peer_info()
    }

    /// Protocol version in use.
    pub fn protocol(&self) -> String {
        let info = self.info();
        info.map_or_else(String::new, |info| {
            info.protocol_version.as_str().to_string()
        })
    }

    /// What the server says on how to use it, cleaned and cut.
    pub fn instructions(&self) -> Option<String> {
        let info = self.info()?;
        let words = text::clean(info.instructions.as_deref()?).into_owned();
        let words = text::prefix(words.trim(), INSTRUCTIONS);
        (!words.is_empty()).then(|| words.to_string())
    }

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

    /// Calls a tool.
    ///
    /// # Errors
    /// When the call came to nothing; that a tool failed is in the output.
    pub async fn call(
        &self,
        tool: &str,
        arguments: Map<String, Value>,
        cx: &CallCx,
    ) -> Result<CallOutput, McpError> {
        let mut params = CallToolRequestParams::new(tool.to_string()).with_arguments(arguments);
        let ask = |(responses, state)| {
            (params.input_responses, params.request_state) = (responses, state);
            ClientRequest::CallToolRequest(CallToolRequest::new(params.clone()))
        };
        let value = self.settled(tool, cx, ask).await?;
        self.output(&value, CallOutput::of_call(&value))
    }

    /// Reads a resource.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub async fn read_resource(&self, uri: &str, cx: &CallCx) -> Result<CallOutput, McpError> {
        let mut params = ReadResourceRequestParams::new(uri);
        let ask = |(responses, state)| {
            (params.input_responses, params.request_state) = (responses, state);
            ClientRequest::ReadResourceRequest(ReadResourceRequest::new(params.clone()))
        };
        let value = self.settled(uri, cx, ask).await?;
        self.output(&value, CallOutput::of_resource(&value))
    }

    /// Fills in a prompt.
    ///
    /// # Errors
    /// When it is not there or an argument is missing.
    pub async fn get_prompt(
        &self,
        name: &str,
        arguments: Map<String, Value>,
        cx: &CallCx,
    ) -> Result<CallOutput, McpError> {
        let mut params = GetPromptRequestParams::new(name).with_arguments(arguments);
        let ask = |(responses, state)| {
            (params.input_responses, params.request_state) = (responses, state);
            ClientRequest::GetPromptRequest(GetPromptRequest::new(params.clone()))
        };
        let value = self.settled(name, cx, ask).await?;
        self.output(&value, CallOutput::of_prompt(&value))
    }

    /// The result of a request that is repeated with answers for as long as the server
    /// wants input; `ask` makes it from them.
    async fn settled(
        &self,
        what: &str,
        cx: &CallCx,
        mut ask: impl FnMut(Inputs) -> ClientRequest,
    ) -> Result<Value, McpError> {
        let mut inputs = (None, None);
        for _ in 0..ROUNDS {
            let request = ask(inputs);
            match self.request(request, cx, what, self.server.timeout).await? {
                ServerResult::InputRequiredResult(wanted) => {
                    inputs = self.inputs(wanted, cx).await?;
                }
                ServerResult::CreateTaskResult(_) => {
                    return Err(
                        self.odd("it made a task of the call, which was not asked for".into())
                    );
                }
                result => return Ok(serde_json::to_value(result).unwrap_or_default()),
            }
        }
        Err(self.odd(format!("{what} still wants input after {ROUNDS} rounds")))
    }

    /// Answers what a server wants to know before it goes on.
    async fn inputs(&self, wanted: InputRequiredResult, cx: &CallCx) -> Result<Inputs, McpError> {
        let mut responses = InputResponses::new();
        let requests = wanted.input_requests.unwrap_or_default();
        if requests.is_empty() {
            // Load shedding: the same again, a little later.
            tokio::select! {
                () = cx.cancel.cancelled() => return Err(McpError::Stopped),
                () = tokio::time::sleep(Duration::from_millis(200)) => {}
            }
        }
        for (key, request) in requests {
            let InputRequest::Elicitation(request) = request else {
                return Err(self.odd("it wants what this client does not offer".into()));
            };
            let result: ElicitResult = tokio::select! {
                biased;
                () = cx.cancel.cancelled() => return Err(McpError::Stopped),
                result = super::elicit::answer(&self.server.name, request.params, cx.ask.as_ref()) => result,
            };
            responses.insert(key, serde_json::to_value(result).unwrap_or_default());
        }
        let responses = (!responses.is_empty()).then_some(responses);
        Ok((responses, wanted.request_state))
    }

    fn output(&self, value: &Value, mut out: CallOutput) -> Result<CallOutput, McpError> {
        let known = [
            "content",
            "structuredContent",
            "contents",
            "messages",
            "isError",
        ];
        if !known.iter().any(|key| value.get(key).is_some()) {
            return Err(self.odd("there is no content in it".into()));
        }
        for words in &mut out.texts {
            if let std::borrow::Cow::Owned(hidden) = self.hidden.redact(words) {
                *words = hidden;
            }
        }
        Ok(out)
    }

    /// Sends a request and waits for the answer, within its limits.
    async fn request(
        &self,
        request: ClientRequest,
        cx: &CallCx,
        what: &str,
        limit: Duration,
    ) -> Result<ServerResult, McpError> {
        if self.is_closed() {
            return Err(self.ended().await);
        }
        let options = PeerRequestOptions::no_options();
        let handle = self.peer.send_request_with_option(request, options).await;
        let handle = match handle {
            Ok(handle) => handle,
            Err(error) => return Err(self.failed(error).await),
        };
        let call = Arc::new(Running {
            token: handle.progress_token.clone(),
            progress: cx.progress.clone(),
            ask: cx.ask.clone(),
            beat: Notify::new(),
            asking: Default::default(),
        });
        self.shared.begin(&call);
        let id = handle.id.clone();
        let mut answer = handle.rx;
        let mut idle = Instant::now() + limit;
        let last = Instant::now() + limit * MOST;
        let result = loop {
            let asking = call.asking.load(Ordering::Acquire) > 0;
            tokio::select! {
                biased;
                () = cx.cancel.cancelled() => break Err(McpError::Stopped),
                answer = &mut answer => break match answer {
                    Ok(Ok(result)) => Ok(result),
                    Ok(Err(error)) => Err(self.failed(error).await),
                    Err(_) => Err(self.ended().await),
                },
                () = self.closed.cancelled() => {
                    // The answer may have been the last thing it said.
                    let late = tokio::time::timeout(Duration::from_millis(50), &mut answer).await;
                    break match late {
                        Ok(Ok(Ok(result))) => Ok(result),
                        _ => Err(self.ended().await),
                    };
                }
                () = call.beat.notified() => idle = Instant::now() + limit,
                () = tokio::time::sleep_until(idle.min(last)), if !asking => {
                    break Err(McpError::Timeout {
                        server: self.server.name.clone(),
                        what: text::one_line(&text::clean(what), 60),
                        seconds: limit.as_secs(),
                    });
                }
            }
        };
        self.shared.end(&call);
        if matches!(result, Err(McpError::Stopped | McpError::Timeout { .. })) {
            self.cancel(id, what);
        }
        result
    }

    /// Tells the server that nobody waits any more.
    fn cancel(&self, id: rmcp::model::RequestId, what: &str) {
        let reason = format!("{} was given up", text::one_line(what, 60));
        let params = CancelledNotificationParam::new(Some(id), Some(reason));
        let peer = self.peer.clone();
        tokio::spawn(async move {
            let notice =
                ClientNotification::CancelledNotification(CancelledNotification::new(params));
            let _ = peer.send_notification(notice).await;
        });
    }

    fn odd(&self, cause: String) -> McpError {
        McpError::Odd {
            server: self.server.name.clone(),
            cause,
        }
    }

    async fn failed(&self, error: ServiceError) -> McpError {
        let server = self.server.name.clone();
        match error {
            ServiceError::McpError(error) => {
                let message = self
                    .hidden
                    .redact(&text::clean(&error.message))
                    .into_owned();
                McpError::Refused {
                    server,
                    code: error.code.0,
                    message: text::prefix(&message, 2000).to_string(),
                }
            }
            ServiceError::TransportClosed | ServiceError::Cancelled { .. } => self.ended().await,
            ServiceError::TransportSend(error) if connect::wants_login(&error) => {
                if let Some((dir, url)) = &self.login
                    && let Some(challenge) = oauth::challenge(&error)
                {
                    oauth::note(dir, url, challenge);
                }
                McpError::Login { server }
            }
            ServiceError::TransportSend(error) => McpError::Connect {
                server,
                cause: connect::chain(&error),
            },
            other => McpError::Odd {
                server,
                cause: other.to_string(),
            },
        }
    }

    /// How the process ended, in words.
    async fn end(&self) -> &str {
        let seen = self.end.get_or_init(|| async {
            match self.process.lock().await.as_mut() {
                None => "the connection was closed".to_string(),
                Some(process) => {
                    let how = tokio::time::timeout(MOMENT, process.wait()).await;
                    how.unwrap_or_else(|_| "it closed its output".to_string())
                }
            }
        });
        seen.await
    }

    /// How the connection ended, with the last words of the process.
    async fn ended(&self) -> McpError {
        let cause = self.end().await;
        McpError::Ended {
            server: self.server.name.clone(),
            cause: format!("{cause}{}", self.stderr.last_words()),
        }
    }

    /// Hears of changed lists where the server tells of them only when asked to.
    fn listen(&self) {
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

    /// Ends the connection, and the process behind it.
    pub async fn close(&self) {
        if self.closed.is_cancelled() {
            // It ended by itself: how is worth knowing.
            self.end().await;
        }
        let running = self.running.lock().await.take();
        if let Some(mut running) = running {
            let _ = running.close_with_timeout(PATIENCE).await;
        }
        self.closed.cancel();
        if let Some(mut process) = self.process.lock().await.take() {
            process.stop(PATIENCE).await;
        }
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

//! Requests to a server: sent, watched, repeated with the answers it wants.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CancelledNotification, CancelledNotificationParam,
    ClientNotification, ClientRequest, ElicitResult, GetPromptRequest, GetPromptRequestParams,
    InputRequest, InputRequiredResult, InputResponses, ReadResourceRequest,
    ReadResourceRequestParams, ServerResult,
};
use rmcp::service::PeerRequestOptions;
use serde_json::{Map, Value};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::super::elicit;
use super::super::error::McpError;
use super::super::handler::Running;
use super::super::result::CallOutput;
use super::{CallCx, Client};
use crate::stdx::text;

/// Rounds of questions in one call at most.
const ROUNDS: usize = 10;
/// A call ends after this many times its limit, whatever progress it reports.
const MOST: u32 = 10;

/// Answers to what a server wanted to know, and the state it gave with the questions.
type Inputs = (Option<InputResponses>, Option<String>);

impl Client {
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
                result = elicit::answer(&self.server.name, request.params, cx.ask.as_ref()) => result,
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
    pub(super) async fn request(
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
}

//! What a server may say on its own: progress, log lines, changed lists, questions.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rmcp::model::{
    ClientCapabilities, ClientConfig, ElicitRequestParams, ElicitResult, ElicitationCapability,
    ErrorCode, ErrorData, FormElicitationCapability, Implementation, ProgressNotificationParam,
    ProgressToken, ProtocolVersion, UrlElicitationCapability,
};
use rmcp::service::{NotificationContext, RequestContext};
use rmcp::{ClientHandler, RoleClient};
use tokio::sync::Notify;

use super::elicit::{self, Asking};
use crate::stdx::text;

/// Shows how far a call is.
pub type Progress = Arc<dyn Fn(&str) + Send + Sync>;

/// A call that runs.
pub(super) struct Running {
    pub(super) token: ProgressToken,
    pub(super) progress: Option<Progress>,
    pub(super) ask: Option<Asking>,
    /// Something came of the call.
    pub(super) beat: Notify,
    /// Questions of it that wait for the user.
    pub(super) asking: AtomicUsize,
}

impl Running {
    /// Asks the user; meanwhile the time limits of the call stand still.
    pub(super) async fn elicit(&self, server: &str, params: ElicitRequestParams) -> ElicitResult {
        self.asking.fetch_add(1, Ordering::AcqRel);
        self.beat.notify_one();
        let result = elicit::answer(server, params, self.ask.as_ref()).await;
        self.asking.fetch_sub(1, Ordering::AcqRel);
        self.beat.notify_one();
        result
    }
}

/// What a connection and its calls share.
pub(super) struct Shared {
    pub(super) server: String,
    running: Mutex<Vec<Arc<Running>>>,
    /// Something in the lists of the server changed.
    pub(super) changed: Arc<dyn Fn() + Send + Sync>,
}

impl Shared {
    pub(super) fn new(server: &str, changed: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self {
            server: server.to_string(),
            running: Mutex::default(),
            changed,
        }
    }

    fn running(&self) -> MutexGuard<'_, Vec<Arc<Running>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begin(&self, call: &Arc<Running>) {
        self.running().push(call.clone());
    }

    pub(super) fn end(&self, call: &Arc<Running>) {
        self.running().retain(|other| !Arc::ptr_eq(other, call));
    }
}

/// The client as `rmcp` sees it.
pub(super) struct Handler(pub(super) Arc<Shared>);

fn unsupported(method: &str) -> ErrorData {
    ErrorData::new(
        ErrorCode::METHOD_NOT_FOUND,
        format!("{method} is not supported"),
        None,
    )
}

// Sampling and roots are on their way out of the protocol; they are refused here.
#[allow(deprecated)]
impl ClientHandler for Handler {
    fn get_info(&self) -> ClientConfig {
        let mut capabilities = ClientCapabilities::default();
        let elicitation = ElicitationCapability::new()
            .with_form(FormElicitationCapability::new())
            .with_url(UrlElicitationCapability::new());
        capabilities.elicitation = Some(elicitation);
        let own = Implementation::new("sofos", env!("CARGO_PKG_VERSION"));
        ClientConfig::new(capabilities, own)
            .with_protocol_version(ProtocolVersion::LATEST_WITH_INITIALIZE)
    }

    async fn create_message(
        &self,
        _params: rmcp::model::CreateMessageRequestParams,
        _context: RequestContext<RoleClient>,
    ) -> Result<rmcp::model::CreateMessageResult, ErrorData> {
        Err(unsupported("sampling/createMessage"))
    }

    async fn list_roots(
        &self,
        _context: RequestContext<RoleClient>,
    ) -> Result<rmcp::model::ListRootsResult, ErrorData> {
        Err(unsupported("roots/list"))
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        context: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        // Nothing says which call it belongs to: the latest one that can ask.
        let call = self
            .0
            .running()
            .iter()
            .rev()
            .find(|call| call.ask.is_some())
            .cloned();
        let answer = async {
            match call {
                Some(call) => call.elicit(&self.0.server, request).await,
                None => elicit::answer(&self.0.server, request, None).await,
            }
        };
        tokio::select! {
            answer = answer => Ok(answer),
            () = context.ct.cancelled() => Ok(ElicitResult::new(rmcp::model::ElicitationAction::Cancel)),
        }
    }

    async fn on_progress(
        &self,
        params: ProgressNotificationParam,
        _context: NotificationContext<RoleClient>,
    ) {
        let token = params.progress_token.0.to_string();
        let call = self
            .0
            .running()
            .iter()
            .find(|call| call.token.0.to_string() == token)
            .cloned();
        let Some(call) = call else { return };
        call.beat.notify_one();
        if let Some(show) = &call.progress {
            let message = params
                .message
                .as_deref()
                .map(text::clean)
                .unwrap_or_default();
            let far = match params.total.filter(|total| *total > 0.0) {
                Some(total) => format!("{}/{total}", params.progress),
                None => params.progress.to_string(),
            };
            let line = format!("{far} {message}");
            show(&format!("{}\n", text::one_line(line.trim(), 200)));
        }
    }

    async fn on_logging_message(
        &self,
        params: rmcp::model::LoggingMessageNotificationParam,
        _context: NotificationContext<RoleClient>,
    ) {
        let level = serde_json::to_string(&params.level).unwrap_or_default();
        let words = text::clean(&params.data.to_string()).into_owned();
        tracing::info!(
            server = self.0.server,
            "{}: {}",
            level.trim_matches('"'),
            text::one_line(&words, 2000)
        );
    }

    async fn on_tool_list_changed(&self, _context: NotificationContext<RoleClient>) {
        (self.0.changed)();
    }

    async fn on_prompt_list_changed(&self, _context: NotificationContext<RoleClient>) {
        (self.0.changed)();
    }

    async fn on_resource_list_changed(&self, _context: NotificationContext<RoleClient>) {
        (self.0.changed)();
    }
}

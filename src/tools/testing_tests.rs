//! A call's surroundings for the tests of the tools.

use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{DynTool, ToolCx, ToolError, ToolOutput};
use crate::exec::Env;
use crate::workspace::Workspace;

/// The built-in tool of that name.
pub(crate) fn tool(name: &str) -> &'static dyn DynTool {
    *super::BUILTIN
        .iter()
        .find(|tool| tool.name() == name)
        .unwrap()
}

/// A workspace in a temporary directory, with a home beside it.
pub(crate) struct Bench {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) cx: ToolCx,
    pub(crate) live: Arc<Mutex<String>>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("work");
        std::fs::create_dir_all(&root).unwrap();
        std::fs::create_dir_all(dir.path().join("home")).unwrap();
        let live = Arc::new(Mutex::new(String::new()));
        let sink = Arc::clone(&live);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let env = Env::scrubbed([
            ("PATH".into(), path),
            ("HOME".into(), dir.path().join("home").into_os_string()),
        ]);
        let cx = ToolCx {
            judged: None,
            workspace: Arc::new(Workspace::open(&root).unwrap()),
            cancel: CancellationToken::new(),
            progress: Arc::new(move |text| sink.lock().unwrap().push_str(text)),
            call_id: "call_1".into(),
            outputs: root.join(".sofos/outputs"),
            sandbox: false,
            web: Arc::new(crate::tools::web::Web::new(&env)),
            env: Arc::new(env),
            approval: Default::default(),
            jobs: Default::default(),
            morph: None,
            unreadable: Arc::new(|| Ok(Vec::new())),
            ask: Arc::new(|_, _| Box::pin(async { None })),
            mode: Default::default(),
            mcp: crate::mcp::Hub::none(),
        };
        Self { dir, cx, live }
    }

    pub(crate) fn root(&self) -> &Path {
        self.cx.workspace.root()
    }

    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    pub(crate) fn bytes(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.root().join(path)).unwrap()
    }

    /// Prepares and runs one call of a built-in tool.
    pub(crate) fn call(&self, name: &str, args: Value) -> Result<ToolOutput, ToolError> {
        let run = tool(name).prepare(&args.to_string(), &self.cx)?.run;
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(run)
    }

    /// The text a model gets, be it result or error.
    pub(crate) fn text(&self, name: &str, args: Value) -> String {
        match self.call(name, args) {
            Ok(output) => output
                .content
                .iter()
                .filter_map(|block| block.as_text())
                .collect(),
            Err(error) => format!("error: {error}"),
        }
    }
}

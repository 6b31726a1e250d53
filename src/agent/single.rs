//! One call of a tool for somebody who is not the model: a client that sofos serves.

use tokio_util::sync::CancellationToken;

use super::Agent;
use super::dispatch::Call;
use super::results::Finished;
use crate::stdx::ids;
use crate::tools::ToolError;

impl Agent {
    /// Makes a call of a reading tool under the same gate as the model's: the text of its
    /// result, and whether it failed. The conversation does not get to know of it.
    pub async fn call_tool(&mut self, name: &str, arguments: &str) -> (String, bool) {
        let id = ids::random(12);
        let call = Call {
            id: &id,
            name,
            arguments,
        };
        let cancel = CancellationToken::new();
        let finished = match self.prepare(call, &cancel) {
            Err(error) => Finished::error(call, error),
            Ok((tool, _)) if !tool.read_only() => {
                let words = format!("{name} changes something; only reading tools are served");
                Finished::error(call, ToolError::model(words))
            }
            Ok((tool, prepared)) => match self.permit(call, &*tool, &prepared, None, &cancel).await
            {
                Err(finished) => *finished,
                Ok(()) => {
                    let title = prepared.title;
                    // A panic of a tool is an error of the call.
                    let ended = tokio::spawn(prepared.run).await;
                    let result = ended.unwrap_or_else(|error| {
                        Err(ToolError::model(format!(
                            "the tool ended by a bug: {error}"
                        )))
                    });
                    let secrets = self.parts.services.env.secrets();
                    Finished::new(id.clone(), title, result, secrets)
                }
            },
        };
        let failed = match &finished.result {
            Ok(output) => output.is_error,
            Err(_) => true,
        };
        (finished.output(), failed)
    }
}

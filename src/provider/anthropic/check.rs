//! Checking address, key and model without paying for tokens.

use serde::Deserialize;

use super::AnthropicProvider;
use crate::net::NetError;
use crate::net::client::Method;
use crate::net::retry::Again;
use crate::provider::check::{self, Listed};
use crate::provider::labels::{Labels, error_answer};
use crate::provider::transport::Head;
use crate::provider::wire::Fault;
use crate::provider::{Failure, FailureKind, models};

/// Most bytes of a model list that are read.
const LIST: usize = 4 * 1024 * 1024;

/// An answer in full.
struct Answer {
    status: u16,
    head: Head,
    body: String,
}

#[derive(Deserialize)]
struct ModelList {
    data: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    id: String,
    #[serde(default)]
    max_input_tokens: Option<u64>,
}

impl AnthropicProvider {
    /// Asks for the list of models, then, for a model that is not on it, for a
    /// token count. Hosts that offer neither are reported as reachable.
    ///
    /// # Errors
    /// What keeps a turn from starting, in words.
    pub async fn check(&self, model: &str) -> Result<Vec<String>, Failure> {
        let labels = self.labels(model);
        let fail = |fault: Fault| labels.failure(&fault, 1);
        let list = self
            .ask(Method::Get, "models?limit=1000", Vec::new())
            .await
            .map_err(|error| fail(error.into()))?;
        let listed = match list.status {
            200 => serde_json::from_str::<ModelList>(&list.body).ok(),
            404 | 405 => None,
            _ => return Err(fail(self.fault(&list))),
        };
        let ids: Vec<&str> = match &listed {
            Some(list) => list.data.iter().map(|model| model.id.as_str()).collect(),
            None => Vec::new(),
        };
        let mut lines = vec![format!("{}: {} answers", self.row.id, self.base)];
        let known = ids.iter().any(|id| models::is_form_of(id, model));
        if known || self.count(model, &ids, &labels).await? {
            if let Some(key) = &labels.key {
                lines.push(format!("key accepted ({key})"));
            }
            lines.push(format!("model {model} is available"));
        } else {
            lines.push(format!(
                "key and model {model} not checked: this host offers no free way to"
            ));
        }
        Ok(lines)
    }

    /// Asks for the list of models; nothing when the host has none.
    pub(in crate::provider) async fn list(&self) -> (Labels, check::Answer) {
        (self.labels(""), self.models().await)
    }

    async fn models(&self) -> check::Answer {
        let list = self
            .ask(Method::Get, "models?limit=1000", Vec::new())
            .await?;
        match list.status {
            200 => Ok(serde_json::from_str::<ModelList>(&list.body)
                .ok()
                .map(|list| {
                    let listed = |model: Model| Listed {
                        id: model.id,
                        context: model.max_input_tokens,
                    };
                    list.data.into_iter().map(listed).collect()
                })),
            404 | 405 => Ok(None),
            _ => Err(self.fault(&list)),
        }
    }

    /// Whether a token count for the model works; false when the host has no
    /// such endpoint.
    async fn count(&self, model: &str, ids: &[&str], labels: &Labels) -> Result<bool, Failure> {
        let body = serde_json::json!({
            "model": model,
            "messages": [{"role": "user", "content": "hello"}],
        });
        let answer = self
            .ask(
                Method::Post,
                "messages/count_tokens",
                body.to_string().into(),
            )
            .await
            .map_err(|error| labels.failure(&error.into(), 1))?;
        if answer.status == 200 {
            return Ok(true);
        }
        let fault = self.fault(&answer);
        if ids.is_empty() && matches!(answer.status, 404 | 405) && !fault.detail.contains(model) {
            return Ok(false);
        }
        if fault.kind == FailureKind::NotFound && !ids.is_empty() {
            let near = models::nearest(model, ids.iter().copied());
            let near = match near.is_empty() {
                true => ids.iter().take(5).map(ToString::to_string).collect(),
                false => near,
            };
            let detail = format!("no model {model}. The server has: {}", near.join(", "));
            let fault = Fault::new(FailureKind::NotFound, Again::Never, detail);
            return Err(labels.failure(&fault, 1));
        }
        Err(labels.failure(&fault, 1))
    }

    async fn ask(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Answer, NetError> {
        let headers = self.headers("application/json");
        let request = self
            .client
            .request(method, &self.url(path), &headers, body)?;
        let mut response = self.client.send(&request).await?;
        Ok(Answer {
            status: response.status(),
            head: Head::pick(response.headers()),
            body: response.text(LIST).await?,
        })
    }

    fn fault(&self, answer: &Answer) -> Fault {
        error_answer(
            answer.status,
            &answer.head,
            &answer.body,
            &super::AnthropicWire,
        )
    }
}

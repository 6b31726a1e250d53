//! Checking address, key and model without paying for tokens.

use serde::Deserialize;

use super::OpenAiProvider;
use crate::net::client::Method;
use crate::provider::Failure;
use crate::provider::check::{self, Answer, Listed};
use crate::provider::labels::{Labels, error_answer};
use crate::provider::transport::Head;

/// Most bytes of a model list that are read.
const LIST: usize = 8 * 1024 * 1024;

#[derive(Deserialize)]
struct Model {
    id: String,
    // The window, by the names that servers have for it.
    #[serde(default)]
    context_length: Option<u64>,
    #[serde(default)]
    context_window: Option<u64>,
    #[serde(default)]
    max_model_len: Option<u64>,
    /// Where llama.cpp has it.
    #[serde(default)]
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(default)]
    n_ctx: Option<u64>,
}

/// The list as most send it, or bare.
#[derive(Deserialize)]
#[serde(untagged)]
enum ModelList {
    Wrapped { data: Vec<Model> },
    Bare(Vec<Model>),
}

impl OpenAiProvider {
    /// Asks for the list of models. Hosts that offer none are reported as reachable.
    ///
    /// # Errors
    /// What keeps a turn from starting, in words.
    pub async fn check(&self, model: &str) -> Result<Vec<String>, Failure> {
        let (labels, listed) = self.list().await;
        let labels = Labels {
            model: model.to_string(),
            ..labels
        };
        check::report(self.host.row, &self.host.base, model, &labels, listed)
    }

    /// Asks for the list of models.
    pub(in crate::provider) async fn list(&self) -> (Labels, Answer) {
        (self.host.labels(""), self.models().await)
    }

    /// The models, nothing when the host has no list.
    pub(super) async fn models(&self) -> Answer {
        let headers = self.headers("application/json");
        let url = self.url("models");
        let request = self
            .host
            .client
            .request(Method::Get, &url, &headers, Vec::new())?;
        let mut response = self.host.client.send(&request).await?;
        let status = response.status();
        let head = Head::pick(response.headers());
        let body = response.text(LIST).await?;
        match status {
            200 => Ok(serde_json::from_str::<ModelList>(&body)
                .ok()
                .map(|list| match list {
                    ModelList::Wrapped { data } | ModelList::Bare(data) => data
                        .into_iter()
                        .map(|model| Listed {
                            id: model.id,
                            context: model
                                .context_length
                                .or(model.context_window)
                                .or(model.max_model_len)
                                .or(model.meta.and_then(|meta| meta.n_ctx)),
                        })
                        .collect(),
                })),
            404 | 405 => Ok(None),
            _ => Err(error_answer(status, &head, &body, self.format().wire)),
        }
    }
}

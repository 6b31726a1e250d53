//! Checking address, key and model without paying for tokens.

use serde::Deserialize;

use super::OpenAiProvider;
use crate::net::client::Method;
use crate::net::retry::Again;
use crate::provider::labels::{Labels, error_answer};
use crate::provider::transport::Head;
use crate::provider::wire::Fault;
use crate::provider::{Failure, FailureKind, models};

/// Most bytes of a model list that are read.
const LIST: usize = 8 * 1024 * 1024;
/// Most models of a local server that are named.
const NAMED: usize = 8;

#[derive(Deserialize)]
struct Model {
    id: String,
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
        let labels = self.labels(model);
        let ids = self
            .models()
            .await
            .map_err(|fault| labels.failure(&fault, 1))?;
        let mut lines = vec![format!("{}: {} answers", self.row.id, self.base)];
        let Some(ids) = ids else {
            lines.push("key and model not checked: this host lists no models".to_string());
            return Ok(lines);
        };
        // Some hosts list their models to anybody.
        if let Some(key) = labels.key.as_ref().filter(|_| !self.lists_to_anybody()) {
            lines.push(format!("key accepted ({key})"));
        }
        lines.push(self.judge(model, &ids, &labels)?);
        Ok(lines)
    }

    fn lists_to_anybody(&self) -> bool {
        self.row.local || self.row.id == "openrouter"
    }

    /// What the list says of a model.
    fn judge(&self, model: &str, ids: &[String], labels: &Labels) -> Result<String, Failure> {
        let all = || ids.iter().map(String::as_str);
        if all().any(|id| models::is_form_of(id, model) || models::is_form_of(model, id)) {
            return Ok(format!("model {model} is available"));
        }
        let first = || all().take(NAMED).collect::<Vec<_>>().join(", ");
        let near = models::nearest(model, all()).join(", ");
        let detail = match (model, ids, near.as_str()) {
            (_, [], _) => format!("no model {model}. The server has none loaded"),
            ("", _, _) => return Ok(format!("choose one with --model: {}", first())),
            (_, _, "") => format!("no model {model}. The server has: {}", first()),
            (_, _, near) => format!("no model {model}. The server has: {near}"),
        };
        let fault = Fault::new(FailureKind::NotFound, Again::Never, detail);
        Err(labels.failure(&fault, 1))
    }

    /// The ids of the models, nothing when the host has no list.
    async fn models(&self) -> Result<Option<Vec<String>>, Fault> {
        let headers = self.headers("application/json");
        let url = self.url("models");
        let request = self
            .client
            .request(Method::Get, &url, &headers, Vec::new())?;
        let mut response = self.client.send(&request).await?;
        let status = response.status();
        let head = Head::pick(response.headers());
        let body = response.text(LIST).await?;
        match status {
            200 => Ok(serde_json::from_str::<ModelList>(&body)
                .ok()
                .map(|list| match list {
                    ModelList::Wrapped { data } | ModelList::Bare(data) => {
                        data.into_iter().map(|model| model.id).collect()
                    }
                })),
            404 | 405 => Ok(None),
            _ => Err(error_answer(status, &head, &body, self.format().wire)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::registry::{self, ProviderConfig};

    fn judged(model: &str, ids: &[&str]) -> Result<String, String> {
        let row = registry::info("lmstudio").unwrap();
        let provider = OpenAiProvider::new(row, ProviderConfig::default()).unwrap();
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        provider
            .judge(model, &ids, &provider.labels(model))
            .map_err(|failure| failure.message)
    }

    #[test]
    fn models_are_found_missed_or_offered() {
        let ids = ["qwen3-coder:30b", "gpt-oss-20b"];
        assert_eq!(
            judged("gpt-oss-20b", &ids).unwrap(),
            "model gpt-oss-20b is available"
        );
        assert_eq!(
            judged("", &ids).unwrap(),
            "choose one with --model: qwen3-coder:30b, gpt-oss-20b"
        );
        assert_eq!(
            judged("gpt-os-20b", &ids).unwrap_err(),
            "lmstudio: no model gpt-os-20b. The server has: gpt-oss-20b"
        );
        assert!(judged("x", &[]).unwrap_err().contains("none loaded"));
    }
}

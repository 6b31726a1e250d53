//! Checking address and model without loading it.

use serde::Deserialize;

use super::{OllamaProvider, OllamaWire, headers};
use crate::net::client::Method;
use crate::provider::Failure;
use crate::provider::check::{self, Answer, Listed};
use crate::provider::labels::Labels;

#[derive(Deserialize)]
struct Tags {
    #[serde(default)]
    models: Vec<Tag>,
}

#[derive(Deserialize)]
struct Tag {
    name: String,
}

impl OllamaProvider {
    /// Checks address and model, and whether the model can call tools.
    ///
    /// # Errors
    /// What keeps a turn from starting, in words.
    pub async fn check(&self, model: &str) -> Result<Vec<String>, Failure> {
        let labels = self.host.labels(model);
        let listed = self.models().await;
        let mut lines = check::report(self.host.row, &self.host.base, model, &labels, listed)?;
        if model.is_empty() {
            return Ok(lines);
        }
        if let Ok(abilities) = self.known.of(&self.host, model).await {
            lines.push(match abilities.tools {
                Some(false) => format!("{model} cannot call tools: it can answer, not act"),
                Some(true) => "it calls tools".to_string(),
                None => "the server does not say whether it calls tools".to_string(),
            });
        }
        Ok(lines)
    }

    /// Asks for the list of models.
    pub(in crate::provider) async fn list(&self) -> (Labels, Answer) {
        (self.host.labels(""), self.models().await)
    }

    async fn models(&self) -> Answer {
        let url = format!("{}/api/tags", self.host.base);
        let headers = headers(&self.host, "application/json");
        let ask = (Method::Get, url.as_str());
        let body = self
            .host
            .ask(ask, &headers, Vec::new(), &OllamaWire)
            .await?;
        let tags = serde_json::from_str::<Tags>(&body).ok();
        Ok(tags.map(|tags| {
            let listed = |tag: Tag| Listed {
                id: tag.name,
                context: None,
            };
            tags.models.into_iter().map(listed).collect()
        }))
    }
}

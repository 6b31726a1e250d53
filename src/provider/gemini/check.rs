//! Checking address, key and model without paying for tokens.

use serde::Deserialize;

use super::{GeminiProvider, GeminiWire};
use crate::net::client::Method;
use crate::provider::Failure;
use crate::provider::check::{self, Answer, Listed};
use crate::provider::labels::Labels;

#[derive(Deserialize)]
struct ModelList {
    #[serde(default)]
    models: Vec<Model>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Model {
    /// `models/ID`
    name: String,
    #[serde(default)]
    input_token_limit: Option<u64>,
    #[serde(default)]
    supported_generation_methods: Vec<String>,
}

impl GeminiProvider {
    /// Checks address, key and model.
    ///
    /// # Errors
    /// What keeps a turn from starting, in words.
    pub async fn check(&self, model: &str) -> Result<Vec<String>, Failure> {
        let labels = self.host.labels(model);
        let listed = self.models().await;
        check::report(self.host.row, &self.host.base, model, &labels, listed)
    }

    /// Asks for the list of models.
    pub(in crate::provider) async fn list(&self) -> (Labels, Answer) {
        (self.host.labels(""), self.models().await)
    }

    async fn models(&self) -> Answer {
        let url = format!("{}/models?pageSize=1000", self.host.base);
        let headers = self.headers("application/json");
        let ask = (Method::Get, url.as_str());
        let body = self
            .host
            .ask(ask, &headers, Vec::new(), &GeminiWire)
            .await?;
        let Ok(list) = serde_json::from_str::<ModelList>(&body) else {
            return Ok(None);
        };
        let answers = |model: &Model| {
            let methods = &model.supported_generation_methods;
            methods.is_empty() || methods.iter().any(|method| method == "generateContent")
        };
        let listed = |model: Model| Listed {
            id: model.name.trim_start_matches("models/").to_string(),
            context: model.input_token_limit,
        };
        let models = list.models.into_iter().filter(answers);
        Ok(Some(models.map(listed).collect()))
    }
}

//! What servers on this machine say of their models, beside the list all of them have.

use serde::Deserialize;

use super::OpenAiProvider;
use crate::net::client::Method;
use crate::provider::abilities::Abilities;
use crate::provider::wire::Fault;

/// llama.cpp's `/props`.
#[derive(Deserialize)]
struct Props {
    #[serde(default)]
    default_generation_settings: Slot,
    #[serde(default)]
    chat_template_caps: Caps,
    #[serde(default)]
    modalities: Modalities,
}

#[derive(Default, Deserialize)]
struct Slot {
    n_ctx: Option<u64>,
}

#[derive(Default, Deserialize)]
struct Caps {
    supports_tools: Option<bool>,
}

#[derive(Default, Deserialize)]
struct Modalities {
    vision: Option<bool>,
}

impl Props {
    fn abilities(&self) -> Abilities {
        Abilities {
            context: self.default_generation_settings.n_ctx,
            tools: self.chat_template_caps.supports_tools,
            vision: self.modalities.vision,
            thinking: None,
        }
    }
}

/// LM Studio's own list.
#[derive(Deserialize)]
struct Studio {
    data: Vec<StudioModel>,
}

#[derive(Deserialize)]
struct StudioModel {
    id: String,
    #[serde(default)]
    r#type: String,
    loaded_context_length: Option<u64>,
    max_context_length: Option<u64>,
    capabilities: Option<Vec<String>>,
}

impl StudioModel {
    fn abilities(&self) -> Abilities {
        let tools = self.capabilities.as_ref();
        Abilities {
            // A model that is not loaded yet gets the window its user set for it, which
            // nobody tells: its largest one is only a bound.
            context: self.loaded_context_length.or(self.max_context_length),
            tools: tools.map(|all| all.iter().any(|ability| ability == "tool_use")),
            vision: (!self.r#type.is_empty()).then(|| self.r#type == "vlm"),
            thinking: None,
        }
    }
}

impl OpenAiProvider {
    /// What the server says of a model; nothing of servers elsewhere, which the
    /// catalogue knows.
    ///
    /// # Errors
    /// When the server does not answer.
    pub(super) async fn describe(&self, model: &str) -> Result<Abilities, Fault> {
        if !self.host.row.local {
            return Ok(Abilities::default());
        }
        let listed = self.models().await?.unwrap_or_default();
        let named = listed.iter().find(|listed| listed.id == model);
        // A server with one model answers with it, whatever it is called.
        let only = listed.first().filter(|_| listed.len() == 1);
        let found = named.or(only);
        let context = found.and_then(|listed| listed.context);
        let own = match self.host.row.id {
            "llamacpp" => self.props().await,
            "lmstudio" => self.studio(found.map_or(model, |found| &found.id)).await,
            _ => None,
        };
        let own = own.unwrap_or_default();
        Ok(Abilities {
            context: own.context.or(context),
            ..own
        })
    }

    async fn props(&self) -> Option<Abilities> {
        let props: Props = self.outside("/props").await?;
        Some(props.abilities())
    }

    async fn studio(&self, model: &str) -> Option<Abilities> {
        let list: Studio = self.outside("/api/v0/models").await?;
        let found = list.data.into_iter().find(|row| row.id == model)?;
        Some(found.abilities())
    }

    /// A document outside of the compatible part of the server; other servers at the
    /// same port have none.
    async fn outside<T: serde::de::DeserializeOwned>(&self, path: &str) -> Option<T> {
        let base = &self.host.base;
        let url = format!("{}{path}", base.strip_suffix("/v1").unwrap_or(base));
        let headers = self.headers("application/json");
        let ask = (Method::Get, url.as_str());
        let wire = self.format().wire;
        let body = self.host.ask(ask, &headers, Vec::new(), wire).await.ok()?;
        serde_json::from_str(&body).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_descriptions_are_read() {
        let props: Props = serde_json::from_str(
            r#"{"default_generation_settings":{"n_ctx":40192,"params":{}},"total_slots":1,
               "modalities":{"vision":false,"audio":false},
               "chat_template_caps":{"supports_tools":true,"supports_tool_calls":true}}"#,
        )
        .unwrap();
        let expected = Abilities {
            context: Some(40_192),
            tools: Some(true),
            vision: Some(false),
            thinking: None,
        };
        assert_eq!(props.abilities(), expected);
        let list: Studio = serde_json::from_str(
            r#"{"object":"list","data":[{"id":"qwen","type":"vlm","state":"loaded",
               "max_context_length":131072,"loaded_context_length":8192,
               "capabilities":["tool_use"]},{"id":"old","type":"llm","max_context_length":4096}]}"#,
        )
        .unwrap();
        let seen: Vec<Abilities> = list.data.iter().map(StudioModel::abilities).collect();
        assert_eq!(
            (seen[0].context, seen[0].tools, seen[0].vision),
            (Some(8_192), Some(true), Some(true))
        );
        assert_eq!(
            (seen[1].context, seen[1].tools, seen[1].vision),
            (Some(4_096), None, Some(false))
        );
    }
}

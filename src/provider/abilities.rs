//! What a server on this machine says its model can do.

use crate::protocol::model::ModelInfo;

/// What a model can do; nothing where the server did not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Abilities {
    /// Window in tokens.
    pub context: Option<u64>,
    /// Calls tools.
    pub tools: Option<bool>,
    /// Takes images.
    pub vision: Option<bool>,
    /// Thinks, and can be told to.
    pub thinking: Option<bool>,
}

impl Abilities {
    /// The model as the server describes it; what the catalogue or the user say of it
    /// stands.
    pub fn of(&self, model: &ModelInfo) -> ModelInfo {
        let mut model = model.clone();
        if model.assumed {
            model.context = self.context.unwrap_or(model.context);
            model.max_output = model.max_output.min(model.context / 2);
            model.vision = self.vision.unwrap_or(model.vision);
        }
        model
    }
}

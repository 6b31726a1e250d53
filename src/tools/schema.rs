use super::ToolError;
use serde::de::DeserializeOwned;
/// schema
pub fn of<T: schemars::JsonSchema>() -> serde_json::Value {
    serde_json::json!({})
}
/// parse
pub fn parse<T: DeserializeOwned>(_n: &str, _a: &str) -> Result<T, ToolError> {
    Err(ToolError::model(""))
}

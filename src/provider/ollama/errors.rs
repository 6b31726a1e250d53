//! Error answers, alone or in a stream.

use crate::net::retry::Again;
use crate::provider::FailureKind;
use crate::provider::openai::errors;
use crate::provider::wire::Fault;

/// The error in a body; `status` is 200 for one that came in a stream.
pub(super) fn fault(status: u16, body: &str) -> Fault {
    let mut fault = match status {
        200 => errors::in_stream(body),
        _ => errors::in_answer(status, body),
    };
    let lower = fault.detail.to_lowercase();
    if status == 404 && lower.contains("model") && lower.contains("not found") {
        fault.kind = FailureKind::NotFound;
        if let Some(model) = quoted(&fault.detail) {
            fault.detail = format!("{}. Fetch it: ollama pull {model}", fault.detail);
        }
    } else if lower.contains("exceed") && (lower.contains("context") || lower.contains("length")) {
        fault.kind = FailureKind::ContextOverflow;
        fault.again = Again::Never;
    } else if lower.contains("does not support tools") {
        fault.kind = FailureKind::BadRequest;
        fault.again = Again::Never;
    } else if lower.contains("requires more system memory") {
        fault.again = Again::Never;
        fault.detail = format!("{}. Choose a smaller model", fault.detail);
    }
    fault
}

/// The name between the first quotation marks of a text.
fn quoted(text: &str) -> Option<&str> {
    let from = text.find(['\'', '"'])?;
    let rest = &text[from + 1..];
    rest.find(['\'', '"']).map(|to| &rest[..to])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_what_to_do() {
        use FailureKind as F;
        for (status, text, kind, again, end) in [
            (
                404,
                "model 'x:1b' not found",
                F::NotFound,
                Again::Never,
                "ollama pull x:1b",
            ),
            (
                400,
                "x does not support tools",
                F::BadRequest,
                Again::Never,
                "tools",
            ),
            (
                400,
                "the prompt exceeds the context length",
                F::ContextOverflow,
                Again::Never,
                "length",
            ),
            (
                503,
                "server busy, please try again",
                F::Overloaded,
                Again::Soon,
                "again",
            ),
            (
                500,
                "model requires more system memory (9 GiB) than is available",
                F::Overloaded,
                Again::Never,
                "smaller model",
            ),
            (
                200,
                "an error was encountered while running the model",
                F::Overloaded,
                Again::Soon,
                "model",
            ),
        ] {
            let fault = fault(status, &serde_json::json!({ "error": text }).to_string());
            assert_eq!((fault.kind, fault.again), (kind, again), "{text}");
            assert!(fault.detail.ends_with(end), "{}", fault.detail);
        }
    }
}

//! Error answers of the Messages API.

use serde_json::Value;

use crate::net::retry::Again;
use crate::provider::FailureKind;
use crate::provider::wire::{Fault, kind_of_status};

/// Wordings of "the conversation is too long"; there is no type for it.
const OVERFLOW: [&str; 4] = [
    "prompt is too long",
    "exceed context limit",
    "maximum context length",
    "context window",
];

/// Wordings of "waiting does not help, paying does"; sent as an invalid request.
const BILLING: [&str; 4] = [
    "credit balance",
    "usage limit",
    "insufficient_quota",
    "billing",
];

/// The error in the body of an answer with an error status.
pub fn in_answer(status: u16, body: &str) -> Fault {
    let (kind, message) = parts(body);
    let sort = sort(&kind, &message).unwrap_or_else(|| kind_of_status(status));
    Fault {
        status: Some(status),
        ..Fault::new(sort, Again::for_status(status, None), message)
    }
}

/// The error that comes with status 200, in a stream or instead of one.
pub fn in_stream(data: &str) -> Fault {
    let (kind, message) = parts(data);
    let sort = sort(&kind, &message).unwrap_or(FailureKind::Overloaded);
    let again = match (kind.as_str(), sort) {
        ("overloaded_error", _) | (_, FailureKind::RateLimit) => Again::Busy,
        (_, FailureKind::Overloaded) => Again::Soon,
        _ => Again::Never,
    };
    let said = match message.is_empty() {
        true => kind.replace('_', " "),
        false => message,
    };
    Fault::new(sort, again, said)
}

/// Type and message, whether the envelope is nested, flat or no JSON at all.
fn parts(body: &str) -> (String, String) {
    let Ok(value) = serde_json::from_str::<Value>(body) else {
        return (String::new(), body.trim().to_string());
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let error = &value["error"];
    let message = [
        &error["message"],
        error,
        &value["message"],
        &value["detail"],
    ]
    .into_iter()
    .find(|found| found.is_string())
    .map_or_else(|| body.trim().to_string(), text);
    (text(&error["type"]), message)
}

fn sort(kind: &str, message: &str) -> Option<FailureKind> {
    let lower = message.to_lowercase();
    let says = |wordings: &[&str]| wordings.iter().any(|wording| lower.contains(wording));
    Some(match kind {
        "authentication_error" | "permission_error" => FailureKind::Auth,
        "billing_error" => FailureKind::Billing,
        "not_found_error" => FailureKind::NotFound,
        "rate_limit_error" => FailureKind::RateLimit,
        "overloaded_error" | "api_error" | "timeout_error" => FailureKind::Overloaded,
        "request_too_large" => FailureKind::ContextOverflow,
        "invalid_request_error" if says(&OVERFLOW) => FailureKind::ContextOverflow,
        "invalid_request_error" if says(&BILLING) => FailureKind::Billing,
        "invalid_request_error" => FailureKind::BadRequest,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(kind: &str, message: &str) -> String {
        serde_json::json!({"type": "error", "error": {"type": kind, "message": message}})
            .to_string()
    }

    #[test]
    fn statuses_types_and_wordings_are_sorted() {
        use FailureKind as F;
        for (status, kind, message, expected) in [
            (401, "authentication_error", "invalid x-api-key", F::Auth),
            (403, "permission_error", "no", F::Auth),
            (402, "billing_error", "no", F::Billing),
            (
                400,
                "invalid_request_error",
                "Your credit balance is too low",
                F::Billing,
            ),
            (404, "not_found_error", "model: x", F::NotFound),
            (
                400,
                "invalid_request_error",
                "max_tokens: too big",
                F::BadRequest,
            ),
            (
                400,
                "invalid_request_error",
                "prompt is too long: 210000 tokens > 200000 maximum",
                F::ContextOverflow,
            ),
            (
                413,
                "request_too_large",
                "Request exceeds",
                F::ContextOverflow,
            ),
            (413, "other", "Request exceeds", F::ContextOverflow),
            (429, "rate_limit_error", "slow", F::RateLimit),
            (529, "overloaded_error", "Overloaded", F::Overloaded),
            (500, "api_error", "Internal", F::Overloaded),
            (422, "", "unprocessable", F::BadRequest),
        ] {
            let fault = in_answer(status, &body(kind, message));
            assert_eq!(fault.kind, expected, "{status} {kind} {message}");
            assert_eq!(fault.detail, message);
        }
    }

    #[test]
    fn any_envelope_is_read() {
        for (body, message) in [
            (r#"{"error":{"message":"nested"}}"#, "nested"),
            (r#"{"error":"flat"}"#, "flat"),
            (r#"{"message":"bare"}"#, "bare"),
            ("no JSON\n", "no JSON"),
            (r#"{"odd":1}"#, r#"{"odd":1}"#),
        ] {
            assert_eq!(in_answer(500, body).detail, message);
        }
    }

    #[test]
    fn errors_in_a_stream_are_retried_by_type() {
        for (kind, again) in [
            ("overloaded_error", Again::Busy),
            ("rate_limit_error", Again::Busy),
            ("api_error", Again::Soon),
            ("something_new", Again::Soon),
            ("invalid_request_error", Again::Never),
            ("authentication_error", Again::Never),
        ] {
            assert_eq!(in_stream(&body(kind, "m")).again, again, "{kind}");
        }
        assert_eq!(
            in_stream(&body("overloaded_error", "")).detail,
            "overloaded error"
        );
    }
}

//! Error answers of OpenAI's formats, and of the many servers that speak them.

use serde_json::Value;

use crate::net::retry::Again;
use crate::provider::FailureKind;
use crate::provider::wire::{Fault, kind_of_status};

/// Wordings of "the conversation is too long".
const OVERFLOW: [&str; 9] = [
    "maximum context length",
    "maximum prompt length",
    "context length",
    "context window",
    "context size",
    "prompt is too long",
    "input is too long",
    "too many tokens",
    "reduce the length",
];

/// Wordings of "waiting does not help, paying does".
const BILLING: [&str; 6] = [
    "insufficient_quota",
    "insufficient balance",
    "exceeded your current quota",
    "credit",
    "billing",
    "payment",
];

/// The error in the body of an answer with an error status.
pub fn in_answer(status: u16, body: &str) -> Fault {
    let error = Parts::of(body);
    let kind = error.sort().unwrap_or_else(|| kind_of_status(status));
    let again = match error.code.as_str() {
        // The model wrote a call that the server could not read.
        "tool_use_failed" => Again::Briefly,
        _ => Again::for_status(status, None),
    };
    Fault {
        status: Some(status),
        ..Fault::new(kind, again, error.message)
    }
}

/// The error that comes with status 200, in a stream or instead of one.
pub fn in_stream(data: &str) -> Fault {
    let error = Parts::of(data);
    let status = error.code.parse().ok().filter(|code| *code >= 400);
    let kind = error
        .sort()
        .or_else(|| status.map(kind_of_status))
        .unwrap_or(FailureKind::Overloaded);
    let again = match kind {
        FailureKind::RateLimit => Again::Busy,
        FailureKind::Overloaded => Again::Soon,
        _ => Again::Never,
    };
    Fault::new(kind, again, error.message)
}

/// What an error says of itself.
struct Parts {
    code: String,
    r#type: String,
    message: String,
}

impl Parts {
    /// Reads any envelope: nested, flat, in a list, a failed response, no JSON.
    fn of(body: &str) -> Self {
        let value = match serde_json::from_str::<Value>(body) {
            Ok(Value::Array(mut list)) if !list.is_empty() => list.swap_remove(0),
            Ok(value) => value,
            Err(_) => Value::Null,
        };
        let nested = &value["response"]["error"];
        let error = [nested, &value["error"]]
            .into_iter()
            .find(|found| found.is_object())
            .unwrap_or(&value);
        let name = |field: &str| match &error[field] {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        let message = [
            &error["message"],
            &value["error"],
            &value["message"],
            &value["detail"],
        ]
        .into_iter()
        .find_map(|found| match found {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            // Lists of what is wrong with a request.
            Value::Array(_) => Some(found.to_string()),
            _ => None,
        });
        let (code, r#type) = (name("code"), name("type"));
        let mut message = message.unwrap_or_else(|| match code.as_str() {
            "" => body.trim().to_string(),
            code => code.replace('_', " "),
        });
        if let Some(upstream) = error["metadata"]["raw"].as_str() {
            message.push_str(": ");
            message.push_str(upstream);
        }
        Self {
            code,
            r#type,
            message,
        }
    }

    fn sort(&self) -> Option<FailureKind> {
        [&self.code, &self.r#type]
            .into_iter()
            .find_map(|name| self.sort_by(name))
            .or_else(|| self.says(&OVERFLOW).then_some(FailureKind::ContextOverflow))
    }

    fn sort_by(&self, name: &str) -> Option<FailureKind> {
        Some(match name {
            "invalid_api_key" | "authentication_error" | "permission_error" => FailureKind::Auth,
            "insufficient_quota" | "billing_hard_limit_reached" | "billing_not_active" => {
                FailureKind::Billing
            }
            "model_not_found" | "not_found_error" => FailureKind::NotFound,
            "context_length_exceeded" | "exceed_context_size_error" | "string_above_max_length" => {
                FailureKind::ContextOverflow
            }
            "rate_limit_exceeded" | "rate_limit_error" | "tokens" | "requests"
                if self.says(&BILLING[..3]) =>
            {
                FailureKind::Billing
            }
            "rate_limit_exceeded" | "rate_limit_error" => FailureKind::RateLimit,
            "server_error" | "api_error" | "overloaded_error" | "internal_server_error" => {
                FailureKind::Overloaded
            }
            "unsupported_country_region_territory" => FailureKind::BadRequest,
            "invalid_prompt"
            | "bio_policy"
            | "cyber_policy"
            | "misalignment_policy_violation"
            | "tool_use_failed"
            | "content_filter" => FailureKind::BadRequest,
            "invalid_request_error" if self.says(&OVERFLOW) => FailureKind::ContextOverflow,
            "invalid_request_error" if self.code.is_empty() && self.says(&BILLING) => {
                FailureKind::Billing
            }
            _ => return None,
        })
    }

    fn says(&self, wordings: &[&str]) -> bool {
        let lower = self.message.to_lowercase();
        wordings.iter().any(|wording| lower.contains(wording))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(kind: &str, code: &str, message: &str) -> String {
        serde_json::json!({"error": {"message": message, "type": kind, "code": code, "param": null}})
            .to_string()
    }

    #[test]
    fn statuses_codes_and_wordings_are_sorted() {
        use FailureKind as F;
        let invalid = "invalid_request_error";
        for (status, kind, code, message, expected) in [
            (
                401,
                invalid,
                "invalid_api_key",
                "Incorrect API key",
                F::Auth,
            ),
            (403, "", "", "no", F::Auth),
            (
                403,
                "request_forbidden",
                "unsupported_country_region_territory",
                "Country not supported",
                F::BadRequest,
            ),
            (402, "", "402", "Insufficient credits", F::Billing),
            (
                429,
                "insufficient_quota",
                "insufficient_quota",
                "You exceeded your current quota",
                F::Billing,
            ),
            (
                429,
                "tokens",
                "rate_limit_exceeded",
                "Slow down",
                F::RateLimit,
            ),
            (
                404,
                invalid,
                "model_not_found",
                "no such model",
                F::NotFound,
            ),
            (400, invalid, "", "Unknown parameter: 'x'.", F::BadRequest),
            (
                400,
                invalid,
                "context_length_exceeded",
                "too long",
                F::ContextOverflow,
            ),
            (
                400,
                "",
                "",
                "This model's maximum context length is 8192 tokens",
                F::ContextOverflow,
            ),
            (
                400,
                "exceed_context_size_error",
                "400",
                "the request exceeds the available context size",
                F::ContextOverflow,
            ),
            (413, "", "", "big", F::ContextOverflow),
            (422, "", "", "extra field", F::BadRequest),
            (500, "server_error", "", "oops", F::Overloaded),
            (503, "", "", "busy", F::Overloaded),
        ] {
            let fault = in_answer(status, &body(kind, code, message));
            assert_eq!(fault.kind, expected, "{status} {kind} {code} {message}");
            assert_eq!(fault.detail, message);
        }
    }

    #[test]
    fn any_envelope_is_read() {
        for (body, message) in [
            (r#"{"error":{"message":"nested"}}"#, "nested"),
            (r#"{"error":"flat"}"#, "flat"),
            (r#"{"object":"error","message":"bare","code":400}"#, "bare"),
            (r#"{"detail":[{"loc":"x"}]}"#, r#"[{"loc":"x"}]"#),
            (r#"[{"error":{"message":"listed"}}]"#, "listed"),
            (
                r#"{"error":{"message":"Provider returned error","metadata":{"raw":"why"}}}"#,
                "Provider returned error: why",
            ),
            ("no JSON\n", "no JSON"),
        ] {
            assert_eq!(in_answer(500, body).detail, message);
        }
    }

    #[test]
    fn errors_in_a_stream_are_retried_by_code() {
        for (data, again) in [
            (body("", "server_error", "m"), Again::Soon),
            (body("", "rate_limit_exceeded", "m"), Again::Busy),
            (body("", "invalid_prompt", "m"), Again::Never),
            (body("", "something_new", "m"), Again::Soon),
            (r#"{"error":{"code":401,"message":"m"}}"#.into(), Again::Never),
            (r#"{"error":{"code":502,"message":"m"}}"#.into(), Again::Soon),
            (
                r#"{"type":"error","code":"rate_limit_exceeded","message":"m"}"#.into(),
                Again::Busy,
            ),
            (
                r#"{"type":"response.failed","response":{"error":{"code":"server_error","message":"m"}}}"#
                    .into(),
                Again::Soon,
            ),
        ] {
            let fault = in_stream(&data);
            assert_eq!((fault.again, fault.detail.as_str()), (again, "m"), "{data}");
        }
        let failed = in_answer(400, &body("", "tool_use_failed", "m"));
        assert_eq!(failed.again, Again::Briefly);
    }
}

//! Error answers, alone or in a stream.

use std::time::Duration;

use serde_json::Value;

use crate::net::retry::Again;
use crate::provider::FailureKind;
use crate::provider::wire::{Fault, kind_of_status};

/// The error in a body; `status` is 200 for one that came in a stream.
pub(super) fn fault(status: u16, body: &str) -> Fault {
    let value = match serde_json::from_str::<Value>(body) {
        Ok(Value::Array(mut list)) if !list.is_empty() => list.swap_remove(0),
        Ok(value) => value,
        Err(_) => Value::Null,
    };
    let error = &value["error"];
    let code = match status {
        200 => error["code"].as_u64().unwrap_or(500) as u16,
        status => status,
    };
    let message = match error["message"].as_str() {
        Some(message) => message.lines().next().unwrap_or_default(),
        None => body.trim(),
    };
    let details = error["details"].as_array().map_or(&[][..], Vec::as_slice);
    let kind = kind(
        code,
        error["status"].as_str().unwrap_or_default(),
        message,
        details,
    );
    let again = match kind {
        FailureKind::Billing | FailureKind::Auth => Again::Never,
        _ => Again::for_status(code, None),
    };
    let mut detail = message.to_string();
    if let Some(advice) = advice(message) {
        detail = format!("{}. {advice}", detail.trim_end_matches('.'));
    }
    Fault {
        status: (status != 200).then_some(status),
        wish: details.iter().find_map(wish),
        ..Fault::new(kind, again, detail)
    }
}

fn kind(code: u16, status: &str, message: &str, details: &[Value]) -> FailureKind {
    let lower = message.to_lowercase();
    let says = |words: &str| lower.contains(words);
    match status {
        // A bad key is a bad argument here.
        _ if says("api key not valid") || says("api key expired") || says("api_key_invalid") => {
            FailureKind::Auth
        }
        "INVALID_ARGUMENT" if says("token count") && says("exceeds") => {
            FailureKind::ContextOverflow
        }
        "FAILED_PRECONDITION" if says("billing") => FailureKind::Billing,
        "RESOURCE_EXHAUSTED" if details.iter().any(is_daily) || says("per day") => {
            FailureKind::Billing
        }
        "UNAUTHENTICATED" | "PERMISSION_DENIED" => FailureKind::Auth,
        "RESOURCE_EXHAUSTED" => FailureKind::RateLimit,
        "NOT_FOUND" => FailureKind::NotFound,
        "INVALID_ARGUMENT" | "FAILED_PRECONDITION" => FailureKind::BadRequest,
        "UNAVAILABLE" | "INTERNAL" | "DEADLINE_EXCEEDED" => FailureKind::Overloaded,
        _ => kind_of_status(code),
    }
}

/// What to do, where the server's words do not say it.
fn advice(message: &str) -> Option<&'static str> {
    message
        .contains("location is not supported")
        .then_some("Google does not serve this region; use another provider, e.g. openrouter")
}

/// A limit that the day restores, not the minute.
fn is_daily(detail: &Value) -> bool {
    let violations = detail["violations"].as_array().into_iter().flatten();
    violations
        .filter_map(|violation| violation["quotaId"].as_str())
        .any(|id| id.contains("PerDay"))
}

/// `retryDelay` as in `17s` or `1.5s`.
fn wish(detail: &Value) -> Option<Duration> {
    let seconds = detail["retryDelay"].as_str()?.strip_suffix('s')?;
    let seconds: f64 = seconds.parse().ok()?;
    (0.0..1e6)
        .contains(&seconds)
        .then(|| Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(code: u16, status: &str, message: &str, details: Value) -> Fault {
        let error = json!({"error": {"code": code, "message": message, "status": status, "details": details}});
        fault(code, &error.to_string())
    }

    #[test]
    fn errors_are_sorted() {
        use FailureKind as F;
        let day = json!([{"violations": [{"quotaId": "GenerateRequestsPerDayPerProject"}]}]);
        for (code, status, message, details, kind, again) in [
            (
                400,
                "INVALID_ARGUMENT",
                "API key not valid. Please pass a valid API key.",
                json!([]),
                F::Auth,
                Again::Never,
            ),
            (
                400,
                "INVALID_ARGUMENT",
                "The input token count (9) exceeds the maximum number of tokens allowed (8).",
                json!([]),
                F::ContextOverflow,
                Again::Never,
            ),
            (
                400,
                "FAILED_PRECONDITION",
                "User location is not supported for the API use.",
                json!([]),
                F::BadRequest,
                Again::Never,
            ),
            (
                403,
                "PERMISSION_DENIED",
                "no",
                json!([]),
                F::Auth,
                Again::Never,
            ),
            (
                404,
                "NOT_FOUND",
                "models/x is not found",
                json!([]),
                F::NotFound,
                Again::Never,
            ),
            (
                429,
                "RESOURCE_EXHAUSTED",
                "slow",
                json!([]),
                F::RateLimit,
                Again::Busy,
            ),
            (
                429,
                "RESOURCE_EXHAUSTED",
                "quota",
                day,
                F::Billing,
                Again::Never,
            ),
            (
                503,
                "UNAVAILABLE",
                "overloaded",
                json!([]),
                F::Overloaded,
                Again::Soon,
            ),
        ] {
            let fault = of(code, status, message, details);
            assert_eq!((fault.kind, fault.again), (kind, again), "{message}");
        }
        let region = of(
            400,
            "FAILED_PRECONDITION",
            "User location is not supported.",
            json!([]),
        );
        assert!(
            region
                .detail
                .ends_with("use another provider, e.g. openrouter")
        );
    }

    #[test]
    fn a_wait_that_is_asked_for_is_kept_and_a_list_is_read() {
        let retry =
            json!([{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "17s"}]);
        let fault_429 = of(429, "RESOURCE_EXHAUSTED", "slow", retry);
        assert_eq!(fault_429.wish, Some(Duration::from_secs(17)));
        let streamed = fault(
            200,
            r#"[{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}]"#,
        );
        assert_eq!(
            (
                streamed.kind,
                streamed.status,
                streamed.again,
                streamed.detail.as_str()
            ),
            (FailureKind::Overloaded, None, Again::Soon, "busy")
        );
    }
}

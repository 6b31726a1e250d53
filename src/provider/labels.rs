//! Error answers: what they mean, and how the user reads them.

use super::transport::Head;
use super::wire::{Fault, Wire, kind_of_status};
use super::{Failure, FailureKind, models};
use crate::net::retry::Again;
use crate::stdx::{redact, text};

/// Most characters of a server's message that are shown.
const ERROR_TEXT: usize = 600;

/// What error messages name.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    /// Vendor id.
    pub provider: String,
    /// Model id.
    pub model: String,
    /// Where requests go.
    pub base_url: String,
    /// The credential in words, e.g. `ANTHROPIC_API_KEY ends in …f3a9`.
    pub key: Option<String>,
    /// How to set a working key.
    pub key_advice: String,
    /// What to do when nothing answers, where there is something to do.
    pub unreachable: String,
    /// What must not be shown.
    pub secrets: Vec<String>,
}

impl Labels {
    /// The failure as the user reads it.
    pub fn failure(&self, fault: &Fault, attempts: u32) -> Failure {
        let detail = self.detail(fault);
        let key = self
            .key
            .as_ref()
            .map_or(String::new(), |key| format!(" ({key})"));
        let tries = match attempts {
            1 => String::new(),
            n => format!(" (tried {n} times)"),
        };
        let body = match fault.kind {
            FailureKind::Auth => format!("{detail}{key}. {}", self.key_advice),
            FailureKind::Billing => {
                format!("{detail}{key}. The account needs credit or a higher limit")
            }
            FailureKind::NotFound => format!("{detail}{}", self.near_models(fault)),
            FailureKind::ContextOverflow => {
                format!("the conversation does not fit the model's window ({detail})")
            }
            FailureKind::Cancelled => "stopped".to_string(),
            FailureKind::Network if !self.unreachable.is_empty() => {
                format!("{detail}{tries}. {}", self.unreachable)
            }
            FailureKind::RateLimit
            | FailureKind::Overloaded
            | FailureKind::BadRequest
            | FailureKind::Network
            | FailureKind::Protocol => format!("{detail}{tries}"),
        };
        Failure {
            kind: fault.kind,
            message: format!("{}: {body}", self.provider),
        }
    }

    /// The status and what the server said, safe to show.
    pub fn detail(&self, fault: &Fault) -> String {
        let safe = redact::redact_known(&fault.detail, &self.secrets);
        let line = text::one_line(&text::clean(&safe), ERROR_TEXT);
        let line = line.trim_end_matches('.');
        match fault.status {
            Some(status) if status != 200 => format!("{status} {line}"),
            _ => line.to_string(),
        }
    }

    fn near_models(&self, fault: &Fault) -> String {
        if fault.status != Some(404) {
            return String::new();
        }
        if !fault.detail.contains("model") {
            return format!(". Check the base URL {}", self.base_url);
        }
        let near = models::near(&self.provider, &self.model);
        if near.is_empty() || near.contains(&self.model) {
            return String::new();
        }
        format!(". Near names: {}", near.join(", "))
    }
}

/// Judges an answer that is no stream.
pub fn error_answer(status: u16, head: &Head, body: &str, wire: &dyn Wire) -> Fault {
    if let (300..=399, Some(location)) = (status, &head.location) {
        let detail = format!("redirect to {location}; set the base URL to the final address");
        return Fault {
            status: Some(status),
            ..Fault::new(FailureKind::NotFound, Again::Never, detail)
        };
    }
    let mut fault = if body.trim_start().starts_with('<') {
        page(status, body)
    } else {
        wire.fault(status, body)
    };
    if status == 200 {
        return fault;
    }
    fault.status = Some(status);
    fault.wish = head.wish().or(fault.wish);
    fault.again = match (fault.kind, fault.again) {
        (FailureKind::Billing | FailureKind::Auth, _) => Again::Never,
        // The format knows better: what the model wrote may come out right.
        (FailureKind::BadRequest, Again::Briefly) => Again::Briefly,
        _ => Again::for_status(status, head.should_retry.as_deref()),
    };
    fault
}

/// A web page where an answer should be: a gateway, a captive portal, a wrong address.
fn page(status: u16, body: &str) -> Fault {
    let title = body
        .split_once("<title>")
        .and_then(|(_, rest)| rest.split_once("</title>"))
        .map_or("", |(title, _)| title.trim());
    let detail = match title {
        "" => "a web page instead of an answer".to_string(),
        title => format!("a web page instead of an answer: {title}"),
    };
    Fault::new(kind_of_status(status), Again::Never, detail)
}

//! `reasoning_details`: reasoning in pieces of several kinds, to be sent back whole.

use serde_json::{Map, Value};

/// Fields that grow from piece to piece.
const GROWING: [&str; 3] = ["text", "summary", "data"];

/// The details so far.
#[derive(Default)]
pub(super) struct Details(Vec<Map<String, Value>>);

impl Details {
    /// Adds pieces; what belongs to the piece before grows it. The result is what
    /// can be read of them.
    pub(super) fn add(&mut self, pieces: Vec<Value>) -> String {
        let mut readable = String::new();
        for piece in pieces {
            let Value::Object(piece) = piece else {
                continue;
            };
            for field in ["text", "summary"] {
                readable.push_str(piece.get(field).and_then(Value::as_str).unwrap_or(""));
            }
            let goes_on = |last: &&mut Map<String, Value>| {
                let same = |field: &str| last.get(field) == piece.get(field);
                same("type") && same("index")
            };
            match self.0.last_mut().filter(goes_on) {
                Some(last) => grow(last, piece),
                None => self.0.push(piece),
            }
        }
        readable
    }

    /// The details as JSON, when there are any.
    pub(super) fn take(&mut self) -> Option<String> {
        let details = std::mem::take(&mut self.0);
        (!details.is_empty())
            .then(|| serde_json::json!({ "reasoning_details": details }).to_string())
    }
}

fn grow(last: &mut Map<String, Value>, piece: Map<String, Value>) {
    for (name, value) in piece {
        match (last.get_mut(&name), &value) {
            (Some(Value::String(old)), Value::String(more)) if GROWING.contains(&&*name) => {
                old.push_str(more);
            }
            (_, Value::Null) => {}
            _ => drop(last.insert(name, value)),
        }
    }
}

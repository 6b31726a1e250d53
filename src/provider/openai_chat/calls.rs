//! Putting tool calls together from their pieces.

use serde_json::value::RawValue;

use super::events::{CallPiece, Text};

/// A call that is still growing.
pub(super) struct Call {
    /// Position of the block in the message.
    pub(super) block: usize,
    /// The server's number for it.
    number: Option<i64>,
    id: String,
    pub(super) name: String,
    pub(super) arguments: String,
}

impl Call {
    /// Its id, made up when the server gave none.
    pub(super) fn id(&self) -> String {
        match self.id.as_str() {
            "" => format!("call_{}", self.block),
            id => id.to_string(),
        }
    }
}

/// What a piece did.
pub(super) struct Grown {
    /// Position of the block.
    pub(super) block: usize,
    /// The name, when it became known.
    pub(super) name: Option<String>,
    /// The arguments it added.
    pub(super) arguments: String,
}

/// All calls of an answer.
#[derive(Default)]
pub(super) struct Calls(pub(super) Vec<Call>);

impl Calls {
    /// Adds a piece; `next` is the position of a new block, should there be one.
    pub(super) fn add(&mut self, piece: CallPiece, next: &mut usize) -> Grown {
        let id = piece.id.map_or(String::new(), |id| id.0.into_owned());
        let function = piece.function.unwrap_or_default();
        let name = function
            .name
            .map_or(String::new(), |name| name.0.into_owned());
        let arguments = function.arguments.map_or(String::new(), text_of);
        let at = self.find(piece.index, &id, &name).unwrap_or_else(|| {
            self.0.push(Call {
                block: *next,
                number: piece.index,
                id: String::new(),
                name: String::new(),
                arguments: String::new(),
            });
            *next += 1;
            self.0.len() - 1
        });
        let call = &mut self.0[at];
        if call.id.is_empty() {
            call.id = id;
        }
        let named = call.name.is_empty() && !name.is_empty();
        if named {
            call.name.clone_from(&name);
        }
        call.arguments.push_str(&arguments);
        Grown {
            block: call.block,
            name: named.then_some(name),
            arguments,
        }
    }

    /// The call a piece belongs to. Some servers number all calls alike, some give
    /// no numbers, some no ids, and some repeat id and name with every piece.
    fn find(&self, number: Option<i64>, id: &str, name: &str) -> Option<usize> {
        let other = |call: &Call| {
            !id.is_empty() && !call.id.is_empty() && call.id != id && !name.is_empty()
        };
        match number {
            Some(_) => {
                let same = |call: &Call| call.number == number;
                let at = self.0.iter().rposition(same)?;
                (!other(&self.0[at])).then_some(at)
            }
            None if !id.is_empty() => self.0.iter().rposition(|call| call.id == id),
            None if !name.is_empty() => None,
            None => self.0.len().checked_sub(1),
        }
    }
}

/// Arguments are JSON in a string; some servers send the object itself.
fn text_of(raw: &RawValue) -> String {
    match serde_json::from_str::<Text>(raw.get()) {
        Ok(text) => text.0.into_owned(),
        Err(_) if raw.get() == "null" => String::new(),
        Err(_) => raw.get().to_string(),
    }
}

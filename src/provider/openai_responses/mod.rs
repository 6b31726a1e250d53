//! The Responses API, stateless: nothing is stored at the vendor, reasoning comes
//! encrypted and goes back with the answer or the calls that it led to.

mod decode;
mod encode;
mod events;
mod freeform;
mod shape;
mod summary;

use super::openai::errors;
use super::wire::{Decode, Fault, Wire};

pub use encode::body;

/// The wire format of the Responses API.
#[derive(Debug, Clone, Copy)]
pub struct ResponsesWire;

impl Wire for ResponsesWire {
    fn decoder(&self) -> Box<dyn Decode> {
        Box::new(decode::Decoder::default())
    }

    fn fault(&self, status: u16, body: &str) -> Fault {
        match status {
            200 => errors::in_stream(body),
            _ => errors::in_answer(status, body),
        }
    }
}

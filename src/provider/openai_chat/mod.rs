//! Chat Completions, as OpenAI wrote it down and as dozens of servers read it.

mod calls;
mod decode;
mod details;
mod encode;
mod events;
mod shape;
pub(super) mod tags;
mod thinking;

use super::openai::errors;
use super::wire::{Decode, Fault, Wire};

pub use encode::body;

/// The wire format of Chat Completions.
#[derive(Debug, Clone, Copy)]
pub struct ChatWire;

impl Wire for ChatWire {
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

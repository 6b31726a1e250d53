//! One request from the first attempt to its one terminal event: opening,
//! framing, decoding, trying again, cancelling. The same for every vendor, and
//! for scripts.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::stream;
use tokio_util::sync::CancellationToken;

use super::labels::{Labels, error_answer};
use super::transport::{Body, Reply, Transport};
use super::wire::{Decode, Fault, Framing};
use super::{EventStream, FailureKind, StreamEvent};
use crate::net::lines::LineParser;
use crate::net::retry::{self, Again};
use crate::net::sse::{SseParser, TooLarge};
use crate::stdx::ids;

/// The events of one request.
pub fn run(
    transport: Box<dyn Transport>,
    labels: Labels,
    cancel: CancellationToken,
) -> EventStream {
    let run = Run {
        transport,
        labels,
        cancel,
        attempt: 1,
        shown: false,
        ended: false,
        state: State::Open,
        queue: VecDeque::new(),
    };
    Box::pin(stream::unfold(Box::new(run), Run::next))
}

/// An answer being read.
struct Reading {
    body: Body,
    parser: Framer,
    decoder: Box<dyn Decode>,
}

/// Takes bytes apart into events.
enum Framer {
    Events(SseParser),
    Lines(LineParser),
}

impl Framer {
    fn new(framing: Framing) -> Self {
        match framing {
            Framing::Events => Self::Events(SseParser::default()),
            Framing::Lines => Self::Lines(LineParser::default()),
        }
    }

    fn push(&mut self, bytes: &[u8], mut emit: impl FnMut(&str)) -> Result<(), TooLarge> {
        match self {
            Self::Events(parser) => parser.push(bytes, |_, data| emit(data)),
            Self::Lines(parser) => parser.push(bytes, emit),
        }
    }

    fn finish(&mut self, mut emit: impl FnMut(&str)) {
        match self {
            Self::Events(parser) => std::mem::take(parser).finish(|_, data| emit(data)),
            Self::Lines(parser) => std::mem::take(parser).finish(emit),
        }
    }
}

enum State {
    Open,
    Waiting(Duration),
    Reading(Box<Reading>),
    /// All events are in the queue.
    Draining,
}

struct Run {
    transport: Box<dyn Transport>,
    labels: Labels,
    cancel: CancellationToken,
    attempt: u32,
    /// Some output of this attempt was handed out.
    shown: bool,
    /// The terminal event was handed out.
    ended: bool,
    state: State,
    queue: VecDeque<StreamEvent>,
}

impl Run {
    async fn next(mut self: Box<Self>) -> Option<(StreamEvent, Box<Self>)> {
        loop {
            if self.ended {
                return None;
            }
            if self.cancel.is_cancelled() {
                self.ended = true;
                let fault = Fault::new(FailureKind::Cancelled, Again::Never, "");
                let failure = self.labels.failure(&fault, 1);
                return Some((StreamEvent::Failed(failure), self));
            }
            if let Some(event) = self.queue.pop_front() {
                match &event {
                    StreamEvent::Delta { .. } | StreamEvent::BlockDone { .. } => self.shown = true,
                    StreamEvent::Done { .. } | StreamEvent::Failed(_) => self.ended = true,
                    StreamEvent::Start { .. }
                    | StreamEvent::Retrying { .. }
                    | StreamEvent::Restarted { .. } => {}
                }
                return Some((event, self));
            }
            let cancel = self.cancel.clone();
            tokio::select! {
                biased;
                () = cancel.cancelled() => {}
                () = self.step() => {}
            }
        }
    }

    /// Does one thing that may take time; afterwards the queue holds what came
    /// of it. Dropped half-way only on cancel, which ends the run.
    async fn step(&mut self) {
        match std::mem::replace(&mut self.state, State::Draining) {
            State::Open => match self.transport.open().await {
                Ok(reply) => self.receive(reply).await,
                Err(fault) => self.fail(fault),
            },
            State::Waiting(wait) => {
                tokio::time::sleep(wait).await;
                self.state = State::Open;
            }
            State::Reading(reading) => self.read(reading).await,
            State::Draining => self.fail(Fault::cut()),
        }
    }

    async fn receive(&mut self, reply: Reply) {
        let (status, head, mut body, wire) = match reply {
            Reply::Events(events) => return self.queue = events,
            Reply::Wire {
                status,
                head,
                body,
                wire,
            } => (status, head, body, wire),
        };
        let kind = head.content_type.as_deref().unwrap_or_default();
        let framing = wire.framing();
        let whole = framing == Framing::Events && kind.contains("json");
        if status == 200 && !whole && !kind.contains("html") {
            let reading = Reading {
                body,
                parser: Framer::new(framing),
                decoder: wire.decoder(),
            };
            return self.state = State::Reading(Box::new(reading));
        }
        let start = body.start().await;
        self.fail(error_answer(status, &head, &start, wire));
    }

    async fn read(&mut self, mut reading: Box<Reading>) {
        let Reading {
            body,
            parser,
            decoder,
        } = &mut *reading;
        let queue = &mut self.queue;
        let mut decoded = Ok(());
        let mut decode = |data: &str| {
            if decoded.is_ok() {
                decoded = decoder.event(data, queue);
            }
        };
        let mut framed = Ok(());
        let more = body
            .read(|bytes| framed = parser.push(bytes, &mut decode))
            .await;
        if more == Ok(false) {
            parser.finish(&mut decode);
            if decoded.is_ok() {
                decoder.end(queue);
            }
        }
        let outcome = decoded
            .and_then(|()| framed.map_err(|error| Fault::garbled(error.to_string())))
            .and(more);
        let is_done = |event: &StreamEvent| matches!(event, StreamEvent::Done { .. });
        if self.queue.iter().any(is_done) {
            return;
        }
        match outcome {
            Ok(true) => self.state = State::Reading(reading),
            Ok(false) => self.fail(Fault::cut()),
            Err(fault) => self.fail(fault),
        }
    }

    /// Ends this attempt: another one follows, or the run fails.
    fn fail(&mut self, fault: Fault) {
        let of = fault.again.attempts();
        if self.attempt >= of {
            let failure = self.labels.failure(&fault, self.attempt);
            return self.queue.push_back(StreamEvent::Failed(failure));
        }
        self.attempt += 1;
        let random = ids::random(4).bytes().fold(0, |n, b| n * 31 + u64::from(b));
        let wait = retry::wait(self.attempt, fault.wish, random);
        let reason = self.labels.detail(&fault);
        // What is decoded but not yet handed out is void as well.
        self.queue.clear();
        if std::mem::take(&mut self.shown) {
            self.queue.push_back(StreamEvent::Restarted {
                reason: reason.clone(),
            });
        }
        self.queue.push_back(StreamEvent::Retrying {
            attempt: self.attempt,
            of,
            wait_ms: wait.as_millis() as u64,
            reason,
        });
        self.state = State::Waiting(wait);
    }
}

#[cfg(test)]
#[path = "http_tests.rs"]
mod tests;

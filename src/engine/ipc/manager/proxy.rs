//! A client's side: sends a request, and takes the answer.

use std::time::{Duration, Instant};

use crate::engine::ipc::frame::{Arrival, Incoming, Outgoing, Written};
use crate::engine::ipc::look_on::look_on;
use crate::sys::{self, PipeReader, PipeWriter};

use super::request::{Answered, Fault, Request};

/// A process's road to its manager. One request at a time: a proxy waits for the answer before it asks again.
#[derive(Debug, Default)]
pub struct Proxy {
    outgoing: Option<Outgoing>,
    incoming: Incoming,
    next: u32,
}

/// The manager is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// It will never read the request: Python's `BrokenPipeError`.
    BeforeTheRequest,
    /// It had the request, and will never answer: Python's `EOFError`.
    BeforeTheAnswer,
}

impl Proxy {
    /// A request is to be sent: its number, and its size with its header.
    pub fn ask(&mut self, request: &Request) -> Result<(u32, u32), Fault> {
        let mut body = Vec::new();
        let written = serde_json::to_writer(&mut body, request);
        written.map_err(|error| Fault::new("PicklingError", format!("the request can't be sent: {error}")))?;
        let outgoing = Outgoing::new(self.next, |bytes| bytes.extend_from_slice(&body));
        let sent = (outgoing.number(), outgoing.size());
        self.next = self.next.wrapping_add(1);
        self.outgoing = Some(outgoing);
        Ok(sent)
    }

    /// The answer, if it comes within so long. The request is sent before.
    pub fn answer(&mut self, to: &PipeWriter, from: &PipeReader, patience: Duration) -> Result<Option<Answered>, Lost> {
        let began = Instant::now();
        loop {
            let mut look = || self.advance(to, from).transpose();
            if let Some(answer) = look().or_else(|| look_on(look)) {
                return answer.map(Some);
            }
            let left = patience.saturating_sub(began.elapsed());
            if left.is_zero() {
                return Ok(None);
            }
            let writers: &[&PipeWriter] = if self.outgoing.is_some() { &[to] } else { &[] };
            sys::wait_ready(&[from], writers, left).map_err(|_| Lost::BeforeTheAnswer)?;
        }
    }

    /// Sends what there is room for, and looks for the answer.
    fn advance(&mut self, to: &PipeWriter, from: &PipeReader) -> Result<Option<Answered>, Lost> {
        if let Some(outgoing) = &mut self.outgoing {
            match outgoing.write(to) {
                // The answer can't be there yet: to look for it would be a call for nothing.
                Ok(Written::Whole) => {
                    self.outgoing = None;
                    return Ok(None);
                }
                Ok(Written::Full) => return Ok(None),
                Ok(Written::Closed) | Err(_) => {
                    self.outgoing = None;
                    return Err(Lost::BeforeTheRequest);
                }
            }
        }
        loop {
            match self.incoming.next_alone(|bytes: &mut [u8]| from.read(bytes)) {
                // An answer to a request that was given up.
                Ok(Arrival::Message(message)) if message.number.wrapping_add(1) != self.next => {}
                Ok(Arrival::Message(message)) => {
                    let broken = |error: serde_json::Error| {
                        (sys::now_ns(), Err(Fault::new("UnpicklingError", format!("the answer is none: {error}"))))
                    };
                    let (at_ns, reply) = serde_json::from_slice(message.body()).unwrap_or_else(broken);
                    return Ok(Some(Answered { reply, at_ns, bytes: message.size() }));
                }
                Ok(Arrival::Nothing) => return Ok(None),
                Ok(Arrival::Closed { .. } | Arrival::TooLong) | Err(_) => return Err(Lost::BeforeTheAnswer),
            }
        }
    }
}

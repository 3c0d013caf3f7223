//! A client's side: sends a request, and takes the answer.

use std::io;

use crate::engine::ipc::frame::{Arrival, Incoming, Outgoing, Written};
use crate::sys::{PipeReader, PipeWriter};

use super::request::{Fault, Reply, Request};

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
        self.next += 1;
        self.outgoing = Some(outgoing);
        Ok(sent)
    }

    /// Sends what there is room for, and looks for the answer: that, and its size with its header.
    pub fn advance(&mut self, to: &PipeWriter, from: &PipeReader) -> Result<Option<(Reply, u32)>, Lost> {
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
            match self.incoming.next(None, |bytes: &mut [u8]| from.read(bytes)) {
                // An answer to a request that was given up.
                Ok(Arrival::Message(message)) if message.number + 1 != self.next => {}
                Ok(Arrival::Message(message)) => {
                    let broken = |error: serde_json::Error| {
                        Err(Fault::new("UnpicklingError", format!("the answer is none: {error}")))
                    };
                    let reply = serde_json::from_slice(message.body()).unwrap_or_else(broken);
                    return Ok(Some((reply, message.size())));
                }
                Ok(Arrival::Nothing) => return Ok(None),
                Ok(Arrival::Closed { .. } | Arrival::TooLong) | Err(_) => return Err(Lost::BeforeTheAnswer),
            }
        }
    }

    /// Whether the request is not wholly sent yet.
    pub fn is_sending(&self) -> bool {
        self.outgoing.is_some()
    }

    /// A request that can be sent without telling anybody: for what counts more than its story.
    pub fn trip(&mut self, request: &Request, to: &PipeWriter, from: &PipeReader) -> io::Result<Reply> {
        self.ask(request).map_err(|fault| io::Error::other(fault.message))?;
        loop {
            let lost = |_| io::Error::from(io::ErrorKind::BrokenPipe);
            if let Some((reply, _)) = self.advance(to, from).map_err(lost)? {
                return Ok(reply);
            }
            let writers: &[&PipeWriter] = if self.is_sending() { &[to] } else { &[] };
            crate::sys::wait_ready(&[from], writers, std::time::Duration::from_millis(20))?;
        }
    }
}

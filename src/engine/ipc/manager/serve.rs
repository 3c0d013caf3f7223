//! The server's side of the pipes: takes in requests as they come, and sends the answers.

use std::io;
use std::time::{Duration, Instant};

use crate::engine::ipc::frame::{Arrival, Incoming, Outgoing, Written};
use crate::engine::ipc::look_on::look_on;
use crate::sys::{self, PipeReader, PipeWriter};

use super::request::Request;
use super::{Manager, Served};

/// The manager at its counter: one place for each client.
pub struct Counter {
    manager: Manager,
    places: Vec<Place>,
}

/// A client, as its manager has it.
#[derive(Default)]
struct Place {
    incoming: Incoming,
    outgoing: Option<Outgoing>,
    /// It closed its ends, or spoke nonsense.
    gone: bool,
}

impl Place {
    /// Whether more was read together with the last request: nobody would say that it has come.
    fn has_said_more(&self) -> bool {
        !self.gone && self.incoming.is_in_the_middle()
    }
}

/// A client's ends: one from which its requests are read, and one into which its answers are written.
pub type Ends<'a> = (&'a PipeReader, &'a PipeWriter);

/// What happened at the counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A request came.
    Got {
        /// Whose.
        client: u16,
        /// Which.
        number: u32,
        /// Its size with its header.
        bytes: u32,
    },
    /// A request was carried out; its answer is on its way.
    Served {
        /// Whose.
        client: u16,
        /// Which.
        number: u32,
        /// The size of the answer with its header.
        bytes: u32,
    },
    /// A client is gone.
    Gone {
        /// Who.
        client: u16,
        /// Whether what it held was given back.
        recovered: bool,
    },
}

impl Counter {
    /// For so many clients.
    pub fn new(clients: u16, robust: bool) -> Self {
        let places = (0..clients).map(|_| Place::default()).collect();
        Self { manager: Manager::new(robust), places }
    }

    /// Sleeps until something comes, at most so long, and does whatever can be done then. Says each thing before anybody
    /// else could see it. Each client has a pair of ends.
    pub fn serve(&mut self, ends: &[Ends<'_>], patience: Duration, mut say: impl FnMut(Heard)) -> io::Result<()> {
        let due = self.manager.patience(Instant::now());
        for client in self.wait(ends, due.map_or(patience, |due| due.min(patience)))? {
            let mut listens = true;
            while listens {
                let has_asked = self.listen(client, ends[usize::from(client)].0, &mut say);
                // Whoever was served meanwhile is answered before the next one is heard.
                self.answer(ends, &mut say);
                listens = has_asked && self.places[usize::from(client)].has_said_more();
            }
        }
        for (client, (_, writer)) in (0..).zip(ends) {
            self.send_on(client, writer, &mut say);
        }
        self.manager.answer_the_late(Instant::now());
        self.answer(ends, &mut say);
        Ok(())
    }

    /// Whose requests have come, at once or after at most so long.
    fn wait(&self, ends: &[Ends<'_>], patience: Duration) -> io::Result<Vec<u16>> {
        let here = || (0..).zip(ends.iter().zip(&self.places)).filter(|(_, (_, place))| !place.gone);
        let readers: Vec<&PipeReader> = here().map(|(_, ((reader, _), _))| *reader).collect();
        let full = here().filter(|(_, (_, place))| place.outgoing.is_some());
        let writers: Vec<&PipeWriter> = full.map(|(_, ((_, writer), _))| *writer).collect();
        let look = |patience| -> io::Result<Option<Vec<bool>>> {
            let ready = sys::wait_ready(&readers, &writers, patience)?;
            let is_any = ready.readers.iter().chain(&ready.writers).any(|is_ready| *is_ready);
            Ok(is_any.then_some(ready.readers))
        };
        let soon = look_on(|| look(Duration::ZERO).transpose());
        let ready = soon.map_or_else(|| look(patience), |ready| ready.map(Some))?.unwrap_or_default();
        Ok(here().zip(ready).filter(|(_, is_ready)| *is_ready).map(|((client, _), _)| client).collect())
    }

    /// Takes in a request, if one has come; whether one had.
    fn listen(&mut self, client: u16, reader: &PipeReader, say: &mut impl FnMut(Heard)) -> bool {
        let place = &mut self.places[usize::from(client)];
        match place.incoming.next_alone(|bytes: &mut [u8]| reader.read(bytes)) {
            Ok(Arrival::Message(message)) => {
                let Ok(request) = serde_json::from_slice::<Request>(message.body()) else {
                    self.lose(client, say);
                    return false;
                };
                say(Heard::Got { client, number: message.number, bytes: message.size() });
                self.manager.take_in(client, message.number, request, Instant::now());
                true
            }
            Ok(Arrival::Nothing) => false,
            Ok(Arrival::Closed { .. } | Arrival::TooLong) | Err(_) => {
                self.lose(client, say);
                false
            }
        }
    }

    fn answer(&mut self, ends: &[Ends<'_>], say: &mut impl FnMut(Heard)) {
        for Served { client, number, reply } in self.manager.take_served() {
            // With the time: the client may wake up much later, and others ask meanwhile.
            let answer = (sys::now_ns(), reply);
            let outgoing = Outgoing::new(number, |bytes| {
                // Plain values can always be written.
                let _ = serde_json::to_writer(bytes, &answer);
            });
            say(Heard::Served { client, number, bytes: outgoing.size() });
            self.places[usize::from(client)].outgoing = Some(outgoing);
            if let Some((_, writer)) = ends.get(usize::from(client)) {
                self.send_on(client, writer, say);
            }
        }
    }

    fn send_on(&mut self, client: u16, writer: &PipeWriter, say: &mut impl FnMut(Heard)) {
        let place = &mut self.places[usize::from(client)];
        let Some(outgoing) = &mut place.outgoing else { return };
        match outgoing.write(writer) {
            Ok(Written::Whole) => place.outgoing = None,
            Ok(Written::Full) => {}
            Ok(Written::Closed) | Err(_) => self.lose(client, say),
        }
    }

    fn lose(&mut self, client: u16, say: &mut impl FnMut(Heard)) {
        let place = &mut self.places[usize::from(client)];
        if !std::mem::replace(&mut place.gone, true) {
            place.outgoing = None;
            let recovered = self.manager.forget(client);
            say(Heard::Gone { client, recovered });
        }
    }

    /// Whether there is nothing left to do: nobody is left, or it was told to end and everybody has their answer.
    pub fn is_over(&self) -> bool {
        let is_done = |place: &Place| place.gone || self.manager.is_over() && place.outgoing.is_none();
        self.places.iter().all(is_done)
    }

    /// How many requests wait for somebody else's.
    pub fn parked(&self) -> usize {
        self.manager.parked()
    }
}

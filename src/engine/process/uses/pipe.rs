//! The calls on the ends of a pipe.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::engine::ipc::{self, Arrived, Connection, Outgoing, Received};
use crate::engine::process::value::Value;
use crate::program::object::{Make, Obj};
use crate::sys;
use crate::trace::{Awaited, Deed, ObjectId, Wish};

use super::{Carrier, Host, Need, Raised, Stop};

/// An end of a pipe, found.
#[derive(Clone, Copy)]
struct Found {
    object: ObjectId,
    /// Where what it reads and writes lies among all ends.
    reader: Option<usize>,
    writer: Option<usize>,
    /// The other end, at which what comes here is written.
    peer: u16,
}

impl<H: Host> Carrier<'_, H> {
    /// `end.send(…)`: waits while the pipe is full.
    pub(super) fn send_message(
        &mut self,
        object: Obj,
        end: u16,
        call: &str,
        body: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), Stop> {
        let (found, since_ns) = (self.find_end(object, end)?, sys::now_ns());
        // A number is used up only by what is sent.
        let may_write = found.writer.is_some_and(|place| self.objects.writer(place).is_some());
        let number = if may_write { self.next_message(object, end) } else { 0 };
        let mut message = Outgoing::new(number, body);
        let need = found.need(Wish::Send, end);
        let sent = self.wait_for(need, None, |carrier, patience| {
            let sent = carrier.connection(found).send(&mut message, patience)?;
            Ok(sent.then_some(()))
        });
        self.outcome(object, end, call, since_ns, sent)?;
        self.used(found.object, since_ns, Deed::Fed { lane: end, message: number, bytes: message.size() });
        Ok(())
    }

    /// `end.recv()`: waits for a message.
    pub(super) fn receive_message(&mut self, object: Obj, end: u16, most: Option<u64>) -> Result<Arrived, Stop> {
        let (found, since_ns) = (self.find_end(object, end)?, sys::now_ns());
        let need = found.need(Wish::Receive, found.peer);
        let received =
            self.wait_for(need, None, |carrier, patience| Ok(carrier.connection(found).recv(most, patience)?));
        let received = received.and_then(|received| match received {
            Some(Received::Message(arrived)) => Ok(arrived),
            Some(Received::TooLong) => {
                // Nobody can skip it: what is read of this end is closed, and with it an end that is only read.
                found.reader.into_iter().for_each(|place| _ = self.objects.close(place));
                if found.writer.is_none() {
                    self.used(found.object, since_ns, Deed::Closed { end });
                }
                Err(Raised::new("OSError", "bad message length").into())
            }
            Some(Received::End { torn: 0 }) | None => Err(Raised::new("EOFError", "").into()),
            Some(Received::End { torn }) => {
                self.torn(found.object, found.peer, since_ns, torn);
                Err(Raised::new("OSError", "got end of file during message").into())
            }
        });
        let call = if most.is_some() { "recv_bytes" } else { "recv" };
        let call = format!("{call}({})", most.map_or(String::new(), |most| most.to_string()));
        let arrived = self.outcome(object, end, &call, since_ns, received)?;
        self.got(found.object, found.peer, since_ns, &arrived);
        Ok(arrived)
    }

    /// `print(label, end.poll(timeout))`: whether there is something to receive, which may be the end.
    pub(super) fn poll(&mut self, object: Obj, label: &str, end: u16, ms: i64) -> Result<(), Stop> {
        let (found, since_ns) = (self.find_end(object, end)?, sys::now_ns());
        let (need, patience) = (found.need(Wish::Receive, found.peer), Duration::from_millis(ms.max(0) as u64));
        let ready = self.wait_for(need, Some(patience), |carrier, patience| {
            Ok(carrier.connection(found).poll(patience)?.then_some(()))
        });
        let call = format!("poll({})", crate::program::script::seconds(ms));
        let answer = Value::Bool(self.outcome(object, end, &call, since_ns, ready)?.is_some());
        self.print(&format!("{label} {}", answer.python()));
        let call = format!("{}.{call}", self.end_title(object, end));
        self.answered(call, since_ns, Ok(answer))?;
        Ok(())
    }

    /// Waits for several ends at once, and prints how many of them are ready.
    pub(super) fn wait_any(&mut self, object: Obj, label: &str, ends: &[u16], ms: i64) -> Result<(), Stop> {
        let since_ns = sys::now_ns();
        let found: Vec<Found> = ends.iter().map(|&end| self.find_end(object, end)).collect::<Result<_, _>>()?;
        let Some(first) = found.first() else { return Ok(()) };
        let (need, patience) = (first.need(Wish::Receive, first.peer), Duration::from_millis(ms.max(0) as u64));
        let ready = self.wait_for(need, Some(patience), |carrier, patience| {
            let places = found.iter().filter_map(|found| found.reader);
            let readers: Vec<_> = places.filter_map(|place| carrier.objects.reader(place)).collect();
            let ready = ipc::wait(&readers, patience)?.into_iter().filter(|ready| *ready).count();
            Ok((ready > 0).then_some(ready as u64))
        })?;
        let (count, ms) = (Value::Number(ready.unwrap_or(0)), crate::program::script::seconds(ms));
        self.print(&format!("{label} {}", count.python()));
        self.answered(format!("len(wait([{} ends], {ms}))", ends.len()), since_ns, Ok(count))?;
        Ok(())
    }

    /// `end.close()`: twice is fine.
    pub(super) fn close_end(&mut self, object: Obj, end: u16) -> Result<(), Stop> {
        let (found, since_ns) = (self.find_end(object, end)?, sys::now_ns());
        let mut closed = false;
        for place in [found.reader, found.writer].into_iter().flatten() {
            closed |= self.objects.close(place);
        }
        if closed {
            self.used(found.object, since_ns, Deed::Closed { end });
        }
        Ok(())
    }

    /// A number is sent and its echo received, so often; then the median of how long that took is printed.
    pub(super) fn round_trips(&mut self, object: Obj, end: u16, rounds: u32) -> Result<(), Stop> {
        let mut took_ns = Vec::with_capacity(rounds as usize);
        for number in 0..i64::from(rounds) {
            self.look_up()?;
            let began_ns = sys::now_ns();
            let item = ipc::Item::Number(number);
            self.send_message(object, end, &format!("send({number})"), |out| item.write(out))?;
            let arrived = self.receive_message(object, end, None)?;
            took_ns.push(sys::now_ns() - began_ns);
            self.unpickle(&arrived)?;
            if self.mail.item != item {
                return Err(Raised::new("AssertionError", "the echo is not what was sent").into());
            }
        }
        took_ns.sort_unstable();
        let median_ns = took_ns.get(took_ns.len() / 2).copied().unwrap_or(0);
        self.print(&format!("median round trip: {:.1} µs", median_ns as f64 / 1e3));
        Ok(())
    }

    /// Receives until the end, and says how much of it was whole.
    pub(super) fn drain(&mut self, object: Obj, end: u16, expected: u64) -> Result<(), Stop> {
        let mut whole = 0_u64;
        loop {
            self.look_up()?;
            match self.receive_message(object, end, None) {
                Ok(_) => whole += 1,
                Err(Stop::Raised(_)) => break,
                Err(stop) => return Err(stop),
            }
        }
        self.print(&format!("whole messages: {whole} of {expected}"));
        let verdict = if whole < expected { "some were torn" } else { "none was torn this time" };
        self.print(verdict);
        Ok(())
    }

    /// Which ends of pipes this process has.
    pub(in crate::engine::process) fn tell_ends(&mut self, of: Option<Obj>) {
        let pipes: Vec<Obj> = (0..self.objects.layout().places.len() as Obj)
            .filter(|object| of.is_none_or(|of| of == *object))
            .filter(|object| self.objects.place(*object).is_some_and(|p| matches!(p.object.make, Make::Pipe { .. })))
            .collect();
        for object in pipes {
            for end in [0, 1] {
                let Ok(found) = self.find_end(object, end) else { continue };
                let reads = found.reader.is_some_and(|place| self.objects.reader(place).is_some());
                if reads || found.writer.is_some_and(|place| self.objects.writer(place).is_some()) {
                    self.used(found.object, sys::now_ns(), Deed::Holds { end });
                }
            }
        }
    }

    /// The number of the next message on a lane.
    pub(super) fn next_message(&self, object: Obj, lane: u16) -> u32 {
        let Some(place) = self.objects.place(object) else { return 0 };
        let block = self.objects.block(place);
        block.get(usize::from(lane)).map_or(0, |counter| counter.fetch_add(1, Ordering::Relaxed) as u32)
    }

    fn find_end(&self, object: Obj, end: u16) -> Result<Found, Raised> {
        let unknown = || Raised::new("TypeError", format!("object {object} is no pipe with an end {end}"));
        let place = self.objects.place(object).ok_or_else(unknown)?;
        if !matches!(place.object.make, Make::Pipe { .. }) || end > 1 {
            return Err(unknown());
        }
        let (reader, writer) = (place.reader_of(end), place.writer_of(end));
        Ok(Found { object: place.id, reader, writer, peer: 1 - end })
    }

    fn connection(&mut self, found: Found) -> Connection<'_> {
        let reader = found.reader.and_then(|place| self.objects.reader(place));
        let writer = found.writer.and_then(|place| self.objects.writer(place));
        let key = found.reader.or(found.writer).unwrap_or(usize::MAX);
        Connection { reader, writer, incoming: self.mail.incoming.entry(key).or_default() }
    }

    fn end_title(&self, object: Obj, end: u16) -> String {
        self.objects.place(object).map_or(String::new(), |place| format!("{}[{end}]", place.object.name))
    }

    /// What a call on an end came to: an error is told as one.
    fn outcome<T>(
        &mut self,
        object: Obj,
        end: u16,
        call: &str,
        since_ns: u64,
        outcome: Result<T, Stop>,
    ) -> Result<T, Stop> {
        if let Err(Stop::Raised(raised)) = &outcome {
            self.called(format!("{}.{call}", self.end_title(object, end)), since_ns, raised.to_string(), true);
        }
        outcome
    }
}

impl Found {
    fn need(self, wish: Wish, lane: u16) -> Need {
        Need { wish, on: Awaited::Object(self.object), lane }
    }
}

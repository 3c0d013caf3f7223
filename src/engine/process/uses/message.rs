//! What is done with pipes and queues: what travels, and what came last.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use crate::engine::ipc::{Arrived, Incoming, Item};
use crate::program::object::Obj;
use crate::program::uses::{Message, Payload};
use crate::trace::{Deed, ObjectId};

use super::feeding::Feed;
use super::{Carrier, Host, Raised, Stop};

/// What a process has of the pipes and queues that it uses.
#[derive(Default)]
pub(in crate::engine::process) struct Mail {
    /// What came last: the variable `item`.
    pub(super) item: Item,
    /// What has come of the next message, by the end that is read.
    pub(super) incoming: HashMap<usize, Incoming>,
    /// Queues that it has put into.
    pub(super) feeds: BTreeMap<Obj, Feed>,
    /// Queues that it has closed.
    pub(super) closed: BTreeSet<Obj>,
    /// Queues whose feeder it will not wait for.
    pub(super) not_joined: BTreeSet<Obj>,
    /// How many numbered texts it has made.
    pub(super) lines: u32,
}

impl<'a, H: Host> Carrier<'a, H> {
    /// Uses a pipe or a queue.
    pub(super) fn message(&mut self, object: Obj, call: &'a Message) -> Result<(), Stop> {
        self.id_of(object)?;
        match call {
            Message::Send(end, payload) => {
                let item = self.item(payload)?;
                let call = format!("send({})", short(&item));
                self.send_message(object, *end, &call, |out| item.write(out))
            }
            Message::SendBytes(end, count) => {
                let call = format!("send_bytes({count} bytes)");
                self.send_message(object, *end, &call, |out| out.resize(out.len() + *count as usize, FILLING))
            }
            Message::Receive(end) => {
                let arrived = self.receive_message(object, *end, None)?;
                self.unpickle(&arrived)
            }
            Message::ReceiveBytes(end, most) => {
                let arrived = self.receive_message(object, *end, *most)?;
                self.mail.item = Item::Bytes(arrived.body().to_vec());
                Ok(())
            }
            Message::Poll(label, end, ms) => self.poll(object, label, *end, *ms),
            Message::Wait(label, ends, ms) => self.wait_any(object, label, ends, *ms),
            Message::Close(end) => self.close_end(object, *end),
            Message::RoundTrips(end, rounds) => self.round_trips(object, *end, *rounds),
            Message::Drain(end, expected) => self.drain(object, *end, *expected),
            Message::Print(label) => {
                let line = format!("{label} {}", self.mail.item.python());
                self.print(line.trim_start());
                Ok(())
            }
            Message::PrintLength(label) => {
                let length = match &self.mail.item {
                    Item::Bytes(bytes) => bytes.len(),
                    Item::Text(text) => text.chars().count(),
                    Item::None | Item::Number(_) => return Err(Raised::new("TypeError", "it has no len()").into()),
                };
                self.print(&format!("{label} {length}"));
                Ok(())
            }
            Message::Put(payload) => self.put(object, payload, None),
            Message::PutWithin(payload, ms) => self.put(object, payload, Some(Duration::from_millis(*ms))),
            Message::Get => self.get(object, None),
            Message::GetWithin(ms) => self.get(object, Some(Duration::from_millis(*ms))),
            Message::Each(steps) => {
                while self.next_item(object)? {
                    self.carry(steps)?;
                }
                Ok(())
            }
            Message::LogToFile => self.log_to_file(object),
            Message::Ask(label, query) => self.ask_queue(object, label, *query),
            Message::EmptyAfterPut(rounds) => self.empty_after_put(object, *rounds),
            Message::TaskDone => self.task_done(object),
            Message::Join => self.join_tasks(object),
            Message::CloseQueue => self.close_queue(object),
            Message::JoinThread => self.join_thread(object),
            Message::CancelJoinThread => self.cancel_join_thread(object),
        }
    }

    /// `iter(queue.get, None)`: whether another item came, or the sentinel.
    pub(super) fn next_item(&mut self, object: Obj) -> Result<bool, Stop> {
        self.get(object, None)?;
        Ok(self.mail.item != Item::None)
    }

    /// What travels now.
    pub(super) fn item(&mut self, payload: &Payload) -> Result<Item, Raised> {
        if let Payload::Line(text) = payload {
            self.mail.lines += 1;
            return Ok(Item::Text(format!("{text} {}", self.mail.lines)));
        }
        Ok(match (payload, &self.mail.item) {
            (Payload::Number(number), _) => Item::Number(*number),
            (Payload::Text(text) | Payload::Line(text), _) => Item::Text(text.clone()),
            (Payload::Bytes(count), _) => Item::Bytes(vec![FILLING; *count as usize]),
            (Payload::Sentinel, _) => Item::None,
            (Payload::Item, item) => item.clone(),
            (Payload::Square, Item::Number(number)) => Item::Number(number.wrapping_mul(*number)),
            (Payload::Square, _) => return Err(Raised::new("TypeError", "it has no square")),
            (Payload::Unpicklable, _) => {
                return Err(Raised::new("PicklingError", "Can't pickle <lambda>: it has no importable name"));
            }
        })
    }

    /// What came is the process's item from now on.
    pub(super) fn unpickle(&mut self, arrived: &Arrived) -> Result<(), Stop> {
        self.mail.item = Item::read(arrived.body())?;
        Ok(())
    }

    /// A message came, on this lane.
    pub(super) fn got(&mut self, object: ObjectId, lane: u16, since_ns: u64, arrived: &Arrived) {
        self.torn(object, lane, since_ns, arrived.torn);
        self.used(object, since_ns, Deed::Got { lane, message: arrived.number, bytes: arrived.size() });
    }

    /// So many bytes came that are no message, if any.
    pub(super) fn torn(&mut self, object: ObjectId, lane: u16, since_ns: u64, bytes: u32) {
        if bytes > 0 {
            self.used(object, since_ns, Deed::Torn { lane, bytes });
        }
    }
}

/// What bytes are filled with.
pub(super) const FILLING: u8 = b'x';

/// An item as it stands in a call.
fn short(item: &Item) -> String {
    match item {
        Item::Bytes(bytes) => format!("{} bytes", bytes.len()),
        other => other.python(),
    }
}

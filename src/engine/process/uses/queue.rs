//! The calls on queues.

use std::time::Duration;

use crate::engine::ipc::{Arrived, Hand, Incoming, Outgoing, Queue, Received, SimpleQueue, Tasks};
use crate::engine::process::value::Value;
use crate::program::object::{Make, Obj};
use crate::program::uses::{Payload, Query};
use crate::sys;
use crate::trace::{Deed, ObjectId, READ_LOCK, WRITE_LOCK, Wish};

use super::{Carrier, Host, Need, Raised, Stop};

/// A queue, found.
#[derive(Clone)]
pub(super) struct Found {
    pub(super) object: ObjectId,
    pub(super) queue: Queue,
    /// Where its two ends lie among all: first the one that is read.
    pub(super) end: usize,
    /// Whether whoever puts waits for the pipe itself.
    is_simple: bool,
    /// What it counts, if it is joined.
    tasks: Option<Tasks>,
}

impl<H: Host> Carrier<'_, H> {
    /// `queue.put(…)`, or with a time `put(timeout=…)`.
    pub(super) fn put(&mut self, object: Obj, payload: &Payload, patience: Option<Duration>) -> Result<(), Stop> {
        let (found, since_ns) = (self.find_queue(object)?, sys::now_ns());
        let outcome = self.try_put(object, &found, payload, patience, since_ns);
        let call = || match patience {
            None => "put(…)".to_owned(),
            Some(Duration::ZERO) => "put_nowait(…)".to_owned(),
            Some(patience) => format!("put(…, timeout={})", patience.as_secs_f64()),
        };
        self.queue_outcome(object, call, since_ns, outcome)
    }

    fn try_put(
        &mut self,
        object: Obj,
        found: &Found,
        payload: &Payload,
        patience: Option<Duration>,
        since_ns: u64,
    ) -> Result<(), Stop> {
        self.check_open(object, found)?;
        if found.is_simple {
            return self.put_into_pipe(found, payload, since_ns);
        }
        let item = match self.item(payload) {
            // Python's feeder finds out, later.
            Err(raised) if *payload != Payload::Unpicklable => return Err(raised.into()),
            item => item,
        };
        let (need, me, number) = (Need::of(Wish::Put, found.object), self.me.actor, found.queue.pipe.next_number());
        let place = self
            .wait_for(need, patience, |_, patience| Ok(found.queue.take_place(me, number, patience).then_some(())))?;
        if place.is_none() {
            self.used(found.object, since_ns, Deed::GaveUp { wish: Wish::Put });
            return Err(Raised::new("Full", "").into());
        }
        if let Err(no_feeder) = self.ready_feeder(object, found) {
            found.queue.free_place(number);
            return Err(no_feeder);
        }
        if let Some(tasks) = &found.tasks {
            tasks.add();
        }
        let message = item.map(|item| Outgoing::new(number, |out| item.write(out)));
        if let Ok(message) = &message {
            let (number, bytes) = (message.number(), message.size());
            // Said first: the feeder may have written it before this process gets to say more.
            self.used(found.object, since_ns, Deed::Put { lane: 0, message: number, bytes });
        }
        self.feed(object, message.map_err(|refusal| (number, refusal)));
        Ok(())
    }

    /// `SimpleQueue.put`: waits while the pipe is full.
    fn put_into_pipe(&mut self, found: &Found, payload: &Payload, since_ns: u64) -> Result<(), Stop> {
        let item = self.item(payload)?;
        let number = found.queue.pipe.next_number();
        let mut message = Outgoing::new(number, |out| item.write(out));
        let (me, mut hand) = (self.me.actor, Hand::default());
        self.wait_for_each(None, |carrier, mut patience| {
            let Some(writer) = carrier.objects.writer(found.end + 1) else { return Err(handle_is_closed().into()) };
            if !hand.holds() {
                if !found.queue.pipe.begin_write(&mut hand, me, patience) {
                    return Ok(Err(Need::lock_within(found.object, WRITE_LOCK)));
                }
                // What it waits for from now on is something else, and shall be known at once.
                patience = Duration::ZERO;
            }
            let is_in = found.queue.pipe.put(writer, &mut message, &mut hand, me, patience)?;
            Ok(if is_in { Ok(()) } else { Err(Need::of(Wish::Send, found.object)) })
        })?;
        self.used(found.object, since_ns, Deed::Fed { lane: 0, message: number, bytes: message.size() });
        Ok(())
    }

    /// `item = queue.get()`, or with a time `get(timeout=…)`.
    pub(super) fn get(&mut self, object: Obj, patience: Option<Duration>) -> Result<(), Stop> {
        let (found, since_ns) = (self.find_queue(object)?, sys::now_ns());
        let outcome = self.try_get(object, &found, patience, since_ns);
        let call = || match patience {
            None => "get()".to_owned(),
            Some(Duration::ZERO) => "get_nowait()".to_owned(),
            Some(patience) => format!("get(timeout={})", patience.as_secs_f64()),
        };
        let arrived = self.queue_outcome(object, call, since_ns, outcome)?;
        self.unpickle(&arrived)
    }

    fn try_get(
        &mut self,
        object: Obj,
        found: &Found,
        patience: Option<Duration>,
        since_ns: u64,
    ) -> Result<Arrived, Stop> {
        self.check_open(object, found)?;
        let me = self.me.actor;
        let mut hand = self.mail.incoming.get(&found.end).map_or_else(Hand::default, Hand::of);
        let need = Need::of(Wish::Receive, found.object);
        let attempt = |carrier: &mut Self, hand: &mut Hand, slice: Duration| -> Result<_, Stop> {
            let Some(reader) = carrier.objects.reader(found.end) else { return Err(handle_is_closed().into()) };
            let incoming = carrier.mail.incoming.entry(found.end).or_default();
            let received = found.queue.get(reader, incoming, hand, me, slice)?;
            Ok((received, incoming.is_in_the_middle()))
        };
        let mut received = self.wait_for_each(patience, |carrier, mut slice| {
            if !hand.holds() {
                if !found.queue.pipe.begin_read(&mut hand, me, slice) {
                    return Ok(Err(Need::lock_within(found.object, READ_LOCK)));
                }
                // What it waits for from now on is something else, and shall be known at once.
                slice = Duration::ZERO;
            }
            Ok(attempt(carrier, &mut hand, slice)?.0.ok_or(need))
        })?;
        if received.is_none() && self.mail.incoming.get(&found.end).is_some_and(Incoming::is_in_the_middle) {
            // Who has begun to read a message reads all of it, unless its writer is dead.
            received = self
                .wait_for(need, None, |carrier, slice| {
                    let (received, is_in_the_middle) = attempt(carrier, &mut hand, slice)?;
                    Ok((received.is_some() || !is_in_the_middle).then_some(received))
                })?
                .flatten();
        }
        match received {
            Some(Received::Message(arrived)) => {
                self.got(found.object, 0, since_ns, &arrived);
                Ok(arrived)
            }
            Some(Received::End { torn }) => {
                self.torn(found.object, 0, since_ns, torn);
                Err(Raised::new("EOFError", "").into())
            }
            Some(Received::TooLong) | None => {
                found.queue.pipe.let_go(&mut hand);
                let torn = self.mail.incoming.get_mut(&found.end).map_or(0, Incoming::take_torn);
                self.torn(found.object, 0, since_ns, torn);
                self.used(found.object, since_ns, Deed::GaveUp { wish: Wish::Receive });
                Err(Raised::new("Empty", "").into())
            }
        }
    }

    /// `print(label, queue.qsize())`, or what else is asked.
    pub(super) fn ask_queue(&mut self, object: Obj, label: &str, query: Query) -> Result<(), Stop> {
        let (found, since_ns) = (self.find_queue(object)?, sys::now_ns());
        let is_closed =
            self.mail.closed.contains(&object) && (found.is_simple || self.mail.feeds.contains_key(&object));
        let (call, answer) = match query {
            Query::Size => ("qsize()", Ok(Value::Number(found.queue.size()))),
            Query::Full => ("full()", Ok(Value::Bool(found.queue.is_full()))),
            Query::Empty => match self.objects.reader(found.end) {
                Some(_) if !is_closed && self.has_read_ahead(&found) => ("empty()", Ok(Value::Bool(false))),
                Some(reader) if !is_closed => ("empty()", SimpleQueue::is_empty(reader).map(Value::Bool)),
                _ => ("empty()", Err(handle_is_closed())),
            },
        };
        let title = format!("{}.{call}", self.queue_title(object));
        let answer = self.answered(title, since_ns, answer)?;
        self.print(format!("{label} {}", answer.python()).trim_start());
        Ok(())
    }

    /// Whether a whole message has come already, behind one that was torn.
    fn has_read_ahead(&self, found: &Found) -> bool {
        self.mail.incoming.get(&found.end).is_some_and(Incoming::has_whole)
    }

    /// Puts, asks whether the queue is empty, gets, so often; then prints how often it was.
    pub(super) fn empty_after_put(&mut self, object: Obj, rounds: u32) -> Result<(), Stop> {
        let found = self.find_queue(object)?;
        let mut empty = 0;
        for number in 0..rounds {
            self.look_up()?;
            self.put(object, &Payload::Number(number.into()), None)?;
            let Some(reader) = self.objects.reader(found.end) else { return Err(handle_is_closed().into()) };
            empty += u32::from(SimpleQueue::is_empty(reader)?);
            self.get(object, None)?;
        }
        self.print(&format!("empty() said True after put(): {empty} of {rounds}"));
        Ok(())
    }

    /// `queue.task_done()`
    pub(super) fn task_done(&mut self, object: Obj) -> Result<(), Stop> {
        let (found, since_ns) = (self.find_queue(object)?, sys::now_ns());
        let tasks = found.tasks.as_ref().ok_or_else(|| no_tasks("task_done"))?;
        let outcome = tasks.done().map_err(Stop::from);
        let left = self.queue_outcome(object, || "task_done()".to_owned(), since_ns, outcome)?;
        // At that time: whoever waits for the last task may go on before this is told.
        self.used_at(found.object, since_ns, since_ns, Deed::TaskDone { left: left as u32 });
        Ok(())
    }

    /// `queue.join()`: waits until every task that was put is done.
    pub(super) fn join_tasks(&mut self, object: Obj) -> Result<(), Stop> {
        let (found, since_ns) = (self.find_queue(object)?, sys::now_ns());
        let tasks = found.tasks.ok_or_else(|| no_tasks("join"))?;
        let begun = tasks.begin_join();
        let need = Need::of(Wish::TasksDone, found.object);
        self.wait_for(need, None, |_, patience| Ok(tasks.join(begun, patience).then_some(())))?;
        self.used(found.object, since_ns, Deed::Joined);
        Ok(())
    }

    /// `queue.close()`: this process puts nothing more. Twice is fine.
    pub(super) fn close_queue(&mut self, object: Obj) -> Result<(), Stop> {
        let (found, since_ns) = (self.find_queue(object)?, sys::now_ns());
        if self.mail.closed.insert(object) {
            self.close_feed(object);
            self.used(found.object, since_ns, Deed::Closed { end: 0 });
        }
        Ok(())
    }

    /// What it is to use a queue that this process has closed.
    fn check_open(&self, object: Obj, found: &Found) -> Result<(), Raised> {
        match self.mail.closed.contains(&object) {
            false => Ok(()),
            true if found.is_simple => Err(handle_is_closed()),
            true => Err(Raised::new("ValueError", format!("Queue {} is closed", self.queue_title(object)))),
        }
    }

    pub(super) fn find_queue(&self, object: Obj) -> Result<Found, Raised> {
        let unknown = || Raised::new("TypeError", format!("object {object} is no queue"));
        let place = self.objects.place(object).ok_or_else(unknown)?;
        let words = self.objects.block(place);
        let (most, is_simple) = match place.object.make {
            Make::SimpleQueue => (0, true),
            Make::Queue(most) | Make::JoinableQueue(most) => (most, false),
            _ => return Err(unknown()),
        };
        let tasks = matches!(place.object.make, Make::JoinableQueue(_)).then(|| Tasks::of(&words));
        // Of a simple one only the locks are: it counts nothing.
        let counts_robustly = place.object.robust && !is_simple;
        let queue = if counts_robustly { Queue::robust_at(&words, most) } else { Queue::at(&words, most) };
        Ok(Found { object: place.id, queue, end: place.ends.start, is_simple, tasks })
    }

    pub(super) fn queue_title(&self, object: Obj) -> String {
        self.objects.place(object).map_or(String::new(), |place| place.object.name.to_owned())
    }

    /// What a call on a queue came to: an error is told as one.
    pub(super) fn queue_outcome<T>(
        &mut self,
        object: Obj,
        call: impl FnOnce() -> String,
        since_ns: u64,
        outcome: Result<T, Stop>,
    ) -> Result<T, Stop> {
        if let Err(Stop::Raised(raised)) = &outcome {
            self.called(format!("{}.{}", self.queue_title(object), call()), since_ns, raised.to_string(), true);
        }
        outcome
    }
}

fn handle_is_closed() -> crate::engine::ipc::Refusal {
    crate::engine::ipc::Refusal::new("OSError", "handle is closed")
}

fn no_tasks(method: &str) -> Raised {
    Raised::new("AttributeError", format!("'Queue' object has no attribute '{method}'"))
}

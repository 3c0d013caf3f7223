//! Feeding queues: in a child a thread does it, as in Python; in the engine, and in a process that has children, which
//! both may fork and so have one thread, the process itself does it between its other duties.
//!
//! ```text
//! put ─► buffer ─► QueueFeederThread  (a child without children)   ─► pipe
//!            └───► pause, wait_for     (the engine, who may fork)  ──►
//! ```

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::engine::ipc::{Buffer, Entry, Feeder, Turn};
use crate::engine::process::story::Teller;
use crate::program::object::Obj;
use crate::program::script;
use crate::sys;
use crate::trace::{ActorId, Birth, Deed, Exit, ObjectId, Role, WRITE_LOCK, What, Wish, print};

use super::queue::Found;
use super::{Carrier, Host, Need, Raised, Stop};

/// While something waits to be fed by the process itself, it naps no longer.
const NAP: Duration = Duration::from_millis(1);
/// So long a feeder thread waits at a stretch.
const SLICE: Duration = Duration::from_secs(1);

/// What a process has that puts into a queue.
pub(in crate::engine::process) struct Feed {
    object: ObjectId,
    buffer: Buffer,
    by: Feeding,
}

/// Whether a feeder thread must tell nothing any more: it counts as gone.
type Silence = Arc<Mutex<bool>>;

/// Who feeds.
enum Feeding {
    /// A thread.
    Thread(ActorId, JoinHandle<()>, Silence),
    /// The process itself.
    Itself(Box<Feeder>),
    /// Nobody any more.
    Over,
}

impl<H: Host> Carrier<'_, H> {
    /// Makes sure of a queue's feeder: the first message starts it.
    pub(super) fn ready_feeder(&mut self, object: Obj, found: &Found) -> Result<(), Stop> {
        if !self.mail.feeds.contains_key(&object) {
            let feed = self.start_feeder(found)?;
            self.mail.feeds.insert(object, feed);
        }
        Ok(())
    }

    /// Lays a message, or what was wrong with it, before the queue's feeder.
    pub(super) fn feed(&mut self, object: Obj, entry: Entry) {
        if let Some(feed) = self.mail.feeds.get(&object) {
            feed.buffer.push(entry);
        }
        self.feed_on();
    }

    fn start_feeder(&mut self, found: &Found) -> Result<Feed, Stop> {
        let no_feeder = |error: std::io::Error| Raised::new("RuntimeError", format!("can't start new thread: {error}"));
        let writer = self.objects.writer(found.end + 1).ok_or_else(|| Raised::new("OSError", "handle is closed"))?;
        let (writer, buffer) = (writer.twin().map_err(no_feeder)?, Buffer::default());
        // On Windows each copy of an end begins as one that waits.
        writer.set_nonblocking().map_err(no_feeder)?;
        let (object, queue) = (found.object, found.queue.clone());
        let teller = self.host.teller().filter(|_| script::children(self.script).is_empty());
        let by = if let Some(teller) = teller {
            let actor = self.take_ids(1);
            // It takes the pipe's lock in the name of its process: that dies with it.
            let feeder = Feeder::new(buffer.clone(), queue, writer, self.me.actor);
            let (tell, heard) = std::sync::mpsc::channel::<()>();
            let silence = Silence::default();
            let (asked_ns, listens) = (sys::now_ns(), silence.clone());
            let thread = std::thread::Builder::new().name("QueueFeederThread".to_owned()).spawn(move || {
                // It begins when its birth was told.
                let _ = heard.recv();
                live(feeder, actor, object, &teller, &listens);
            });
            let handle = thread.map_err(no_feeder)?;
            let number = self.mail.feeds.len() as u32 + 1;
            let birth = Birth::new(actor, Role::ProcessThread, number, std::process::id(), asked_ns);
            let (parent, name) = (Some(self.me.actor), Some("QueueFeederThread".to_owned()));
            self.say(What::ActorBorn(Box::new(Birth { parent, name, daemon: true, ..birth })));
            let _ = tell.send(());
            Feeding::Thread(actor, handle, silence)
        } else {
            Feeding::Itself(Box::new(Feeder::new(buffer.clone(), queue, writer, self.me.actor)))
        };
        Ok(Feed { object, buffer, by })
    }

    /// Where this process feeds by itself: as much as can be done at once.
    pub(in crate::engine::process) fn feed_on(&mut self) {
        let mut turns = Vec::new();
        for feed in self.mail.feeds.values_mut() {
            let Feeding::Itself(feeder) = &mut feed.by else { continue };
            loop {
                match feeder.turn(Duration::ZERO) {
                    Turn::Over => {
                        feed.by = Feeding::Over;
                        break;
                    }
                    Turn::Idle | Turn::Stuck | Turn::LockedOut => break,
                    turn => turns.push((feed.object, turn)),
                }
            }
        }
        let me = self.me.actor;
        for (object, turn) in turns {
            tell_turn(object, turn, me, |at_ns, what| self.tell(at_ns, what));
        }
    }

    /// How long this process may nap, if it wants to for so long.
    pub(in crate::engine::process) fn nap(&self, patience: Duration) -> Duration {
        let is_busy = |feed: &Feed| matches!(&feed.by, Feeding::Itself(feeder) if feeder.is_busy());
        if self.mail.feeds.values().any(is_busy) { patience.min(NAP) } else { patience }
    }

    /// Nothing more is put into this queue.
    pub(super) fn close_feed(&mut self, object: Obj) {
        if let Some(feed) = self.mail.feeds.get(&object) {
            feed.buffer.close();
        }
        self.feed_on();
    }

    /// `queue.join_thread()`: waits until everything that was put is in the pipe.
    pub(super) fn join_thread(&mut self, object: Obj) -> Result<(), Stop> {
        let (found, since_ns) = (self.find_queue(object)?, sys::now_ns());
        if !self.mail.closed.contains(&object) {
            let title = self.queue_title(object);
            let outcome = Err(Raised::new("AssertionError", format!("Queue {title} not closed")).into());
            return self.queue_outcome(object, || "join_thread()".to_owned(), since_ns, outcome);
        }
        let Some(buffer) = self.mail.feeds.get(&object).map(|feed| feed.buffer.clone()) else { return Ok(()) };
        self.wait_for(Need::of(Wish::Feed, found.object), None, |carrier, patience| {
            carrier.feed_on();
            Ok(buffer.is_over(carrier.nap(patience)).then_some(()))
        })?;
        self.used(found.object, since_ns, Deed::Joined);
        self.end_feed(object);
        Ok(())
    }

    /// `queue.cancel_join_thread()`: the process may end before everything is in the pipe.
    pub(super) fn cancel_join_thread(&mut self, object: Obj) -> Result<(), Stop> {
        let since_ns = sys::now_ns();
        self.find_queue(object)?;
        self.mail.not_joined.insert(object);
        self.called(format!("{}.cancel_join_thread()", self.queue_title(object)), since_ns, "None".to_owned(), false);
        Ok(())
    }

    /// At the end of a process, first: nothing more is put.
    pub(in crate::engine::process) fn close_feeds(&mut self) {
        self.mail.feeds.values().for_each(|feed| feed.buffer.close());
        self.feed_on();
    }

    /// At the end of a process, after its children's: it does not end before everything is in the pipes.
    pub(in crate::engine::process) fn leave_feeds(&mut self) -> Result<(), Stop> {
        let objects: Vec<Obj> = self.mail.feeds.keys().copied().collect();
        for object in objects {
            if !self.mail.not_joined.contains(&object) {
                self.mail.closed.insert(object);
                self.join_thread(object)?;
            }
            self.end_feed(object);
        }
        Ok(())
    }

    /// A feeder is waited for, if it has come to its end, or left alone for ever.
    fn end_feed(&mut self, object: Obj) {
        let Some(feed) = self.mail.feeds.get_mut(&object) else { return };
        let Feeding::Thread(actor, handle, silence) = std::mem::replace(&mut feed.by, Feeding::Over) else { return };
        let exit = if feed.buffer.is_over(Duration::ZERO) {
            // It has nothing left to do but to end.
            let _ = handle.join();
            Exit::Joined
        } else {
            // It may still write, but says so no more: nobody tells of anything after its end.
            *silence.lock().unwrap_or_else(PoisonError::into_inner) = true;
            Exit::Unknown
        };
        self.say(What::ActorExited { actor, exit });
    }
}

/// The life of a feeder thread.
fn live(mut feeder: Feeder, me: ActorId, object: ObjectId, teller: &Teller, silence: &Mutex<bool>) {
    // Where nobody listens any more the process is about to end, and its threads with it.
    let tell = |at_ns, what| {
        let is_silent = silence.lock().unwrap_or_else(PoisonError::into_inner);
        if !*is_silent {
            _ = teller.tell(me, at_ns, what);
        }
    };
    tell(sys::now_ns(), What::ActorReady);
    let (mut patience, mut waits) = (Duration::ZERO, None);
    loop {
        match feeder.turn(patience) {
            Turn::Over => return,
            Turn::Idle => {
                let _ = teller.flush();
                patience = SLICE;
            }
            turn @ (Turn::Stuck | Turn::LockedOut) => {
                let is_locked_out = matches!(turn, Turn::LockedOut);
                let need =
                    if is_locked_out { Need::lock_within(object, WRITE_LOCK) } else { Need::of(Wish::Send, object) };
                if waits.replace(need) != Some(need) {
                    let Need { wish, on, lane } = need;
                    tell(sys::now_ns(), What::Waits { wish, on, lane, for_ever: true });
                }
                patience = SLICE;
            }
            turn => {
                tell_turn(object, turn, me, tell);
                (patience, waits) = (Duration::ZERO, None);
            }
        }
    }
}

/// Something left the buffer: into the pipe, or into nowhere.
fn tell_turn(object: ObjectId, turn: Turn, me: ActorId, mut tell: impl FnMut(u64, What)) {
    let now_ns = sys::now_ns();
    match turn {
        Turn::Fed(message) => {
            let deed = Deed::Fed { lane: 0, message: message.number(), bytes: message.size() };
            let at_ns = message.written_ns();
            tell(at_ns, What::Used { object, since_ns: message.begun_ns(), deed });
        }
        Turn::Dropped(refusal) => {
            let raised = refusal.to_string();
            print::print(me, now_ns, &format!("Traceback (most recent call last):\n{raised}"));
            let call = "pickle.dumps(…)".to_owned();
            tell(now_ns, What::Called { call, since_ns: now_ns, answer: raised, raised: true });
        }
        Turn::Stuck | Turn::LockedOut | Turn::Idle | Turn::Over => {}
    }
}

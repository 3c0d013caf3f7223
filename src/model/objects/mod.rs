//! What processes share in a run: each object with its history, so that "how was it at `at_ns`" is a search.

pub mod bytes;
pub mod cells;
pub mod flags;
pub mod permits;
pub mod stations;
pub mod trips;

use super::Run;
use super::places::Places;
use crate::trace::{ActorId, Deed, Made, ObjectId, ObjectKind};

use bytes::Bytes;
use cells::{Cells, Write};
use flags::Flags;
use permits::Permits;
use stations::{Pass, Station, Stations};
use trips::Trips;

/// How often what was left open is looked through while a run lasts.
const SETTLE_EVERY_NS: u64 = 100_000_000;

/// Something that processes share, with all that was done to it. What does not go with its kind is empty.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its id.
    pub id: ObjectId,
    /// What it is.
    pub kind: ObjectKind,
    /// The variable that holds it.
    pub name: String,
    /// How much it holds; see [`Made`].
    pub capacity: u64,
    /// What the pipe in it holds; 0 if there is none, or no limit.
    pub pipe_bytes: u32,
    /// What it holds at first.
    pub initial: Option<i64>,
    /// The lock that belongs to it.
    pub lock: Option<ObjectId>,
    /// Whose lock it is, if it belongs to another object.
    pub of: Option<ObjectId>,
    /// Whether it notices that its owner died.
    pub robust: bool,
    /// When it was made.
    pub made_ns: u64,
    /// By whom.
    pub made_by: ActorId,
    /// Of locks and semaphores.
    pub permits: Permits,
    /// Of pipes and queues.
    pub stations: Stations,
    /// Of managers.
    pub trips: Trips,
    /// Of numbers in shared memory.
    pub cells: Cells,
    /// Of bytes in shared memory.
    pub bytes: Bytes,
    /// Of events, conditions and barriers.
    pub flags: Flags,
    /// How often somebody had to wait for something of it.
    pub waits: u64,
    /// How often it was used.
    pub uses: u64,
}

/// The objects of a run, in the order in which they were made.
#[derive(Clone, Debug, Default)]
pub(super) struct Objects {
    list: Vec<Object>,
    places: Places,
    /// When what was left open was looked through last.
    settled_ns: u64,
}

impl Objects {
    /// An object was made, and with it its lock.
    pub(super) fn make(&mut self, made: &Made, at_ns: u64, by: ActorId) {
        // A lock that came with another object may say itself what it is.
        match self.get_mut(made.object).filter(|known| known.of.is_some()) {
            Some(known) => (known.kind, known.name, known.robust) = (made.kind, made.name.clone(), made.robust),
            None => self.add(Object::new(made, at_ns, by)),
        }
        if let Some(lock) = made.lock.filter(|&lock| self.of(lock).is_none()) {
            let name = match made.kind {
                ObjectKind::Condition => format!("{}._lock", made.name),
                _ => format!("{}.get_lock()", made.name),
            };
            let kind = ObjectKind::RLock;
            let made_lock = Made {
                object: lock,
                kind,
                name,
                capacity: 1,
                pipe_bytes: 0,
                initial: None,
                lock: None,
                ..made.clone()
            };
            self.add(Object { of: Some(made.object), ..Object::new(&made_lock, at_ns, by) });
        }
    }

    fn add(&mut self, object: Object) {
        self.places.note(object.id.0, self.list.len());
        self.list.push(object);
    }

    fn of(&self, id: ObjectId) -> Option<&Object> {
        self.list.get(self.places.of(id.0)?)
    }

    pub(super) fn get_mut(&mut self, id: ObjectId) -> Option<&mut Object> {
        self.list.get_mut(self.places.of(id.0)?)
    }

    /// Time has passed: what was left open is looked through, now and then.
    pub(super) fn pass_time(&mut self, now_ns: u64) {
        if now_ns >= self.settled_ns.saturating_add(SETTLE_EVERY_NS) {
            self.settled_ns = now_ns;
            self.settle();
        }
    }

    /// What was left open is looked through.
    pub(super) fn settle(&mut self) {
        self.list.iter_mut().for_each(|object| object.cells.settle());
    }
}

impl Run {
    /// What its processes share, in the order in which it was made.
    pub fn objects(&self) -> &[Object] {
        &self.objects.list
    }

    /// The object of this id.
    pub fn object(&self, id: ObjectId) -> Option<&Object> {
        self.objects.of(id)
    }
}

impl Object {
    fn new(made: &Made, at_ns: u64, by: ActorId) -> Self {
        Self {
            id: made.object,
            kind: made.kind,
            name: made.name.clone(),
            capacity: made.capacity,
            pipe_bytes: made.pipe_bytes,
            initial: made.initial,
            lock: made.lock,
            of: None,
            robust: made.robust,
            made_ns: at_ns,
            made_by: by,
            permits: Permits::default(),
            stations: Stations::default(),
            trips: Trips::default(),
            cells: Cells::default(),
            bytes: Bytes::default(),
            flags: Flags::default(),
            waits: 0,
            uses: 0,
        }
    }

    /// Who holds a lock, or permits of a semaphore, at a moment.
    pub fn holders(&self, at_ns: u64) -> Vec<permits::Holder> {
        self.permits.holders(self.kind, at_ns)
    }

    /// Permits that are free at a moment.
    pub fn free(&self, at_ns: u64) -> u64 {
        match self.kind {
            ObjectKind::Lock | ObjectKind::RLock => u64::from(self.holders(at_ns).is_empty()),
            _ => self.permits.left(self.capacity, at_ns),
        }
    }

    /// What is in a cell at a moment.
    pub fn value(&self, index: u16, at_ns: u64) -> i64 {
        self.cells.last(index, at_ns).map_or_else(|| self.initial.unwrap_or(0), |write| write.wrote)
    }

    /// Whether a message or number that was sent by this road is read at that end of a pipe.
    pub fn reading_end(&self, lane: u16) -> u16 {
        u16::from(self.kind == ObjectKind::Pipe && self.capacity > 1 && lane == 0)
    }

    /// What one of its users did with it: `process` is the one he belongs to.
    pub(super) fn used(&mut self, (by, process): (ActorId, ActorId), times_ns: (u64, u64), deed: Deed) {
        self.uses += 1;
        let (since_ns, at_ns) = times_ns;
        let kind = self.kind;
        let pass = Pass { since_ns, at_ns, by, process };
        match deed {
            Deed::Acquired { left } => self.permits.acquire(kind, by, times_ns, left),
            Deed::Released { left } => self.permits.release(kind, by, at_ns, left),
            Deed::Recovered { owner } => self.permits.recover(owner, at_ns),
            Deed::GaveUp { .. } => {
                self.permits.gave_up += 1;
                self.flags.gave_up.note(at_ns, by);
            }
            Deed::Set => self.flags.set.note(at_ns, (true, by)),
            Deed::Cleared => self.flags.set.note(at_ns, (false, by)),
            Deed::Saw => self.flags.saw.note(at_ns, by),
            Deed::Notified { woken } => self.flags.notified.note(at_ns, (by, woken)),
            Deed::Woke => self.flags.woke.note(at_ns, by),
            Deed::Passed { index } => self.flags.passed.note(at_ns, (by, index)),
            Deed::Broke => self.flags.broken.note(at_ns, (true, by)),
            Deed::Reset => self.flags.broken.note(at_ns, (false, by)),
            Deed::Put { lane, message, bytes } if kind == ObjectKind::Manager => {
                self.trips.note_client(lane, by);
                self.trips.ask(lane, message, bytes, at_ns);
            }
            Deed::Put { lane, message, bytes } => self.pass(lane, Station::Put, (message, bytes), pass),
            Deed::Fed { lane, message, bytes } => self.pass(lane, Station::Fed, (message, bytes), pass),
            Deed::Got { lane, message, .. } if kind == ObjectKind::Manager => {
                self.trips.note_server(by);
                self.trips.take(lane, message, at_ns);
            }
            Deed::Got { lane, message, bytes } => self.pass(lane, Station::Got, (message, bytes), pass),
            Deed::Torn { lane, bytes } => self.stations.roads.entry(lane).or_default().torn.note(at_ns, bytes.into()),
            Deed::TaskDone { .. } => self.stations.tasks_done.note(at_ns, 1),
            Deed::Joined => {}
            Deed::Read { index, value } => self.cells.read(by, at_ns, index, value),
            Deed::Wrote { index, value } => {
                self.cells.write(Write { index, at_ns, by, read: None, wrote: value, overwritten: None });
            }
            Deed::Updated { index, read, wrote } => {
                let read = Some((i64::from(read), since_ns));
                self.cells.write(Write { index, at_ns, by, read, wrote: wrote.into(), overwritten: None });
            }
            Deed::Served { lane, message, bytes } => self.trips.serve(lane, message, bytes, times_ns),
            Deed::Answered { lane, message, bytes } => self.trips.answer(lane, message, bytes, times_ns),
            Deed::Closed { .. } if kind == ObjectKind::Block => self.bytes.attach(process, at_ns, false),
            Deed::Created { bytes } => self.bytes.create(bytes, process, at_ns),
            Deed::Attached => self.bytes.attach(process, at_ns, true),
            Deed::Unlinked => self.bytes.unlinked.note(at_ns, by),
            Deed::WroteBytes { from, count } => self.bytes.write((from, count), by, at_ns),
            Deed::ReadBytes { from, count } => self.bytes.read((from, count), by, at_ns),
            Deed::Holds { end } => self.stations.ends.entry((end, process)).or_default().note(at_ns, true),
            Deed::Closed { end } => self.stations.ends.entry((end, process)).or_default().note(at_ns, false),
        }
    }

    fn pass(&mut self, lane: u16, station: Station, letter: (u32, u32), pass: Pass) {
        self.stations.roads.entry(lane).or_default().pass(station, letter, pass);
    }
}

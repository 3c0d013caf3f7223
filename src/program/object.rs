//! What the processes of a program share, as data: made by the parent, found by all of them by its number.

use crate::trace::{ObjectId, ObjectKind};

/// Which object of a program: its number among those that the script makes, from 0.
pub type Obj = u32;

/// An object that is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The variable that holds it.
    pub name: &'static str,
    /// What it is.
    pub make: Make,
    /// Whether it notices that its owner died, as Python's do not.
    pub robust: bool,
}

/// How an object is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Make {
    /// `Pipe(duplex)`
    Pipe {
        /// Whether both ends are read and written; else end 0 is read and end 1 is written.
        duplex: bool,
    },
    /// `SimpleQueue()`
    SimpleQueue,
    /// `Queue(maxsize)`; 0 = no limit.
    Queue(u32),
    /// `JoinableQueue(maxsize)`; 0 = no limit.
    JoinableQueue(u32),
    /// `Lock()`
    Lock,
    /// `RLock()`
    RLock,
    /// `Semaphore(permits)`
    Semaphore(u32),
    /// `BoundedSemaphore(permits)`
    BoundedSemaphore(u32),
    /// `Event()`
    Event,
    /// `Condition()`, with a lock of its own.
    Condition,
    /// `Barrier(parties)`
    Barrier(u32),
    /// `Value("i", initial)`, with a lock of its own.
    Value(i64),
    /// `RawValue("i", initial)`
    RawValue(i64),
    /// `Array("i", length)`, with a lock of its own.
    Array(u32),
    /// `RawArray("i", length)`
    RawArray(u32),
    /// `SharedMemory(create=True, size=bytes)`
    Block(u64),
    /// `Manager()`, for so many clients. It is served by the process that is started with its end 0; client `k`
    /// has its end `k + 1`.
    Manager(u32),
}

impl Object {
    /// An object as Python makes it.
    pub fn new(name: &'static str, make: Make) -> Self {
        Self { name, make, robust: false }
    }

    /// The same object, in the variant that notices that its owner died.
    #[must_use]
    pub fn robust(self) -> Self {
        Self { robust: true, ..self }
    }
}

impl Make {
    /// What it is in a trace.
    pub fn kind(&self) -> ObjectKind {
        match self {
            Self::Pipe { .. } => ObjectKind::Pipe,
            Self::SimpleQueue => ObjectKind::SimpleQueue,
            Self::Queue(_) => ObjectKind::Queue,
            Self::JoinableQueue(_) => ObjectKind::JoinableQueue,
            Self::Lock => ObjectKind::Lock,
            Self::RLock => ObjectKind::RLock,
            Self::Semaphore(_) => ObjectKind::Semaphore,
            Self::BoundedSemaphore(_) => ObjectKind::BoundedSemaphore,
            Self::Event => ObjectKind::Event,
            Self::Condition => ObjectKind::Condition,
            Self::Barrier(_) => ObjectKind::Barrier,
            Self::Value(_) | Self::RawValue(_) => ObjectKind::Value,
            Self::Array(_) | Self::RawArray(_) => ObjectKind::Array,
            Self::Block(_) => ObjectKind::Block,
            Self::Manager(_) => ObjectKind::Manager,
        }
    }

    /// How much it holds; see [`Made`](crate::trace::Made).
    pub fn capacity(&self) -> u64 {
        match *self {
            Self::Pipe { duplex } => 1 + u64::from(duplex),
            Self::Queue(most) | Self::JoinableQueue(most) => most.into(),
            Self::Lock | Self::RLock | Self::Value(_) | Self::RawValue(_) => 1,
            Self::Semaphore(count) | Self::BoundedSemaphore(count) | Self::Barrier(count) => count.into(),
            Self::Array(length) | Self::RawArray(length) => length.into(),
            Self::Block(bytes) => bytes,
            Self::Manager(clients) => clients.into(),
            Self::SimpleQueue | Self::Event | Self::Condition => 0,
        }
    }

    /// Whether a lock of its own is made with it. It has the next id.
    pub fn has_lock(&self) -> bool {
        matches!(self, Self::Condition | Self::Value(_) | Self::Array(_))
    }
}

/// The ids of objects in a trace: in order, and after an object that of its own lock. With them, the next one.
pub fn ids<'a>(objects: impl IntoIterator<Item = &'a Object>) -> (Vec<ObjectId>, u32) {
    let mut next = 0;
    let mut ids = Vec::new();
    for object in objects {
        ids.push(ObjectId(next));
        next += 1 + u32::from(object.make.has_lock());
    }
    (ids, next)
}

//! Poolscope: a desktop lab in which students see parallelism.
//!
//! This page is the plan of the house. `tests/architecture.rs` holds the code against it.
//!
//! # The processes
//!
//! ```text
//!  poolscope  (window, or command line)      the OBSERVER: never forks, never maps a worker's memory
//!    │ stdin: the plan, then commands  ▲ stdout: trace blocks       both a line or a block at a time
//!    ▼                                 │
//!  poolscope __engine                        the PARENT that students watch: one per session
//!    │ task pipe k                     ▲ result pipe k          one private pair for each worker k
//!    ▼                                 │
//!  poolscope __worker  × N                   real processes; each appends its events to its own
//!                                            shared-memory ring, which the engine drains
//!  (+ poolscope __forkserver, where the plan asks for one; a forked worker is a copy of it, or of
//!     the parent)
//! ```
//!
//! Where a plan names a [program], the engine carries out its script, and below it are processes that
//! carry out theirs: `poolscope __process`, and children of those.
//!
//! ```text
//!  poolscope __engine ── orders ──► poolscope __process ── orders ──► poolscope __process …
//!                     ◄──────────── one pipe for the story of all ────────────
//! ```
//!
//! A worker may have several threads (`hybrid`): its main thread reads the units, each of the others takes
//! one when it is free, records into a ring of its own and answers by itself. Threads of the parent
//! (`threads`, `gil-threads`) are no processes: their rings are the parent's own memory.
//!
//! Every one of them is the same binary: `main.rs` asks [`engine::child_hook`] first whether this
//! process is a child, and only then looks at the command line.
//!
//! Why the parent is a process of its own, and not the window:
//!
//! - `fork` is honest only from a process with one thread. A window never has one.
//! - A crash may take the parent down, with all its threads: the window lives on to show it.
//! - A deadlock can't freeze the window; Stop always works.
//! - The command line runs the very same engine, so all that is on screen can be tested without one.
//!
//! # The pool
//!
//! What decides in a pool is pure, and is driven by real workers and by tests alike
//! ([`engine::pool`]):
//!
//! ```text
//!  units ─► Dispatch ─► worker ─► answer ─► Collector ─► Caller ─► what the program that called gets
//!              ▲           │ ends before its time
//!              └─ again ◄──┴─► policy (replace, retry, broken, lost) ─► Restarts ─► a successor, or the end
//! ```
//!
//! What a worker had in hand when it died is known from its ring, which outlives it: a unit it had not
//! begun is handed out again, one it had begun is a matter of policy. Results are taken once, whoever
//! computes them how often.
//!
//! # What processes share
//!
//! The objects of a program (queues, locks, numbers in memory, a manager) are made by its parent before anybody is
//! started ([`engine::ipc`]): one piece of nameless memory and a set of nameless pipes, which every child is given
//! with its start, whatever the start method. Nobody ever sleeps *inside* an object: a wait is announced, slept in
//! short stretches (after a moment of looking on, where that is worth it), and can be ended from outside at any time. So
//! a deadlock is real, and Stop ends it. What a dead process held of a robust object can be taken back by anybody who
//! knows of its death, as often as need be: whoever does so may be killed, too.
//!
//! ```text
//!  script: Make, Sync, Message … ─► Carrier (one per process) ─► object (words, ends of pipes)
//!                                      │ Waits, when it can't go on; Used, when it did something
//!                                      ▼
//!                       trace ─► model: objects and waits ─► who waits for whom: a knot is a deadlock
//! ```
//!
//! # The road of a message
//!
//! A worker [records](trace::ring) four words in its ring. The engine drains the ring into
//! [blocks](trace::codec) on its standard output. The [session] reads them, into the
//! [file](trace::file) if one is kept, and as [events](trace::event) into [`model::Model::apply`].
//! The window draws the model; the command line counts in it. A trace that is opened takes the same
//! road from the file on.
//!
//! # The floors
//!
//! Floors only look down. Within floor 1, which is plain data and the contract with the system,
//! rooms may know each other; above it, no room knows another on its own floor.
//!
//! | floor | room | what it is | may use |
//! |---|---|---|---|
//! | 5 | [`cli`] | the command line | all below but the engine; of the window only its front door |
//! | 4 | `gui` | the window (feature `gui`) | all below but the engine and `sys` |
//! | 2 | [`engine`] | the parent and its workers | `trace` `plan` `chunk` `workload` `program` `sys` |
//! | 2 | [`model`] | what is known of a trace, at any moment | `trace` `plan` `chunk` `words` |
//! | 2 | [`session`] | a live run, seen from outside | `trace` `plan` `sys` |
//! | 1 | [`trace`] | the vocabulary of events, its bytes, ring and file | `plan` `sys` |
//! | 1 | [`plan`] | what to run; checks itself | `chunk` `workload` `program` `sys` |
//! | 1 | [`chunk`] | how items are cut into units | |
//! | 1 | [`workload`] | what is computed, by name | `plan` |
//! | 1 | [`program`] | ready-made programs about processes and what they share, as data | `plan` `trace` |
//! | 1 | [`words`] | durations and bytes in words | |
//! | 1 | [`sys`] | everything that differs between systems | `plan` `trace` |
//!
//! # Seven invariants
//!
//! 1. **One vocabulary.** Everything that happened is an [`Event`](trace::Event). Stage, timeline,
//!    tables and reports know nothing else; a new kind of run needs no new drawing code.
//! 2. **One road.** A live run and an opened file pass through the same
//!    [`Model::apply`](model::Model::apply). Replay is not a second renderer.
//! 3. **The observer does not disturb.** Recording an event costs a worker one write into shared
//!    memory: no system call, no lock, no allocation. When a ring is full, events are counted as lost
//!    and the trace says so; a worker never waits for whoever watches. The processes of a program have no
//!    ring: they write into a pipe that the engine always reads, at once where something rare happens or a wait
//!    begins. Only what comes by the thousand, in a loop over something shared, is kept back for at most 5 ms, so
//!    that recording does not make the processes take turns; who is killed in there loses so much of its story.
//! 4. **Jobs travel by name and bytes**, exactly as Python pickles a function by its importable name:
//!    a registered [workload]'s name and serialized arguments. No closures, no function addresses.
//! 5. **Measured, simulated, recorded and emulated are never mixed up.** Every number on screen can
//!    say which it is. Rust threads have no GIL: where threads take turns under one, it is an emulation
//!    after CPython's, and the word stands beside it.
//! 6. **Nothing has a name another user could open.** Inherited anonymous pipes and unnamed shared
//!    memory only. Kill anything, at any moment: one second later no process, no zombie and no shared
//!    memory of ours is left.
//! 7. **Conditions on the system and `unsafe` live in `src/sys`** and nowhere else.

pub mod chunk;
pub mod cli;
pub mod engine;
#[cfg(feature = "gui")]
pub mod gui;
pub mod model;
pub mod plan;
pub mod program;
pub mod python;
pub mod session;
#[allow(unsafe_code, reason = "the one folder that may: invariant 7")]
pub mod sys;
pub mod trace;
pub mod words;
pub mod workload;

//! The choices of a plan that have names: who computes, how workers start, which method of the pool is
//! called, what becomes of a unit whose worker dies.

use serde::{Deserialize, Serialize};

/// A choice with names: one list and one way to write each, for plans, command line and screen.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
        #[serde(rename_all = "kebab-case")]
        #[value(rename_all = "kebab-case")]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// Every choice, in the order of the screen.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name in plans and on the command line.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
    };
}

choice! {
    /// Who computes: the one word that changes between one process, threads and processes.
    #[derive(Default)]
    Executor {
        /// The parent alone, one item after the other; nothing is serialized.
        Sequential = "sequential",
        /// Threads of the parent's process. Rust threads have no GIL.
        Threads = "threads",
        /// Threads that take turns as Python's do under its Global Interpreter Lock. The lock is an
        /// emulation, and called one wherever it is shown.
        GilThreads = "gil-threads",
        /// Child processes.
        #[default]
        Processes = "processes",
        /// Child processes with several threads each.
        Hybrid = "hybrid",
    }
}

impl Executor {
    /// Whether workers are processes of their own.
    pub fn has_processes(self) -> bool {
        matches!(self, Self::Processes | Self::Hybrid)
    }

    /// Whether the parent's process does all the computing.
    pub fn is_one_process(self) -> bool {
        !self.has_processes()
    }
}

choice! {
    /// How a worker process comes into being.
    #[derive(Default)]
    StartMethod {
        /// A fresh program: nothing is inherited but what is passed. Works everywhere.
        #[default]
        Spawn = "spawn",
        /// A copy of the parent, made by the kernel in one call.
        Fork = "fork",
        /// A copy of a small, single-threaded server that was started fresh.
        Forkserver = "forkserver",
    }
}

choice! {
    /// Which method of the pool the program calls. They differ in what a unit is, in when the caller gets
    /// which result, and in whose error it gets.
    #[derive(Default)]
    Call {
        /// `pool.map`: all results at once, in input order.
        #[default]
        Map = "map",
        /// `pool.starmap`: as `map`, with each item's tuple unpacked into arguments.
        Starmap = "starmap",
        /// `pool.imap`: results one by one, in input order; a late one holds up those behind it.
        Imap = "imap",
        /// `pool.imap_unordered`: results one by one, as they are done.
        ImapUnordered = "imap-unordered",
        /// `pool.apply`: one item, waited for, then the next.
        Apply = "apply",
        /// `pool.apply_async`: every item a job of its own; then each is waited for in order.
        ApplyAsync = "apply-async",
        /// `pool.map_async`: as `map`, while the caller goes on.
        MapAsync = "map-async",
    }
}

impl Call {
    /// The method's name in Python.
    pub fn python(self) -> &'static str {
        match self {
            Self::Map => "map",
            Self::Starmap => "starmap",
            Self::Imap => "imap",
            Self::ImapUnordered => "imap_unordered",
            Self::Apply => "apply",
            Self::ApplyAsync => "apply_async",
            Self::MapAsync => "map_async",
        }
    }

    /// Whether every item is a job of its own, so that there is nothing to cut.
    pub fn is_single(self) -> bool {
        matches!(self, Self::Apply | Self::ApplyAsync)
    }

    /// Whether the caller takes results one by one while the pool works.
    pub fn is_iterator(self) -> bool {
        matches!(self, Self::Imap | Self::ImapUnordered)
    }

    /// Whether the caller gets all results together, when the last one is there.
    pub fn is_at_once(self) -> bool {
        !self.is_iterator() && !self.is_single()
    }

    /// Whether the call returns at once, with a handle that can be asked and waited for.
    pub fn is_async(self) -> bool {
        matches!(self, Self::ApplyAsync | Self::MapAsync)
    }
}

choice! {
    /// What becomes of the unit that a worker was computing when it died. What it had not begun is handed
    /// out again in any case but `broken`.
    #[derive(Default)]
    LossPolicy {
        /// The unit fails with an error that says who died and how; the worker is replaced.
        #[default]
        Replace = "replace",
        /// The unit is computed again by another worker, three times at most; the worker is replaced.
        Retry = "retry",
        /// As Python's `ProcessPoolExecutor`: everything that is not done fails, the pool is unusable.
        Broken = "broken",
        /// As Python's `Pool`: the worker is replaced, the unit's result never comes, and who waits for it
        /// waits for ever. Here until the deadline of the run.
        Lost = "lost",
    }
}

choice! {
    /// What each worker does once, before its first unit.
    Initializer {
        /// Builds a table, which takes about 20 ms, and prints that it did.
        Prepare = "prepare",
        /// Ignores the signal that `terminate` sends (Unix).
        IgnoreTerminate = "ignore-terminate",
        /// Raises an error, every time.
        Fails = "fails",
    }
}

choice! {
    /// What the caller gave as `callback`.
    Callback {
        /// Counts the results.
        Counts = "counts",
        /// Raises an error.
        Raises = "raises",
    }
}

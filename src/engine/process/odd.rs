//! Steps that few programs need: start methods and contexts, memory, the parent seen from below.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::plan::{StartMethod, start_methods};
use crate::program::script::{Step, Var};
use crate::sys;
use crate::trace::{ActorId, What};

use super::carrier::{Carrier, FOREVER, Stop};
use super::host::Host;
use super::life::Raised;
use super::thread::Thread;
use super::value::Value;

/// A number in the memory of this process: what a forked copy finds here is what its parent had. Every
/// program begins with 1.
static VALUE: AtomicU64 = AtomicU64::new(1);

/// How long the first word of a child is waited for.
const WORD_PATIENCE: Duration = Duration::from_secs(5);
/// Every page of memory is written to; a page is at least so large.
const PAGE_BYTES: usize = 4096;

/// What these steps keep.
#[derive(Default)]
pub(super) struct Oddities {
    /// Whether this process is importing the main module.
    pub(super) importing: bool,
    /// The start method that was set.
    pub(super) context: Option<StartMethod>,
    /// For which method the lock was made.
    lock: Option<StartMethod>,
    memory: Vec<u8>,
    /// How long each first word took, by method.
    words: Vec<(StartMethod, u64)>,
    pub(super) threads: Vec<Thread>,
}

/// The number is what every program begins with.
pub(super) fn reset_value() {
    VALUE.store(1, Ordering::Relaxed);
}

impl<'a, H: Host> Carrier<'a, H> {
    pub(super) fn odd_step(&mut self, step: &'a Step) -> Result<(), Stop> {
        match step {
            Step::Thread { line, ms, daemon } => self.start_thread(line, *ms, *daemon)?,
            Step::ForkWithLock { ms } => return self.fork_with_lock(*ms),
            Step::WatchParent => return self.watch_parent(),
            Step::SetValue(value) => VALUE.store(*value, Ordering::Relaxed),
            Step::PrintValue => {
                let line = format!("{} sees {}", self.me.name, VALUE.load(Ordering::Relaxed));
                self.print(&line);
            }
            Step::TakeMemory(mib) => self.take_memory(*mib)?,
            Step::Importing => self.odd.importing = true,
            Step::SetStartMethod { method, force } => self.set_start_method(*method, *force)?,
            Step::NewLock(method) => self.new_lock(*method)?,
            Step::FirstWord(var) => return self.first_word(*var),
            Step::Medians => self.print_medians(),
            Step::KillForkServer => self.mourn_server(),
            // The others have been carried out already.
            _ => {}
        }
        Ok(())
    }

    fn watch_parent(&mut self) -> Result<(), Stop> {
        for waits in [true, false] {
            let since_ns = sys::now_ns();
            let alive = Value::Bool(self.host.parent_is_alive());
            let line = format!("the parent is alive: {}", alive.python());
            self.answered("parent_process().is_alive()".to_owned(), since_ns, Ok(alive))?;
            self.print(&line);
            if waits {
                let since_ns = sys::now_ns();
                self.rest(FOREVER, |carrier| !carrier.host.parent_is_alive())?;
                let ended = Value::Words("it has ended".to_owned());
                self.answered("parent_process().join()".to_owned(), since_ns, Ok(ended))?;
            }
        }
        Ok(())
    }

    fn take_memory(&mut self, mib: u64) -> Result<(), Raised> {
        let bytes = (mib as usize) << 20;
        let refused = |_| Raised::new("MemoryError", format!("there is no room for {mib} MiB; choose less"));
        self.odd.memory.try_reserve_exact(bytes).map_err(refused)?;
        self.odd.memory.resize(bytes, 0);
        self.odd.memory.iter_mut().step_by(PAGE_BYTES).for_each(|byte| *byte = 1);
        std::hint::black_box(&self.odd.memory);
        Ok(())
    }

    fn set_start_method(&mut self, method: StartMethod, force: bool) -> Result<(), Raised> {
        let since_ns = sys::now_ns();
        let forced = if force { ", force=True" } else { "" };
        let outcome = if self.odd.context.is_some() && !force {
            Err(Raised::new("RuntimeError", "context has already been set"))
        } else {
            self.odd.context = Some(method);
            Ok(Value::None)
        };
        self.answered(format!("set_start_method(\"{}\"{forced})", method.name()), since_ns, outcome).map(|_| ())
    }

    fn new_lock(&mut self, method: StartMethod) -> Result<(), Raised> {
        let since_ns = sys::now_ns();
        let outcome = if start_methods().contains(&method) {
            self.odd.lock = Some(method);
            Ok(Value::Words("a lock".to_owned()))
        } else {
            Err(Raised::new("ValueError", format!("cannot find context for '{}'", method.name())))
        };
        self.answered(format!("get_context(\"{}\").Lock()", method.name()), since_ns, outcome).map(|_| ())
    }

    /// Whether a child that is started like this may be given the lock: one made for forked children has no
    /// name by which another could find it.
    pub(super) fn check_lock(&self, method: StartMethod) -> Result<(), Raised> {
        if self.odd.lock != Some(StartMethod::Fork) || method == StartMethod::Fork {
            return Ok(());
        }
        Err(Raised::new(
            "RuntimeError",
            "A SemLock created in a fork context is being shared with a process in a spawn context. This is not \
             supported. Please use the same context to create multiprocessing objects and Process.",
        ))
    }

    fn first_word(&mut self, var: Var) -> Result<(), Stop> {
        let since_ns = sys::now_ns();
        let Some((place, held)) = self.held_by(var) else { return Ok(()) };
        let (actor, asked_ns, method): (ActorId, u64, _) = (held.actor, held.asked_ns, held.method);
        self.rest(WORD_PATIENCE, |carrier| carrier.host.first_word(actor).is_some() || !carrier.is_running(place))?;
        // Its word may come after its end is known.
        self.rest(Duration::from_millis(50), |carrier| carrier.host.first_word(actor).is_some())?;
        let answer = match self.host.first_word(actor) {
            Some(word_ns) => {
                let took_ns = word_ns.saturating_sub(asked_ns);
                self.odd.words.push((method, took_ns));
                format!("the first word, {} after {}", in_ms(took_ns), "start()")
            }
            None => "nothing".to_owned(),
        };
        self.called("connection.recv()".to_owned(), since_ns, answer, false);
        Ok(())
    }

    fn print_medians(&mut self) {
        for &method in start_methods() {
            let of_method = self.odd.words.iter().filter(|(known, _)| *known == method).map(|&(_, ns)| ns);
            let mut took: Vec<u64> = of_method.collect();
            took.sort_unstable();
            if let Some(&median) = took.get(took.len() / 2) {
                self.say(What::Called {
                    call: format!("median({})", method.name()),
                    since_ns: sys::now_ns(),
                    answer: in_ms(median),
                    raised: false,
                });
                self.print(&format!("{}: {}", method.name(), in_ms(median)));
            }
        }
    }
}

fn in_ms(ns: u64) -> String {
    format!("{:.1} ms", ns as f64 / 1e6)
}

//! Every call of `multiprocessing.Pool`, and of its twin with threads.

use crate::plan::{Call, Callback, Initializer, Plan};

use super::script::Script;
use super::task::Task;
use super::{PATIENCE_MS, faults, may_wait_for_ever, seconds};

/// Writes the pool and what is called on it.
pub(super) fn write(plan: &Plan, task: &Task, level: usize, script: &mut Script) {
    let mut options = vec![format!("processes={}", plan.workers)];
    if let Some(initializer) = plan.initializer {
        options.push(format!("initializer={}", initializer_of(initializer, script)));
    }
    if plan.with.has_processes() {
        if let Some(most) = plan.maxtasksperchild {
            options.push(format!("maxtasksperchild={most}"));
        }
        script.line(level, format!("with context.Pool({}) as pool:", options.join(", ")));
    } else {
        script.from("multiprocessing.pool", "ThreadPool");
        script.line(level, format!("with ThreadPool({}) as pool:", options.join(", ")));
    }
    faults::on_workers(plan, "pool._pool", level + 1, script);
    let mut body = Body { plan, task, level: level + 1, script };
    match plan.call {
        Call::Map | Call::Starmap | Call::MapAsync => body.at_once(),
        Call::Imap | Call::ImapUnordered => body.iterated(),
        Call::Apply => body.applied(),
        Call::ApplyAsync => body.applied_async(),
    }
    if faults::stops(plan) {
        body.line(0, "for worker in pool._pool:");
        body.line(1, "worker.kill()  # who stands still does not hear SIGTERM");
    } else if plan.initializer == Some(Initializer::IgnoreTerminate) && plan.terminate_after_ms.is_none() {
        body.line(0, "pool.close()  # for the end of `with` is terminate(), which they ignore");
        body.line(0, "pool.join()");
    }
}

/// The function that each worker calls first.
pub(super) fn initializer_of(initializer: Initializer, script: &mut Script) -> &'static str {
    let (name, text) = match initializer {
        Initializer::Prepare => (
            "prepare",
            "import os\ndef prepare():\n    global table\n    table = [x * x for x in range(200_000)]\n    \
             print(\"worker\", os.getpid(), \"is prepared\")",
        ),
        Initializer::IgnoreTerminate => (
            "ignore_terminate",
            "import signal\ndef ignore_terminate():\n    signal.signal(signal.SIGTERM, signal.SIG_IGN)",
        ),
        Initializer::Fails => ("fail", "def fail():\n    raise RuntimeError(\"the initializer failed\")"),
    };
    script.define(text);
    name
}

/// The function that is called with results, `many` at once or one by one.
pub(super) fn callback_of(callback: Callback, many: bool, script: &mut Script) -> &'static str {
    match callback {
        Callback::Counts => {
            let (what, count) = if many { ("results", "len(results)") } else { ("result", "1") };
            script.define(&format!("counted = 0\n\ndef count({what}):\n    global counted\n    counted += {count}"));
            "count"
        }
        Callback::Raises => {
            // CPython's result thread dies of it, and who waits for the result waits for ever.
            script.define("def fail_later(result):\n    raise RuntimeError(\"the callback failed\")");
            "fail_later"
        }
    }
}

/// The function that waits twice: at first with a timeout, then as long as it takes.
pub(super) fn patience_of(timeout_ms: u64, script: &mut Script) {
    let seconds = seconds(timeout_ms);
    script.define(&format!(
        "def patient(wait):\n    try:\n        return wait(timeout={seconds})\n    except TimeoutError:\n        \
         print(\"no result after {seconds} s\")\n        return wait()"
    ));
}

/// What stands inside of `with`.
struct Body<'a> {
    plan: &'a Plan,
    task: &'a Task,
    level: usize,
    script: &'a mut Script,
}

impl Body<'_> {
    fn line(&mut self, level: usize, line: impl AsRef<str>) {
        self.script.line(self.level + level, line);
    }

    /// `timeout=5` where CPython would wait for ever.
    fn limit(&mut self) -> Option<String> {
        if !may_wait_for_ever(self.plan) {
            return None;
        }
        self.script.from("multiprocessing", "TimeoutError");
        Some(seconds(self.plan.deadline_ms().unwrap_or(PATIENCE_MS)))
    }

    /// `timeout=0.2` in seconds, if the caller is impatient at first.
    fn patience(&mut self) -> Option<()> {
        let timeout_ms = self.plan.timeout_ms?;
        patience_of(timeout_ms, self.script);
        self.script.from("multiprocessing", "TimeoutError");
        Some(())
    }

    /// `, callback=count, error_callback=print`.
    fn callbacks(&mut self, many: bool) -> String {
        let Some(callback) = self.plan.callback else { return String::new() };
        let name = callback_of(callback, many, self.script);
        let errors = if self.plan.faults.is_empty() { "" } else { ", error_callback=print" };
        format!(", callback={name}{errors}")
    }

    /// All items in one job: `map`, `starmap`, `map_async`.
    fn at_once(&mut self) {
        let Task { function, chunksize, .. } = self.task;
        let (method, items) = match self.plan.call {
            Call::Starmap => ("starmap", self.task.tuples()),
            _ => ("map", "items"),
        };
        let limit = self.limit();
        let callbacks = self.callbacks(true);
        let job = format!("pool.{method}_async({function}, {items}{chunksize}{callbacks})");
        if let Some(after_ms) = self.plan.terminate_after_ms {
            self.line(0, format!("job = {job}"));
            self.line(0, format!("job.wait({})", seconds(after_ms)));
            self.line(0, "if job.ready():");
            self.line(1, "results = job.get()");
            self.line(0, "else:");
            self.gives_up(1);
        } else if let Some(limit) = limit {
            self.line(0, "# The result of a lost unit never comes, hence the timeout.");
            self.line(0, format!("results = {job}.get(timeout={limit})"));
        } else if self.plan.call == Call::MapAsync {
            self.line(0, format!("job = {job}"));
            let get = if self.patience().is_some() { "patient(job.get)" } else { "job.get()" };
            self.line(0, format!("results = {get}"));
        } else {
            self.line(0, format!("results = pool.{method}({function}, {items}{chunksize})"));
        }
    }

    /// Results one by one: `imap`, `imap_unordered`.
    fn iterated(&mut self) {
        let Task { function, chunksize, unit, .. } = self.task;
        let mut items = "items";
        if let Some(size) = self.plan.buffersize {
            // New in Python 3.15: imap(…, buffersize=…).
            self.script.from("threading", "Semaphore");
            self.script
                .define("def ahead(items, room):\n    for item in items:\n        room.acquire()\n        yield item");
            self.line(
                0,
                format!("# As imap(…, buffersize={size}) of Python 3.15: before, all items are read at once."),
            );
            self.line(0, format!("room = Semaphore({})", u64::from(size).saturating_mul(*unit)));
            items = "ahead(items, room)";
        }
        let arriving = format!("pool.{}({function}, {items}{chunksize})", self.plan.call.python());
        let one_by_one = *unit == 1;
        let limit = self.limit().filter(|_| one_by_one);
        let careful = !self.plan.faults.is_empty();
        if may_wait_for_ever(self.plan) && !one_by_one {
            self.line(0, "# With a chunksize there is no next(timeout): this may wait for ever. Press Ctrl+C.");
        }
        if one_by_one && (careful || limit.is_some() || self.plan.timeout_ms.is_some()) {
            self.line(0, format!("arriving = {arriving}"));
            let taken = match limit {
                Some(limit) => format!("arriving.next(timeout={limit})"),
                None if self.patience().is_some() => "patient(arriving.next)".to_owned(),
                None => "arriving.next()".to_owned(),
            };
            self.loop_over("for _ in items:", &taken);
        } else {
            self.loop_over(&format!("for result in {arriving}:"), "result");
        }
        if self.plan.buffersize.is_some() {
            self.line(0, "room.release(len(items))  # whatever became of them, the pool must come to its end");
        }
    }

    /// One item, waited for, then the next.
    fn applied(&mut self) {
        let (function, arguments) = (&self.task.function, self.task.arguments());
        let taken = match self.limit() {
            Some(limit) => format!("pool.apply_async({function}, {arguments}).get(timeout={limit})"),
            None => format!("pool.apply({function}, {arguments})"),
        };
        self.loop_over("for item in items:", &taken);
    }

    /// Every item a job of its own, then each waited for.
    fn applied_async(&mut self) {
        let (function, arguments) = (&self.task.function, self.task.arguments());
        let limit = self.limit();
        let callbacks = self.callbacks(false);
        self.line(0, format!("jobs = [pool.apply_async({function}, {arguments}{callbacks}) for item in items]"));
        if let Some(after_ms) = self.plan.terminate_after_ms {
            self.script.from("time", "sleep");
            let after = seconds(after_ms);
            self.line(0, format!("while perf_counter() - began < {after} and not all(job.ready() for job in jobs):"));
            self.line(1, "sleep(0.01)");
            self.line(0, "results = [job.get() for job in jobs if job.ready() and job.successful()]");
            self.line(0, "if not all(job.ready() for job in jobs):");
            return self.stop(1);
        }
        let taken = match limit {
            Some(limit) => format!("job.get(timeout={limit})"),
            None if self.patience().is_some() => "patient(job.get)".to_owned(),
            None => "job.get()".to_owned(),
        };
        self.loop_over("for job in jobs:", &taken);
    }

    /// Takes result after result; an error is that of one item, and the loop goes on.
    fn loop_over(&mut self, head: &str, taken: &str) {
        let generator = taken == "result";
        let careful = !self.plan.faults.is_empty() && !generator;
        self.line(0, "results = []");
        self.line(0, head);
        if careful {
            self.line(1, "try:");
            self.line(2, format!("results.append({taken})"));
            self.line(1, "except Exception as error:");
            self.line(2, "print(\"raised\", type(error).__name__ + \":\", error)");
        } else {
            self.line(1, format!("results.append({taken})"));
        }
        if self.plan.buffersize.is_some() {
            self.line(1, "room.release()");
        }
        if let Some(after_ms) = self.plan.terminate_after_ms {
            self.line(1, format!("if perf_counter() - began > {}:", seconds(after_ms)));
            self.stop(2);
            self.line(2, "break");
        }
    }

    /// Gives up, with no results at all.
    fn gives_up(&mut self, level: usize) {
        self.line(level, "results = []");
        self.stop(level);
    }

    fn stop(&mut self, level: usize) {
        self.line(level, "pool.terminate()  # the results that are missing never come");
        self.line(level, "print(\"terminated\")");
    }
}

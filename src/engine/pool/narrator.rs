//! Tells what the program that calls the pool does, in the words of its source: which method it called and
//! how long it waited there, when its patience ended, when it was called back.
//!
//! It is told as the program would meet it. Source of the order: CPython `Lib/multiprocessing/pool.py`,
//! where a callback runs in the parent before `get()` returns, once a job and not for an empty one.

use crate::chunk::grouped;
use crate::engine::desk::End;
use crate::engine::scribe::Scribe;
use crate::plan::{Call, Callback, CheckedPlan};
use crate::sys;
use crate::trace::{MOST_CALLS, TaskFailure, What};

use super::caller::Handed;

/// The program's own story.
pub(in crate::engine) struct Narrator {
    call: Call,
    /// The call as it is written in Python.
    text: String,
    items: u64,
    units: u32,
    callback: Option<Callback>,
    timeout_ns: Option<u64>,
    began_ns: u64,
    /// Since when the program waits for what comes next.
    waits_since_ns: u64,
    /// Whether the `get(timeout)` of an asynchronous call has expired.
    expired: bool,
    told: usize,
    /// How often it was called back with results.
    called_back: usize,
    /// How often with an error.
    errors: usize,
}

impl Narrator {
    /// For the program of this plan.
    pub(in crate::engine) fn new(checked: &CheckedPlan, began_ns: u64) -> Self {
        let plan = &checked.plan;
        let function = checked.input.workload.python(&checked.input).name;
        let chunksize = plan.chunksize.map(|size| format!(", chunksize={size}")).unwrap_or_default();
        let text = match plan.call {
            Call::Apply | Call::ApplyAsync => format!("pool.{}({function}, (item,))", plan.call.python()),
            call => format!("pool.{}({function}, items{chunksize})", call.python()),
        };
        Self {
            call: plan.call,
            text,
            items: checked.cut.items,
            units: checked.cut.units(),
            callback: plan.callback,
            timeout_ns: plan.timeout_ms.map(|ms| ms * 1_000_000),
            began_ns,
            waits_since_ns: began_ns,
            expired: false,
            told: 0,
            called_back: 0,
            errors: 0,
        }
    }

    /// The program makes its call.
    pub(in crate::engine) fn begin(&mut self, scribe: &mut Scribe) {
        if self.call == Call::MapAsync {
            let text = self.text.clone();
            say(scribe, self.began_ns, self.began_ns, &text, Ok("a handle, at once"));
        }
    }

    /// A unit has settled in the parent, whether or not the program takes it now.
    #[inline]
    pub(in crate::engine) fn arrived(&mut self, scribe: &mut Scribe, failure: Option<&TaskFailure>) {
        if self.call == Call::ApplyAsync {
            self.call_back(scribe, sys::now_ns(), "result", failure);
        }
    }

    /// The program takes the results of a unit, or gets its error.
    pub(in crate::engine) fn handed(
        &mut self,
        scribe: &mut Scribe,
        now_ns: u64,
        handed: Handed,
        error: Option<&TaskFailure>,
    ) {
        let since_ns = std::mem::replace(&mut self.waits_since_ns, now_ns);
        let (text, unit) = match (self.call, handed) {
            (Call::Apply, Handed::Results(unit) | Handed::Error(unit)) => (self.text.clone(), unit),
            (Call::ApplyAsync, Handed::Results(unit) | Handed::Error(unit)) => (format!("results[{unit}].get()"), unit),
            (_, Handed::Error(unit)) => ("next(results)".to_owned(), unit),
            (_, Handed::Results(_)) => return,
        };
        self.told += 1;
        if self.told > MOST_CALLS {
            return;
        }
        let error = error.filter(|_| matches!(handed, Handed::Error(_))).map(in_words);
        let answer = error.as_deref().map_or(Ok("its result"), Err);
        let text = if self.call == Call::Apply { format!("{text}  # item {unit}") } else { text };
        say(scribe, now_ns, since_ns, &text, answer);
    }

    /// Lets the program's patience end, if it is time.
    pub(in crate::engine) fn keep_time(&mut self, scribe: &mut Scribe, now_ns: u64) {
        let (Some(due_ns), Some(timeout_ns)) = (self.due_ns(), self.timeout_ns) else { return };
        if now_ns < due_ns {
            return;
        }
        let timeout = timeout_ns as f64 / 1e9;
        let text = match self.call {
            Call::Imap | Call::ImapUnordered => format!("results.next(timeout={timeout})"),
            Call::ApplyAsync => format!("results[0].get(timeout={timeout})"),
            _ => format!("result.get(timeout={timeout})"),
        };
        let since_ns = std::mem::replace(&mut self.waits_since_ns, now_ns);
        self.expired = !self.call.is_iterator();
        self.told += 1;
        if self.told <= MOST_CALLS {
            say(scribe, now_ns, since_ns, &text, Err("TimeoutError, and the work goes on"));
        }
    }

    /// When the program's patience ends next.
    pub(in crate::engine) fn due_ns(&self) -> Option<u64> {
        self.timeout_ns.filter(|_| !self.expired).map(|timeout_ns| self.waits_since_ns + timeout_ns)
    }

    /// The program got everything it will get.
    pub(in crate::engine) fn conclude(
        &mut self,
        scribe: &mut Scribe,
        ended_ns: u64,
        end: &End,
        first_failure: Option<&TaskFailure>,
    ) {
        let failure = first_failure.filter(|_| matches!(end, End::Raised(_)));
        let is_settled = matches!(end, End::Complete | End::Raised(_));
        if self.call == Call::MapAsync && is_settled && self.units > 0 {
            self.call_back(scribe, ended_ns, "results", failure);
        }
        let (text, since_ns) = match self.call {
            Call::Map | Call::Starmap => (self.text.clone(), self.began_ns),
            Call::MapAsync => ("result.get()".to_owned(), self.waits_since_ns),
            Call::Imap | Call::ImapUnordered => (format!("for result in {}", self.text), self.began_ns),
            Call::Apply | Call::ApplyAsync => (format!("{} for every item", self.text), self.began_ns),
        };
        let error = failure.map(in_words);
        let results = format!("{} results", grouped(self.items));
        let answer = match (end, &error) {
            (End::Complete, _) => Ok(&*results),
            (End::Raised(_), Some(error)) => Err(&**error),
            (End::Raised(sentence), None) => Err(&**sentence),
            // No call of Python's raises this: it would still be waiting.
            (End::Interrupted(_) | End::Failed(_), _) => Ok("it never returned"),
        };
        say(scribe, ended_ns, since_ns, &text, answer);
    }

    /// Calls the program back, once a job. An error in a callback is its own: the pool goes on, and so does
    /// whoever waits. (In CPython it ends the thread that takes results, and everybody waits for ever.)
    fn call_back(&mut self, scribe: &mut Scribe, now_ns: u64, with: &str, failure: Option<&TaskFailure>) {
        let Some(callback) = self.callback else { return };
        let count = if failure.is_some() { &mut self.errors } else { &mut self.called_back };
        *count += 1;
        let count = *count;
        if count > MOST_CALLS {
            return;
        }
        let text = if failure.is_some() { "error_callback(error)".to_owned() } else { format!("callback({with})") };
        let counted = format!("counted {count}");
        let answer = match callback {
            Callback::Counts => Ok(&*counted),
            Callback::Raises => Err("ValueError: the callback was told to fail"),
        };
        say(scribe, now_ns, now_ns, &text, answer);
    }
}

/// Says that the parent's call returned, or raised.
pub(in crate::engine) fn say(scribe: &mut Scribe, now_ns: u64, since_ns: u64, call: &str, answer: Result<&str, &str>) {
    let (answer, raised) = match answer {
        Ok(answer) => (answer.to_owned(), false),
        Err(error) => (error.to_owned(), true),
    };
    scribe.say_at(now_ns, What::Called { call: call.to_owned(), since_ns, answer, raised });
}

/// An error as Python prints it: `ValueError: item 3 was told to fail`.
fn in_words(failure: &TaskFailure) -> String {
    format!("{}: {}", failure.kind, failure.message)
}

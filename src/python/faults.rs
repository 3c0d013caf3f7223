//! What goes wrong on purpose, in Python: the same signals, exits and errors at the same moments.

use crate::plan::{Action, Fault, Moment, Plan, Stage};

use super::script::Script;
use super::seconds;
use super::task::Task;

/// Whether CPython's pool never gets the result of this fault's unit.
pub(super) fn loses_its_unit(fault: &Fault) -> bool {
    match fault.moment {
        Moment::Worker { .. } => fault.action != Action::Continue,
        Moment::Item { stage, .. } => match stage {
            // Its own threads die of it: the one that reads tasks in a worker, the one that takes results.
            Stage::DecodeArguments | Stage::DecodeResult => true,
            Stage::EncodeArguments | Stage::Call | Stage::EncodeResult => !fault.action.is_error(),
        },
    }
}

/// Wraps the faults at items around the function, and where values fail on their way, around the values.
pub(super) fn wrap(plan: &Plan, task: &mut Task, script: &mut Script) {
    let mut conditions = Vec::new();
    let mut on_the_way = false;
    for fault in &plan.faults {
        let Moment::Item { stage, item, once } = fault.moment else { continue };
        on_the_way |= stage != Stage::Call;
        let remark = if once { "  # only the first time: Python hands out no unit twice" } else { "" };
        let does = action(fault.action, script);
        conditions.push(format!("    if (stage, item) == (\"{}\", {item}):{remark}\n        {does}", stage.name()));
    }
    if conditions.is_empty() {
        return;
    }
    script.define(&format!("def fault(stage, item):\n{}", conditions.join("\n")));
    let (function, star) = (&task.function, if task.parameters > 1 { "*" } else { "" });
    if on_the_way {
        script.define(PARCEL);
        script.define(&format!(
            "def with_faults(parcel):\n    fault(\"call\", parcel.item)\n    \
             return Parcel(\"result\", parcel.item, {function}({star}parcel.value))"
        ));
        task.preparation
            .push("items = [Parcel(\"arguments\", number, item) for number, item in enumerate(items)]".to_owned());
        task.unpacking.push("results = [parcel.value for parcel in results]".to_owned());
    } else {
        script.define(&format!(
            "def with_faults(numbered):\n    number, item = numbered\n    fault(\"call\", number)\n    \
             return {function}({star}item)"
        ));
        task.preparation.push("items = list(enumerate(items))".to_owned());
    }
    "with_faults".clone_into(&mut task.function);
    task.parameters = 1;
}

/// A value that can fail while it is pickled and unpickled.
const PARCEL: &str = "\
class Parcel:
    \"\"\"A value on its way, which may go wrong.\"\"\"

    def __init__(self, what, item, value):
        self.what, self.item, self.value = what, item, value

    def __reduce__(self):
        fault(\"encode-\" + self.what, self.item)
        return unpack, (self.what, self.item, self.value)

def unpack(what, item, value):
    fault(\"decode-\" + what, item)
    return Parcel(what, item, value)";

/// The line that does it; whoever does it does it to itself.
fn action(action: Action, script: &mut Script) -> &'static str {
    let (modules, line): (&[&str], _) = match action {
        Action::Error => (&[], "raise ValueError(\"on purpose\")"),
        Action::Closure => (&["pickle"], "pickle.dumps(lambda: None)"),
        Action::OpenFile => (&["os", "pickle"], "pickle.dumps(open(os.devnull))"),
        Action::Exit => (&["sys"], "sys.exit(3)"),
        Action::LibcExit => (&["os"], "os._exit(7)"),
        Action::Abort => (&["os"], "os.abort()"),
        Action::Segfault => (&["ctypes"], "ctypes.string_at(0)"),
        Action::Kill => (&["os", "signal"], "os.kill(os.getpid(), signal.SIGKILL)"),
        Action::Terminate => (&["os", "signal"], "os.kill(os.getpid(), signal.SIGTERM)"),
        Action::Stop => (&["os", "signal"], "os.kill(os.getpid(), signal.SIGSTOP)"),
        Action::Continue => (&["os", "signal"], "os.kill(os.getpid(), signal.SIGCONT)"),
        Action::Hang => (&["time"], "time.sleep(10**6)"),
    };
    for module in modules {
        script.import(module);
    }
    line
}

/// Writes what the parent does to its workers after a time; `workers` is an expression for their list.
pub(super) fn on_workers(plan: &Plan, workers: &str, level: usize, script: &mut Script) {
    let mut timed = false;
    for fault in &plan.faults {
        let Moment::Worker { place, after_ms } = fault.moment else { continue };
        let Some(signal) = fault.action.signal() else {
            script.line(level, format!("# {fault}: in Python nobody can make another process do this."));
            continue;
        };
        timed = true;
        let (after, index) = (seconds(after_ms), place.saturating_sub(1));
        script.line(level, format!("Timer({after}, send, (pool, {index}, signal.{signal})).start()"));
    }
    if timed {
        script.import("os");
        script.import("signal");
        script.from("threading", "Timer");
        script.define(&format!(
            "def send(pool, place, which):\n    worker = {workers}[place]\n    if worker.is_alive():\n        \
             os.kill(worker.pid, which)"
        ));
    }
}

/// Whether somebody stands still, so that not even SIGTERM ends it.
pub(super) fn stops(plan: &Plan) -> bool {
    plan.with.has_processes() && plan.faults.iter().any(|fault| fault.action == Action::Stop)
}

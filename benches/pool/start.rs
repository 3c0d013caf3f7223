//! How long a worker takes from being asked for to its first answer, by start method.

use poolscope::plan::{Executor, Plan};
use poolscope::trace::Content;

use super::{Effort, median, run};

pub(super) fn report(effort: Effort) {
    println!("\nFrom asking for a worker to its first answer, ms (median)");
    for &start in poolscope::sys::start_methods() {
        let plan = Plan {
            workload: "squares".into(),
            items: Some(1),
            with: Executor::Processes,
            start,
            workers: 1,
            repeats: if effort.repeats > 1 { 50 } else { 3 },
            ..Plan::default()
        };
        let model = run(&plan);
        let latencies = model.runs.iter().filter_map(|run| {
            let worker = run.workers().next()?;
            let replies = run.channels.iter().find(|channel| channel.from == worker.id)?;
            let hello = (0..replies.recorded()).filter_map(|number| replies.message(number));
            let answered =
                hello.filter(|message| message.content == Content::Setup).find_map(|message| message.received_ns)?;
            Some(answered.saturating_sub(worker.asked_ns) as f64 / 1e6)
        });
        println!("{:>12} {:.3}", start.name(), median(latencies.collect()));
    }
}

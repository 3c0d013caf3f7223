//! What recording one event costs the worker: a clock reading and a write into shared memory.

use std::hint::black_box;
use std::time::Instant;

use poolscope::sys::{self, SharedMemory};
use poolscope::trace::What;
use poolscope::trace::ring::{self, Drain, Recorder};

use super::{Effort, median};

const SLOTS: usize = 65_536;

pub(super) fn report(effort: Effort) {
    let figures = (0..effort.repeats * 20).map(|_| {
        let memory = SharedMemory::create(ring::bytes_for(SLOTS)).expect("room for a ring");
        let mut drain = Drain::new(memory.twin().expect("it maps twice"));
        let mut recorder = Recorder::new(memory);
        let mut out = Vec::with_capacity(SLOTS);
        // Once before, so that the memory is there.
        for round in 0..2 {
            let begun = Instant::now();
            for unit in 0..SLOTS as u32 {
                let what = What::UnitBegan { unit: black_box(unit), core: sys::current_core() };
                if let Some(words) = what.to_words(sys::now_ns()) {
                    recorder.record(words);
                }
            }
            if round == 1 {
                return begun.elapsed().as_nanos() as f64 / SLOTS as f64;
            }
            drain.drain(&mut out);
            out.clear();
        }
        f64::NAN
    });
    println!("\nRecording one event, with its time and core: {:.1} ns (median)", median(figures.collect()));
}

//! Measurements of the machine: its cores, and the processes of a run.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sysinfo::{CpuRefreshKind, MemoryRefreshKind, Pid, ProcessRefreshKind, ProcessesToUpdate, RefreshKind, System};

use crate::sys;
use crate::trace::{ActorId, Event, Machine, Role, What};

/// How often is sampled. Below 200 ms sysinfo's figures are wrong.
const INTERVAL: Duration = Duration::from_millis(250);

/// The machine we are on.
pub(super) fn machine() -> Machine {
    let (cpu, memory) = (CpuRefreshKind::nothing(), MemoryRefreshKind::nothing().with_ram());
    let system = System::new_with_specifics(RefreshKind::nothing().with_cpu(cpu).with_memory(memory));
    // Where the system tells nothing, the trace says so with an empty name and no memory.
    let cpu = system.as_ref().ok().and_then(|system| system.cpus().first()).map(|cpu| cpu.brand().trim().to_owned());
    Machine {
        os: std::env::consts::OS.to_owned(),
        arch: std::env::consts::ARCH.to_owned(),
        cores: crate::plan::cores(),
        cpu: cpu.unwrap_or_default(),
        memory_bytes: system.as_ref().map_or(0, System::total_memory),
        poolscope: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// Something the observer saw just now.
pub(super) fn observed(what: What) -> Event {
    Event { at_ns: sys::now_ns(), by: ActorId::OBSERVER, what }
}

/// The processes of a run that live, as the trace tells.
#[derive(Clone, Default)]
pub(super) struct Roster(Arc<Mutex<Vec<(ActorId, u32)>>>);

impl Roster {
    /// Takes note of who was born and who is gone.
    pub(super) fn note(&self, events: &[Event]) {
        let mut alive = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for event in events {
            match &event.what {
                What::ActorBorn(birth) if !matches!(birth.role, Role::WorkerThread | Role::ProcessThread) => {
                    alive.retain(|&(known, _)| known != birth.actor);
                    alive.push((birth.actor, birth.pid));
                }
                &What::ActorExited { actor, .. } => alive.retain(|&(known, _)| known != actor),
                _ => {}
            }
        }
    }

    fn alive(&self) -> Vec<(ActorId, u32)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Samples cores and processes every 250 ms.
pub(super) struct Sampler {
    system: System,
    due: Instant,
    roster: Roster,
    /// The processes of the last reading: a share of a core needs a begin and an end.
    known: Vec<u32>,
}

impl Sampler {
    /// Samples the cores, this program, and the processes of a roster; `None` where the system
    /// tells nothing.
    pub(super) fn new(roster: Roster) -> Option<Self> {
        let mut sampler =
            Self { system: System::new().ok()?, due: Instant::now() + INTERVAL, roster, known: Vec::new() };
        // The first reading only sets the begin of the first interval.
        sampler.read();
        Some(sampler)
    }

    /// The measurements, if their time has come.
    pub(super) fn sample_if_due(&mut self) -> Option<Vec<Event>> {
        if Instant::now() < self.due {
            return None;
        }
        self.due = Instant::now() + INTERVAL;
        Some(self.read())
    }

    fn read(&mut self) -> Vec<Event> {
        let mut processes = self.roster.alive();
        processes.push((ActorId::OBSERVER, std::process::id()));
        let pids: Vec<Pid> = processes.iter().map(|&(_, pid)| Pid::from_u32(pid)).collect();
        self.system.refresh_cpu_usage();
        let wanted = ProcessRefreshKind::nothing().with_cpu().with_memory().without_tasks();
        self.system.refresh_processes_specifics(ProcessesToUpdate::Some(&pids), true, wanted);

        let busy_permille = self.system.cpus().iter().map(|cpu| permille(cpu.usage()) as u16).collect();
        let mut events = vec![observed(What::CoresSampled { busy_permille })];
        let known = std::mem::replace(&mut self.known, processes.iter().map(|&(_, pid)| pid).collect());
        for (actor, pid) in processes.into_iter().filter(|(_, pid)| known.contains(pid)) {
            if let Some(process) = self.system.process(Pid::from_u32(pid)) {
                let (cpu_permille, rss_bytes) = (permille(process.cpu_usage()), process.memory());
                events.push(observed(What::ProcessSampled { actor, cpu_permille, rss_bytes }));
            }
        }
        events
    }
}

/// Percent to thousandths.
fn permille(percent: f32) -> u32 {
    (percent.max(0.0) * 10.0).round() as u32
}

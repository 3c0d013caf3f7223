//! A run that is watched while it lasts, as the window does it: what came is taken in now and then, and where nothing
//! came, time has passed.

use std::time::{Duration, Instant};

use poolscope::model::Model;
use poolscope::plan::Plan;
use poolscope::session::{Ending, Options, Report, Session};
use poolscope::trace::Event;

/// So often the window looks.
const FRAME: Duration = Duration::from_millis(125);

/// A run that is watched.
pub struct Live {
    /// The run.
    pub session: Session,
    /// What is known of it so far.
    pub model: Model,
    /// Every event, as it came.
    pub events: Vec<Event>,
    /// When it was looked at last, on the clock of the events.
    pub looked_ns: u64,
    /// How it ended, if it has.
    pub ending: Option<Ending>,
}

impl Live {
    /// Starts a run. Nobody samples the machine: only silence tells that time passes.
    pub fn start(plan: &Plan, options: Options) -> Self {
        let session = super::session(plan, options);
        Self { session, model: Model::new(), events: Vec::new(), looked_ns: 0, ending: None }
    }

    /// One frame: takes in what has come.
    pub fn look(&mut self) {
        std::thread::sleep(FRAME);
        while let Ok(report) = self.session.reports().try_recv() {
            match report {
                Report::Events(events) => {
                    for event in &events {
                        self.model.apply(event);
                    }
                    self.events.extend(events);
                }
                Report::Warning(_) => {}
                Report::Ended(ending) => self.ending = Some(ending),
            }
        }
        self.looked_ns = self.session.now_ns();
        self.model.pass_time(self.looked_ns);
    }

    /// Looks until something is so, or the run is over; whether it was so.
    pub fn look_until(&mut self, is_so: impl Fn(&Self) -> bool) -> bool {
        let give_up = Instant::now() + super::DEADLINE;
        while self.ending.is_none() {
            assert!(Instant::now() < give_up, "it neither happens nor ends");
            self.look();
            if is_so(self) {
                return true;
            }
        }
        false
    }

    /// The deadlocks that are named so far.
    pub fn named(&self) -> Vec<String> {
        let run = self.model.last_run();
        run.map_or_else(Vec::new, |run| run.deadlocks().iter().map(|it| run.deadlock_in_words(it, u64::MAX)).collect())
    }
}

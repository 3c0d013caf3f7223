//! Where the events on the screen come from: a live run or an opened file. Both pass through the same
//! [`Model::apply`]; nothing above this file knows the difference.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::model::Model;
use crate::plan::{Action, Plan};
use crate::session::{Options, Report, Session, StartError};
use crate::trace::codec;
use crate::trace::file::{self, FileError, TraceWriter};
use crate::trace::{ActorId, Event};

/// Two frames of a live view are at least so far apart. Without a graphics card a frame is drawn by
/// the very cores that are being measured: at 30 frames a second a window of two
/// cores measured a speedup of 1.50 where 8 frames a second let it measure 1.68.
const LIVE_FRAME: Duration = Duration::from_millis(125);
/// So long may taking events in hold up a frame.
const DRAIN: Duration = Duration::from_millis(12);

/// What is shown, and where more of it comes from.
#[derive(Debug, Default)]
pub struct Source {
    /// Everything known of it.
    pub model: Model,
    /// What went wrong without ending it, a sentence each.
    pub warnings: Vec<String>,
    /// Why it ended before its time, in a sentence.
    pub failure: Option<String>,
    /// The file it was opened from.
    pub file: Option<PathBuf>,
    /// Every event, as it came: what [`Self::save`] writes.
    events: Vec<Event>,
    session: Option<Session>,
}

/// What [`Source::drain`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Everything that has come so far.
    All,
    /// More than fits into a frame; there is more to take.
    Part,
    /// The last of it: the run is over.
    Ended,
}

impl Source {
    /// A run that begins now and wakes the window when it has something to tell.
    pub fn live(plan: &Plan, ctx: &egui::Context) -> Result<Self, StartError> {
        let ctx = ctx.clone();
        let wake: Box<dyn Fn() + Send + Sync> = Box::new(move || ctx.request_repaint_after(LIVE_FRAME));
        let session = Session::start(plan, Options { sample: true, wake: Some(wake), ..Options::default() })?;
        Ok(Self { session: Some(session), ..Self::default() })
    }

    /// A model that came from nowhere.
    #[cfg(test)]
    pub(super) fn of(model: Model) -> Self {
        Self { model, ..Self::default() }
    }

    /// A recorded trace.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let opened = file::open(path)?;
        let mut model = Model::of(&opened.events);
        model.cut = opened.notice.is_some();
        Ok(Self {
            model,
            warnings: opened.notice.into_iter().collect(),
            file: Some(path.to_owned()),
            events: opened.events,
            ..Self::default()
        })
    }

    /// Whether more is to come.
    pub fn is_live(&self) -> bool {
        self.session.is_some()
    }

    /// Whether there is anything to save.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Asks a live run to end in order.
    pub fn stop(&self) {
        if let Some(session) = &self.session {
            session.stop();
        }
    }

    /// Has something done to a worker, or to a process of a program, while they live.
    pub fn order(&self, actor: ActorId, action: Action) {
        if let Some(session) = &self.session {
            session.order(actor, action);
        }
    }

    /// Takes in what has come, for as long as a frame allows.
    pub fn drain(&mut self) -> Drained {
        let begun = Instant::now();
        while let Some(session) = &self.session {
            match session.reports().try_recv() {
                Ok(Report::Events(events)) => {
                    for event in &events {
                        self.model.apply(event);
                    }
                    self.events.extend(events);
                }
                Ok(Report::Warning(sentence)) => self.warnings.push(sentence),
                Ok(Report::Ended(ending)) => {
                    self.failure = ending.error;
                    self.session = None;
                    return Drained::Ended;
                }
                Err(crossbeam_channel::TryRecvError::Empty) => {
                    // That nothing comes tells something, too: who waits still waits.
                    self.model.pass_time(session.now_ns());
                    return Drained::All;
                }
                Err(crossbeam_channel::TryRecvError::Disconnected) => {
                    self.failure = Some("The run's observer is gone. Press Run to try again.".to_owned());
                    self.session = None;
                    return Drained::Ended;
                }
            }
            if begun.elapsed() > DRAIN {
                return Drained::Part;
            }
        }
        Drained::All
    }

    /// Writes the whole trace to a new file.
    pub fn save(&self, path: &Path) -> Result<(), FileError> {
        let mut writer = TraceWriter::create(path)?;
        let mut blocks = Vec::new();
        for event in &self.events {
            codec::write_event(event, &mut blocks);
        }
        match writer.append(&blocks) {
            Ok(()) => writer.finish(),
            Err(error) => {
                // Half a copy of what is still here would only be in the way.
                writer.discard();
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::fixture;
    use crate::trace::{Outcome, What};

    #[test]
    fn what_was_saved_opens_as_the_same_model() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("run.trace");
        let end = What::RunEnded { outcome: Outcome::Complete, wall_ns: 7, start_ns: 0, digest: "0".to_owned() };
        let began = What::RunBegan { run: 0, plan: Box::default(), items: 3, chunksize: 1, detail_units: 9 };
        let events = vec![fixture::event(1, began), fixture::event(8, end)];
        let source = Source { model: Model::of(&events), events, ..Source::default() };
        source.save(&path).expect("a new file");
        let mut opened = Source::open(&path).expect("our own file");
        assert_eq!(opened.events, source.events);
        assert_eq!(opened.model.runs.len(), 1);
        assert_eq!(opened.drain(), Drained::All, "a file has no more to come");
        assert!(source.save(&path).is_err(), "nothing is overwritten");
    }
}

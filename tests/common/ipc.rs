//! The programs about what processes share, small enough to be run by the hundred.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use poolscope::model::{Model, Run, check};
use poolscope::plan::StartMethod;
use poolscope::program::{self, Program};
use poolscope::trace::file;

use super::chance::Dice;
use super::tagged::Tagged;

/// All of them.
pub fn programs() -> Vec<&'static Program> {
    let topics = program::TOPICS.iter().filter(|topic| topic.title == "IPC");
    topics.flat_map(|topic| topic.programs.iter().copied()).collect()
}

/// The command line of a program that is ended at this deadline, if not before.
pub fn command_line(program: &Program, start: StartMethod, knobs: &[(&str, u64)], deadline_ms: u64) -> Vec<String> {
    let deadline = deadline_ms.to_string();
    let words = ["run", "--json", "--program", program.name, "--start", start.name(), "--deadline-ms", &deadline];
    let knobs = knobs.iter().flat_map(|(name, value)| ["--knob".to_owned(), format!("{name}={value}")]);
    words.map(str::to_owned).into_iter().chain(knobs).collect()
}

/// What may be chosen in a program, by chance: mostly small.
pub fn small_knobs(program: &Program, dice: &mut Dice) -> Vec<(&'static str, u64)> {
    let knobs = program.knobs.iter().filter_map(|knob| {
        let (low, high) = knob.range;
        match dice.roll(3) {
            // A choice between a few, such as whether it is robust.
            _ if high - low < 4 => Some((knob.name, low + dice.roll(high - low + 1))),
            0 => None,
            1 => Some((knob.name, low)),
            _ => Some((knob.name, low + dice.roll(knob.default.clamp(low, high) - low + 1))),
        }
    });
    knobs.collect()
}

/// A program under an observer of its own, which records it.
pub struct Recorded {
    /// The observer, and all below it.
    pub run: Tagged,
    folder: tempfile::TempDir,
    describes: String,
}

impl Recorded {
    /// Starts it.
    pub fn start(arguments: &[String]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name| fs::File::create(folder.path().join(name)).expect("room");
        // Whoever starts the tests may have the signal ignored, and the program keeps to that.
        let mut command = Command::new("env");
        command.args(["--default-signal=INT,TERM,HUP", super::PROGRAM]).args(arguments);
        command.args(["--trace", "t.pst"]).current_dir(folder.path());
        command.stdin(Stdio::null()).stdout(file("out")).stderr(file("err"));
        Self { run: Tagged::start(&mut command), folder, describes: arguments.join(" ") }
    }

    /// How it was started, and what it complained of.
    pub fn describe(&self) -> String {
        format!("{}: {}", self.describes, self.said().trim())
    }

    /// What it complained of.
    pub fn said(&self) -> String {
        fs::read_to_string(self.folder.path().join("err")).unwrap_or_default()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The trace of a run whose engine and observer came to their own end: whole, and without a contradiction.
    pub fn whole(&self) -> Run {
        let opened = file::open(&self.file("t.pst")).unwrap_or_else(|error| panic!("{error}: {}", self.describe()));
        assert!(
            opened.notice.is_none() && !self.file("t.pst.part").exists(),
            "{:?}: {}",
            opened.notice,
            self.describe()
        );
        let model = Model::of(&opened.events);
        assert_eq!(check::violations(&model), [""; 0], "{}", self.describe());
        let run = model.runs.into_iter().next().unwrap_or_else(|| panic!("no run: {}", self.describe()));
        assert!(run.end.is_some(), "no end: {}", self.describe());
        run
    }

    /// Whatever is left of a trace can be opened and looked at.
    pub fn broken(&self) {
        for name in ["t.pst", "t.pst.part"] {
            if let Ok(opened) = file::open(&self.file(name)) {
                let _ = check::violations(&Model::of(&opened.events));
            }
        }
    }
}

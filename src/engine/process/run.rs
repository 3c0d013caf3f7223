//! A program's run, in the engine: carries out the main script and takes in the stories of all processes
//! below, to the last of them.

use std::collections::HashMap;
use std::io;
use std::time::{Duration, Instant};

use crate::engine::desk::{Desk, End};
use crate::engine::ipc::Objects;
use crate::plan::{Action, StartMethod};
use crate::program::{Program, script};
use crate::sys::{self, Child, PipeReader, PipeWriter, Progress};
use crate::trace::codec::{self, Decoder};
use crate::trace::{ActorId, Event, Exit, Outcome, Role, What};

use super::carrier::{Carrier, GONE_PATIENCE, Identity, Stop};
use super::host::{Common, Halt, Host};
use super::odd;
use super::story::Teller;

/// How long a program may take, unless the plan says otherwise.
const DEADLINE_MS: u64 = 30_000;
/// How long orphans may take to be gone once they were killed, where the machine is busy.
const ORPHAN_PATIENCE: Duration = Duration::from_secs(2);
/// So many reads of everybody's story at a stretch, which is more than a pipe holds: children that tell faster than it
/// is read must not keep the engine from its other duties.
const STORY_READS: usize = 64;
/// How long the observer may take to read what it must know before the engine ends.
const FLUSH_PATIENCE: Duration = Duration::from_secs(1);

/// Runs a program once.
pub(in crate::engine) fn run(desk: &mut Desk<'_>, program: &'static Program) -> End {
    odd::reset_value();
    let plan = &desk.checked.plan;
    let mut common = Common {
        program: program.name.to_owned(),
        knobs: plan.knobs.clone(),
        start: plan.start,
        deadline_ns: u64::MAX,
        engine: std::process::id(),
        adopts: sys::adopt_orphans(),
    };
    let script = common.chosen(program).script();
    let deadline_ms = plan.deadline_ms.or(script::deadline_ms(&script)).unwrap_or(DEADLINE_MS);
    common.deadline_ns = desk.began_ns + deadline_ms * 1_000_000;
    let first = desk.scribe.new_actors(script::actors(&script));
    let objects = match Objects::make(&script) {
        Ok(objects) => objects,
        Err(error) => return fail(desk, format!("What the processes share could not be made ({error}).")),
    };
    let host = match EngineHost::new(desk, &common) {
        Ok(host) => host,
        Err(error) => {
            return fail(desk, format!("The pipe for the processes' story could not be made ({error})."));
        }
    };
    let me = Identity {
        actor: ActorId::PARENT,
        path: Vec::new(),
        numbers: Vec::new(),
        name: "MainProcess".to_owned(),
        daemon: false,
    };
    // Whoever watches shall know of the run before anybody prints in it.
    host.desk.scribe.push_out();
    let deadline_ns = common.deadline_ns;
    let mut carrier = Carrier::new(host, common, me, objects, first.0, &script);
    let outcome = carrier.carry(&script);
    // The children keep the same deadline: the parent may have been waiting for nothing but them.
    let is_late = sys::now_ns() >= deadline_ns;
    let outcome = if outcome.is_ok() && is_late { Err(Stop::Halt(Halt::Deadline)) } else { outcome };
    let (end, told) = verdict(&outcome, deadline_ms);
    carrier.finish(outcome);
    let mut host = carrier.host;
    // Whoever pressed Stop waits for it.
    host.end_orphans(if end == End::Complete { ORPHAN_PATIENCE } else { GONE_PATIENCE });
    let interrupted = host.interrupted.take();
    drop(host);
    let (end, told) = match interrupted {
        // Stopped while the last children were waited for.
        Some(halt) if end == End::Complete => verdict(&Err(Stop::Halt(halt)), deadline_ms),
        _ => (end, told),
    };
    let (ended_ns, began_ns) = (sys::now_ns(), desk.began_ns);
    let (wall_ns, start_ns, digest) = (ended_ns.saturating_sub(began_ns), 0, String::new());
    desk.scribe.say_at(ended_ns, What::RunEnded { outcome: told, wall_ns, start_ns, digest });
    end
}

/// The run can't even begin.
fn fail(desk: &mut Desk<'_>, sentence: String) -> End {
    let end = End::Failed(sentence);
    desk.conclude(&end);
    end
}

/// How a run ended that ended like this.
fn verdict(outcome: &Result<(), Stop>, deadline_ms: u64) -> (End, Outcome) {
    let failed = |sentence: String| (End::Failed(sentence.clone()), Outcome::Failed(sentence));
    match outcome {
        Ok(()) | Err(Stop::Exit(_)) => (End::Complete, Outcome::Complete),
        Err(Stop::Raised(raised)) => {
            let sentence = format!("The program's parent raised {raised}");
            (End::Raised(sentence.clone()), Outcome::Raised(sentence))
        }
        Err(Stop::Halt(Halt::Interrupted(interrupt))) => (End::Interrupted(*interrupt), Outcome::Stopped),
        Err(Stop::Halt(Halt::Deadline)) => {
            failed(format!("The program was ended at its deadline of {deadline_ms} ms."))
        }
        Err(Stop::Halt(Halt::Lost)) => failed(
            "The story of the processes can't be read on. This is a fault in Poolscope; please report it.".into(),
        ),
    }
}

/// The engine's duties besides the script: the observer, and everybody's story.
struct EngineHost<'d, 'a> {
    desk: &'d mut Desk<'a>,
    story: PipeReader,
    /// The other end, to give to children.
    pen: PipeWriter,
    decoder: Decoder,
    /// Processes that others started and that have not been waited for, as far as is known.
    strangers: Vec<Stranger>,
    /// Who of them has died since somebody asked, and how, if that is known.
    dead: Vec<(ActorId, Option<Exit>)>,
    /// Everybody who is known to be gone; of the first so many, all that they told has been read.
    gone: Vec<ActorId>,
    silent: usize,
    words: HashMap<ActorId, u64>,
    adopts: bool,
    deadline_ns: u64,
    interrupted: Option<Halt>,
}

/// A process that another one started.
struct Stranger {
    actor: ActorId,
    pid: u32,
    /// Who started it, as what, and how.
    parent: Option<ActorId>,
    role: Role,
    start: Option<StartMethod>,
    /// There once it has become the engine's own child: its parent is gone.
    adopted: Option<Child>,
    /// Whether it was ended with the program.
    killed: bool,
}

impl<'d, 'a> EngineHost<'d, 'a> {
    fn new(desk: &'d mut Desk<'a>, common: &Common) -> io::Result<Self> {
        let (story, pen) = sys::pipe()?;
        story.set_nonblocking()?;
        let mut decoder = Decoder::default();
        let mut header = Vec::new();
        codec::write_header(&mut header);
        decoder.push(&header, &mut Vec::new()).map_err(io::Error::other)?;
        Ok(Self {
            desk,
            story,
            pen,
            decoder,
            strangers: Vec::new(),
            dead: Vec::new(),
            gone: Vec::new(),
            silent: 0,
            words: HashMap::new(),
            adopts: common.adopts,
            deadline_ns: common.deadline_ns,
            interrupted: None,
        })
    }

    /// Takes in what was told since the last time.
    fn take_story(&mut self) -> Result<(), Halt> {
        let mut chunk = [0; 16 << 10];
        let gone = self.gone.len();
        for _ in 0..STORY_READS {
            let Ok(Progress::Moved(count)) = self.story.read(&mut chunk) else {
                self.silent = gone;
                break;
            };
            let mut events = Vec::new();
            self.decoder.push(&chunk[..count], &mut events).map_err(|_| Halt::Lost)?;
            self.desk.scribe.relay(self.decoder.whole_blocks());
            for event in &events {
                self.note(event);
            }
        }
        Ok(())
    }

    /// Keeps track of who lives where the engine is not told by its own children.
    fn note(&mut self, event: &Event) {
        match &event.what {
            What::ActorBorn(birth) if birth.role != Role::ProcessThread => {
                let (actor, pid, parent, role, start) = (birth.actor, birth.pid, birth.parent, birth.role, birth.start);
                self.strangers.push(Stranger { actor, pid, parent, role, start, adopted: None, killed: false });
            }
            What::ActorExited { actor, .. } => {
                self.gone.push(*actor);
                self.strangers.retain(|stranger| stranger.actor != *actor);
            }
            What::ActorReady => {
                self.words.entry(event.by).or_insert(event.at_ns);
            }
            _ => {}
        }
    }

    /// Whoever has lost its parent is a child of the engine now; who of them has ended is waited for.
    fn adopt(&mut self) {
        for place in 0..self.strangers.len() {
            let stranger = &mut self.strangers[place];
            if stranger.adopted.is_none() {
                stranger.adopted = Child::adopt(stranger.pid);
            }
            // How it ended, a parent made use of before it waited, so nothing is to be done about that any more; but a
            // fork server waits first.
            let unknown = (stranger.start == Some(StartMethod::Forkserver)).then_some(Exit::Unknown);
            let ended = match &mut stranger.adopted {
                Some(child) => child.try_wait().ok().flatten().map(|exit| (exit, Some(exit))),
                None => self.has_vanished(place).then_some((Exit::Unknown, unknown)),
            };
            if let Some((exit, known)) = ended {
                let stranger = &mut self.strangers[place];
                stranger.pid = 0;
                let actor = stranger.actor;
                self.desk.scribe.say(What::ActorExited { actor, exit });
                self.gone.push(actor);
                self.dead.push((actor, known));
            }
        }
        self.strangers.retain(|stranger| stranger.pid != 0);
    }

    /// Whether somebody has ended of whom nobody says so: it is no child of the engine, though all who could have waited
    /// for it are gone. They were killed before they could tell.
    fn has_vanished(&self, place: usize) -> bool {
        let silent = &self.gone[..self.silent];
        let Some(parent) = self.strangers[place].parent.filter(|parent| silent.contains(parent)) else { return false };
        let others = self.strangers.iter().enumerate().filter(|&(other, _)| other != place);
        let mut servers = others.filter(|(_, other)| other.role == Role::ForkServer);
        self.adopts && !servers.any(|(_, server)| server.parent == Some(parent))
    }

    /// At the end of the program nobody is left to wait for an orphan: it is ended.
    fn end_orphans(&mut self, patience: Duration) {
        let give_up = Instant::now() + patience;
        loop {
            // What can't be read any more can't be told.
            let _ = self.take_story();
            self.adopt();
            for Stranger { actor, adopted, killed, .. } in &mut self.strangers {
                if let Some(child) = adopted
                    && !std::mem::replace(killed, true)
                    && !child.has_ended()
                {
                    child.kill();
                    let (signal, why) = ("SIGKILL".to_owned(), "the program has ended".to_owned());
                    self.desk.scribe.say(What::SignalSent { actor: *actor, signal, why });
                }
            }
            // Whose start nobody lived to tell of is known to nobody here, and ends with who started it.
            if self.strangers.is_empty() && sys::wait_for_all() || Instant::now() >= give_up {
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn look_around(&mut self) -> Result<(), Halt> {
        self.take_story()?;
        self.adopt();
        let now_ns = sys::now_ns();
        self.desk.scribe.tick_is_due(now_ns);
        if let Some(End::Interrupted(interrupt)) = self.desk.interrupt() {
            return Err(Halt::Interrupted(interrupt));
        }
        if now_ns >= self.deadline_ns { Err(Halt::Deadline) } else { Ok(()) }
    }
}

impl Host for EngineHost<'_, '_> {
    fn tell(&mut self, by: ActorId, at_ns: u64, what: What) {
        if let What::ActorExited { actor, .. } = what {
            self.gone.push(actor);
        }
        if by == ActorId::PARENT {
            self.desk.scribe.say_at(at_ns, what);
        } else {
            self.desk.scribe.say_for(by, at_ns, what);
        }
    }

    fn flush(&mut self) {
        let _ = self.take_story();
        self.desk.scribe.finish(FLUSH_PATIENCE);
    }

    fn push_out(&mut self) {
        self.desk.scribe.push_out();
    }

    fn serve(&mut self, patience: Duration) -> Result<(), Halt> {
        let observer = self.desk.scribe.observer();
        let writers: Vec<&PipeWriter> = observer.output_if_blocked().into_iter().collect();
        sys::wait_ready(&[observer.input(), &self.story], &writers, patience).map_err(|_| Halt::Lost)?;
        let outcome = self.look_around();
        self.interrupted = outcome.clone().err();
        outcome
    }

    fn story(&self) -> io::Result<PipeWriter> {
        self.pen.twin()
    }

    fn teller(&self) -> Option<Teller> {
        None
    }

    fn next_order(&mut self) -> Option<(ActorId, Action)> {
        let (actor, action) = self.desk.scribe.observer().take_order()?;
        Some((ActorId(actor), action))
    }

    fn next_dead(&mut self) -> Option<(ActorId, Option<Exit>)> {
        self.dead.pop()
    }

    fn first_word(&self, actor: ActorId) -> Option<u64> {
        self.words.get(&actor).copied()
    }

    fn parent_is_alive(&self) -> bool {
        true
    }
}

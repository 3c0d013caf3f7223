//! The methods of a process object: what each really does.

use std::io;
use std::time::{Duration, Instant};

use crate::engine::start::{Calling, Started};
use crate::engine::worker::Belongings;
use crate::plan::{Action, StartMethod};
use crate::program::script::{self, Child, Method, Var};
use crate::sys::{self, PipeWriter, Signal};
use crate::trace::{ActorId, Awaited, Birth, Exit, Role, What, Wish};

use super::carrier::{Carrier, FOREVER, GONE_PATIENCE, Stop};
use super::host::{Host, Setup};
use super::life::{Caller, Life, Raised};
use super::value::Value;

/// A process object in the hands of a script.
pub(super) struct Held<'a> {
    /// The variable that holds it.
    var: Var,
    /// What it is to do; `None` for an object of somebody else's.
    child: Option<&'a Child>,
    /// Its number among the children that the script creates.
    index: u32,
    /// Its number among those that were created so far, from 1.
    number: u32,
    name: String,
    pub(super) daemon: bool,
    pub(super) method: StartMethod,
    pub(super) life: Life,
    pub(super) actor: ActorId,
    pub(super) asked_ns: u64,
    started: Option<Started>,
    /// Orders to it; closed when its parent is gone.
    tasks: Option<PipeWriter>,
    /// Whether its end was told, though nobody waited for it.
    told: bool,
}

impl Held<'_> {
    /// The object of a process that somebody else created.
    pub(super) fn foreign(var: Var) -> Self {
        Self {
            var,
            child: None,
            index: 0,
            number: 0,
            name: String::new(),
            daemon: false,
            method: StartMethod::Spawn,
            life: Life::Started,
            actor: ActorId::OBSERVER,
            asked_ns: 0,
            started: None,
            tasks: None,
            told: false,
        }
    }

    pub(super) fn is_started(&self) -> bool {
        self.life == Life::Started && self.child.is_some()
    }

    /// The variable, as it is written in a call.
    pub(super) fn title(&self) -> String {
        format!("p{}", self.var)
    }

    /// The server that started it is gone: it may have become a child of this process.
    pub(super) fn lose_server(&mut self) {
        if let Some(Started::Theirs { pid, .. }) = self.started {
            self.started = sys::Child::adopt(pid).map(Started::Ours);
        }
    }
}

impl<'a, H: Host> Carrier<'a, H> {
    /// `p = Process(target=…)`.
    pub(super) fn create(&mut self, child: &'a Child) {
        let number = 1 + self.held.iter().filter(|held| held.child.is_some()).count() as u32;
        let numbers = [&self.me.numbers[..], &[number]].concat();
        let numbers = numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(":");
        let context = match child.method {
            None => "",
            Some(StartMethod::Fork) => "Fork",
            Some(StartMethod::Spawn) => "Spawn",
            Some(StartMethod::Forkserver) => "ForkServer",
        };
        let class = if self.objects.serves(child) { "SyncManager".to_owned() } else { format!("{context}Process") };
        let actor = self.take_ids(script::actors(&child.target));
        self.held.push(Held {
            var: child.var,
            child: Some(child),
            index: self.number_of(child),
            number,
            name: format!("{class}-{numbers}"),
            daemon: child.daemon,
            method: child.method.or(self.odd.context).unwrap_or(self.common.start),
            life: Life::Initial,
            actor,
            asked_ns: 0,
            started: None,
            tasks: None,
            told: false,
        });
    }

    /// Calls a method of the child that a variable holds.
    pub(super) fn call(&mut self, var: Var, method: Method) -> Result<Value, Stop> {
        let place = self.held.iter().rposition(|held| held.var == var);
        let name_error = || Raised::new("NameError", format!("name 'p{var}' is not defined"));
        let place = place.ok_or_else(name_error)?;
        let since_ns = sys::now_ns();
        // What is known of the process is brought up to date, as each of Python's methods does first.
        self.is_running(place);
        let caller =
            Caller { foreign: self.held[place].child.is_none(), daemon: self.me.daemon, importing: self.odd.importing };
        let outcome = match self.held[place].life.check(method, caller) {
            Err(raised) => Err(raised),
            Ok(()) => match self.carry_out(place, method) {
                Ok(value) => Ok(value),
                Err(Stop::Raised(raised)) => Err(raised),
                Err(stop) => return Err(stop),
            },
        };
        Ok(self.answered(method.python(var), since_ns, outcome)?)
    }

    fn carry_out(&mut self, place: usize, method: Method) -> Result<Value, Stop> {
        Ok(match method {
            Method::Start => self.start(place)?,
            Method::Join(timeout_ms) => {
                let patience = timeout_ms.map_or(FOREVER, |ms| Duration::from_millis(ms.max(0) as u64));
                self.await_end(place, patience)?;
                let still = if self.is_running(place) { "still alive" } else { "it has ended" };
                Value::Words(still.to_owned())
            }
            Method::Terminate => self.send(place, Signal::Terminate, "terminate()"),
            Method::Kill => self.send(place, Signal::Kill, "kill()"),
            Method::Close => {
                self.held[place].life = Life::Closed;
                Value::None
            }
            Method::IsAlive => Value::Bool(self.is_running(place)),
            Method::ExitCode => match self.held[place].life {
                Life::Ended(exit) => Value::Exit(exit),
                _ => Value::None,
            },
            Method::Pid => {
                self.held[place].started.as_ref().map_or(Value::None, |started| Value::Number(started.pid().into()))
            }
            Method::Sentinel => Value::Bool(!self.is_running(place)),
            Method::SetDaemon => {
                self.held[place].daemon = true;
                Value::None
            }
        })
    }

    /// Really starts the process.
    fn start(&mut self, place: usize) -> Result<Value, Raised> {
        // Python, too, waits for whoever has ended before it starts another.
        (0..self.held.len()).for_each(|place| {
            self.is_running(place);
        });
        let Some(child) = self.held[place].child else { return Ok(Value::None) };
        if child.with_lock {
            self.check_lock(self.held[place].method)?;
        }
        self.held[place].asked_ns = sys::now_ns();
        let mut outcome = self.try_start(place, child);
        if outcome.is_err() && self.starters.server_is_lost() {
            // Somebody killed the server: another takes its place, as in Python.
            self.mourn_server();
            outcome = self.try_start(place, child);
        }
        let pid =
            outcome.map_err(|error| Raised::new("OSError", format!("the process could not be started: {error}")))?;
        Ok(Value::Words(format!("pid {pid}")))
    }

    fn try_start(&mut self, place: usize, child: &Child) -> io::Result<u32> {
        let (their_tasks, tasks) = sys::pipe()?;
        let story = self.host.story()?;
        let (memory, ends) = self.objects.pass(child)?;
        let method = self.held[place].method;
        let killed =
            script::steps(self.script).into_iter().filter(|step| matches!(step, script::Step::KillForkServer)).count();
        if method == StartMethod::Forkserver
            && !self.starters.has_server()
            && self.servers >= script::SERVERS + killed as u32
        {
            return Err(io::Error::other("its fork server was lost too often"));
        }
        let starter = self.starters.get(method)?;
        let belongings = Belongings { tasks: their_tasks, results: story, memory, ends };
        let started = starter.start_as(Calling::Process, belongings)?;
        self.introduce_server();
        self.objects.part_with(child);

        let held = &mut self.held[place];
        let (pid, actor) = (started.pid(), held.actor);
        held.life = Life::Started;
        held.started = Some(started);
        let role = if self.objects.serves(child) { Role::Manager } else { Role::Process };
        let birth = Birth {
            start: Some(method),
            parent: Some(self.me.actor),
            name: Some(held.name.clone()),
            daemon: held.daemon,
            ..Birth::new(actor, role, held.number, pid, held.asked_ns)
        };
        let setup = Setup {
            common: self.common.clone(),
            path: [&self.me.path[..], &[held.index]].concat(),
            numbers: [&self.me.numbers[..], &[held.number]].concat(),
            actor,
            name: held.name.clone(),
            daemon: held.daemon,
        };
        let mut line = serde_json::to_vec(&setup).map_err(io::Error::other)?;
        line.push(b'\n');
        self.say(What::ActorBorn(Box::new(birth)));
        // It waits for this, so that nothing it tells comes before its birth was told. An empty pipe takes
        // it whole; a child that is gone already takes nothing.
        tasks.write(&line)?;
        let _ = tasks.set_nonblocking();
        // A child that may outlive this process still shall see it go.
        self.held[place].tasks = Some(tasks);
        debug_assert!(child.var == self.held[place].var);
        Ok(pid)
    }

    /// Says that there is a fork server, once.
    fn introduce_server(&mut self) {
        let Some(server) = self.starters.new_server() else { return };
        let actor = self.take_ids(1);
        self.servers += 1;
        self.starters.note_server(actor);
        let birth = Birth {
            parent: Some(self.me.actor),
            ..Birth::new(actor, Role::ForkServer, 0, server.pid, server.asked_ns)
        };
        self.host.tell(self.me.actor, server.born_ns, What::ActorBorn(Box::new(birth)));
        self.host.tell(actor, server.ready_ns, What::ActorReady);
    }

    /// Whether a process that was started is still running; who has ended is waited for.
    pub(super) fn is_running(&mut self, place: usize) -> bool {
        if !self.held[place].is_started() {
            return false;
        }
        !(self.has_ended(place) && self.reap(place))
    }

    /// Whether a process has ended, waited for or not.
    fn has_ended(&mut self, place: usize) -> bool {
        let held = &mut self.held[place];
        match &held.started {
            Some(Started::Ours(child)) => child.has_ended(),
            Some(started) => self.starters.get(held.method).map_or(true, |starter| starter.has_ended(started)),
            None => true,
        }
    }

    /// Waits for a process that has ended, and says how it did; `false`: it lives, it was only its fork server that
    /// was lost.
    fn reap(&mut self, place: usize) -> bool {
        if self.starters.server_is_lost() {
            self.mourn_server();
            if self.outlives_server(place) {
                return false;
            }
        }
        let held = &self.held[place];
        let (actor, child) = (held.actor, held.child);
        // Of whom nobody can say how it ended nobody knows whether it did, unless it ends with its server.
        let is_dead = held.started.is_some() || child.is_some_and(|child| !child.outlives);
        let script = child.map(|child| &child.target[..]);
        // Of a fork server's child only the server can say.
        let known = if let Some(Started::Ours(child)) = &held.started { child.peek() } else { None };
        if is_dead {
            // Before it is waited for: were this process killed in between, the engine would find the dead, and could
            // do the same again.
            self.bury(actor, script, known);
        }
        let held = &mut self.held[place];
        let exit = match &mut held.started {
            Some(Started::Ours(child)) => sys::wait_with_deadline(child, GONE_PATIENCE),
            Some(started) => {
                self.starters.get(held.method).ok().and_then(|starter| starter.wait(started, GONE_PATIENCE))
            }
            None => None,
        };
        let exit = exit.unwrap_or(Exit::Unknown);
        (held.life, held.tasks) = (Life::Ended(exit), None);
        if is_dead && known.is_none() {
            // Before it is said: nobody buries whose end is known.
            self.bury(actor, script, Some(exit));
        }
        self.say(What::ActorExited { actor, exit });
        true
    }

    /// Whether a process is alive though the fork server that started it is gone. Whoever ends with the server is
    /// given the time that takes.
    fn outlives_server(&self, place: usize) -> bool {
        let held = &self.held[place];
        let Some(Started::Ours(child)) = &held.started else { return false };
        let patience = if held.child.is_some_and(|child| child.outlives) { Duration::ZERO } else { GONE_PATIENCE };
        let give_up = Instant::now() + patience;
        while !child.has_ended() && Instant::now() < give_up {
            std::thread::sleep(Duration::from_millis(1));
        }
        !child.has_ended()
    }

    /// Waits until a process has ended, at most so long.
    pub(super) fn await_end(&mut self, place: usize, patience: Duration) -> Result<(), Stop> {
        if self.is_running(place) && !patience.is_zero() {
            let on = Awaited::Actor(self.held[place].actor);
            let waits = What::Waits { wish: Wish::End, on, lane: 0, for_ever: patience >= FOREVER };
            let mut said = self.say_waits(waits.clone());
            return self.rest(patience, |carrier| {
                let is_over = !carrier.is_running(place);
                if !is_over && carrier.deeds != said {
                    said = carrier.say_waits(waits.clone());
                }
                is_over
            });
        }
        self.rest(patience, |carrier| !carrier.is_running(place))
    }

    /// Sees who has ended while nobody waited: a zombie. A fork server waits for its children by itself, so
    /// their end is known at once.
    pub(super) fn notice_the_ended(&mut self) {
        for place in 0..self.held.len() {
            if self.held[place].told || !self.held[place].is_started() || !self.has_ended(place) {
                continue;
            }
            let actor = self.held[place].actor;
            match self.held[place].started {
                // Who keeps robust objects can't leave the dead lying about.
                Some(Started::Ours(_)) if !self.has_robust() => {
                    self.held[place].told = true;
                    self.say(What::Unreaped { actor });
                    self.bury(actor, None, None);
                }
                _ => _ = self.reap(place),
            }
        }
    }

    /// Sends a signal to a child, if it is still there.
    pub(super) fn send(&mut self, place: usize, signal: Signal, why: &str) -> Value {
        let held = &mut self.held[place];
        let actor = held.actor;
        if !held.is_started() {
            return Value::None;
        }
        let sent = match &mut held.started {
            Some(Started::Ours(child)) => child.signal(signal),
            Some(started) => self.starters.get(held.method).and_then(|starter| starter.signal(started, signal)),
            None => return Value::None,
        };
        if let Err(error) = sent {
            return Value::Words(format!("not to be had on this system ({error})"));
        }
        self.say(What::SignalSent { actor, signal: signal.name().to_owned(), why: why.to_owned() });
        Value::None
    }

    /// `active_children()`: who lives; who has ended is waited for.
    pub(super) fn active_children(&mut self) {
        let since_ns = sys::now_ns();
        let places: Vec<usize> = (0..self.held.len()).filter(|&place| self.is_running(place)).collect();
        let names: Vec<String> = places.iter().map(|&place| format!("'{}'", self.held[place].name)).collect();
        let list = format!("[{}]", names.join(", "));
        self.called("active_children()".to_owned(), since_ns, list.clone(), false);
        self.print(&format!("active children: {list}"));
    }

    /// Does what somebody outside wants: to itself, to a child of its own, or lets its children see to it.
    pub(super) fn obey(&mut self, actor: ActorId, action: Action) {
        let child = self.held.iter().position(|held| held.actor == actor && held.is_started());
        match (child, Signal::of(action)) {
            (Some(place), Some(signal)) => {
                self.send(place, signal, "the window");
            }
            _ if actor == self.me.actor => {
                let (signal, why) = (action.name().to_owned(), "the window".to_owned());
                self.say(What::SignalSent { actor, signal, why });
                self.host.flush();
                sys::suffer(action);
            }
            _ => {
                let Ok(mut line) = serde_json::to_vec(&(actor, action)) else { return };
                line.push(b'\n');
                for tasks in self.held.iter().filter_map(|held| held.tasks.as_ref()) {
                    // Who does not listen is stopped, or gone.
                    let _ = tasks.write(&line);
                }
            }
        }
    }

    /// The child that a variable holds, and when it was asked for.
    pub(super) fn held_by(&self, var: Var) -> Option<(usize, &Held<'a>)> {
        self.held.iter().enumerate().rev().find(|(_, held)| held.var == var)
    }
}

//! What a child is given to share with others: memory that wakes whoever sleeps on it, in whatever process, and the
//! ends of pipes that are its own, and no others. Some of these tests copy their own process: they are a program apart.

#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so")]

mod common;

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::time::{Duration, Instant};

use common::chance::Dice;
use common::ipc::programs;
use common::programs::{at_once, plan};
use poolscope::engine::ipc::{Block, Hand, Incoming, Layout, Lock, Outgoing, Queue, RobustSemaphore};
use poolscope::program::{Chosen, Program, script};
use poolscope::session::{Options, Report};
use poolscope::sys::{self, Child, Forked, SharedMemory};
use poolscope::trace::{ActorId, Exit, Role, What};

/// Nobody who is woken needs so long.
const SOON: Duration = Duration::from_secs(10);

/// A copy of this process that does this and nothing else. It has one thread, where another may have held a lock: so
/// it allocates nothing and panics never.
fn copy(body: impl FnOnce() -> i32) -> Child {
    let parent = std::process::id();
    match sys::fork().expect("a copy") {
        // Should this test be killed, it leaves nobody.
        Forked::Child => sys::exit_now(if sys::die_with_parent(parent) { body() } else { 1 }),
        Forked::Parent(child) => child,
    }
}

fn ends_with(mut child: Child, code: i32, what: &str) {
    let exit = sys::wait_with_deadline(&mut child, 6 * SOON);
    child.kill();
    assert_eq!(exit, Some(Exit::Code(code)), "{what}");
}

#[test]
fn processes_that_take_turns_never_miss_a_wake() {
    const PROCESSES: u64 = 3;
    const TURNS: u64 = 6000;
    let memory = SharedMemory::create(64).expect("room");
    let children: Vec<Child> = (0..PROCESSES)
        .map(|mine| {
            let word = &memory[0];
            copy(move || {
                loop {
                    let seen = word.load(Acquire);
                    if seen >= TURNS {
                        return 0;
                    }
                    if seen % PROCESSES == mine {
                        word.fetch_add(1, AcqRel);
                        sys::unpark(word, u32::MAX);
                        continue;
                    }
                    let began = Instant::now();
                    sys::park(word, seen, 2 * SOON);
                    if began.elapsed() >= SOON {
                        return 9;
                    }
                }
            })
        })
        .collect();
    for child in children {
        ends_with(child, 0, "it was never woken");
    }
    assert_eq!(memory[0].load(Acquire), TURNS);
}

/// A sleeper that was killed is nobody: the one wake there is goes to a living one.
#[test]
fn a_killed_sleeper_takes_no_wake_along() {
    for _ in 0..20 {
        let memory = SharedMemory::create(64).expect("room");
        let (word, asleep) = (&memory[0], &memory[1]);
        let sleep = || {
            asleep.fetch_add(1, AcqRel);
            let began = Instant::now();
            while word.load(Acquire) == 0 {
                sys::park(word, 0, 2 * SOON);
                if began.elapsed() >= SOON {
                    return 9;
                }
            }
            5
        };
        let (mut first, second) = (copy(sleep), copy(sleep));
        while asleep.load(Acquire) < 2 {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(5));
        first.kill();
        assert_eq!(sys::wait_with_deadline(&mut first, SOON), Some(Exit::Signal(9)));
        word.store(1, Release);
        sys::unpark(word, 1);
        ends_with(second, 5, "the wake went to a dead one");
    }
}

/// What killed holders leave of a lock, and of what it guards: the others go on, and are never two in it.
#[test]
fn g09_a_robust_lock_survives_holders_killed_at_any_moment() {
    const PARTIES: u32 = 4;
    let memory = Block::create(64).expect("room");
    let (began, done) = (&memory[32], &memory[33]);
    let lock = Lock::at(memory.part(0..16));
    let add = |me: ActorId| loop {
        let Some(taken) = lock.acquire_for(me, 2 * SOON) else { return 9 };
        if taken.died.is_some() {
            // What the dead one had begun is taken back.
            began.store(done.load(Relaxed), Relaxed);
        }
        let number = began.load(Relaxed);
        if done.load(Relaxed) != number {
            return 7;
        }
        began.store(number + 1, Relaxed);
        for _ in 0..number % 64 {
            std::hint::spin_loop();
        }
        done.store(number + 1, Relaxed);
        if lock.release().is_err() {
            return 8;
        }
    };
    let mut dice = Dice(1);
    let mut died = 0;
    for round in 0..60 {
        let mut parties: Vec<(ActorId, Child)> = (0..PARTIES)
            .map(|party| {
                let me = ActorId(round * PARTIES + party);
                (me, copy(|| add(me)))
            })
            .collect();
        while let Some((me, mut child)) = parties.pop() {
            // Those who are left come forward.
            let before = done.load(Relaxed);
            let give_up = Instant::now() + SOON;
            while done.load(Relaxed) < before + 2 {
                assert!(Instant::now() < give_up, "{} of them hang, and {:?} has it", parties.len() + 1, lock.holder());
                std::thread::sleep(Duration::from_micros(50 + dice.roll(300)));
            }
            child.kill();
            let exit = sys::wait_with_deadline(&mut child, SOON);
            assert_eq!(exit, Some(Exit::Signal(9)), "7: two were in it; 8: it was not held; 9: it was not free");
            died += u32::from(lock.recover(me));
        }
        assert_eq!(lock.holder(), None);
    }
    // How many is a matter of luck; that it was none of 240 is not.
    assert!(died > 0, "nobody was killed while they had it");
}

/// What killed users leave of permits and of a queue: the others go on, and at the end nothing is missing.
#[test]
fn g09_robust_permits_and_queues_survive_users_killed_at_any_moment() {
    const PARTIES: u32 = 4;
    const KILLS: u32 = 150;
    let memory = Block::create(1024).expect("room");
    let (reader, writer) = sys::pipe().expect("a pipe");
    reader.set_nonblocking().expect("it can");
    writer.set_nonblocking().expect("it can");
    let (permits, queue) = (RobustSemaphore::at(memory.part(0..100), 2), Queue::robust_at(&memory.part(100..300), 4));
    let (turns, moved) = (&memory[400], &memory[401]);
    // More than a pipe holds, so that many are killed in the middle of an item.
    let body = vec![7; 100_000];
    let take_turn = |me| {
        let got = permits.acquire_for(me, 2 * SOON);
        let too_many = got.is_none_or(|(left, _)| left > 1);
        turns.fetch_add(1, Relaxed);
        if too_many || permits.release(me).is_err() { Err(7) } else { Ok(()) }
    };
    let put = |me| -> Result<(), i32> {
        let (number, mut hand) = (queue.pipe.next_number(), Hand::default());
        if !queue.take_place(me, number, 2 * SOON) {
            return Err(8);
        }
        let mut message = Outgoing::new(number, |out| out.extend_from_slice(&body));
        let give_up = Instant::now() + 2 * SOON;
        while Instant::now() < give_up {
            match queue.put(&writer, &mut message, &mut hand, me, Duration::from_millis(20)) {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(_) => break,
            }
        }
        Err(9)
    };
    let get = |me, incoming: &mut Incoming, patience| {
        let mut hand = Hand::of(incoming);
        let give_up = Instant::now() + patience;
        loop {
            let received =
                queue.get(&reader, incoming, &mut hand, me, Duration::from_millis(20)).is_ok_and(|got| got.is_some());
            if received || Instant::now() >= give_up {
                queue.pipe.let_go(&mut hand);
                return if received { Ok(()) } else { Err(10) };
            }
        }
    };
    let live = |me: ActorId| {
        let mut incoming = Incoming::default();
        loop {
            // Half of them write, the others read.
            let outcome = take_turn(me)
                .and_then(|()| if me.0.is_multiple_of(2) { put(me) } else { get(me, &mut incoming, 2 * SOON) });
            if let Err(code) = outcome {
                return code;
            }
            moved.fetch_add(1, Relaxed);
        }
    };
    let bury = |me: ActorId, child: &mut Child| {
        child.kill();
        let exit = sys::wait_with_deadline(child, SOON);
        assert_eq!(
            exit,
            Some(Exit::Signal(9)),
            "7: permits; 8: it got no place; 9: it could not write; 10: nothing came"
        );
        // Twice is the same.
        for _ in 0..2 {
            permits.recover(me);
            queue.recover(me, Some(&reader));
        }
    };
    let start = |me| (ActorId(me), copy(|| live(ActorId(me))));
    let mut parties: Vec<(ActorId, Child)> = (0..PARTIES).map(start).collect();
    let mut dice = Dice(2);
    for kill in 0..KILLS {
        let before = (turns.load(Relaxed), moved.load(Relaxed));
        let give_up = Instant::now() + SOON;
        while turns.load(Relaxed) < before.0 + 2 || moved.load(Relaxed) < before.1 + 2 {
            assert!(
                Instant::now() < give_up,
                "after {kill} they hang: {} permits, {} items",
                permits.value(),
                queue.size()
            );
            std::thread::sleep(Duration::from_micros(50 + dice.roll(300)));
        }
        let party = dice.roll(PARTIES.into()) as usize;
        let (me, child) = &mut parties[party];
        bury(*me, child);
        parties[party] = start(me.0 + PARTIES);
    }
    for (me, child) in &mut parties {
        bury(*me, child);
    }
    assert_eq!(permits.value(), 2);
    let mut incoming = Incoming::default();
    while get(ActorId(1 << 20), &mut incoming, Duration::from_millis(100)).is_ok() {}
    assert_eq!(queue.size(), 0);
}

/// What a process has open besides its standard streams: how many ends of pipes, its own copies of one counted once,
/// and everything else by its name.
fn open(pid: u32) -> Option<(usize, Vec<String>)> {
    let links = fs::read_dir(format!("/proc/{pid}/fd")).ok()?.flatten().filter_map(|entry| {
        let number: u32 = entry.file_name().to_str()?.parse().ok()?;
        let link = fs::read_link(entry.path()).ok()?.to_string_lossy().into_owned();
        let info = fs::read_to_string(format!("/proc/{pid}/fdinfo/{number}")).ok()?;
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:"))?.trim().to_owned();
        // Its last digit tells whether it is read or written.
        (number > 2).then(|| (link, flags.chars().last()))
    });
    let (pipes, others): (Vec<_>, Vec<_>) = links.partition(|(link, _)| link.starts_with("pipe:"));
    let pipes: BTreeSet<(String, Option<char>)> = pipes.into_iter().collect();
    Some((pipes.len(), others.into_iter().map(|(link, _)| link).collect()))
}

/// The number at the end of a name such as `ForkProcess-3`: which of the main script's children it is.
fn place(name: &str) -> Option<usize> {
    name.rsplit_once("Process-")?.1.parse::<usize>().ok()?.checked_sub(1)
}

/// How many children of a program were seen with all that they are given; nobody may have more.
fn children_with_their_own(program: &'static Program, start: poolscope::plan::StartMethod) -> usize {
    let plan = plan(program.name, start, &[]);
    let script = Chosen { program, knobs: &plan.knobs, start }.script();
    let layout = Layout::of(&script);
    let children = script::children(&script);
    let session = common::session(&plan, Options::default());
    let (mut born, mut whole) = (HashMap::<ActorId, (u32, usize)>::new(), 0);
    let give_up = Instant::now() + common::DEADLINE;
    loop {
        let events = match session.reports().recv_deadline(give_up).expect("it goes on") {
            Report::Events(events) => events,
            Report::Warning(warning) => panic!("{warning}"),
            Report::Ended(_) => return whole,
        };
        for event in events {
            match event.what {
                What::ActorBorn(birth) if matches!(birth.role, Role::Process | Role::Manager) => {
                    if let Some(place) = birth.name.as_deref().and_then(place) {
                        born.insert(birth.actor, (birth.pid, place));
                    }
                }
                What::ActorReady => {
                    let Some(&(pid, place)) = born.get(&event.by) else { continue };
                    // Who has children has their tasks, too.
                    let Some(child) = children.get(place).filter(|child| script::children(&child.target).is_empty())
                    else {
                        continue;
                    };
                    // It may be gone already, or have closed some.
                    let Some((pipes, mut others)) = open(pid) else { continue };
                    // A file without a name is one that it made itself, such as a log; and it may just read what the
                    // system says of it.
                    others.retain(|link| {
                        !link.contains("/#") && !link.starts_with("/proc/") && !link.starts_with("/sys/")
                    });
                    let given = layout.ends_of(child).len();
                    let way = format!("{} by {}: child {}", program.name, start.name(), place + 1);
                    assert!(pipes <= 2 + given, "{way} has {pipes} ends, and was given {given} and its own two");
                    let memory = others.iter().filter(|link| link.starts_with("/memfd:poolscope")).count();
                    // A file without a name is its own: nobody else could have opened it.
                    let own = others.iter().filter(|link| link.contains("/#")).count();
                    assert_eq!(others.len(), memory + own, "{way}: {others:?}");
                    assert!(memory <= 1, "{way}: {others:?}");
                    whole += usize::from(pipes == 2 + given && memory == 1);
                }
                _ => {}
            }
        }
    }
}

#[test]
fn a_child_has_the_ends_that_it_is_given_and_no_others() {
    at_once(|start| {
        let whole: usize = programs().into_iter().map(|program| children_with_their_own(program, start)).sum();
        assert!(
            whole > programs().len(),
            "by {} hardly anybody was seen with all that is given: {whole}",
            start.name()
        );
    });
}

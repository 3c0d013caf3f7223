use super::*;
use crate::program::uses::Kind;
use crate::sys::{PipeReader, PipeWriter};

/// A manager that is asked directly.
struct Desk {
    manager: Manager,
    next: u32,
    now: Instant,
}

impl Desk {
    fn new(robust: bool) -> Self {
        Self { manager: Manager::new(robust), next: 0, now: Instant::now() }
    }

    fn make(&mut self, kind: Kind, arguments: &[Plain]) -> u32 {
        match self.ask(0, Request::Make(kind, arguments.to_vec())).pop() {
            Some((0, Ok(Plain::Proxy(kept)))) => kept,
            other => panic!("{kind:?}: {other:?}"),
        }
    }

    /// Who is answered now, and what.
    fn ask(&mut self, client: u16, request: Request) -> Vec<(u16, Reply)> {
        self.next += 1;
        self.manager.take_in(client, self.next, request, self.now);
        self.served()
    }

    fn served(&mut self) -> Vec<(u16, Reply)> {
        self.manager.take_served().into_iter().map(|served| (served.client, served.reply)).collect()
    }

    fn call(&mut self, client: u16, kept: u32, method: &str, arguments: &[Plain]) -> Vec<(u16, Reply)> {
        self.ask(client, Request::Call(kept, method.to_owned(), arguments.to_vec()))
    }

    /// The answer to a call that needs nobody else; an error as Python prints it.
    fn get(&mut self, kept: u32, method: &str, arguments: &[Plain]) -> String {
        match &self.call(0, kept, method, arguments)[..] {
            [(0, Ok(value))] => value.to_string(),
            [(0, Err(fault))] => format!("{}: {}", fault.kind, fault.message),
            other => panic!("{method}: {other:?}"),
        }
    }

    fn later(&mut self, ms: u64) -> Vec<(u16, Reply)> {
        self.now += Duration::from_millis(ms);
        self.manager.answer_the_late(self.now);
        self.served()
    }
}

fn yes(client: u16) -> (u16, Reply) {
    (client, Ok(Plain::Bool(true)))
}

fn no(client: u16) -> (u16, Reply) {
    (client, Ok(Plain::Bool(false)))
}

fn none(client: u16) -> (u16, Reply) {
    (client, Ok(Plain::None))
}

const I: fn(i64) -> Plain = Plain::Int;

#[test]
fn j01_what_comes_out_is_a_copy_and_a_kept_proxy_is_not() {
    let mut desk = Desk::new(false);
    let list = desk.make(Kind::List, &[Plain::List(vec![Plain::ints([1])])]);
    let mut copy = desk.call(0, list, "__getitem__", &[I(0)]).pop().and_then(|(_, reply)| reply.ok()).expect("there");
    call_copy(&mut copy, "append", &[I(2)]).expect("a list");
    assert_eq!((copy.to_string(), desk.get(list, "__str__", &[])), ("[1, 2]".into(), "'[[1]]'".into()));
    let inner = desk.make(Kind::List, &[Plain::ints([1])]);
    desk.get(list, "__setitem__", &[I(0), Plain::Proxy(inner)]);
    assert_eq!(desk.get(list, "__getitem__", &[I(0)]), Plain::Proxy(inner).to_string());
    assert_eq!(desk.get(inner, "append", &[I(2)]), "None");
    assert_eq!(desk.get(inner, "__str__", &[]), "'[1, 2]'");
}

#[test]
fn j03_errors_are_pythons() {
    let mut desk = Desk::new(false);
    let a = || Plain::text("a");
    let d = desk.make(Kind::Dict, &[Plain::Dict(vec![(a(), I(1))])]);
    assert_eq!(desk.get(d, "__getitem__", &[Plain::text("x")]), "KeyError: 'x'");
    assert_eq!(desk.get(d, "pop", &[Plain::text("q")]), "KeyError: 'q'");
    assert_eq!(desk.get(d, "__getitem__", &[Plain::ints([])]), "TypeError: unhashable type: 'list'");
    assert_eq!(desk.get(d, "nope", &[]), "AttributeError: 'DictProxy' object has no attribute 'nope'");
    let l = desk.make(Kind::List, &[]);
    assert_eq!(desk.get(l, "pop", &[]), "IndexError: pop from empty list");
    assert_eq!(desk.get(l, "__getitem__", &[I(9)]), "IndexError: list index out of range");
    assert_eq!(desk.get(l, "remove", &[I(7)]), "ValueError: list.remove(x): x not in list");
    assert_eq!(desk.get(l, "index", &[I(7)]), "ValueError: 7 is not in list");
    let ns = desk.make(Kind::Namespace, &[]);
    let told = "AttributeError: 'Namespace' object has no attribute 'a'";
    assert_eq!(desk.get(ns, "__getattribute__", &[a()]), told);
    assert!(desk.get(99, "get", &[]).starts_with("KeyError"));
    let pool = desk.ask(0, Request::Make(Kind::Pool, vec![I(2)]));
    assert!(matches!(&pool[..], [(0, Err(fault))] if fault.kind == "NotImplementedError"));
}

#[test]
fn j05_containers_do_what_pythons_do() {
    let mut desk = Desk::new(false);
    let t = |text: &str| Plain::text(text);
    let d = desk.make(Kind::Dict, &[]);
    for (key, value) in [("b", 1), ("a", 2), ("b", 3)] {
        desk.get(d, "__setitem__", &[t(key), I(value)]);
    }
    assert_eq!(desk.get(d, "items", &[]), "[('b', 3), ('a', 2)]");
    assert_eq!((desk.get(d, "get", &[t("c")]), desk.get(d, "get", &[t("c"), I(7)])), ("None".into(), "7".into()));
    assert_eq!((desk.get(d, "__contains__", &[t("a")]), desk.get(d, "__len__", &[])), ("True".into(), "2".into()));
    assert_eq!(desk.get(d, "popitem", &[]), "('a', 2)");
    assert_eq!(
        (desk.get(d, "setdefault", &[t("z"), I(1)]), desk.get(d, "copy", &[])),
        ("1".into(), "{'b': 3, 'z': 1}".into())
    );
    let l = desk.make(Kind::List, &[Plain::ints([3, 1, 2])]);
    for (method, arguments) in [("sort", vec![]), ("append", vec![I(9)]), ("insert", vec![I(-1), I(5)])] {
        assert_eq!(desk.get(l, method, &arguments), "None");
    }
    assert_eq!((desk.get(l, "copy", &[]), desk.get(l, "pop", &[I(0)])), ("[1, 2, 3, 5, 9]".into(), "1".into()));
    let v = desk.make(Kind::Value, &[t("i"), I(5)]);
    desk.get(v, "set", &[I(6)]);
    assert_eq!((desk.get(v, "get", &[]), desk.get(v, "__str__", &[])), ("6".into(), "\"Value('i', 6)\"".into()));
    let array = desk.make(Kind::Array, &[t("i"), Plain::ints([1, 2])]);
    assert_eq!(desk.get(array, "__setitem__", &[I(-1), I(4)]), "None");
    assert_eq!(desk.get(array, "__str__", &[]), "\"array('i', [1, 4])\"");
    assert_eq!(desk.get(array, "__getitem__", &[I(5)]), "IndexError: array index out of range");
}

#[test]
fn j05_locks_are_handed_over_in_the_order_of_coming() {
    let mut desk = Desk::new(false);
    let lock = desk.make(Kind::Lock, &[]);
    assert_eq!(desk.get(lock, "release", &[]), "RuntimeError: release unlocked lock");
    assert_eq!(desk.call(0, lock, "acquire", &[]), [yes(0)]);
    for client in [1, 2] {
        assert_eq!(desk.call(client, lock, "acquire", &[]), []);
    }
    assert_eq!(desk.call(3, lock, "acquire", &[Plain::Bool(false)]), [no(3)]);
    assert_eq!(desk.call(4, lock, "acquire", &[Plain::Bool(true), Plain::Ms(100)]), []);
    assert_eq!((desk.later(99), desk.later(1)), (vec![], vec![no(4)]));
    assert_eq!(desk.call(0, lock, "release", &[]), [none(0), yes(1)]);
    assert_eq!(desk.call(1, lock, "release", &[]), [none(1), yes(2)]);

    let rlock = desk.make(Kind::RLock, &[]);
    assert_eq!(desk.call(0, rlock, "acquire", &[]), [yes(0)]);
    assert_eq!(desk.call(0, rlock, "acquire", &[]), [yes(0)]);
    assert_eq!(desk.call(1, rlock, "acquire", &[]), []);
    assert_eq!(desk.call(0, rlock, "release", &[]), [none(0)]);
    assert_eq!(desk.call(0, rlock, "release", &[]), [none(0), yes(1)]);
    assert_eq!(desk.get(rlock, "release", &[]), "RuntimeError: cannot release un-acquired lock");

    let bounded = desk.make(Kind::BoundedSemaphore, &[I(1)]);
    assert_eq!(desk.get(bounded, "release", &[]), "ValueError: Semaphore released too many times");
    let free = desk.make(Kind::Semaphore, &[I(0)]);
    assert_eq!(desk.call(1, free, "acquire", &[]), []);
    assert_eq!(desk.call(0, free, "release", &[]), [none(0), yes(1)]);
}

#[test]
fn j05_events_conditions_and_barriers_wake_whom_they_should() {
    let mut desk = Desk::new(false);
    let event = desk.make(Kind::Event, &[]);
    assert_eq!((desk.call(1, event, "wait", &[]), desk.call(2, event, "wait", &[Plain::Ms(0)])), (vec![], vec![no(2)]));
    assert_eq!(desk.call(0, event, "set", &[]), [none(0), yes(1)]);
    assert_eq!((desk.get(event, "is_set", &[]), desk.get(event, "clear", &[])), ("True".into(), "None".into()));

    let condition = desk.make(Kind::Condition, &[]);
    assert_eq!(desk.get(condition, "wait", &[]), "RuntimeError: cannot wait on un-acquired lock");
    assert_eq!(desk.get(condition, "notify", &[]), "RuntimeError: cannot notify on un-acquired lock");
    for client in [1, 2] {
        assert_eq!(desk.call(client, condition, "acquire", &[]), [yes(client)]);
        assert_eq!(desk.call(client, condition, "wait", &[]), []);
    }
    assert_eq!(desk.call(3, condition, "acquire", &[]), [yes(3)]);
    assert_eq!(desk.call(3, condition, "wait", &[Plain::Ms(50)]), []);
    // Its time is up, and the lock is free.
    assert_eq!(desk.later(50), [no(3)]);
    assert_eq!(desk.call(3, condition, "notify_all", &[]), [none(3)]);
    assert_eq!(desk.call(3, condition, "release", &[]), [none(3), yes(1)]);
    assert_eq!(desk.call(1, condition, "release", &[]), [none(1), yes(2)]);
    // A wait gives up the lock, and whoever waited for that has it.
    assert_eq!(desk.call(1, condition, "acquire", &[]), []);
    assert_eq!(desk.call(2, condition, "wait", &[]), [yes(1)]);

    let barrier = desk.make(Kind::Barrier, &[I(3)]);
    assert_eq!((desk.call(1, barrier, "wait", &[]), desk.call(2, barrier, "wait", &[])), (vec![], vec![]));
    assert_eq!(desk.get(barrier, "__getattribute__", &[Plain::text("n_waiting")]), "2");
    let through = desk.call(0, barrier, "wait", &[]);
    assert_eq!(through, [(0, Ok(I(2))), (1, Ok(I(0))), (2, Ok(I(1)))]);
    assert_eq!(desk.call(1, barrier, "wait", &[Plain::Ms(10)]), []);
    assert_eq!(desk.call(2, barrier, "wait", &[]), []);
    let broken = |client| (client, Err(Fault::new("BrokenBarrierError", "")));
    assert_eq!(desk.later(10), [broken(1), broken(2)]);
    assert_eq!(desk.call(1, barrier, "wait", &[]), [broken(1)]);
    assert_eq!(desk.get(barrier, "reset", &[]), "None");
    assert_eq!(desk.get(barrier, "__getattribute__", &[Plain::text("broken")]), "False");
}

#[test]
fn j05_queues_park_whoever_finds_them_empty_or_full() {
    let mut desk = Desk::new(false);
    let queue = desk.make(Kind::JoinableQueue, &[I(1)]);
    assert_eq!(desk.get(queue, "get_nowait", &[]), "Empty: ");
    assert_eq!((desk.call(1, queue, "get", &[]), desk.call(2, queue, "get", &[])), (vec![], vec![]));
    assert_eq!(desk.call(0, queue, "put", &[I(7)]), [none(0), (1, Ok(I(7)))]);
    assert_eq!(desk.call(0, queue, "put", &[I(8)]), [none(0), (2, Ok(I(8)))]);
    assert_eq!(desk.call(0, queue, "put", &[I(9)]), [none(0)]);
    assert_eq!(desk.get(queue, "put", &[I(1), Plain::Bool(false)]), "Full: ");
    assert_eq!(desk.call(1, queue, "put", &[I(10)]), []);
    assert_eq!(desk.call(0, queue, "get", &[]), [(0, Ok(I(9))), none(1)]);
    assert_eq!(desk.call(3, queue, "join", &[]), []);
    for _ in 0..3 {
        assert_eq!(desk.call(0, queue, "task_done", &[]), [none(0)]);
    }
    assert_eq!(desk.call(0, queue, "task_done", &[]), [none(0), none(3)]);
    assert_eq!(desk.get(queue, "task_done", &[]), "ValueError: task_done() called too many times");
    assert_eq!((desk.get(queue, "qsize", &[]), desk.get(queue, "full", &[])), ("1".into(), "True".into()));
}

#[test]
fn a_dead_client_waits_for_nothing_and_a_robust_manager_gives_back_what_it_held() {
    for robust in [false, true] {
        let mut desk = Desk::new(robust);
        let (lock, queue) = (desk.make(Kind::Lock, &[]), desk.make(Kind::Queue, &[]));
        let (condition, barrier) = (desk.make(Kind::Condition, &[]), desk.make(Kind::Barrier, &[I(2)]));
        assert_eq!(desk.call(1, lock, "acquire", &[]), [yes(1)]);
        assert_eq!(desk.call(2, lock, "acquire", &[]), []);
        assert_eq!(desk.call(3, queue, "get", &[]), []);
        assert!(!desk.manager.forget(3));
        // Nothing that was put is given to somebody who is gone.
        assert_eq!(desk.call(0, queue, "put", &[I(1)]), [none(0)]);
        assert_eq!((desk.get(queue, "qsize", &[]), desk.manager.forget(1)), ("1".into(), robust));
        assert_eq!(desk.served(), if robust { vec![yes(2)] } else { vec![] });
        // G10: of two who wait one is killed, and notify_all comes back and wakes the other.
        for client in [4, 5] {
            desk.call(client, condition, "acquire", &[]);
            assert_eq!(desk.call(client, condition, "wait", &[]), []);
        }
        desk.manager.forget(4);
        assert_eq!(desk.get(condition, "acquire", &[]), "True");
        assert_eq!(desk.get(condition, "notify_all", &[]), "None");
        assert_eq!(desk.call(0, condition, "release", &[]), [none(0), yes(5)]);
        assert_eq!(desk.call(6, barrier, "wait", &[]), []);
        assert_eq!(desk.manager.forget(6), robust);
        let told = desk.call(7, barrier, "wait", &[]);
        let broken = Err(Fault::new("BrokenBarrierError", ""));
        assert_eq!(told, [(7, if robust { broken } else { Ok(I(1)) })]);
    }
}

/// There and back.
fn round_trip(proxy: &mut Proxy, request: &Request, to: &PipeWriter, from: &PipeReader) -> Result<Reply, Lost> {
    proxy.ask(request).expect("it can be sent");
    loop {
        if let Some(answered) = proxy.answer(to, from, Duration::from_millis(20))? {
            return Ok(answered.reply);
        }
    }
}

#[test]
fn j05_and_j04_over_pipes_a_kept_lock_guards_and_a_manager_that_is_gone_is_an_error_at_once() {
    const CLIENTS: u16 = 3;
    const TIMES: i64 = 200;
    let pipe = || {
        let (reader, writer) = crate::sys::pipe().expect("a pipe");
        reader.set_nonblocking().expect("an end of ours");
        writer.set_nonblocking().expect("an end of ours");
        (reader, writer)
    };
    let (server, clients): (Vec<_>, Vec<_>) = (0..CLIENTS)
        .map(|_| {
            let ((requests, ask), (answers, answer)) = (pipe(), pipe());
            ((requests, answer), (ask, answers))
        })
        .unzip();
    let call = |kept, method: &str, arguments: &[Plain]| Request::Call(kept, method.to_owned(), arguments.to_vec());
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let ends: Vec<_> = server.iter().map(|(reader, writer)| (reader, writer)).collect();
            let mut counter = Counter::new(CLIENTS, false);
            while !counter.is_over() {
                counter.serve(&ends, Duration::from_millis(20), |_| ()).expect("ends of ours");
            }
        });
        let (ask, answers) = &clients[0];
        let mut proxy = Proxy::default();
        let mut trip = |request: &Request| round_trip(&mut proxy, request, ask, answers);
        let made = |kind, arguments| Request::Make(kind, arguments);
        assert_eq!(trip(&made(Kind::Lock, vec![])).expect("it serves"), Ok(Plain::Proxy(0)));
        assert_eq!(trip(&made(Kind::Value, vec![Plain::text("i"), I(0)])).expect("it serves"), Ok(Plain::Proxy(1)));
        let others: Vec<_> = clients[1..]
            .iter()
            .map(|(ask, answers)| {
                scope.spawn(move || {
                    let mut proxy = Proxy::default();
                    let mut trip =
                        |request: &Request| round_trip(&mut proxy, request, ask, answers).expect("it serves");
                    for _ in 0..TIMES {
                        assert_eq!(trip(&call(0, "acquire", &[])), Ok(Plain::Bool(true)));
                        let Ok(Plain::Int(number)) = trip(&call(1, "get", &[])) else { panic!("a number") };
                        assert_eq!(trip(&call(1, "set", &[I(number + 1)])), Ok(Plain::None));
                        assert_eq!(trip(&call(0, "release", &[])), Ok(Plain::None));
                    }
                })
            })
            .collect();
        for other in others {
            other.join().expect("it ends");
        }
        assert_eq!(trip(&call(1, "get", &[])).expect("it serves"), Ok(I(i64::from(CLIENTS - 1) * TIMES)));
        assert_eq!(trip(&Request::Shutdown).expect("it serves"), Ok(Plain::None));
    });
    for (ask, answers) in &clients {
        let lost = round_trip(&mut Proxy::default(), &call(1, "get", &[]), ask, answers);
        assert_eq!(lost, Err(Lost::BeforeTheRequest));
    }
}

#[test]
fn what_a_dead_client_was_notified_of_goes_on_to_the_next() {
    let mut desk = Desk::new(false);
    let condition = desk.make(Kind::Condition, &[]);
    for client in [1, 2] {
        assert_eq!(desk.call(client, condition, "acquire", &[]), [yes(client)]);
        assert_eq!(desk.call(client, condition, "wait", &[]), []);
    }
    assert_eq!(desk.call(0, condition, "acquire", &[]), [yes(0)]);
    assert_eq!(desk.call(0, condition, "notify", &[]), [none(0)]);
    // The first of them is killed before it has the lock again.
    desk.manager.forget(1);
    assert_eq!(desk.call(0, condition, "release", &[]), [none(0), yes(2)]);
}

#[test]
fn true_and_one_are_the_same_key() {
    let mut desk = Desk::new(false);
    let dict = desk.make(Kind::Dict, &[]);
    desk.call(0, dict, "__setitem__", &[Plain::Bool(true), I(1)]);
    desk.call(0, dict, "__setitem__", &[I(1), I(2)]);
    desk.call(0, dict, "__setitem__", &[Plain::Ms(1000), I(3)]);
    assert_eq!((desk.get(dict, "__str__", &[]), desk.get(dict, "__len__", &[])), ("'{True: 3}'".into(), "1".into()));
    let key = Plain::Tuple(vec![Plain::List(Vec::new())]);
    assert_eq!(desk.get(dict, "__getitem__", &[key]), "TypeError: unhashable type: 'list'");
}

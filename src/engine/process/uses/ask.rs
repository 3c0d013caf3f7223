//! What a client asks of a manager.

use std::collections::HashMap;
use std::time::Duration;

use crate::engine::ipc::manager::{Answered, Fault, Lost, Proxy, Request, call_copy};
use crate::program::object::{Make, Obj};
use crate::program::plain::{self, Plain};
use crate::program::uses::{Ask, Call, Kept};
use crate::sys;
use crate::trace::{Awaited, Deed, ObjectId, Wish};

use super::kept_lock::Turn;
use super::{Carrier, Host, Need, Raised, Stop};

/// An answer that comes so soon is no wait worth telling: that of a manager which has nothing else to do.
const SOON: Duration = Duration::from_millis(1);

/// What a process has of its managers.
#[derive(Default)]
pub(in crate::engine::process) struct Asking {
    proxies: HashMap<Obj, Proxy>,
    /// Round trips so far.
    trips: u64,
    /// How often it has each lock that a manager keeps.
    pub(super) held: HashMap<ObjectId, u32>,
}

/// The road to a manager: the client's number, and the places of its two ends.
#[derive(Clone, Copy, Debug)]
struct Road {
    id: ObjectId,
    lane: u16,
    to: usize,
    from: usize,
}

impl<H: Host> Carrier<'_, H> {
    /// Uses a manager.
    pub(super) fn ask(&mut self, object: Obj, call: &Ask) -> Result<(), Stop> {
        match call {
            Ask::Serve => self.serve_clients(object),
            Ask::Make(kept, kind, arguments) => {
                let given: Vec<String> = arguments.iter().map(ToString::to_string).collect();
                let text = format!("{} = m.{}({})", kept.1, kind.method_name(), given.join(", "));
                let request = Request::Make(*kind, arguments.clone());
                let made = self.told(text, |carrier| carrier.trip(object, &request))?;
                if made == Plain::Proxy(kept.0) {
                    self.introduce_kept(object, *kept);
                    return Ok(());
                }
                let message = format!("{} is kept under another number: {made}", kept.1);
                Err(Raised::new("RuntimeError", message).into())
            }
            Ask::Call(call) => {
                let text = plain::call(call.kept.1, call.method, &call.arguments);
                let answer = self.told(text, |carrier| carrier.call_kept(object, call.kept.0, call))?;
                self.print_reply(call, &answer);
                Ok(())
            }
            Ask::CallOnItem { key, call } => {
                let item = format!("{}[{key}]", call.kept.1);
                let text = plain::call(&item, call.method, &call.arguments);
                let answer = self.told(text, |carrier| carrier.call_on_item(object, key, call))?;
                self.print_reply(call, &answer);
                Ok(())
            }
            Ask::Increment { kept, key, times, lock } => {
                for _ in 0..*times {
                    self.increment_kept(object, *kept, key, *lock)?;
                }
                Ok(())
            }
            Ask::Shutdown => self.told("m.shutdown()".to_owned(), |c| c.trip(object, &Request::Shutdown)).map(drop),
            Ask::PrintTrips(label) => {
                self.print(&format!("{label} {}", self.asking.trips));
                Ok(())
            }
        }
    }

    /// Does something, and tells it as a call with its answer.
    fn told(&mut self, text: String, body: impl FnOnce(&mut Self) -> Result<Plain, Stop>) -> Result<Plain, Stop> {
        let since_ns = sys::now_ns();
        let outcome = body(self);
        match &outcome {
            Ok(answer) => self.called(text, since_ns, answer.to_string(), false),
            Err(Stop::Raised(raised)) => self.called(text, since_ns, raised.to_string(), true),
            Err(_) => {}
        }
        outcome
    }

    fn print_reply(&mut self, call: &Call, answer: &Plain) {
        if let Some(label) = call.label {
            self.print(&format!("{label} {}", answer.printed()));
        }
    }

    /// One round trip: a method of what is kept.
    fn call_kept(&mut self, object: Obj, kept: u32, call: &Call) -> Result<Plain, Stop> {
        self.trip(object, &Request::Call(kept, call.method.to_owned(), call.arguments.clone()))
    }

    /// What is fetched is a copy, and the call changes nothing but that; or it is a proxy, and the call goes on to
    /// what the manager keeps.
    fn call_on_item(&mut self, object: Obj, key: &Plain, call: &Call) -> Result<Plain, Stop> {
        let fetch = Request::Call(call.kept.0, "__getitem__".to_owned(), vec![key.clone()]);
        match self.trip(object, &fetch)? {
            Plain::Proxy(kept) => self.call_kept(object, kept, call),
            mut copy => Ok(call_copy(&mut copy, call.method, &call.arguments).map_err(raised)?),
        }
    }

    /// `d[key] += 1`: a round trip that reads, and one that writes.
    fn increment_kept(&mut self, object: Obj, kept: Kept, key: &Plain, lock: Option<Kept>) -> Result<(), Stop> {
        let request = |kept: Kept, method: &str, arguments| Request::Call(kept.0, method.to_owned(), arguments);
        if let Some(lock) = lock {
            self.trip(object, &request(lock, "acquire", Vec::new()))?;
        }
        let get = request(kept, "__getitem__", vec![key.clone()]);
        let (answer, read_ns) = self.timed_trip(object, &get)?;
        let Plain::Int(number) = answer else {
            let message = format!("unsupported operand type(s) for +=: '{}' and 'int'", answer.type_name());
            return Err(Raised::new("TypeError", message).into());
        };
        let more = number.checked_add(1).ok_or_else(|| Raised::new("OverflowError", "the number is too large"))?;
        let set = request(kept, "__setitem__", vec![key.clone(), Plain::Int(more)]);
        let (_, wrote_ns) = self.timed_trip(object, &set)?;
        let id = self.id_of(object)?;
        // A trace has room for a C int.
        if let (Ok(index), Ok(read), Ok(wrote)) = (kept.0.try_into(), number.try_into(), more.try_into()) {
            self.used_at(id, read_ns, wrote_ns, Deed::Updated { index, read, wrote });
        }
        if let Some(lock) = lock {
            self.trip(object, &request(lock, "release", Vec::new()))?;
        }
        Ok(())
    }

    /// A round trip: the request, and its answer.
    fn trip(&mut self, object: Obj, request: &Request) -> Result<Plain, Stop> {
        Ok(self.timed_trip(object, request)?.0)
    }

    /// The same, and when the manager had done what was asked.
    fn timed_trip(&mut self, object: Obj, request: &Request) -> Result<(Plain, u64), Stop> {
        let refused = || Raised::new("ConnectionRefusedError", "[Errno 111] Connection refused");
        let road = self.road(object)?.ok_or_else(refused)?;
        let since_ns = sys::now_ns();
        let mut proxy = self.asking.proxies.remove(&object).unwrap_or_default();
        let sent = proxy.ask(request).map_err(raised)?;
        let (lane, (message, bytes)) = (road.lane, sent);
        self.used(road.id, since_ns, Deed::Put { lane, message, bytes });
        let turn = self.turn_of(object, request);
        // What the manager can't answer yet depends on somebody else.
        let answer = Need { wish: Wish::Answer, on: Awaited::Object(road.id), lane };
        let need = turn.as_ref().and_then(Turn::need).unwrap_or(answer);
        let outcome = self.wait_for(need, None, |carrier, nap| carrier.look_for_answer(road, &mut proxy, nap));
        self.asking.proxies.insert(object, proxy);
        let Some(Answered { reply, at_ns, bytes }) = outcome? else { return Ok((Plain::None, since_ns)) };
        self.asking.trips += 1;
        self.used(road.id, since_ns, Deed::Answered { lane, message, bytes });
        if let (Some(turn), Ok(answer)) = (turn, &reply) {
            self.tell_turn(&turn, since_ns, answer);
        }
        Ok((reply.map_err(raised)?, at_ns))
    }

    fn look_for_answer(&mut self, road: Road, proxy: &mut Proxy, nap: Duration) -> Result<Option<Answered>, Stop> {
        let closed = || Raised::new("OSError", "handle is closed");
        let to = self.objects.writer(road.to).ok_or_else(closed)?;
        let from = self.objects.reader(road.from).ok_or_else(closed)?;
        let lost = |lost| match lost {
            Lost::BeforeTheRequest => Raised::new("BrokenPipeError", "[Errno 32] Broken pipe"),
            Lost::BeforeTheAnswer => Raised::new("EOFError", ""),
        };
        Ok(proxy.answer(to, from, nap.max(SOON)).map_err(lost)?)
    }

    /// The road that this process has to a manager: it has the ends of one client, or of several that it has not
    /// started yet; then its own is the first.
    fn road(&self, object: Obj) -> Result<Option<Road>, Raised> {
        let id = self.id_of(object)?;
        let Some(place) = self.objects.place(object) else { return Ok(None) };
        let Make::Manager(clients) = place.object.make else {
            return Err(Raised::new("TypeError", format!("{} is no manager", place.object.name)));
        };
        let mut roads = (0..clients as u16).filter_map(|lane| {
            Some(Road { id, lane, to: place.writer_of(lane + 1)?, from: place.reader_of(lane + 1)? })
        });
        let is_mine = |road: &Road| self.objects.writer(road.to).is_some() && self.objects.reader(road.from).is_some();
        Ok(roads.find(is_mine))
    }
}

/// An error that came from the manager, raised here.
fn raised(fault: Fault) -> Raised {
    const KINDS: [&str; 15] = [
        "AttributeError",
        "BrokenBarrierError",
        "Empty",
        "Full",
        "IndexError",
        "KeyError",
        "NotImplementedError",
        "PicklingError",
        "RuntimeError",
        "TypeError",
        "UnpicklingError",
        "ValueError",
        "OSError",
        "EOFError",
        "OverflowError",
    ];
    let kind = KINDS.iter().find(|kind| **kind == fault.kind);
    Raised::new(kind.copied().unwrap_or("RemoteError"), fault.message)
}

//! What the process of a manager does: it serves its clients.

use std::time::{Duration, Instant};

use crate::engine::ipc::manager::{Counter, Ends, Heard};
use crate::program::object::{Make, Obj};
use crate::sys;
use crate::trace::{Awaited, Deed, What, Wish};

use super::{Carrier, Host, Raised, SLICE, Stop};

impl<H: Host> Carrier<'_, H> {
    /// Serves, until all clients are gone or one of them shuts it down.
    pub(super) fn serve_clients(&mut self, object: Obj) -> Result<(), Stop> {
        let id = self.id_of(object)?;
        let Some(place) = self.objects.place(object) else { return Ok(()) };
        let Make::Manager(clients) = place.object.make else {
            return Err(Raised::new("TypeError", format!("{} is no manager", place.object.name)).into());
        };
        let places: Vec<(usize, usize)> = (0..clients as u16).filter_map(|client| place.served(client)).collect();
        let mut counter = Counter::new(clients as u16, place.object.robust);
        // When the request came that each client waits for.
        let mut asked_ns = vec![0; clients as usize];
        let mut looked = Instant::now();
        let mut is_idle = false;
        while !counter.is_over() {
            let mut news = Vec::new();
            let closed = || Raised::new("OSError", "handle is closed");
            let here = places.iter().map(|&(from, to)| self.objects.reader(from).zip(self.objects.writer(to)));
            let ends: Option<Vec<Ends<'_>>> = here.collect();
            let ends = ends.ok_or_else(closed)?;
            let served = counter.serve(&ends, SLICE, |heard| news.push((sys::now_ns(), heard)));
            served.map_err(|error| Raised::new("OSError", error.to_string()))?;
            let came = !news.is_empty();
            for (at_ns, heard) in news {
                let (since_ns, deed) = match heard {
                    Heard::Got { client: lane, number: message, bytes } => {
                        asked_ns[usize::from(lane)] = at_ns;
                        (at_ns, Deed::Got { lane, message, bytes })
                    }
                    Heard::Served { client: lane, number: message, bytes } => {
                        (asked_ns[usize::from(lane)], Deed::Served { lane, message, bytes })
                    }
                    // Its end is told by whoever waits for it.
                    Heard::Gone { .. } => continue,
                };
                self.tell(at_ns, What::Used { object: id, since_ns, deed });
            }
            if came {
                is_idle = false;
            }
            if looked.elapsed() >= SLICE {
                looked = Instant::now();
                if !came && !std::mem::replace(&mut is_idle, true) {
                    self.say(What::Waits { wish: Wish::Receive, on: Awaited::Object(id), lane: 0, for_ever: false });
                }
                self.pause(Duration::ZERO)?;
            }
        }
        Ok(())
    }
}

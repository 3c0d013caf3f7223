//! A manager at a moment: the requests that wait for it, those it serves, and the answers on their way.

use super::cells::Cells;
use super::gather::who;
use super::seen::Who;
use crate::chunk::grouped;
use crate::gui::panels::stage::tree::NOBODY;
use crate::gui::words::duration;
use crate::model::objects::trips::{Stage, Trip};
use crate::model::{Object, Run};

/// A manager and its clients.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Served {
    /// Its process, once it has served.
    pub server: Option<Who>,
    /// Its clients, by number.
    pub clients: Vec<Client>,
    /// What became of the updates of numbers that it keeps.
    pub updates: Cells,
}

/// A client of a manager.
#[derive(Clone, Debug, PartialEq)]
pub struct Client {
    /// Its number.
    pub lane: u16,
    /// Who, once it has asked anything.
    pub who: Option<Who>,
    /// Where its request is, and since when it was asked.
    pub under_way: Option<(Stage, u64)>,
    /// Round trips.
    pub trips: u64,
    /// How long the last one took.
    pub last_ns: Option<u64>,
}

impl Served {
    /// A manager of a run at a moment.
    pub(super) fn of(run: &Run, object: &Object, at_ns: u64) -> Self {
        let trips = &object.trips;
        let client = |lane: u16| {
            let asked = trips.of(lane);
            let asked = &asked[..asked.partition_point(|trip| trip.asked_ns <= at_ns)];
            let took = |trip: &Trip| {
                trip.answered_ns.filter(|&answered_ns| answered_ns <= at_ns).map(|ns| ns.saturating_sub(trip.asked_ns))
            };
            let under_way = run.request_at(object, lane, at_ns);
            Client {
                lane,
                who: trips.client(lane).map(|id| who(run, id)),
                under_way: under_way.map(|(trip, stage)| (stage, at_ns.saturating_sub(trip.asked_ns))),
                trips: trips.made_by(lane, at_ns),
                last_ns: asked.iter().rev().find_map(took),
            }
        };
        Self {
            server: trips.server().map(|id| who(run, id)),
            clients: trips.clients().map(client).collect(),
            updates: Cells::updates_of(run, object, at_ns),
        }
    }

    /// The clients whose request is there, the longest first.
    pub fn at(&self, stage: Stage) -> Vec<&Client> {
        let is_there = |client: &&Client| client.under_way.is_some_and(|(there, _)| there == stage);
        let mut there: Vec<&Client> = self.clients.iter().filter(is_there).collect();
        there.sort_by_key(|client| std::cmp::Reverse(client.under_way.map(|(_, for_ns)| for_ns)));
        there
    }

    /// `1,906 round trips, 2 requests wait, serves Process-3, 1 answer on its way`.
    pub fn words(&self) -> String {
        let served: Vec<String> = self.at(Stage::Serving).into_iter().map(Client::title).collect();
        let waiting = match self.at(Stage::Waiting).len() {
            0 => String::new(),
            1 => ", 1 request waits".to_owned(),
            more => format!(", {more} requests wait"),
        };
        let serves = if served.is_empty() { String::new() } else { format!(", serves {}", served.join(", ")) };
        let answers = match self.at(Stage::Returning).len() {
            0 => String::new(),
            1 => ", 1 answer on its way".to_owned(),
            more => format!(", {more} answers on their way"),
        };
        let verdict = self.updates.verdict().map_or_else(String::new, |verdict| format!("; {verdict}"));
        format!("{}{waiting}{serves}{answers}{verdict}", self.total())
    }

    /// `1,906 round trips`.
    pub fn total(&self) -> String {
        round_trips(self.clients.iter().map(|client| client.trips).sum())
    }

    /// What its process does: `serves Process-3; 2 more wait`.
    pub(super) fn doing(&self) -> String {
        let served: Vec<String> = self.at(Stage::Serving).into_iter().map(Client::title).collect();
        let waiting = self.at(Stage::Waiting).len();
        match (served.is_empty(), waiting) {
            (true, 0) => NOBODY.to_owned(),
            (true, 1) => "1 request waits".to_owned(),
            (true, more) => format!("{more} requests wait"),
            (false, 0) => format!("serves {}", served.join(", ")),
            (false, 1) => format!("serves {}; 1 more waits", served.join(", ")),
            (false, more) => format!("serves {}; {more} more wait", served.join(", ")),
        }
    }
}

impl Client {
    /// Who it is.
    pub fn title(&self) -> String {
        self.who.as_ref().map_or_else(|| format!("client {}", self.lane), |who| who.title.clone())
    }

    /// The same, short.
    pub fn short(&self) -> String {
        self.who.as_ref().map_or_else(|| format!("{}", self.lane), Who::short)
    }

    /// The same where there is little room.
    pub fn briefly(&self) -> String {
        match self.under_way {
            None => round_trips(self.trips),
            Some((Stage::Waiting, for_ns)) => format!("waits {}", duration(for_ns)),
            Some((Stage::Serving, for_ns)) => format!("served {}", duration(for_ns)),
            Some((Stage::Returning, for_ns)) => format!("answer {}", duration(for_ns)),
        }
    }

    /// Where its request is, else what it did.
    pub fn words(&self) -> String {
        let Some((stage, for_ns)) = self.under_way else {
            let last = self.last_ns.map_or_else(String::new, |last_ns| format!(", last {}", duration(last_ns)));
            return format!("{}{last}", round_trips(self.trips));
        };
        let what = match stage {
            Stage::Waiting => "request waits",
            Stage::Serving => "is served",
            Stage::Returning => "answer on its way",
        };
        format!("{what}, {}", duration(for_ns))
    }
}

fn round_trips(count: u64) -> String {
    if count == 1 { "1 round trip".to_owned() } else { format!("{} round trips", grouped(count)) }
}

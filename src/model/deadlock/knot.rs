//! Who can never go on: the largest set of actors that wait, each for helpers that are in the set themselves or
//! have ended. It is found by taking away whoever might still be helped, until nobody is left to take away.

use std::collections::{BTreeMap, BTreeSet};

use super::helpers::{Helpers, Scene};
use crate::model::{Run, Wait};
use crate::trace::ActorId;

/// Those who can never go on, each with its wait and who could have ended it.
pub(super) struct Knot<'a> {
    pub(super) stuck: BTreeMap<ActorId, (&'a Wait, Helpers)>,
    /// How many waits were looked at.
    pub(super) seen: usize,
}

impl<'a> Knot<'a> {
    /// Of those who have waited since `settled_ns`, as it is at `now_ns`.
    pub(super) fn of(run: &'a Run, settled_ns: u64, now_ns: u64) -> Self {
        let scene = Scene::of(run, now_ns);
        let waits = scene.waits.iter().copied().filter(|wait| wait.for_ever && wait.from_ns <= settled_ns);
        let needing = waits.map(|wait| (wait.actor, (wait, scene.helpers(wait))));
        let seen = scene.waits.len();
        let mut stuck: BTreeMap<ActorId, (&Wait, Helpers)> =
            needing.filter(|(_, (_, helpers))| *helpers != Helpers::NotNeeded).collect();
        if stuck.is_empty() {
            return Self { stuck, seen };
        }
        let servants = run.actors.iter().map(|actor| actor.id).filter(|&id| scene.is_servant(id));
        let servants: BTreeSet<ActorId> = servants.collect();
        let is_idle = |id: ActorId| servants.contains(&id) || run.has_ended(id, now_ns);
        loop {
            // Whoever is free may help anybody.
            let free = run.actors.iter().any(|actor| !is_idle(actor.id) && !stuck.contains_key(&actor.id));
            let is_helped = |helpers: &Helpers| match helpers {
                Helpers::NotNeeded => true,
                Helpers::Dead(_) => false,
                Helpers::These(these) => these.iter().any(|&id| {
                    // A servant works for others: it helps if one of them does.
                    !stuck.contains_key(&id) && if servants.contains(&id) { free } else { !run.has_ended(id, now_ns) }
                }),
                Helpers::Anybody => free,
            };
            let helped: Vec<ActorId> =
                stuck.iter().filter(|(_, (_, helpers))| is_helped(helpers)).map(|(&id, _)| id).collect();
            if helped.is_empty() {
                return Self { stuck, seen };
            }
            for id in helped {
                stuck.remove(&id);
            }
        }
    }
}

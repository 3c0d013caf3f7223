//! Who can never go on: the largest set of actors that wait, each for helpers that are in the set themselves or
//! have ended. It is found by taking away whoever might still be helped, until nobody is left to take away.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::helpers::{Helpers, Scene};
use crate::model::{Run, Wait};
use crate::trace::ActorId;

/// Those who can never go on, each with its wait and who could have ended it.
pub(super) struct Knot<'a> {
    pub(super) stuck: BTreeMap<ActorId, (&'a Wait, Helpers)>,
    /// How much was looked at: actors, waits, and who could end them.
    pub(super) cost: usize,
}

impl<'a> Knot<'a> {
    /// Of those who have waited since `settled_ns`, as it is at `now_ns`. What would cost more than `most` is not
    /// looked at.
    pub(super) fn of(run: &'a Run, (settled_ns, now_ns): (u64, u64), most: usize) -> Self {
        let scene = Scene::of(run, now_ns);
        let mut cost = run.actors.len() + scene.waits.len();
        let mut stuck: BTreeMap<ActorId, (&Wait, Helpers)> = BTreeMap::new();
        for wait in scene.waits.iter().copied().filter(|wait| wait.for_ever && wait.from_ns <= settled_ns) {
            // For the owner of a lock within a queue everybody is looked at.
            cost += if run.aim(wait).0 == wait.wish { 1 } else { run.actors.len() };
            if cost > most {
                return Self { stuck: BTreeMap::new(), cost };
            }
            let helpers = scene.helpers(wait);
            cost += if let Helpers::These(these) = &helpers { these.len() } else { 0 };
            if helpers != Helpers::NotNeeded {
                stuck.insert(wait.actor, (wait, helpers));
            }
        }
        if !stuck.is_empty() {
            take_away(run, &scene, &mut stuck, now_ns);
        }
        Self { stuck, cost }
    }
}

/// Takes away whoever might still be helped, and then those who could be helped by them.
fn take_away(run: &Run, scene: &Scene<'_>, stuck: &mut BTreeMap<ActorId, (&Wait, Helpers)>, now_ns: u64) {
    let servants = run.actors.iter().map(|actor| actor.id).filter(|&id| scene.is_servant(id));
    let servants: HashSet<ActorId> = servants.collect();
    let ended = run.actors.iter().map(|actor| actor.id).filter(|&id| run.has_ended(id, now_ns));
    let ended: HashSet<ActorId> = ended.collect();
    let is_idle = |id: ActorId| servants.contains(&id) || ended.contains(&id);
    let mut helped_by: HashMap<ActorId, Vec<ActorId>> = HashMap::new();
    for (&id, (_, helpers)) in &*stuck {
        if let Helpers::These(these) = helpers {
            for &helper in these {
                helped_by.entry(helper).or_default().push(id);
            }
        }
    }
    // Whoever is free may help anybody.
    let mut free = run.actors.iter().any(|actor| !is_idle(actor.id) && !stuck.contains_key(&actor.id));
    let is_helped = |helpers: &Helpers, stuck: &BTreeMap<ActorId, (&Wait, Helpers)>, free: bool| match helpers {
        Helpers::NotNeeded => true,
        Helpers::Dead(_) => false,
        Helpers::These(these) => these.iter().any(|&id| {
            // A servant works for others: it helps if one of them does.
            !stuck.contains_key(&id) && if servants.contains(&id) { free } else { !ended.contains(&id) }
        }),
        Helpers::Anybody => free,
    };
    let all_helped = |stuck: &BTreeMap<ActorId, (&Wait, Helpers)>, free: bool| {
        let helped = stuck.iter().filter(|(_, (_, helpers))| is_helped(helpers, stuck, free));
        helped.map(|(&id, _)| id).collect::<Vec<ActorId>>()
    };
    let mut work = all_helped(stuck, free);
    while let Some(id) = work.pop() {
        if stuck.remove(&id).is_none() {
            continue;
        }
        if !free && !is_idle(id) {
            free = true;
            work.extend(all_helped(stuck, free));
        }
        let waiting = helped_by.get(&id).into_iter().flatten().copied();
        work.extend(
            waiting.filter(|other| stuck.get(other).is_some_and(|(_, helpers)| is_helped(helpers, stuck, free))),
        );
    }
}

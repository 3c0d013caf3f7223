//! What is at the bottom of it: of all who can never go on, those who wait for each other. The others only wait
//! for those.

use std::collections::{BTreeMap, BTreeSet};

use super::helpers::Helpers;
use super::knot::Knot;
use super::{Deadlock, Link, Why};
use crate::model::{Actor, Object, Run, Wait};
use crate::trace::{ActorId, ObjectId, ObjectKind, Wish};

/// Of those that could all help, so many are looked at.
const MOST_OTHERS: usize = 64;

/// For whom each one waits.
type Edges = BTreeMap<ActorId, Vec<ActorId>>;

/// The deadlocks in a knot.
pub(super) fn cores(run: &Run, knot: &Knot<'_>, now_ns: u64) -> Vec<Deadlock> {
    let edges: Edges = knot.stuck.keys().map(|&id| (id, expected(run, knot, id, now_ns))).collect();
    let mut found = Vec::new();
    let mut alone: BTreeMap<(Why, Option<ObjectId>), Vec<ActorId>> = BTreeMap::new();
    for group in bottoms(&edges) {
        let first = group[0];
        if group.len() > 1 || edges[&first].contains(&first) {
            found.push((Why::Cycle, walk(&group, &edges)));
            continue;
        }
        let (wait, helpers) = &knot.stuck[&first];
        let why = if matches!(helpers, Helpers::Dead(_)) { Why::OwnerDied } else { Why::NobodyLeft };
        alone.entry((why, wait.object())).or_default().push(first);
    }
    found.extend(alone.into_iter().map(|((why, _), actors)| (why, actors)));
    found.into_iter().map(|(why, actors)| deadlock(run, knot, &edges, (why, actors), now_ns)).collect()
}

fn deadlock(run: &Run, knot: &Knot<'_>, edges: &Edges, (why, actors): (Why, Vec<ActorId>), now_ns: u64) -> Deadlock {
    let links = actors.iter().filter_map(|&actor| {
        let (wait, helpers) = knot.stuck.get(&actor)?;
        let (helpers, wish) = if let Helpers::Dead(owner) = helpers {
            (vec![*owner], run.wish_in_words(wait, now_ns))
        } else {
            let helpers: Vec<ActorId> = edges[&actor].iter().copied().filter(|id| actors.contains(id)).collect();
            let wish = run.link_in_words(wait, &helpers, now_ns);
            (helpers, wish)
        };
        Some(Link { actor, wish, object: wait.object(), helpers, from_ns: wait.from_ns })
    });
    let links: Vec<Link> = links.collect();
    let begins = links.iter().map(|link| link.from_ns);
    // A circle is closed by the last one; what a dead owner has, the first one never gets.
    let begin_ns = if why == Why::Cycle { begins.max() } else { begins.min() };
    let dead = links.iter().filter(|_| why == Why::OwnerDied).flat_map(|link| &link.helpers);
    let died_ns = dead.filter_map(|&owner| run.actor(owner)?.exited).map(|(exited_ns, _)| exited_ns).max();
    // Until the last one went, he could have helped.
    let ends = run.actors.iter().filter(|_| why == Why::NobodyLeft).filter_map(Actor::end_ns);
    let left_ns = ends.filter(|&end_ns| end_ns <= now_ns).max();
    let since_ns = begin_ns.unwrap_or(now_ns).max(died_ns.unwrap_or(0)).max(left_ns.unwrap_or(0));
    Deadlock { why, since_ns, until_ns: u64::MAX, links }
}

impl Run {
    /// What one of a deadlock waits for, and from whom it would have to come.
    fn link_in_words(&self, wait: &Wait, helpers: &[ActorId], at_ns: u64) -> String {
        let wish = self.wish_in_words(wait, at_ns);
        let kind = wait.object().and_then(|object| self.object(object)).map(|object| object.kind);
        if helpers.is_empty() {
            return wish;
        }
        let names = self.titles(helpers);
        match (wait.wish, kind) {
            (Wish::Send, _) => format!("{wish}; only {names} could take something out"),
            (Wish::Receive, _) => format!("{wish}; only {names} could put something in"),
            _ => wish,
        }
    }
}

/// From whom, of those who can't go on either, one would have to get what it waits for: where anybody could help,
/// from whoever did so before.
fn expected(run: &Run, knot: &Knot<'_>, id: ActorId, now_ns: u64) -> Vec<ActorId> {
    let (wait, helpers) = &knot.stuck[&id];
    let is_stuck = |other: &ActorId| knot.stuck.contains_key(other);
    match helpers {
        Helpers::NotNeeded | Helpers::Dead(_) => return Vec::new(),
        Helpers::These(these) => return these.iter().copied().filter(is_stuck).collect(),
        Helpers::Anybody => {}
    }
    let is_other = |other: &ActorId| *other != id && is_stuck(other);
    let object = wait.object().and_then(|object| run.object(object));
    let usual = object.map_or_else(Vec::new, |object| usual(run, wait, object, now_ns));
    let usual: Vec<ActorId> = usual.into_iter().filter(is_other).collect();
    if !usual.is_empty() {
        return usual;
    }
    let made_by = object.map(|object| object.made_by).filter(is_other);
    if let Some(made_by) = made_by {
        return vec![made_by];
    }
    knot.stuck.keys().copied().filter(is_other).take(MOST_OTHERS).collect()
}

/// Who did before what is waited for now.
fn usual(run: &Run, wait: &Wait, object: &Object, now_ns: u64) -> Vec<ActorId> {
    let road = object.stations.road(wait.lane);
    match wait.wish {
        Wish::Acquire => object.holders(now_ns).into_iter().map(|holder| holder.actor).collect(),
        Wish::Receive => road.map_or_else(Vec::new, |road| road.producers().chain(road.writers.clone()).collect()),
        Wish::Send | Wish::Put | Wish::TasksDone | Wish::Feed => {
            road.map_or_else(Vec::new, |road| road.readers.clone())
        }
        Wish::Set => object.flags.set.by(now_ns).iter().map(|(_, (_, by))| *by).collect(),
        Wish::Notify => object.flags.notified.by(now_ns).iter().map(|(_, (by, _))| *by).collect(),
        // Whoever is not there yet.
        Wish::Pass if object.kind == ObjectKind::Barrier => {
            let is_there = |id| run.wait_of(id, now_ns).is_some_and(|other| other.on == wait.on);
            run.actors.iter().map(|actor| actor.id).filter(|&id| !is_there(id)).collect()
        }
        _ => Vec::new(),
    }
}

/// The groups in which each one can be reached from each other and nobody else can be reached, in the order of
/// their first ones; those who wait for nobody are such groups, too. (Tarjan's strongly connected components.)
fn bottoms(edges: &Edges) -> Vec<Vec<ActorId>> {
    #[derive(Clone, Copy)]
    struct Seen {
        order: usize,
        low: usize,
        open: bool,
    }
    let mut seen: BTreeMap<ActorId, Seen> = BTreeMap::new();
    let mut path: Vec<ActorId> = Vec::new();
    let mut groups = Vec::new();
    for &root in edges.keys() {
        if seen.contains_key(&root) {
            continue;
        }
        // Who is looked at, and which of its edges is next.
        let mut walk: Vec<(ActorId, usize)> = vec![(root, 0)];
        while let Some(&mut (id, ref mut next)) = walk.last_mut() {
            let order = seen.len();
            let me = *seen.entry(id).or_insert_with(|| {
                path.push(id);
                Seen { order, low: order, open: true }
            });
            if let Some(&to) = edges.get(&id).and_then(|targets| targets.get(*next)) {
                *next += 1;
                match seen.get(&to) {
                    None => walk.push((to, 0)),
                    Some(other) if other.open => {
                        let low = me.low.min(other.order);
                        seen.insert(id, Seen { low, ..me });
                    }
                    Some(_) => {}
                }
                continue;
            }
            walk.pop();
            if let Some(&(parent, _)) = walk.last()
                && let Some(above) = seen.get_mut(&parent)
            {
                above.low = above.low.min(me.low);
            }
            if me.low == me.order {
                let from = path.iter().position(|&on| on == id).unwrap_or(path.len());
                let mut group = path.split_off(from);
                for member in &group {
                    if let Some(known) = seen.get_mut(member) {
                        known.open = false;
                    }
                }
                group.sort_unstable();
                groups.push(group);
            }
        }
    }
    groups.retain(|group| {
        let members: BTreeSet<ActorId> = group.iter().copied().collect();
        group.iter().filter_map(|id| edges.get(id)).flatten().all(|to| members.contains(to))
    });
    groups.sort_unstable();
    groups
}

/// The members of a group in the order of a walk along their edges.
fn walk(group: &[ActorId], edges: &Edges) -> Vec<ActorId> {
    let mut left: BTreeSet<ActorId> = group.iter().copied().collect();
    let mut order = Vec::new();
    let mut next = group.first().copied();
    while let Some(id) = next {
        left.remove(&id);
        order.push(id);
        let onward = edges.get(&id).and_then(|targets| targets.iter().copied().find(|to| left.contains(to)));
        next = onward.or_else(|| left.first().copied());
    }
    order
}

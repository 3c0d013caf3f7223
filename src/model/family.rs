//! Who stands where: the lives of each place of a pool, the threads of each of them, the children of each
//! process. A pool may bear ten thousand workers, one after the other at a few places: what is drawn by
//! place is found by place.

use std::collections::{BTreeMap, HashMap};

use super::{Actor, Run};
use crate::trace::{ActorId, Exit, Role};

/// The actors of a run by place, by thread and by parent, each as indices into [`Run::actors`] in the
/// order of birth.
#[derive(Clone, Debug, Default)]
pub(super) struct Family {
    lives: BTreeMap<u32, Vec<usize>>,
    threads: BTreeMap<(u32, u32), Vec<usize>>,
    children: HashMap<u32, Vec<usize>>,
}

/// One row of whatever lists the actors of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Who.
    pub who: Who,
    /// How far below the parent.
    pub depth: u32,
}

/// Who a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    /// One actor, by its index.
    One(usize),
    /// The workers of a place, one after the other.
    Place(u32),
    /// A thread of the workers of a place, by its number within each of them.
    Thread(u32, u32),
    /// The calls that the parent of a pool made.
    Calls,
}

impl Run {
    /// Notes an actor that was just added.
    pub(super) fn note_family(&mut self, index: usize) {
        let Some(actor) = self.actors.get(index) else { return };
        if actor.is_worker() {
            self.family.lives.entry(actor.place).or_default().push(index);
        } else if actor.role == Role::ProcessThread {
            let place = self.hue(actor);
            self.family.threads.entry((place, actor.number)).or_default().push(index);
        }
        if let Some(parent) = actor.parent {
            self.family.children.entry(parent.0).or_default().push(index);
        }
    }

    /// A process is gone, and with it every thread of it that had not ended before.
    pub(super) fn end_threads_of(&mut self, process: ActorId, at_ns: u64, exit: Exit) {
        if exit.is_success() {
            return;
        }
        let is_thread = |role| matches!(role, Role::WorkerThread | Role::ProcessThread);
        let threads = self.actors.iter_mut().filter(|actor| actor.parent == Some(process) && is_thread(actor.role));
        for thread in threads.filter(|thread| thread.exited.is_none()) {
            thread.lane.close(at_ns);
            thread.exited = Some((at_ns, exit));
        }
    }

    /// The places of the pool's workers, in order.
    pub fn places(&self) -> impl Iterator<Item = u32> {
        self.family.lives.keys().copied()
    }

    /// How many places there are.
    pub fn place_count(&self) -> usize {
        self.family.lives.len()
    }

    /// Who a row is about, in the order of their births, as indices of actors.
    pub fn lives(&self, who: Who) -> &[usize] {
        let known = match who {
            Who::Place(place) => self.family.lives.get(&place),
            Who::Thread(place, number) => self.family.threads.get(&(place, number)),
            Who::One(_) | Who::Calls => None,
        };
        known.map_or(&[], Vec::as_slice)
    }

    /// Who computes where: the workers of each place, one after the other; where they have several threads,
    /// those of each thread of a place.
    pub fn hands(&self) -> Vec<Vec<&Actor>> {
        let actors = |lives: &Vec<usize>| lives.iter().filter_map(|&index| self.actors.get(index)).collect();
        let Family { lives, threads, .. } = &self.family;
        if threads.is_empty() { lives.values().map(actors).collect() } else { threads.values().map(actors).collect() }
    }

    /// Who is or was there at a moment: the last one asked for by then, or the first one, who is yet to
    /// come. With it which life of its place it is, from 0.
    pub fn life_at(&self, who: Who, at_ns: u64) -> Option<(usize, &Actor)> {
        if let Who::One(index) = who {
            return Some((0, self.actors.get(index)?));
        }
        let lives = self.lives(who);
        let asked = lives.partition_point(|&index| self.actors[index].asked_ns <= at_ns);
        let life = asked.saturating_sub(1);
        Some((life, self.actors.get(*lives.get(life)?)?))
    }

    /// The child processes and threads of an actor, in the order of their births.
    pub fn children(&self, id: ActorId) -> impl Iterator<Item = &Actor> {
        let children = self.family.children.get(&id.0).map_or(&[][..], Vec::as_slice);
        children.iter().filter_map(|&index| self.actors.get(index))
    }

    /// Whether an actor is a process that computes by threads of its own.
    pub fn has_threads(&self, id: ActorId) -> bool {
        self.children(id).any(|child| child.role == Role::ProcessThread)
    }

    /// The number that chooses an actor's colour: a successor has its predecessor's, a thread its process's.
    pub fn hue(&self, actor: &Actor) -> u32 {
        match actor.role {
            Role::ProcessThread => {
                actor.parent.and_then(|parent| self.actor(parent)).map_or(actor.number, |process| process.place)
            }
            Role::Parent | Role::ForkServer | Role::Manager => 0,
            Role::WorkerProcess | Role::WorkerThread | Role::Process => actor.place,
        }
    }

    /// The row that an actor is listed in.
    pub fn who(&self, id: ActorId) -> Option<Who> {
        let index = self.actor_places.of(id.0)?;
        let actor = self.actors.get(index)?;
        Some(match actor.role {
            _ if self.plan.program.is_some() => Who::One(index),
            Role::WorkerProcess | Role::WorkerThread => Who::Place(actor.place),
            Role::ProcessThread => Who::Thread(self.hue(actor), actor.number),
            Role::Parent | Role::ForkServer | Role::Process | Role::Manager => Who::One(index),
        })
    }

    /// The rows of the run. Of a pool: the parent, who helps it, then a row for each place with its
    /// threads below it. Of a program: every process below the one that started it.
    pub fn lines(&self) -> Vec<Line> {
        if self.plan.program.is_some() {
            return self.tree();
        }
        let mut lines = Vec::new();
        for (index, actor) in self.actors.iter().enumerate() {
            if actor.is_worker() || actor.role == Role::ProcessThread {
                continue;
            }
            lines.push(Line { who: Who::One(index), depth: 0 });
            if actor.role == Role::Parent && !self.calls.is_empty() {
                lines.push(Line { who: Who::Calls, depth: 1 });
            }
        }
        for &place in self.family.lives.keys() {
            lines.push(Line { who: Who::Place(place), depth: 0 });
            let threads = self.family.threads.range((place, 0)..=(place, u32::MAX));
            lines.extend(threads.map(|(&(place, number), _)| Line { who: Who::Thread(place, number), depth: 1 }));
        }
        lines
    }

    /// Depth first. A file may claim that somebody is their own grandchild: nobody is listed twice.
    fn tree(&self) -> Vec<Line> {
        let mut listed = vec![false; self.actors.len()];
        let mut lines = Vec::new();
        let roots = self.actors.iter().enumerate().filter(|(_, actor)| actor.parent.is_none());
        let mut open: Vec<(usize, u32)> = roots.map(|(index, _)| (index, 0)).rev().collect();
        let mut rest = 0;
        loop {
            while let Some((index, depth)) = open.pop() {
                if std::mem::replace(&mut listed[index], true) {
                    continue;
                }
                lines.push(Line { who: Who::One(index), depth });
                let children = self.family.children.get(&self.actors[index].id.0);
                open.extend(children.into_iter().flatten().rev().map(|&child| (child, depth.saturating_add(1))));
            }
            match listed[rest..].iter().position(|listed| !listed) {
                Some(orphan) => {
                    rest += orphan;
                    open.push((rest, 0));
                }
                None => return lines,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Model;
    use crate::plan::Plan;
    use crate::trace::{Birth, Event, What};

    fn model(plan: Plan, births: impl IntoIterator<Item = Birth>) -> Model {
        let event = |at_ns, what| Event { at_ns, by: ActorId::PARENT, what };
        let began = What::RunBegan { run: 0, plan: Box::new(plan), items: 1, chunksize: 1, detail_units: 9 };
        let born = births.into_iter().map(|birth| event(birth.asked_ns, What::ActorBorn(Box::new(birth))));
        Model::of(&std::iter::once(event(0, began)).chain(born).collect::<Vec<_>>())
    }

    fn birth(actor: u32, role: Role, number: u32, asked_ns: u64) -> Birth {
        Birth::new(ActorId(actor), role, number, 7, asked_ns)
    }

    #[test]
    fn a_successor_stands_where_its_predecessor_stood() {
        let worker = |actor: u32, number, asked_ns, replaces: Option<u32>| Birth {
            replaces: replaces.map(ActorId),
            ..birth(actor, Role::WorkerProcess, number, asked_ns)
        };
        let model = model(
            Plan::default(),
            [
                birth(1, Role::Parent, 0, 0),
                worker(2, 1, 10, None),
                worker(3, 2, 10, None),
                worker(4, 3, 50, Some(3)),
                worker(5, 4, 90, Some(4)),
            ],
        );
        let run = &model.runs[0];
        let at = |at_ns| run.life_at(Who::Place(2), at_ns).map(|(life, actor)| (life, actor.number));
        assert_eq!([at(0), at(49), at(50), at(1_000)], [Some((0, 2)), Some((0, 2)), Some((1, 3)), Some((2, 4))]);
        assert!(run.life_at(Who::Place(3), 0).is_none());
        assert_eq!(run.places().collect::<Vec<_>>(), [1, 2]);
        assert_eq!(run.hue(&run.actors[4]), 2, "the colour stays with the place");
        let who: Vec<Who> = run.lines().into_iter().map(|line| line.who).collect();
        assert_eq!(who, [Who::One(0), Who::Place(1), Who::Place(2)]);
    }

    #[test]
    fn threads_stand_below_their_process_and_go_on_with_its_successor() {
        let thread = |actor, parent, number, asked_ns| Birth {
            parent: Some(ActorId(parent)),
            ..birth(actor, Role::ProcessThread, number, asked_ns)
        };
        let successor = Birth { replaces: Some(ActorId(2)), ..birth(5, Role::WorkerProcess, 2, 40) };
        let model = model(
            Plan::default(),
            [
                birth(1, Role::Parent, 0, 0),
                birth(2, Role::WorkerProcess, 1, 5),
                thread(3, 2, 1, 6),
                thread(4, 2, 2, 6),
                successor,
                thread(6, 5, 1, 41),
            ],
        );
        let run = &model.runs[0];
        let lines: Vec<(Who, u32)> = run.lines().into_iter().map(|line| (line.who, line.depth)).collect();
        assert_eq!(lines, [(Who::One(0), 0), (Who::Place(1), 0), (Who::Thread(1, 1), 1), (Who::Thread(1, 2), 1)]);
        assert_eq!(run.lives(Who::Thread(1, 1)).len(), 2);
        assert_eq!([5, 6, 9].map(|id| run.who(ActorId(id))), [Some(Who::Place(1)), Some(Who::Thread(1, 1)), None]);
        assert_eq!(run.hue(&run.actors[5]), 1);
        assert!(run.has_threads(ActorId(2)) && !run.has_threads(ActorId(1)));
        assert_eq!(run.children(ActorId(2)).map(|thread| thread.number).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn a_tree_lists_everybody_once_whatever_a_file_claims() {
        let child =
            |actor, number, parent| Birth { parent: Some(ActorId(parent)), ..birth(actor, Role::Process, number, 5) };
        let plan = Plan { program: Some("tree".to_owned()), ..Plan::default() };
        let model = model(
            plan,
            [
                birth(1, Role::Parent, 0, 0),
                child(2, 1, 1),
                child(3, 2, 1),
                child(4, 3, 2),
                child(9, 4, 9),
                child(4, 5, 4),
            ],
        );
        let lines = model.runs[0].lines();
        let told: Vec<(Who, u32)> = lines.into_iter().map(|line| (line.who, line.depth)).collect();
        assert_eq!(
            told,
            [
                (Who::One(0), 0),
                (Who::One(1), 1),
                (Who::One(3), 2),
                (Who::One(5), 3),
                (Who::One(2), 1),
                (Who::One(4), 0)
            ]
        );
    }
}

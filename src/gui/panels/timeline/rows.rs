//! A row of the timeline: one process or thread, or the workers of a place with their lives one after the
//! other. What is smaller than a pixel column is folded, lives as well as spans.

use egui::{Pos2, Rangef, Rect};

use super::axis::Axis;
use super::holds::{self, Hold, Queues};
use super::lane::{Band, Fill, Mark, call_mark};
use crate::chunk::grouped;
use crate::gui::panels::draw::about_width;
use crate::model::{Actor, Call, Line, Run, SpanKind, Who};
use crate::trace::{ActorId, Exit, Role};

/// One row.
#[derive(Clone, Debug)]
pub struct Row {
    /// The number that chooses its colour; 0 is neutral.
    pub hue: u32,
    /// What it is called.
    pub title: String,
    /// Its process id, in words, or how many lives it has.
    pub pid: String,
    /// How far it is indented.
    pub depth: u32,
    /// The whole row.
    pub space: Rect,
    /// Where its bars lie.
    pub band: Rangef,
    /// From where to where somebody lives.
    pub lives: Vec<Rangef>,
    /// Where lives ended.
    pub ends: Vec<End>,
    /// Signals that were sent to them.
    pub signals: Vec<Sign>,
    /// Where the record turns to sums, for the parent, whose own work is then not told.
    pub summed_x: Option<f32>,
    /// Locks that they held.
    pub holds: Vec<Hold>,
    /// What they did.
    pub marks: Vec<Mark>,
}

/// The end of a life.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// Where.
    pub x: f32,
    /// How.
    pub exit: Exit,
    /// Who.
    pub title: String,
    /// Whether there is room for the exit's name beside it.
    pub named: bool,
}

impl End {
    /// The exit's name.
    pub fn name(&self) -> String {
        match self.exit {
            Exit::Code(code) => format!("exit {code}"),
            exit => exit.to_string(),
        }
    }
}

/// A signal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sign {
    /// Where, in whole points.
    pub x: i32,
    /// Which.
    pub name: String,
    /// What for.
    pub why: String,
}

/// How rows are drawn: time to pixels, the end of what is still open, the type size of labels.
#[derive(Clone, Copy, Debug)]
pub struct Scale<'a> {
    /// Time to pixels.
    pub axis: &'a Axis,
    /// The end of what is still open.
    pub now_ns: u64,
    /// The type size of labels.
    pub type_size: f32,
    /// Who waited for what.
    pub queues: &'a Queues,
}

impl Row {
    /// The row of a line of the run within `space`.
    pub fn of(run: &Run, line: Line, scale: Scale<'_>, space: Rect) -> Self {
        let inset = (space.height() * 0.14).round().max(2.0);
        let mut row = Self {
            hue: 0,
            title: String::new(),
            pid: String::new(),
            depth: line.depth,
            space,
            band: Rangef::new(space.top() + inset, space.bottom() - inset),
            lives: Vec::new(),
            ends: Vec::new(),
            signals: Vec::new(),
            summed_x: None,
            holds: Vec::new(),
            marks: Vec::new(),
        };
        match line.who {
            Who::One(index) => {
                if let Some(actor) = run.actors.get(index) {
                    row.name(run, actor, 1);
                    row.live(run, actor, scale);
                }
            }
            Who::Place(_) | Who::Thread(..) => row.one_after_the_other(run, line.who, scale),
            Who::Calls => row.calls(run, scale),
        }
        row.make_room_for_names(scale);
        row
    }

    fn name(&mut self, run: &Run, actor: &Actor, lives: usize) {
        self.hue = run.hue(actor);
        (self.title, self.pid) = if lives > 1 {
            let title = match actor.role {
                Role::ProcessThread => actor.title(),
                _ => format!("Place {}", actor.place),
            };
            (title, if lives < 1_000 { format!("{lives} lives") } else { format!("×{}", grouped(lives as u64)) })
        } else {
            (actor.title(), format!("pid {}", actor.pid))
        };
        if actor.role == Role::ProcessThread && lives == 1 {
            self.pid = String::new();
        }
    }

    /// The lives of a place that touch the axis.
    fn one_after_the_other(&mut self, run: &Run, who: Who, scale: Scale<'_>) {
        let lives = run.lives(who);
        let Some(first) = lives.first().and_then(|&index| run.actors.get(index)) else { return };
        self.name(run, first, lives.len());
        let axis = scale.axis;
        let before = |at_ns: u64| lives.partition_point(|&index| run.actors[index].asked_ns <= at_ns);
        let (from, to) = (before(axis.from_ns).saturating_sub(1), before(axis.to_ns));
        let mut folded: Option<Folded> = None;
        for actor in lives[from.min(to)..to].iter().map(|&index| &run.actors[index]) {
            let asked_x = axis.x(actor.asked_ns);
            let column = asked_x.floor();
            let whole = actor.exited.filter(|(exited_ns, _)| axis.x(*exited_ns) - asked_x < 1.0);
            if folded.as_ref().is_some_and(|folded| whole.is_none() || folded.column < column) {
                self.unfold(folded.as_ref(), scale);
                folded = None;
            }
            let Some((exited_ns, exit)) = whole else {
                self.live(run, actor, scale);
                continue;
            };
            let fold = folded.get_or_insert(Folded { column, computed_ns: 0, lives: 0, end: None });
            fold.lives += 1;
            fold.computed_ns += actor.lane.computed_ns(actor.asked_ns, exited_ns);
            // Of many, one that ended badly is the one to see.
            if fold.end.is_none_or(|known: Exit| known.is_success()) {
                fold.end = Some(exit);
            }
        }
        self.unfold(folded.as_ref(), scale);
    }

    fn unfold(&mut self, folded: Option<&Folded>, scale: Scale<'_>) {
        let Some(&Folded { column, computed_ns, lives, end }) = folded else { return };
        let (from_ns, to_ns) = (scale.axis.at(column), scale.axis.at(column + 1.0));
        let computed = (computed_ns as f32 / to_ns.saturating_sub(from_ns).max(1) as f32).min(1.0);
        let space = Rect::from_x_y_ranges(column..=column + 1.0, self.band);
        let told = Some(format!("{lives} workers, one after the other"));
        let fill = Fill::Folded { computed, overhead: 1.0 - computed };
        self.marks.push(Mark { space, fill, unit: None, label: None, from_ns, to_ns, told });
        self.lives.push(Rangef::new(column, column + 1.0));
        if let Some(exit) = end.filter(|exit| !exit.is_success()) {
            self.ends.push(End { x: column + 1.0, exit, title: self.title.clone(), named: false });
        }
    }

    /// One life, with all that was done in it and to it.
    fn live(&mut self, run: &Run, actor: &Actor, scale: Scale<'_>) {
        let axis = scale.axis;
        let summed_ns = run.summed_from_ns.filter(|_| actor.role == Role::Parent);
        let now_ns = summed_ns.map_or(scale.now_ns, |summed_ns| scale.now_ns.min(summed_ns));
        self.summed_x = summed_ns.map(|summed_ns| axis.x(summed_ns).max(axis.left)).filter(|x| *x < axis.right);
        let program = run.plan.program.is_some();
        let calls = if program { calls_of(run, actor.id, axis) } else { Vec::new() };
        let (y, type_size, role) = (self.band, scale.type_size, actor.role);
        // A process with threads hands units to them: that it waits for the next one is no news.
        let quiet = program || run.has_threads(actor.id);
        let band =
            Band { axis, y, now_ns, type_size, role, calls: &calls, program, quiet, waits: Some((run, actor.id)) };
        self.marks.extend(band.marks(&actor.lane));
        self.holds =
            holds::of(run, actor.id, Scale { now_ns, ..scale }, Rangef::new(self.band.max, self.space.bottom()));
        let end_ns = actor.exited.map_or(scale.now_ns, |(exited_ns, _)| exited_ns);
        let life = Rangef::new(axis.x(actor.asked_ns).max(axis.left), axis.x(end_ns).min(axis.right));
        if life.min < axis.right && life.max >= axis.left {
            self.lives.push(life);
        }
        let over = |fill: Fill, words: &str, from_ns: u64, to_ns: u64| {
            let (left, right) = (axis.x(from_ns).max(axis.left), axis.x(to_ns).min(axis.right));
            let label = Some(words.to_owned()).filter(|words| about_width(words, type_size) <= right - left);
            let space = Rect::from_x_y_ranges(left..=right.max(left + 1.0), y);
            (left < axis.right && right >= axis.left).then_some(Mark {
                space,
                fill,
                unit: None,
                label,
                from_ns,
                to_ns,
                told: None,
            })
        };
        if let Some(dead_ns) = actor.unreaped_ns {
            self.marks.extend(over(Fill::Zombie, "zombie", dead_ns, end_ns));
        }
        for sent in &actor.signals {
            let x = axis.x(sent.at_ns);
            if (axis.left..=axis.right).contains(&x) {
                self.signals.push(Sign { x: x.round() as i32, name: sent.signal.clone(), why: sent.why.clone() });
            }
        }
        if let Some((x, exit)) = actor.exited.map(|(at_ns, exit)| (axis.x(at_ns), exit))
            && (axis.left..=axis.right + 1.0).contains(&x)
        {
            self.ends.push(End { x, exit, title: actor.title(), named: false });
        }
    }

    /// The calls of the parent of a pool, which has a story of its own in the row above.
    fn calls(&mut self, run: &Run, scale: Scale<'_>) {
        (self.title, self.pid) = ("Calls".to_owned(), "of the library".to_owned());
        for call in calls_of(run, ActorId::PARENT, scale.axis) {
            let (left, right) = (scale.axis.x(call.from_ns), scale.axis.x(call.to_ns));
            let (left, right) = (left.max(scale.axis.left), right.min(scale.axis.right));
            let space = Rect::from_x_y_ranges(left..=right.max(left + 2.0), self.band);
            self.marks.push(call_mark(Some(call), space, scale.type_size, call.from_ns, call.to_ns));
        }
    }

    /// Names are written where nothing but starting and waiting would lie below them.
    fn make_room_for_names(&mut self, scale: Scale<'_>) {
        let is_free = |mark: &Mark| matches!(mark.fill, Fill::Overhead(SpanKind::Starting) | Fill::Waiting);
        let mut marks = self.marks.iter().filter(|mark| !is_free(mark)).map(|mark| mark.space.left()).peekable();
        let next: Vec<f32> = self.ends.iter().skip(1).map(|end| end.x - 2.0).chain([scale.axis.right + 8.0]).collect();
        for (end, next) in self.ends.iter_mut().zip(next) {
            while marks.next_if(|left| *left <= end.x + 0.5).is_some() {}
            let room = marks.peek().map_or(next, |left| left.min(next)) - end.x - 6.0;
            end.named = about_width(&end.name(), scale.type_size) <= room;
        }
    }

    /// The mark under a place: the narrowest, of these the last one drawn there.
    pub fn mark_at(&self, at: Pos2) -> Option<&Mark> {
        let grab = |mark: &&Mark| mark.space.expand2(egui::vec2(0.5, 2.0)).contains(at);
        self.marks.iter().rev().filter(grab).min_by(|a, b| a.space.width().total_cmp(&b.space.width()))
    }

    /// The end or the signal under a place, in words.
    pub fn sign_at(&self, at: Pos2) -> Option<String> {
        let near = |x: f32| (x - at.x).abs() <= 4.0;
        let sign = self.signals.iter().find(|sign| near(sign.x as f32));
        let sign = sign.map(|sign| format!("{} was sent to it: {}", sign.name, sign.why));
        let hold = || self.holds.iter().find(|hold| hold.space.expand(2.0).contains(at)).map(Hold::words);
        let end = || self.ends.iter().find(|end| near(end.x)).map(|end| format!("{} exited {}", end.title, end.exit));
        sign.or_else(end).or_else(hold)
    }
}

/// Lives too short to be seen, within one pixel column.
struct Folded {
    column: f32,
    computed_ns: u64,
    lives: u32,
    end: Option<Exit>,
}

/// The calls of an actor that touch the axis, in the order of their returns.
fn calls_of<'a>(run: &'a Run, by: ActorId, axis: &Axis) -> Vec<&'a Call> {
    let first = run.calls.partition_point(|call| call.to_ns < axis.from_ns);
    run.calls[first..].iter().filter(|call| call.by == by && call.from_ns <= axis.to_ns).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::panels::fixture::{BEGAN_NS, hybrid, program, replaced};
    use crate::model::Model;

    const MS: u64 = 1_000_000;

    fn rows(model: &Model) -> Vec<Row> {
        let run = model.last_run().expect("a run");
        let axis = Axis { from_ns: BEGAN_NS, to_ns: run.last_ns + 10 * MS, left: 100.0, right: 740.0 };
        let queues = Queues::of(run, &axis, run.last_ns);
        let scale = Scale { axis: &axis, now_ns: run.last_ns, type_size: 12.5, queues: &queues };
        let lines = run.lines();
        let place = |index: usize| {
            Rect::from_x_y_ranges(100.0..=740.0, Rangef::new(20.0 * index as f32, 20.0 * (index + 1) as f32))
        };
        lines.into_iter().enumerate().map(|(index, line)| Row::of(run, line, scale, place(index))).collect()
    }

    #[test]
    fn a_place_is_one_row_with_its_lives_one_after_the_other() {
        let rows = rows(&replaced(5));
        assert_eq!(rows.len(), 3);
        let row = &rows[2];
        assert_eq!((row.title.as_str(), row.pid.as_str(), row.hue), ("Place 2", "4 lives", 2));
        assert_eq!(row.lives.len(), 4);
        assert!(row.lives.windows(2).all(|pair| pair[0].max <= pair[1].min), "{:?}", row.lives);
        assert_eq!(row.ends.len(), 4);
        assert!(row.ends.iter().all(|end| end.exit == Exit::Signal(9) && end.name() == "−SIGKILL"));
        assert!(row.ends[3].named && row.ends[3].title == "Worker 5");
        assert_eq!(row.marks.iter().filter(|mark| mark.fill == Fill::Computing).count(), 4);
    }

    #[test]
    fn ten_thousand_lives_make_as_many_marks_as_the_row_is_wide() {
        let model = replaced(10_000);
        let rows = rows(&model);
        let row = &rows[2];
        assert_eq!(row.pid, "×9,999");
        assert!(row.marks.len() <= 650 && row.ends.len() <= 650, "{} {}", row.marks.len(), row.ends.len());
        assert!(row.marks.iter().all(|mark| matches!(mark.fill, Fill::Folded { computed, .. } if computed > 0.3)));
    }

    #[test]
    fn threads_stand_below_their_process() {
        let rows = rows(&hybrid());
        let told: Vec<(&str, u32, u32)> = rows.iter().map(|row| (row.title.as_str(), row.depth, row.hue)).collect();
        assert_eq!(
            told,
            [
                ("Parent", 0, 0),
                ("Worker 1", 0, 1),
                ("Thread 1", 1, 1),
                ("Thread 2", 1, 1),
                ("Worker 2", 0, 2),
                ("Thread 1", 1, 2),
                ("Thread 2", 1, 2)
            ]
        );
    }

    #[test]
    fn a_program_is_a_tree_with_zombies_signals_and_calls() {
        let rows = rows(&program());
        let told: Vec<(&str, u32)> = rows.iter().map(|row| (row.title.as_str(), row.depth)).collect();
        assert_eq!(told, [("Parent", 0), ("Process-1", 1), ("Process-1:1", 2), ("Process-2", 1)]);
        let zombie = rows[1].marks.iter().find(|mark| mark.fill == Fill::Zombie).expect("it waited to be joined");
        assert_eq!((zombie.from_ns, zombie.to_ns), (BEGAN_NS + 40 * MS, BEGAN_NS + 70 * MS));
        let call = rows[0].marks.iter().find(|mark| mark.fill == Fill::Call { raised: false }).expect("it joined");
        assert_eq!(call.label.as_deref(), Some("p1.join(0.05)"));
        assert_eq!(call.told.as_deref(), Some("p1.join(0.05) → None"));
        assert!(rows[0].marks.iter().any(|mark| mark.fill == Fill::Call { raised: true }));
        assert_eq!(rows[3].signals[0].name, "SIGTERM");
        assert_eq!(rows[3].ends[0].name(), "−SIGTERM");
        let x = rows[3].signals[0].x as f32;
        let told = rows[3].sign_at(egui::pos2(x, 70.0)).expect("it is there");
        assert_eq!(told, "SIGTERM was sent to it: terminate()");
    }
}

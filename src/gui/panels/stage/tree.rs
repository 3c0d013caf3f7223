//! The processes of a program as a tree: who was started stands right of who started it.

use egui::{Pos2, Rect, pos2, vec2};

use super::cards::{Status, Tone};
use crate::gui::panels::draw::with_short_names;
use crate::model::{Actor, Run, SpanKind, State, Who};
use crate::trace::{ActorId, Role, Wish};

/// A card is never lower than this, …
const LEAST_CARD: f32 = 26.0;
/// … not higher, …
const MOST_CARD: f32 = 70.0;
/// … and not wider.
const WIDEST: f32 = 250.0;

/// What a manager does while nobody asks for anything.
pub(super) const NOBODY: &str = "serves nobody";

/// Everything on the stage of a program.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// The processes in sight.
    pub cards: Vec<Card>,
    /// From who started it to who was started, and whether that one is there now.
    pub edges: Vec<Edge>,
    /// How many rows there are, and how many fit.
    pub rows: (usize, usize),
    /// The first row in sight.
    pub first: usize,
}

/// A line from parent to child.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge {
    /// The parent's right edge.
    pub from: Pos2,
    /// The child's left edge.
    pub to: Pos2,
    /// Whether the child is alive.
    pub alive: bool,
}

/// A process.
#[derive(Clone, Debug)]
pub struct Card {
    /// Where.
    pub space: Rect,
    /// Who.
    pub id: ActorId,
    /// The number that chooses its colour.
    pub hue: u32,
    /// Its name.
    pub title: String,
    /// `pid 41207`; empty before there is one.
    pub pid: String,
    /// What is told of it in a frame behind its name.
    pub tag: Option<&'static str>,
    /// What it does.
    pub status: Status,
    /// The same in fewer words, where there is no room for more; the fewest last.
    pub brief: Vec<String>,
    /// What it printed last.
    pub said: Option<String>,
}

impl Card {
    /// Its name, and the same where there is little room.
    pub fn titles(&self) -> [String; 2] {
        let short =
            if self.title.ends_with("FeederThread") { "Feeder".to_owned() } else { with_short_names(&self.title) };
        [self.title.clone(), short]
    }

    /// Everything in words.
    pub fn words(&self) -> String {
        let pid = if self.pid.is_empty() { String::new() } else { format!(", {}", self.pid) };
        let tag = self.tag.map_or_else(String::new, |tag| format!(", {tag}"));
        let said = self.said.as_ref().map_or_else(String::new, |line| format!("; it printed: {line}"));
        format!("{}{pid}{tag}: {}{said}", self.title, self.status.words)
    }
}

impl Tree {
    /// The tree of a run in an area, from a row on where not all fit.
    pub fn of(run: &Run, area: Rect, at_ns: u64, scale: f32, first: usize) -> Self {
        let nodes = nodes(run);
        let rows = nodes.iter().map(|node| node.row).fold(0.0, f32::max) as usize + usize::from(!nodes.is_empty());
        let columns = nodes.iter().map(|node| node.depth).max().unwrap_or(0) as usize + 1;
        let (gap, between) = (8.0 * scale, (area.width() * 0.06).clamp(18.0 * scale, 70.0 * scale));
        let fit = ((area.height() + gap) / (LEAST_CARD * scale + gap)).max(1.0) as usize;
        let shown = rows.min(fit).max(1);
        let first = first.min(rows.saturating_sub(shown));
        let pitch = ((area.height() + gap) / shown as f32).min((MOST_CARD + 22.0) * scale + gap);
        let height = (pitch - gap).min(MOST_CARD * scale);
        let width = ((area.width() - between * (columns as f32 - 1.0)) / columns as f32).min(WIDEST * scale).floor();
        let used = width * columns as f32 + between * (columns as f32 - 1.0);
        let left = area.left() + ((area.width() - used) / 2.0).max(0.0).floor();
        let top = area.center().y - (pitch * shown as f32 - gap) / 2.0 + (pitch - gap - height) / 2.0;
        let place = |node: &Node| {
            let at =
                pos2(left + node.depth as f32 * (width + between), (top + (node.row - first as f32) * pitch).round());
            Rect::from_min_size(at, vec2(width, height.floor()))
        };
        let in_sight = |space: Rect| space.top() >= area.top() - 1.0 && space.bottom() <= area.bottom() + 1.0;
        let mut tree = Self { rows: (rows, shown), first, ..Self::default() };
        for node in &nodes {
            let (space, actor) = (place(node), &run.actors[node.index]);
            if let Some(parent) = node.parent.map(|parent| place(&nodes[parent]))
                && (in_sight(space) || in_sight(parent))
            {
                let alive = matches!(actor.state(at_ns), State::Busy(..) | State::Stopped);
                tree.edges.push(Edge { from: parent.right_center(), to: space.left_center(), alive });
            }
            if in_sight(space) {
                tree.cards.push(card(run, actor, space, at_ns));
            }
        }
        tree
    }
}

/// A process in the tree, in rows that count from 0; a parent stands in the middle of its children.
struct Node {
    index: usize,
    depth: u32,
    row: f32,
    parent: Option<usize>,
}

fn nodes(run: &Run) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    // The last one at each depth: whose child the next one below is.
    let mut path: Vec<usize> = Vec::new();
    let mut row = 0.0;
    for line in run.lines() {
        let Who::One(index) = line.who else { continue };
        path.truncate(line.depth as usize);
        let is_leaf_so_far = row;
        nodes.push(Node { index, depth: line.depth, row: is_leaf_so_far, parent: path.last().copied() });
        path.push(nodes.len() - 1);
        // The first child stands in its parent's row.
        let next_is_child = run.children(run.actors[index].id).next().is_some();
        row += if next_is_child { 0.0 } else { 1.0 };
    }
    // From the last to the first: children before their parents.
    let mut spans: Vec<Option<(f32, f32)>> = vec![None; nodes.len()];
    for at in (0..nodes.len()).rev() {
        if let Some((low, high)) = spans[at] {
            nodes[at].row = f32::midpoint(low, high);
        }
        if let Some(parent) = nodes[at].parent {
            let (row, span) = (nodes[at].row, spans[parent].get_or_insert((f32::MAX, f32::MIN)));
            *span = (span.0.min(row), span.1.max(row));
        }
    }
    nodes
}

/// Whether whoever waits for this is held up; else it waits for news, as it was written to.
pub fn holds_up(wish: Wish) -> bool {
    matches!(wish, Wish::Acquire | Wish::Send | Wish::Put | Wish::Feed)
}

/// The card of a process or thread.
pub(super) fn card(run: &Run, actor: &Actor, space: Rect, at_ns: u64) -> Card {
    let mut status = Status::of(actor, at_ns);
    status.words = run.state_in_words(actor, at_ns);
    if actor.role == Role::Parent && status.tone == Tone::Quiet || status.words == "running" {
        status.tone = Tone::Computing;
    }
    if status.tone == Tone::Blocked && run.wait_of(actor.id, at_ns).is_some_and(|wait| !holds_up(run.aim(wait).0)) {
        status.tone = Tone::Waits;
    }
    let is_manager = actor.role == Role::Manager;
    if is_manager && status.words == "running" {
        NOBODY.clone_into(&mut status.words);
    }
    let tag = if is_manager { Some("manager") } else { actor.daemon.then_some("daemon") };
    let unborn = actor.state(at_ns) == State::Unborn;
    let brief = match actor.state(at_ns) {
        State::Zombie => Some("zombie"),
        State::Unborn => Some("not yet"),
        State::Exited(_) => Some("exited"),
        State::Busy(SpanKind::Starting, _) => Some("starting"),
        _ if status.words == NOBODY => Some("idle"),
        _ => None,
    };
    let printed = run.printed.partition_point(|printed| printed.at_ns <= at_ns);
    let said = run.printed[..printed].iter().rev().find(|printed| printed.by == actor.id);
    Card {
        space,
        id: actor.id,
        hue: run.hue(actor),
        title: actor.title(),
        pid: if unborn { String::new() } else { format!("pid {}", actor.pid) },
        tag,
        status,
        brief: brief.map(str::to_owned).into_iter().collect(),
        said: said.map(|printed| printed.line.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::panels::fixture::{BEGAN_NS, program};
    use crate::model::Model;
    use crate::plan::Plan;
    use crate::trace::{Birth, Event, What};

    const MS: u64 = 1_000_000;

    fn area() -> Rect {
        Rect::from_min_size(pos2(280.0, 60.0), vec2(744.0, 270.0))
    }

    fn tree(model: &Model, at_ns: u64, first: usize) -> Tree {
        Tree::of(model.last_run().expect("a run"), area(), at_ns, 1.0, first)
    }

    #[test]
    fn children_stand_right_of_their_parents_and_apart() {
        let tree = tree(&program(), BEGAN_NS + 20 * MS, 0);
        let card = |title: &str| tree.cards.iter().find(|card| card.title == title).expect("it is there");
        let (parent, first, second, grandchild) =
            (card("Parent"), card("Process-1"), card("Process-2"), card("Process-1:1"));
        assert!(parent.space.right() < first.space.left() && first.space.right() < grandchild.space.left());
        assert!((first.space.left() - second.space.left()).abs() < 0.1);
        assert!(first.space.bottom() < second.space.top());
        assert!((parent.space.center().y - f32::midpoint(first.space.center().y, second.space.center().y)).abs() < 1.5);
        assert_eq!(tree.edges.len(), 3);
        assert!(tree.cards.iter().all(|card| area().expand(1.0).contains_rect(card.space)));
        assert!(
            second.tag == Some("daemon") && second.words().contains("pid 41208, daemon: running"),
            "{}",
            second.words()
        );
        assert!(grandchild.words().ends_with("working; it printed: hello from a grandchild"), "{}", grandchild.words());
        assert_eq!(first.status.words, "in p.join()");
    }

    #[test]
    fn a_zombie_and_an_exit_have_their_names() {
        let zombie = tree(&program(), BEGAN_NS + 50 * MS, 0);
        assert_eq!(
            (zombie.cards[1].status.words.as_str(), zombie.cards[1].status.tone),
            ("zombie: nobody joined it yet", Tone::Bad)
        );
        let late = tree(&program(), BEGAN_NS + 89 * MS, 0);
        let exits: Vec<&str> = late.cards.iter().skip(1).map(|card| card.status.words.as_str()).collect();
        assert_eq!(exits, ["exited 3", "exited 0", "exited −SIGTERM"]);
    }

    #[test]
    fn what_does_not_fit_is_scrolled() {
        let event = |what| Event { at_ns: 1, by: ActorId::PARENT, what };
        let plan = Box::new(Plan { program: Some("many".to_owned()), ..Plan::default() });
        let mut events = vec![event(What::RunBegan { run: 0, plan, items: 0, chunksize: 1, detail_units: 9 })];
        for number in 0..60 {
            let role = if number == 0 { Role::Parent } else { Role::Process };
            events.push(event(What::ActorBorn(Box::new(Birth::new(ActorId(1 + number), role, number, 7, 1)))));
        }
        let model = Model::of(&events);
        for first in [0, 10, 1_000] {
            let tree = tree(&model, 2, first);
            assert_eq!(tree.rows.0, 59);
            assert!(tree.rows.1 < 12 && tree.first <= 59 - tree.rows.1);
            assert!(tree.cards.iter().all(|card| area().expand(1.0).contains_rect(card.space)));
            assert!(tree.cards.len() >= tree.rows.1 && tree.cards.iter().all(|card| card.space.height() >= 25.0));
        }
    }
}

//! The stage: the parent, its workers, and every message that travels between them at one moment.

pub mod buffer;
mod buffer_paint;
pub mod cards;
pub mod layout;
mod menu;
pub mod objects;
pub mod paint;
pub mod road;
pub mod setting;
pub mod tree;
mod tree_paint;
pub mod worker;
mod worker_paint;

use egui::{Align2, CursorIcon, Rect, Response, Role, Sense, Ui};

use self::layout::Scene;
use self::objects::sight::Sight;
use self::road::Traffic;
use self::setting::Setting;
use self::tree::Tree;
use super::Look;
use super::draw::{Ink, name};
use super::timeline::axis::round_up;
use crate::gui::command::Command;
use crate::gui::words;

/// What the stage remembers between frames.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// The first worker shown, where not all of them fit.
    first: f32,
    /// The first object shown, where not all of them fit.
    first_object: f32,
    /// The frame before: the viewer's seconds, and the moment shown.
    last: Option<(f64, u64)>,
    /// Nanoseconds of the run that pass in a second of the viewer.
    pace_ns: u64,
}

impl View {
    /// Measures how fast the run passes, from one frame to the next. At rest every message is shown
    /// by itself; a live run whose news come in bursts rests only after a while.
    fn measure(&mut self, seconds: f64, at_ns: u64, live: bool) {
        let Some((then, before_ns)) = self.last else {
            self.last = Some((seconds, at_ns));
            return;
        };
        let (passed, moved_ns) = (seconds - then, at_ns.saturating_sub(before_ns));
        if moved_ns == 0 && live && passed < 0.3 || passed <= 0.0 && moved_ns > 0 {
            return;
        }
        // A jump is a hand on the cursor, not a pace.
        let pace_ns = if moved_ns == 0 || passed > 0.5 { 0.0 } else { moved_ns as f64 / passed };
        let calm = if pace_ns > 0.0 && self.pace_ns > 0 { 0.8 * self.pace_ns as f64 + 0.2 * pace_ns } else { pace_ns };
        self.pace_ns = calm.min(2e9) as u64;
        self.last = Some((seconds, at_ns));
    }
}

/// Draws the stage into what is left of the `ui`.
pub fn panel(look: &Look<'_>, view: &mut View, ui: &mut Ui, commands: &mut Vec<Command>) {
    let area = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(area);
    let (run, theme) = (look.run, look.theme);
    let scale = theme.scale();
    if area.width() < 200.0 || area.height() < 80.0 {
        return;
    }
    view.measure(ui.input(|input| input.time), look.at_ns, run.end.is_none());
    let heading = area.with_max_y(area.top() + 22.0 * scale);
    // Rounded, so that the counts on the roads can be read and compared.
    let pace_ns = if view.pace_ns == 0 { 0 } else { round_up(view.pace_ns as f64 * 0.85) };
    if run.plan.program.is_some() {
        let room = area.with_min_y(heading.bottom() + 4.0 * scale);
        headline(look, heading, None, ui);
        match Sight::of(run, look.at_ns) {
            Some(sight) => objects::panel(look, &sight, view, room, ui, commands),
            None => family(look, view, room, ui, commands),
        }
        return;
    }
    let setting = Setting {
        area: area.with_min_y(heading.bottom() + 2.0 * scale),
        scale,
        type_size: theme.small().size,
        at_ns: look.at_ns,
        pace_ns,
        first: view.first as usize,
        first_object: view.first_object as usize,
    };
    let scene = Scene::of(run, &setting);
    let floor = ui.interact(area, ui.scope_id().with("stage"), Sense::click());
    name(&floor, Role::Canvas, &summary(look, &scene));

    let between = scene.tight.then(|| {
        let words = scene.process.as_ref().map(|process| process.title.clone());
        words.or(scene.task_label.as_ref().map(|(_, words)| words.clone())).unwrap_or_default()
    });
    headline(look, heading, between, ui);
    let ink = Ink::new(ui.painter(), theme);
    paint::scene(&ink, &scene, pace_ns, look.selected_unit);

    let pointed = point_at(look, &scene, ui, commands);
    scroll(view, &scene, ui);
    if let Some(unit) = pointed.clicked {
        commands.push(Command::SelectUnit(Some(unit)));
    } else if floor.clicked() && look.selected_unit.is_some() {
        commands.push(Command::SelectUnit(None));
    }
    if !pointed.any {
        hover_roads(&scene, &floor);
    }
}

/// The title, the moment, and between them what does not fit elsewhere.
fn headline(look: &Look<'_>, line: Rect, between: Option<String>, ui: &Ui) {
    let (theme, scale) = (look.theme, look.theme.scale());
    let ink = Ink::new(ui.painter(), theme);
    let title = ink.text_in(line, Align2::LEFT_CENTER, "Stage", theme.strong(), theme.text());
    let moment = format!("at {}", words::duration(look.at_ns.saturating_sub(look.run.began_ns)));
    let moment = ink.text_in(line, Align2::RIGHT_CENTER, moment, theme.small(), theme.faint());
    if let Some(words) = between {
        let room = line.with_min_x(title.right() + 12.0 * scale).with_max_x(moment.left() - 12.0 * scale);
        ink.text_in(room, Align2::LEFT_CENTER, words, theme.small(), theme.faint());
    }
}

/// The processes of a program, each with its menu.
fn family(look: &Look<'_>, view: &mut View, area: Rect, ui: &Ui, commands: &mut Vec<Command>) {
    let (run, theme) = (look.run, look.theme);
    let tree = Tree::of(run, area, look.at_ns, theme.scale(), view.first as usize);
    let alive = tree.edges.iter().filter(|edge| edge.alive).count();
    let floor = ui.interact(area, ui.scope_id().with("family"), Sense::hover());
    let hidden = tree.rows.0.saturating_sub(tree.rows.1);
    name(&floor, Role::Canvas, &format!("Stage: a tree of {} processes, {alive} children alive", run.actors.len()));
    tree_paint::tree(&Ink::new(ui.painter(), theme), &tree);
    for card in &tree.cards {
        let words = card.words();
        let response = ui.interact(card.space, ui.scope_id().with(("process", card.id.0)), Sense::click());
        name(&response, Role::Button, &words);
        if let Some(actor) = run.actor(card.id).filter(|actor| menu::is_for(actor.role)) {
            menu::of(&response, actor, look, None, commands);
        }
        if !egui::Popup::is_id_open(ui.ctx(), response.id.with("menu")) {
            response.on_hover_cursor(CursorIcon::PointingHand).on_hover_text_at_pointer(words);
        }
    }
    view.first = view.first.min(hidden as f32);
    if hidden > 0 && ui.rect_contains_pointer(area) {
        let wheel = ui.input(|input| input.smooth_scroll_delta().y);
        view.first = (view.first - wheel / (30.0 * theme.scale())).clamp(0.0, hidden as f32);
    }
    if hidden > 0 {
        let words = format!("rows {} to {} of {}: scroll", tree.first + 1, tree.first + tree.rows.1, tree.rows.0);
        let line = Rect::from_min_max(area.left_top() - egui::vec2(0.0, 24.0 * theme.scale()), area.right_top());
        Ink::new(ui.painter(), theme).text_in(line, Align2::CENTER_CENTER, words, theme.small(), theme.faint());
    }
}

fn summary(look: &Look<'_>, scene: &Scene) -> String {
    let workers = look.run.place_count();
    let messages = look.run.in_flight(look.at_ns);
    let parent = scene.parent.as_ref().map_or_else(|| "nothing has started".to_owned(), cards::Parent::words);
    let results = scene.buffer.as_ref().map_or_else(String::new, |band| format!(". {}", band.words()));
    format!("Stage: {workers} workers, {messages} messages in flight. {parent}{results}")
}

/// What the pointer is on.
#[derive(Default)]
struct Pointed {
    /// A unit that was clicked.
    clicked: Option<u32>,
    /// Whether it is on anything that speaks for itself.
    any: bool,
}

impl Pointed {
    fn on(&mut self, response: Response, tip: &str, unit: Option<u32>) {
        self.any |= response.hovered();
        let response = if unit.is_some() { response.on_hover_cursor(CursorIcon::PointingHand) } else { response };
        if response.clicked() {
            self.clicked = self.clicked.or(unit);
        }
        response.on_hover_text_at_pointer(tip);
    }
}

/// Gives everything drawn a place for the pointer and a name; cards first, since tokens lie on top.
fn point_at(look: &Look<'_>, scene: &Scene, ui: &Ui, commands: &mut Vec<Command>) -> Pointed {
    let mut pointed = Pointed::default();
    let id = |what: &str, number: u32, other: u32| ui.scope_id().with((what, number, other));
    let sense = |unit: Option<u32>| if unit.is_some() { Sense::click() } else { Sense::hover() };
    let region = |space: Rect, id, unit: Option<u32>, words: &str| {
        let response = ui.interact(space, id, sense(unit));
        name(&response, if unit.is_some() { Role::Button } else { Role::Label }, words);
        response
    };
    if let Some(parent) = &scene.parent {
        let words = parent.words();
        pointed.on(region(parent.space, id("parent", 0, 0), None, &words), &words, None);
        for chip in &parent.waiting {
            let words = format!("Unit {}: waiting in the parent", chip.unit);
            let response = region(chip.space, id("waiting", chip.unit, 0), Some(chip.unit), &words);
            pointed.on(response, &words, Some(chip.unit));
        }
        for chip in parent.results.iter().filter(|chip| chip.worker.is_some()) {
            let words = match chip.worker {
                None | Some(0) => format!("Unit {}: result is there", chip.unit),
                Some(worker) => format!("Unit {}: result of Worker {worker} is there", chip.unit),
            };
            let response = region(chip.space, id("result", chip.unit, 0), Some(chip.unit), &words);
            pointed.on(response, &words, Some(chip.unit));
        }
    }
    for card in &scene.workers {
        let words = card.words();
        let response = ui.interact(card.space, id("worker", card.hue, 0), Sense::click());
        name(&response, Role::Button, &words);
        if let Some(actor) = look.run.actor(card.id) {
            menu::of(&response, actor, look, card.status.unit, commands);
        }
        pointed.any |= response.hovered();
        let response = response.on_hover_cursor(CursorIcon::PointingHand);
        if !egui::Popup::is_id_open(ui.ctx(), response.id.with("menu")) {
            response.on_hover_text_at_pointer(words);
        }
    }
    if let Some(band) = &scene.buffer {
        let region = ui.interact(band.space, id("results", 0, 0), Sense::hover());
        name(&region, Role::Label, &band.words());
        for place in band.slots.iter().filter(|_| band.numbered || band.slots.len() <= 400) {
            let Some(unit) = place.unit else { continue };
            let words =
                format!("Unit {unit}: {}", if place.holds_up { "all others wait for it" } else { place.slot.word() });
            let response = ui.interact(place.space, id("result", unit, 0), Sense::click());
            name(&response, Role::Button, &words);
            pointed.on(response, &words, Some(unit));
        }
    }
    for lane in &scene.lanes {
        if let Traffic::Tokens(tokens) = &lane.traffic {
            for (slot, token) in (0..).zip(tokens) {
                let way = if lane.task { "to" } else { "from" };
                let words = format!("{}, on its way {way} {}", token.tip, lane.title);
                let response =
                    region(token.space, id("token", lane.worker * 2 + u32::from(lane.task), slot), token.unit, &words);
                pointed.on(response, &words, token.unit);
            }
        }
    }
    for card in scene.more.iter().chain(&scene.fork_server).chain(&scene.process).take(3) {
        let words = [card.title.as_str(), card.line.as_str()].join(": ");
        let space = if scene.process.as_ref() == Some(card) {
            card.space.with_max_y(card.space.top() + 20.0)
        } else {
            card.space
        };
        let response = ui.interact(space, ui.scope_id().with(("box", &card.title)), Sense::hover());
        name(&response, Role::Label, words.trim_end_matches(": "));
    }
    debug_assert!(look.run.parent().is_some() || scene.parent.is_none());
    pointed
}

/// The wheel moves through workers that do not fit.
fn scroll(view: &mut View, scene: &Scene, ui: &Ui) {
    let (Some(more), Some(first)) = (&scene.more, scene.workers.first()) else {
        view.first = 0.0;
        return;
    };
    let column = first.space.union(more.space);
    let hidden = more.title.len();
    debug_assert!(hidden > 0);
    if ui.rect_contains_pointer(column) {
        let wheel = ui.input(|input| input.smooth_scroll_delta().y);
        view.first = (view.first - wheel / first.space.height().max(1.0)).max(0.0);
    }
}

/// A road under the pointer says how full it is.
fn hover_roads(scene: &Scene, floor: &Response) {
    let Some(place) = floor.hover_pos() else { return };
    let near = scene.lanes.iter().filter_map(|lane| Some((lane.road.distance(place)?, lane)));
    if let Some((distance, lane)) = near.min_by(|a, b| a.0.total_cmp(&b.0))
        && distance < 7.0
    {
        floor.clone().on_hover_text_at_pointer(&lane.words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::panels::fixture::small;
    use crate::gui::theme::Theme;
    use egui::vec2;
    use egui_kittest::Harness;
    use egui_kittest::kittest::{NodeT as _, Queryable as _};

    #[test]
    fn the_pace_is_measured_and_at_rest_there_is_none() {
        let mut view = View::default();
        view.measure(10.0, 1_000, false);
        view.measure(10.1, 2_001_000, false);
        assert_eq!(view.pace_ns, 20_000_000);
        view.measure(10.2, 2_001_000, false);
        assert_eq!(view.pace_ns, 0);
        view.measure(20.0, 90_000_000, false);
        assert_eq!(view.pace_ns, 0, "a jump is not a pace");
    }

    #[test]
    fn everything_drawn_has_words_and_a_click_on_a_worker_opens_its_menu() {
        let model = small();
        let harness_model = model.clone();
        let run = model.last_run().expect("there is a run");
        let unit = run.units.get(3).expect("it is known");
        let at_ns = unit.began_ns.expect("it began") + 1_000_000;
        let look_at = move |ui: &mut Ui, state: &mut (View, Vec<Command>)| {
            let model = &harness_model;
            let run = model.last_run().expect("there is a run");
            let look = Look { model, run, at_ns, live: false, selected_unit: None, theme: Theme::default() };
            panel(&look, &mut state.0, ui, &mut state.1);
        };
        let mut harness = Harness::builder()
            .with_size(vec2(760.0, 320.0))
            .with_context_setup(crate::gui::fonts::install)
            .build_ui_state(look_at, (View::default(), Vec::new()));
        harness.run_steps(2);
        harness.get_by_label_contains("Stage: 2 workers");
        assert_eq!(harness.query_all_by_label_contains("Parent, pid 41203").count(), 2, "the card and the summary");
        harness.get_by_label_contains("on its way to Worker 1");
        harness.get_by_label_contains("pid 41208: computing 3").click();
        harness.run_steps(2);
        let kill = harness.get_by_role_and_label(Role::Button, "Kill");
        assert!(kill.accesskit_node().is_disabled(), "a recording can't be changed");
        harness.get_by_label_contains("A recording can't be changed");
        harness.get_by_label("Follow unit 3").click();
        harness.run_steps(2);
        assert_eq!(harness.state().1, [Command::SelectUnit(Some(3))]);
    }
}

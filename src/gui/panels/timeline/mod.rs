//! The timeline: a row per process or thread, the messages in flight and the cores below, on one axis
//! with one cursor.

pub mod axis;
mod bars;
pub mod holds;
pub mod lane;
pub mod layout;
mod legend;
pub mod paint;
pub mod rows;
pub mod transport;
pub mod window;

use std::collections::HashMap;

use egui::containers::scroll_area::ScrollSource;
use egui::{CursorIcon, PointerButton, Rangef, Rect, Response, Role, ScrollArea, Sense, Ui, UiBuilder, vec2};

use self::axis::Axis;
use self::holds::Queues;
use self::layout::{Regions, all_arrows, unit_arrows};
use self::rows::{Row, Scale};
use self::window::Window;
use super::draw::{Ink, name};
use super::{Look, cores, in_flight};
use crate::chunk::grouped;
use crate::gui::command::Command;
use crate::gui::playhead::Playhead;
use crate::gui::words;
use crate::model::{Line, Run, Who};
use crate::trace::ActorId;

/// All arrows are drawn up to so many messages in sight.
const MOST_ARROWS: usize = 400;

/// What the timeline remembers between frames.
#[derive(Clone, Debug)]
pub struct View {
    /// The stretch shown; `None` is the whole run.
    window: Option<Window>,
    /// Whether the window moves to keep the cursor in sight.
    pub follow: bool,
    /// Whether every message is an arrow, and not only the selected unit's.
    pub all_arrows: bool,
    /// The run the window was chosen for.
    run: Option<(u32, u64)>,
    rows: Option<Rows>,
    curves: Option<Curves>,
}

impl Default for View {
    fn default() -> Self {
        Self { window: None, follow: true, all_arrows: false, run: None, rows: None, curves: None }
    }
}

/// The rows in sight, kept until what they show changes: a replay that plays moves only the cursor.
#[derive(Clone, Debug)]
struct Rows {
    key: RowsKey,
    rows: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq)]
struct RowsKey {
    axis: Axis,
    events: u64,
    now_ns: u64,
    first: usize,
    places: Vec<Rect>,
    type_size: f32,
}

impl View {
    /// The rows of the lines from `key.first` on, one at each place.
    fn rows(&mut self, run: &Run, lines: &[Line], key: RowsKey) -> &[Row] {
        if self.rows.as_ref().is_none_or(|rows| rows.key != key) {
            let queues = Queues::of(run, &key.axis, key.now_ns);
            let scale = Scale { axis: &key.axis, now_ns: key.now_ns, type_size: key.type_size, queues: &queues };
            let lines = lines.iter().skip(key.first).zip(&key.places);
            let rows = lines.map(|(line, place)| Row::of(run, *line, scale, *place)).collect();
            self.rows = Some(Rows { key, rows });
        }
        self.rows.as_ref().map_or(&[], |rows| &rows.rows)
    }
}

/// Curve and lanes, kept until what they show changes.
#[derive(Clone, Debug)]
struct Curves {
    key: (Axis, u64),
    in_flight: in_flight::Curve,
    cores: Vec<cores::Lane>,
}

impl View {
    /// Shows the whole run.
    pub fn fit(&mut self) {
        self.window = None;
    }

    /// Whether the whole run is shown.
    pub fn is_fit(&self) -> bool {
        self.window.is_none()
    }

    /// Switches following; what is shown stays as it is.
    pub fn set_follow(&mut self, follow: bool, run: &Run) {
        self.follow = follow;
        if !follow && run.end.is_none() {
            self.window.get_or_insert(whole(run));
        }
    }

    /// The stretch to show, after following the cursor.
    fn window(&mut self, run: &Run, at_ns: u64) -> Window {
        let key = (run.number, run.began_ns);
        if self.run != Some(key) {
            (self.run, self.window) = (Some(key), None);
        }
        let whole = whole(run);
        match &mut self.window {
            None => whole,
            Some(window) => {
                if self.follow {
                    *window = window.follow(at_ns, whole);
                }
                *window
            }
        }
    }

    /// Chooses a stretch by hand. Following ends if the cursor is not in it: it would pull it back.
    fn choose(&mut self, window: Window, at_ns: u64, run: &Run) {
        self.follow &= window.follow(at_ns, whole(run)) == window;
        self.window = Some(window).filter(|window| *window != whole(run));
    }
}

fn whole(run: &Run) -> Window {
    Window::fit(run.length_ns(), run.end.is_some())
}

/// Draws the timeline and its transport row into what is left of the `ui`.
pub fn panel(look: &Look<'_>, playhead: &mut Playhead, view: &mut View, ui: &mut Ui, commands: &mut Vec<Command>) {
    transport::row(look, playhead, view, ui);
    ui.add_space(2.0);
    let area = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(area);
    if area.width() < 120.0 || area.height() < 60.0 {
        return;
    }
    let (run, scale) = (look.run, look.theme.scale());
    let lines = run.lines();
    let regions = Regions::of(area, lines.len(), cores::count(look.model), scale, run.plan.program.is_some());
    let window = view.window(run, look.at_ns.saturating_sub(run.began_ns));
    let from_ns = run.began_ns + window.from_ns;
    let (left, right) = (regions.axis.left(), regions.axis.right());
    let axis = Axis { from_ns, to_ns: from_ns.saturating_add(window.length_ns), left, right };

    // The canvas lies under the rows, so that rows can be hovered and still let a drag through.
    let canvas = ui.interact(regions.canvas(), ui.scope_id().with("canvas"), Sense::click_and_drag());
    name(&canvas, Role::Canvas, &summary(look));
    let head = ui.interact(regions.axis, ui.scope_id().with("axis"), Sense::click_and_drag());
    name(&head, Role::Canvas, &format!("Time axis, cursor at {}", words::duration(look.at_ns - run.began_ns)));
    let ink = Ink::new(ui.painter(), look.theme);
    paint::axis(&ink, &axis, &regions, run.began_ns, look.at_ns);
    let clicked = rows(look, &lines, view, &axis, &regions, &canvas, ui);
    if let Some(unit) = clicked {
        commands.push(Command::SelectUnit(Some(unit).filter(|_| look.selected_unit != Some(unit))));
    }
    let hand = Hand { canvas, head, took_click: clicked.is_some() };
    hand.navigate(look, playhead, view, &axis, window, &regions, ui);
    curves(look, view, &axis, &regions, ui);
    let ink = Ink::new(ui.painter(), look.theme);
    paint::playhead(&ink, &axis, &regions, look.at_ns, run.began_ns);
}

fn summary(look: &Look<'_>) -> String {
    let run = look.run;
    format!(
        "Timeline of {}, {} processes and threads, {} of {} units done at {}",
        words::duration(run.length_ns()),
        run.actors.len(),
        grouped(run.arrived_by(look.at_ns) as u64),
        grouped(u64::from(run.cut.units())),
        words::duration(look.at_ns.saturating_sub(run.began_ns)),
    )
}

/// What the hand does on the canvas.
struct Hand {
    canvas: Response,
    head: Response,
    /// A bar was clicked: the click is not for the cursor too.
    took_click: bool,
}

impl Hand {
    /// Scrubs, pans and zooms: the axis and empty canvas scrub, a drag on the rows pans once there is
    /// something outside the window.
    #[allow(clippy::too_many_arguments, reason = "who looks, what moves, and where")]
    fn navigate(
        &self,
        look: &Look<'_>,
        playhead: &mut Playhead,
        view: &mut View,
        axis: &Axis,
        window: Window,
        regions: &Regions,
        ui: &Ui,
    ) {
        let (run, canvas, head) = (look.run, &self.canvas, &self.head);
        let at_ns = look.at_ns.saturating_sub(run.began_ns);
        let origin = ui.input(|input| input.pointer.press_origin());
        let in_rows = origin.is_some_and(|place| regions.rows.contains(place));
        let other_button = canvas.dragged_by(PointerButton::Middle) || canvas.dragged_by(PointerButton::Secondary);
        let pans = other_button || (canvas.dragged() && in_rows && !view.is_fit());
        let clicks = canvas.clicked() && !self.took_click;
        let scrubs = head.dragged() || head.clicked() || clicks || (canvas.dragged() && !pans);
        if scrubs && let Some(place) = head.interact_pointer_pos().or(canvas.interact_pointer_pos()) {
            playhead.seek(axis.at(place.x).saturating_sub(run.began_ns), run.length_ns());
        }
        if pans {
            let by_ns = -f64::from(canvas.drag_delta().x) * axis.ns_per_point();
            view.choose(window.pan(by_ns, whole(run)), at_ns, run);
            ui.set_cursor_icon(CursorIcon::Grabbing);
        } else if head.hovered() || scrubs {
            ui.set_cursor_icon(CursorIcon::ResizeHorizontal);
        }
        let Some(place) = canvas.hover_pos().or(head.hover_pos()) else { return };
        let (zoom, wheel) = ui.input(|input| (input.zoom_delta(), input.smooth_scroll_delta()));
        if (zoom - 1.0).abs() > f32::EPSILON {
            let around_ns = axis.at(place.x).saturating_sub(run.began_ns);
            view.choose(window.zoom(zoom, around_ns, whole(run)), at_ns, run);
        } else if wheel.x.abs() > wheel.y.abs() && !view.is_fit() {
            view.choose(window.pan(-f64::from(wheel.x) * axis.ns_per_point(), whole(run)), at_ns, run);
        }
    }
}

/// The rows in sight; answers the unit that was clicked.
fn rows(
    look: &Look<'_>,
    lines: &[Line],
    view: &mut View,
    axis: &Axis,
    regions: &Regions,
    canvas: &Response,
    ui: &mut Ui,
) -> Option<u32> {
    let run = look.run;
    let space = Rect::from_x_y_ranges(regions.names.min..=regions.rows.right() + 8.0, regions.rows.y_range());
    let mut child = ui.new_child(UiBuilder::new().max_rect(space).id_salt("rows"));
    child.spacing_mut().item_spacing = vec2(0.0, 0.0);
    child.spacing_mut().scroll.floating = true;
    let height = regions.pitch * lines.len() as f32;
    // A drag is the timeline's own gesture; rows scroll by wheel and bar.
    let source = ScrollSource::SCROLL_BAR | ScrollSource::MOUSE_WHEEL;
    let scroll = ScrollArea::vertical().auto_shrink(false).content_margin(0).scroll_source(source);
    scroll
        .show_viewport(&mut child, |ui, seen| {
            ui.set_height(height);
            let top = ui.max_rect().top();
            let first = (seen.min.y / regions.pitch).floor().max(0.0) as usize;
            let end = ((seen.max.y / regions.pitch).ceil() as usize).min(lines.len());
            let place = |index: usize| {
                let (top, bottom) = (top + index as f32 * regions.pitch, top + (index + 1) as f32 * regions.pitch);
                Rect::from_x_y_ranges(axis.left..=axis.right, top.round()..=bottom.round())
            };
            let now_ns = run.last_ns.max(look.at_ns.min(axis.to_ns));
            let clip = Rect::from_x_y_ranges(axis.left - 1.0..=axis.right + 8.0, regions.rows.y_range());
            let index_of: HashMap<Who, usize> = lines.iter().map(|line| line.who).zip(0..).collect();
            let mut clicked = None;
            let key = RowsKey {
                axis: *axis,
                events: look.model.events,
                now_ns,
                first,
                places: (first..end).map(place).collect(),
                type_size: look.theme.small().size,
            };
            for (index, row) in (first..end).zip(view.rows(run, lines, key)) {
                let response = ui.interact(row.space, ui.scope_id().with(("row", index)), Sense::hover());
                name(&response, Role::Row, &in_words(look, lines[index], row));
                let ink = Ink::new(ui.painter(), look.theme);
                paint::row_name(&ink, row, regions.names, index + 1 == end);
                bars::row(&Ink::new(&ui.painter_at(clip), look.theme), row, axis, look.selected_unit);
                clicked = clicked.or(point_at(look, row, &response, canvas));
            }
            let band = |id: ActorId| {
                let space = place(*index_of.get(&run.who(id)?)?);
                let inset = (space.height() * 0.14).round().max(2.0);
                Some(Rangef::new(space.top() + inset, space.bottom() - inset))
            };
            let painter = ui.painter_at(clip);
            let ink = Ink::new(&painter, look.theme);
            if view.all_arrows {
                match all_arrows(run, axis, MOST_ARROWS, band) {
                    Some(arrows) => paint::arrows(&ink, &arrows, false),
                    None => paint::too_many_arrows(&ink, regions),
                }
            }
            if let Some(unit) = look.selected_unit {
                paint::arrows(&ink, &unit_arrows(run, unit, axis, band), true);
            }
            clicked
        })
        .inner
}

/// A row in words, at the moment that is looked at.
fn in_words(look: &Look<'_>, line: Line, row: &Row) -> String {
    let run = look.run;
    if line.who == Who::Calls {
        return format!("Calls of the library by the parent: {}", run.calls.len());
    }
    let Some((life, actor)) = run.life_at(line.who, look.at_ns) else { return row.title.clone() };
    let state = run.state_in_words(actor, look.at_ns);
    let lives = run.lives(line.who).len();
    let who = if lives > 1 {
        format!("{}, life {} of {}: {}, ", row.title, life + 1, grouped(lives as u64), actor.title())
    } else {
        format!("{}, ", row.title)
    };
    let units = if run.plan.program.is_some() { String::new() } else { format!(", {} units", grouped(actor.units)) };
    format!("{who}pid {}: {state}{units}", actor.pid)
}

/// Tells what lies under the pointer; answers its unit if it is clicked.
fn point_at(look: &Look<'_>, row: &Row, response: &Response, canvas: &Response) -> Option<u32> {
    if canvas.clicked() {
        let place = canvas.interact_pointer_pos().filter(|place| response.interact_rect.contains(*place))?;
        return row.mark_at(place)?.unit;
    }
    let place = response.hover_pos()?;
    if let Some(sign) = row.sign_at(place) {
        response.clone().on_hover_text_at_pointer(sign);
        return None;
    }
    let mark = row.mark_at(place)?;
    if mark.unit.is_some() {
        response.ctx.set_cursor_icon(CursorIcon::PointingHand);
    }
    response.clone().on_hover_text_at_pointer(bars::tip(row, mark, look.run));
    None
}

/// The curve of messages and the lanes of the cores.
fn curves(look: &Look<'_>, view: &mut View, axis: &Axis, regions: &Regions, ui: &Ui) {
    let (run, model) = (look.run, look.model);
    let key = (*axis, model.events);
    if view.curves.as_ref().is_none_or(|curves| curves.key != key) {
        let in_flight = in_flight::Curve::of(run, axis, run.last_ns);
        view.curves = Some(Curves { key, in_flight, cores: cores::lanes(model, run, axis, run.last_ns) });
    }
    let Some(curves) = &view.curves else { return };
    let ink = Ink::new(ui.painter(), look.theme);
    if regions.in_flight.height() > 0.0 {
        messages(look, curves, regions, ui);
    }
    cores::paint(&ink, &curves.cores, regions.cores);

    let busy = model.cores.partition_point(|sample| sample.at_ns <= look.at_ns).checked_sub(1);
    let busy = busy.map(|index| model.cores[index].busy_permille.iter().map(|&core| u32::from(core)).sum::<u32>());
    let cores = curves.cores.len();
    let told = busy.map_or_else(|| format!("of {cores}"), |busy| format!("{:.1} of {cores}", f64::from(busy) / 1000.0));
    paint::heading(&ink, regions, regions.cores, "Cores busy", &told);

    let response = ui.interact(regions.cores, ui.scope_id().with("cores"), Sense::hover());
    name(&response, Role::Image, &format!("Cores busy: {told}"));
    response.on_hover_text(
        "Grey: how busy the core was, whoever used it, sampled. Coloured: which worker began its unit there.",
    );
}

/// The curve of messages, its name and its figures.
fn messages(look: &Look<'_>, curves: &Curves, regions: &Regions, ui: &Ui) {
    let (run, ink) = (look.run, Ink::new(ui.painter(), look.theme));
    in_flight::paint(&ink, &curves.in_flight, regions.in_flight);
    let now = run.in_flight(look.at_ns);
    let peak = curves.in_flight.peak;
    let figures = if run.channels.is_empty() {
        "nothing is sent".to_owned()
    } else {
        format!("{} now, at most {}", grouped(now as u64), grouped(u64::from(peak)))
    };
    paint::heading(&ink, regions, regions.in_flight, "In flight", &figures);
    let response = ui.interact(regions.in_flight, ui.scope_id().with("in flight"), Sense::hover());
    name(&response, Role::Image, &format!("Messages in flight: {now} now, at most {peak} in sight"));
}

#[cfg(test)]
mod tests;

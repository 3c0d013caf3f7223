//! The picture that a run computes, tile by tile, each in the colour of the worker that computed it.

use egui::{
    Align2, Color32, ColorImage, CornerRadius, Rect, Role, Sense, Stroke, StrokeKind, TextureHandle, TextureOptions,
};
use egui::{Ui, pos2, vec2};

use super::Look;
use super::draw::{Ink, name};
use crate::gui::theme::Theme;
use crate::model::Run;
use crate::workload::{MANDELBROT_HEIGHT, MANDELBROT_TILE, MANDELBROT_WIDTH};

const WIDTH: usize = MANDELBROT_WIDTH as usize;
const HEIGHT: usize = MANDELBROT_HEIGHT as usize;
const TILE: usize = MANDELBROT_TILE as usize;
const COLUMNS: usize = WIDTH / TILE;

/// What the picture remembers between frames: the texture, and how many results are in it.
#[derive(Clone, Default)]
pub struct View {
    canvas: Option<(TextureHandle, ColorImage)>,
    /// The run and the theme it was drawn for.
    key: Option<(u32, u64, Theme)>,
    drawn: usize,
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View").field("key", &self.key).field("drawn", &self.drawn).finish_non_exhaustive()
    }
}

/// Whether a run's results are a picture.
pub fn has_picture(run: &Run) -> bool {
    crate::workload::find(&run.plan.workload).is_ok_and(crate::workload::Workload::is_picture)
}

/// How many of a run's results, in their order of arrival, had arrived by then.
pub fn arrived(run: &Run, at_ns: u64) -> usize {
    let by_then =
        |unit: u32| run.units.get(unit).and_then(|unit| unit.arrived_ns).is_none_or(|arrived| arrived <= at_ns);
    run.results.partition_point(|(unit, _)| by_then(*unit))
}

/// Draws the picture as large as it fits, with its caption.
pub fn panel(look: &Look<'_>, view: &mut View, ui: &mut Ui) {
    let (run, theme) = (look.run, look.theme);
    let area = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(area);
    let line = theme.small().size * 1.5;
    let room = area.with_min_y(area.top() + line);
    let scale = (room.width() / WIDTH as f32).min(room.height() / HEIGHT as f32);
    if scale <= 0.02 {
        return;
    }
    let count = arrived(run, look.at_ns);
    update(look, view, count, ui);
    let words = format!("{count} of {} units, coloured by worker", run.cut.units());
    let ink = Ink::new(ui.painter(), theme);
    ink.text_in(area.with_max_y(room.top()), Align2::LEFT_CENTER, words.as_str(), theme.small(), theme.faint());
    let size = vec2(WIDTH as f32, HEIGHT as f32) * scale;
    let space = Align2::CENTER_TOP.align_size_within_rect(size.floor(), room);
    ui.painter().rect_filled(space, CornerRadius::ZERO, theme.card());
    if let Some((texture, _)) = &view.canvas {
        let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        ui.painter().image(texture.id(), space, whole, Color32::WHITE);
    }
    ui.painter().rect_stroke(space, CornerRadius::ZERO, Stroke::new(1.0, theme.border()), StrokeKind::Outside);
    let response = ui.interact(space, ui.scope_id().with("picture"), Sense::hover());
    name(&response, Role::Image, &format!("Picture: {words}"));
}

/// Brings the texture to `count` results: new ones are added, and going back starts over.
fn update(look: &Look<'_>, view: &mut View, count: usize, ui: &Ui) {
    let (run, theme) = (look.run, look.theme);
    let key = Some((run.number, run.began_ns, theme));
    if view.key == key && view.drawn == count && view.canvas.is_some() {
        return;
    }
    if view.key != key || view.drawn > count {
        view.drawn = 0;
        view.canvas = None;
    }
    let (mut texture, mut image) = view.canvas.take().map_or_else(
        || (None, ColorImage::filled([WIDTH, HEIGHT], Color32::TRANSPARENT)),
        |(texture, image)| (Some(texture), image),
    );
    for (unit, payload) in &run.results[view.drawn..count] {
        let worker = run.units.get(*unit).and_then(|unit| unit.worker).and_then(|worker| run.actor(worker));
        let number = worker.map_or(0, |actor| run.hue(actor));
        put_unit(&mut image, run, *unit, payload, |shade| theme.shade(number, shade));
    }
    match &mut texture {
        Some(texture) => texture.set(image.clone(), TextureOptions::LINEAR),
        None => texture = Some(ui.ctx().load_texture("picture", image.clone(), TextureOptions::LINEAR)),
    }
    view.canvas = texture.map(|texture| (texture, image));
    (view.key, view.drawn) = (key, count);
}

/// Puts the tiles of a unit where they belong; a payload that is too short leaves its rest empty.
fn put_unit(image: &mut ColorImage, run: &Run, unit: u32, payload: &[u8], colour: impl Fn(u8) -> Color32) {
    for (tile, pixels) in run.cut.range(unit).zip(payload.chunks_exact(TILE * TILE)) {
        let (left, top) = (tile as usize % COLUMNS * TILE, tile as usize / COLUMNS * TILE);
        if top + TILE > HEIGHT {
            return;
        }
        for (row, pixels) in pixels.chunks_exact(TILE).enumerate() {
            let start = (top + row) * WIDTH + left;
            for (place, &shade) in image.pixels[start..start + TILE].iter_mut().zip(pixels) {
                *place = colour(shade);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::panels::fixture::small;
    use crate::model::Model;

    fn with_results() -> Model {
        let mut model = small();
        let run = &mut model.runs[0];
        run.plan.workload = "mandelbrot".to_owned();
        run.cut = crate::chunk::Cut::new(192, Some(24), 2);
        let order: Vec<u32> = run.units.arrivals().iter().map(|(_, unit)| *unit).collect();
        run.results = order.into_iter().map(|unit| (unit, vec![unit as u8 + 1; 24 * TILE * TILE])).collect();
        model
    }

    #[test]
    fn results_arrive_with_the_cursor() {
        let model = with_results();
        let run = model.last_run().expect("there is a run");
        assert!(has_picture(run));
        assert_eq!(arrived(run, run.began_ns), 0);
        let third_ns = run.units.arrivals()[2].0;
        assert_eq!((arrived(run, third_ns - 1), arrived(run, third_ns)), (2, 3));
        assert_eq!(arrived(run, run.last_ns), 8);
    }

    #[test]
    fn a_unit_lands_on_its_tiles_and_nowhere_else() {
        let model = with_results();
        let run = model.last_run().expect("there is a run");
        let mut image = ColorImage::filled([WIDTH, HEIGHT], Color32::TRANSPARENT);
        let (_, payload) = &run.results[0];
        put_unit(&mut image, run, 7, payload, |_| Color32::WHITE);
        let white = image.pixels.iter().filter(|&&pixel| pixel == Color32::WHITE).count();
        assert_eq!(white, 24 * TILE * TILE);
        assert_eq!(image.pixels[WIDTH * HEIGHT - 1], Color32::WHITE, "unit 7 holds the last tile");
        put_unit(&mut image, run, 0, &payload[..TILE], |_| Color32::BLACK);
        assert!(!image.pixels.contains(&Color32::BLACK), "a payload that is cut off draws no broken tile");
    }
}

//! The picture that a run computes, tile by tile, each in the colour of the worker that computed it.

use egui::{
    Align2, Color32, ColorImage, CornerRadius, Rect, Role, Sense, Stroke, StrokeKind, TextureHandle, TextureOptions,
};
use egui::{Ui, pos2, vec2};

use super::Look;
use super::draw::{Ink, name};
use crate::gui::theme::Theme;
use crate::model::Run;
use crate::workload::{Picture, Tone};

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

/// The picture that a run's results are, if they are one.
fn picture_of(run: &Run) -> Option<Picture> {
    crate::workload::find(&run.plan.workload).ok()?.picture()
}

/// Whether a run's results are a picture.
pub fn has_picture(run: &Run) -> bool {
    picture_of(run).is_some()
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
    let Some(picture) = picture_of(run) else { return };
    let extent = vec2(picture.width as f32, picture.height as f32);
    let area = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(area);
    let line = theme.small().size * 1.5;
    let room = area.with_min_y(area.top() + line);
    let scale = (room.width() / extent.x).min(room.height() / extent.y);
    if scale <= 0.02 {
        return;
    }
    let count = arrived(run, look.at_ns);
    update(look, picture, view, count, ui);
    let words = format!("{count} of {} units, coloured by worker", run.cut.units());
    let ink = Ink::new(ui.painter(), theme);
    ink.text_in(area.with_max_y(room.top()), Align2::LEFT_CENTER, words.as_str(), theme.small(), theme.faint());
    let size = extent * scale;
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
fn update(look: &Look<'_>, picture: Picture, view: &mut View, count: usize, ui: &Ui) {
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
        || (None, ColorImage::filled([picture.width, picture.height], Color32::TRANSPARENT)),
        |(texture, image)| (Some(texture), image),
    );
    for (unit, payload) in &run.results[view.drawn..count] {
        let worker = run.units.get(*unit).and_then(|unit| unit.worker).and_then(|worker| run.actor(worker));
        let number = worker.map_or(0, |actor| run.hue(actor));
        put_unit(&mut image, picture, run, *unit, payload, |byte| colour(theme, number, picture.tone, byte));
    }
    match &mut texture {
        Some(texture) => texture.set(image.clone(), TextureOptions::LINEAR),
        None => texture = Some(ui.ctx().load_texture("picture", image.clone(), TextureOptions::LINEAR)),
    }
    view.canvas = texture.map(|texture| (texture, image));
    (view.key, view.drawn) = (key, count);
}

/// A pixel in the hue of the worker that computed it.
fn colour(theme: Theme, number: u32, tone: Tone, byte: u8) -> Color32 {
    match tone {
        Tone::Escape => theme.shade(number, byte),
        // As light as the photograph, between the darkest and the worker's own colour.
        Tone::Light => theme.on_worker().lerp_to_gamma(theme.worker(number), f32::from(byte) / 255.0),
    }
}

/// Puts the tiles of a unit where they belong; a payload that is too short leaves its rest empty.
fn put_unit(
    image: &mut ColorImage,
    picture: Picture,
    run: &Run,
    unit: u32,
    payload: &[u8],
    colour: impl Fn(u8) -> Color32,
) {
    for (tile, pixels) in run.cut.range(unit).zip(payload.chunks_exact(picture.tile_pixels())) {
        let (left, top) = picture.place(tile as usize);
        if top + picture.tile > picture.height {
            return;
        }
        for (row, pixels) in pixels.chunks_exact(picture.tile).enumerate() {
            let start = (top + row) * picture.width + left;
            for (place, &byte) in image.pixels[start..start + picture.tile].iter_mut().zip(pixels) {
                *place = colour(byte);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::panels::fixture::small;
    use crate::model::Model;

    const PICTURE: Picture = Picture { width: 512, height: 384, tile: 32, tone: Tone::Escape };

    fn with_results() -> Model {
        let mut model = small();
        let run = &mut model.runs[0];
        run.plan.workload = "mandelbrot".to_owned();
        run.cut = crate::chunk::Cut::new(192, Some(24), 2);
        let order: Vec<u32> = run.units.arrivals().iter().map(|(_, unit)| *unit).collect();
        run.results = order.into_iter().map(|unit| (unit, vec![unit as u8 + 1; 24 * PICTURE.tile_pixels()])).collect();
        model
    }

    #[test]
    fn results_arrive_with_the_cursor() {
        let model = with_results();
        let run = model.last_run().expect("there is a run");
        assert_eq!(picture_of(run), Some(PICTURE));
        assert_eq!(arrived(run, run.began_ns), 0);
        let third_ns = run.units.arrivals()[2].0;
        assert_eq!((arrived(run, third_ns - 1), arrived(run, third_ns)), (2, 3));
        assert_eq!(arrived(run, run.last_ns), 8);
    }

    #[test]
    fn a_photograph_is_as_light_as_it_was_in_the_hue_of_its_worker() {
        let theme = Theme::default();
        let light = |byte| colour(theme, 2, Tone::Light, byte);
        assert_eq!((light(0), light(255)), (theme.on_worker(), theme.worker(2)));
        let greens: Vec<u8> = (0..=255).map(|byte| light(byte).g()).collect();
        assert!(greens.is_sorted());
    }

    #[test]
    fn a_unit_lands_on_its_tiles_and_nowhere_else() {
        let model = with_results();
        let run = model.last_run().expect("there is a run");
        let mut image = ColorImage::filled([PICTURE.width, PICTURE.height], Color32::TRANSPARENT);
        let (_, payload) = &run.results[0];
        put_unit(&mut image, PICTURE, run, 7, payload, |_| Color32::WHITE);
        let white = image.pixels.iter().filter(|&&pixel| pixel == Color32::WHITE).count();
        assert_eq!(white, 24 * PICTURE.tile_pixels());
        assert_eq!(image.pixels[PICTURE.width * PICTURE.height - 1], Color32::WHITE, "unit 7 holds the last tile");
        put_unit(&mut image, PICTURE, run, 0, &payload[..PICTURE.tile], |_| Color32::BLACK);
        assert!(!image.pixels.contains(&Color32::BLACK), "a payload that is cut off draws no broken tile");
    }
}

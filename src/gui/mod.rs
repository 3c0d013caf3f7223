//! The window.

pub mod app;
pub mod command;
pub mod experiment;
#[cfg(test)]
mod fixture;
pub mod fonts;
mod keyboard;
pub mod panels;
pub mod playhead;
pub mod source;
pub mod theme;
pub mod verdict;

pub use crate::words;

use std::path::PathBuf;

use app::App;

/// How the window begins.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A recorded trace to show.
    pub open: Option<PathBuf>,
}

/// A window that could not open.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WindowError(#[from] eframe::Error);

/// Opens the window and stays until it is closed.
pub fn run(options: Options) -> Result<(), WindowError> {
    let viewport = egui::ViewportBuilder::default()
        .with_title("Poolscope")
        .with_app_id("poolscope")
        .with_icon(icon())
        .with_inner_size([1366.0, 768.0])
        .with_min_inner_size([1100.0, 640.0]);
    let native = eframe::NativeOptions {
        viewport,
        renderer: eframe::Renderer::Glow,
        persist_window: false,
        ..eframe::NativeOptions::default()
    };
    eframe::run_native(
        "Poolscope",
        native,
        Box::new(move |creation| {
            let mut app = App::new(&creation.egui_ctx);
            if let Some(path) = options.open {
                app.open(&path);
            }
            Ok(Box::new(app))
        }),
    )?;
    Ok(())
}

/// The icon of the window; none if it can't be read.
fn icon() -> egui::IconData {
    eframe::icon_data::from_png_bytes(include_bytes!("../../assets/icon/icon-64.png")).unwrap_or_default()
}

//! What is computed: workload, preset, and how many items where that is free.

use egui::{ComboBox, DragValue, Label, RichText, Ui};

use crate::chunk::grouped;
use crate::gui::panels::parts::row;
use crate::gui::theme::Theme;
use crate::plan::{MAX_ITEMS, Plan};
use crate::workload::{self, Input, REGISTRY};

/// The input of a plan.
pub(super) fn input_of(plan: &Plan) -> Result<Input, crate::plan::PlanError> {
    workload::find(&plan.workload)?.input(plan.preset.as_deref(), plan.items)
}

/// Draws the choices.
pub(super) fn panel(plan: &mut Plan, theme: Theme, ui: &mut Ui) {
    let Ok(chosen) = workload::find(&plan.workload) else { return };
    row(ui, theme, "Workload", |ui| {
        let width = ui.available_width();
        let combo = ComboBox::from_id_salt("workload").selected_text(chosen.title()).width(width).truncate();
        let response = combo.show_ui(ui, |ui| {
            for workload in REGISTRY {
                let is_chosen = workload.name() == plan.workload;
                let choice = ui.selectable_label(is_chosen, workload.title()).on_hover_text(workload.why());
                if choice.clicked() && !is_chosen {
                    workload.name().clone_into(&mut plan.workload);
                    plan.preset = workload.presets().first().map(|preset| preset.name.to_owned());
                    (plan.items, plan.chunksize) = (None, None);
                }
            }
        });
        response.response.on_hover_text(chosen.why())
    });
    let Ok(Input { workload, preset }) = input_of(plan) else { return };
    row(ui, theme, "Preset", |ui| {
        let width = ui.available_width();
        let combo = ComboBox::from_id_salt("preset").selected_text(preset.name).width(width).truncate();
        let response = combo.show_ui(ui, |ui| {
            for offered in workload.presets() {
                let is_chosen = offered.name == preset.name;
                let choice = ui.selectable_label(is_chosen, offered.name).on_hover_text(offered.summary);
                if choice.clicked() && !is_chosen {
                    plan.preset = Some(offered.name.to_owned());
                    (plan.items, plan.chunksize) = (None, None);
                }
            }
        });
        response.response
    });
    if preset.free_items {
        row(ui, theme, "Items", |ui| {
            let mut items = preset.items;
            let response = ui.add(
                DragValue::new(&mut items)
                    .range(1..=MAX_ITEMS)
                    .speed((preset.items as f64 / 100.0).max(1.0))
                    .custom_formatter(|value, _| grouped(value as u64))
                    .custom_parser(|text| text.replace([',', ' ', '_'], "").parse().ok()),
            );
            if response.changed() {
                plan.items = Some(items);
                plan.chunksize = plan.chunksize.map(|size| size.min(items));
            }
            response
        });
    }
    // One line: the whole sentence is there on hover, and below it there is much to choose.
    let summary = RichText::new(preset.summary).font(theme.small()).color(theme.faint());
    ui.add(Label::new(summary).truncate());
}

//! Keys of the whole window. A key that a focused control understands belongs to that control.

use egui::{Context, Key, KeyboardShortcut, Modifiers};

use super::command::Command;
use super::panels::dialog::{Dialog, Purpose};
use super::playhead::{Playhead, SPEEDS};
use crate::model::Run;
use crate::model::steps::{next_event_ns, previous_event_ns};

/// What runs, also while a control has the focus.
const RUN: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::Enter);
const OPEN: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::O);
/// Shift and an arrow move by this part of the run.
const STEP_PARTS: u64 = 100;

/// The keys of the window as a whole.
pub(super) fn commands(ctx: &Context, can_run: bool, dialog: &mut Option<Dialog>, commands: &mut Vec<Command>) {
    if dialog.is_some() {
        return;
    }
    if can_run && ctx.input_mut(|input| input.consume_shortcut(&RUN)) {
        commands.push(Command::Run);
    }
    if ctx.input_mut(|input| input.consume_shortcut(&OPEN)) {
        *dialog = Some(Dialog::new(Purpose::Open));
    }
}

/// Space plays and pauses, ←/→ step from event to event, with Shift by time, digits set the speed,
/// Home and End go to the ends.
pub(super) fn playback(ctx: &Context, run: &Run, playhead: &mut Playhead) {
    if ctx.memory(|memory| memory.focused().is_some()) {
        return;
    }
    let length_ns = run.length_ns();
    let pressed = |key| ctx.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    let with_shift = |key| ctx.input_mut(|input| input.consume_key(Modifiers::SHIFT, key));
    // Shift first: without modifiers, a key matches with Shift as well.
    if with_shift(Key::ArrowRight) {
        playhead.seek(playhead.at_ns.saturating_add(length_ns / STEP_PARTS), length_ns);
    }
    if with_shift(Key::ArrowLeft) {
        playhead.seek(playhead.at_ns.saturating_sub(length_ns / STEP_PARTS), length_ns);
    }
    if pressed(Key::Space) {
        playhead.toggle(length_ns);
    }
    let at_ns = run.began_ns + playhead.at_ns;
    let mut step_to = |moment: Option<u64>, or_ns| {
        playhead.seek(moment.map_or(or_ns, |at_ns| at_ns.saturating_sub(run.began_ns)), length_ns);
    };
    if pressed(Key::ArrowRight) {
        step_to(next_event_ns(run, at_ns), length_ns);
    }
    if pressed(Key::ArrowLeft) {
        step_to(previous_event_ns(run, at_ns), 0);
    }
    if pressed(Key::Home) {
        step_to(None, 0);
    }
    if pressed(Key::End) {
        step_to(None, length_ns);
    }
    let digits =
        [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9, Key::Num0];
    for (speed, key) in digits.into_iter().enumerate().take(SPEEDS.len()) {
        if pressed(key) {
            playhead.speed = speed;
        }
    }
}

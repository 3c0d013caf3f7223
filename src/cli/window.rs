//! The window, or in its place the terminal and the reason why.

use std::path::{Path, PathBuf};

use crate::trace::file;

use super::error::CliError;
use super::{Verdict, console, run, show};

/// Opens the window; without a display the prime check runs here.
pub(super) fn open() -> Result<Verdict, CliError> {
    match try_window(None) {
        Ok(()) => Ok(Verdict::Good),
        Err(reason) => {
            console::complain(&format!("{reason} The prime check runs in the terminal instead."));
            run::prime_check()
        }
    }
}

/// Opens the window on a trace; without a display its figures are shown here.
pub(super) fn replay(path: &Path) -> Result<Verdict, CliError> {
    // A file that is no trace is refused here, in one sentence, before any window opens.
    let opened = file::open(path)?;
    match try_window(Some(path.to_owned())) {
        Ok(()) => Ok(Verdict::Good),
        Err(reason) => {
            console::complain(&format!("{reason} What the trace holds is shown in the terminal instead."));
            show::tell(path, &opened, false)
        }
    }
}

/// Shows the window until it is closed, or says why there is none.
#[cfg(feature = "gui")]
fn try_window(open: Option<PathBuf>) -> Result<(), String> {
    if let Some(reason) = crate::sys::display_error() {
        return Err(reason.to_owned());
    }
    crate::gui::run(crate::gui::Options { open }).map_err(|error| format!("No window could be opened: {error}."))
}

/// Says why there is no window.
#[cfg(not(feature = "gui"))]
fn try_window(_open: Option<PathBuf>) -> Result<(), String> {
    Err("This Poolscope was built without its window.".to_owned())
}

//! Poolscope's one program: the window, the command line, and every child process of a run.

use std::process::ExitCode;

fn main() -> ExitCode {
    // A child must be what it is before anything else looks at the arguments.
    if let Some(code) = poolscope::engine::child_hook(std::env::args_os()) {
        return code;
    }
    poolscope::cli::main()
}

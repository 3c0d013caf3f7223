//! The programs about processes, and how they start.

use super::Program;

mod ending;
mod family;
mod first;
mod inheriting;
mod methods;

/// All of them, in the order of the screen.
pub(super) static ALL: &[&Program] = &[
    &first::FIVE_WORKERS,
    &first::TWO_SLEEPERS,
    &ending::EXIT_CODES,
    &ending::JOIN_TIMEOUT,
    &ending::TERMINATE_AND_KILL,
    &ending::AT_EXIT,
    &ending::MISUSE,
    &family::DAEMON,
    &family::CHILDREN_OF_CHILDREN,
    &family::ZOMBIE,
    &family::ORPHAN,
    &family::PIPE_HOLDER,
    &family::PARENT_KILLED,
    &first::THREADS_IN_A_CHILD,
    &first::MANY_CHILDREN,
    &inheriting::INHERITED_VALUE,
    &inheriting::LOCK_AT_FORK,
    &inheriting::MISSING_MAIN_GUARD,
    &methods::START_COST,
    &methods::DEFAULT_METHODS,
    &methods::START_METHOD_TWICE,
    &methods::MIXED_CONTEXTS,
    &methods::FORKSERVER_KILLED,
];

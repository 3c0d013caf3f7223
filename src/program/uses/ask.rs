//! What is asked of a manager, and its serving.

/// A use of a manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The manager's own process serves its clients, until all of them are gone.
    Serve,
}

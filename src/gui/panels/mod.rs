//! The panels of the Lab, a file or folder each.
//!
//! A panel is `fn panel(model, view state, ui, commands)`: it reads the model, keeps only its own view
//! state, and pushes [`Command`](super::command::Command)s, which `App` carries out after all panels
//! are drawn.

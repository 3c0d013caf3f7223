//! The ways of starting that one process has used so far, with the fork server that it may have.

use std::io;

use crate::engine::start::{Launcher, Server, Starter};
use crate::plan::StartMethod;
use crate::trace::{ActorId, Exit};

/// One starter a method, each there from its first use on.
#[derive(Default)]
pub(super) struct Starters(Vec<(StartMethod, Launcher)>);

impl Starters {
    /// What starts processes in this way.
    pub(super) fn get(&mut self, method: StartMethod) -> io::Result<&mut dyn Starter> {
        let place = self.0.iter().position(|(known, _)| *known == method).unwrap_or_else(|| {
            self.0.push((method, Launcher::new(method)));
            self.0.len() - 1
        });
        self.0[place].1.starter()
    }

    /// A fork server that was started and that nobody has been told of.
    pub(super) fn new_server(&mut self) -> Option<Server> {
        let launcher = &mut self.0.iter_mut().find(|(method, _)| *method == StartMethod::Forkserver)?.1;
        if launcher.server.is_some() { None } else { launcher.starter().ok()?.server() }
    }

    /// Notes under which id the fork server was told of.
    pub(super) fn note_server(&mut self, actor: ActorId) {
        for (_, launcher) in self.0.iter_mut().filter(|(method, _)| *method == StartMethod::Forkserver) {
            launcher.server = Some(actor);
        }
    }

    /// Whether there is a fork server, alive or not.
    pub(super) fn has_server(&self) -> bool {
        self.0.iter().any(|(method, launcher)| *method == StartMethod::Forkserver && launcher.server.is_some())
    }

    /// Whether the fork server is gone, or does not answer any more.
    pub(super) fn server_is_lost(&mut self) -> bool {
        let launcher = self.0.iter_mut().find(|(method, _)| *method == StartMethod::Forkserver);
        let starter = launcher.and_then(|(_, launcher)| launcher.starter().ok());
        starter.and_then(|starter| starter.server()).is_some_and(|server| server.lost)
    }

    /// Ends the fork server at once and forgets it: the next start launches another. Its id, and how it ended.
    pub(super) fn kill_server(&mut self) -> Option<(Option<ActorId>, Exit)> {
        let place = self.0.iter().position(|(method, _)| *method == StartMethod::Forkserver)?;
        let (_, mut launcher) = self.0.remove(place);
        let exit = launcher.starter().ok()?.kill_server().unwrap_or(Exit::Unknown);
        Some((launcher.server, exit))
    }

    /// Ends whatever was started to start others; the server's id, and how it ended.
    pub(super) fn dismiss(&mut self) -> Option<(ActorId, Exit)> {
        std::mem::take(&mut self.0).into_iter().find_map(|(_, launcher)| launcher.dismiss())
    }
}

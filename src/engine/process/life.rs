//! The life of a process object, as Python tells it: which call is right when, and which error a wrong one
//! raises.

pub(super) use crate::engine::ipc::Refusal as Raised;
use crate::program::script::Method;
use crate::trace::Exit;

/// Where in its life a process object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// Created; there is no process yet.
    Initial,
    /// There is a process; as far as its parent knows, it lives.
    Started,
    /// It has ended, and was waited for.
    Ended(Exit),
    /// The object was closed.
    Closed,
}

/// Who calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Caller {
    /// Another process created the object.
    pub(super) foreign: bool,
    /// The caller is a daemon.
    pub(super) daemon: bool,
    /// The caller is still importing the main module.
    pub(super) importing: bool,
}

const IMPORTING: &str = "An attempt has been made to start a new process before the current process has finished \
                         its bootstrapping phase. Write the start under if __name__ == '__main__':";
const RUNNING: &str = "Cannot close a process while it is still running. You should first call join() or terminate().";

impl Life {
    /// Whether a method may be called now. What is known of the process must be up to date.
    pub(super) fn check(self, method: Method, caller: Caller) -> Result<(), Raised> {
        let assertion = |message| Err(Raised::new("AssertionError", message));
        let value = |message| Err(Raised::new("ValueError", message));
        if self == Self::Closed {
            return if method == Method::Close { Ok(()) } else { value("process object is closed") };
        }
        let started = self != Self::Initial;
        match method {
            Method::Start if started => assertion("cannot start a process twice"),
            Method::Start if caller.foreign => assertion("can only start a process object created by current process"),
            Method::Start if caller.daemon => assertion("daemonic processes are not allowed to have children"),
            Method::Start if caller.importing => Err(Raised::new("RuntimeError", IMPORTING)),
            Method::Join(_) if caller.foreign => assertion("can only join a child process"),
            Method::Join(_) if !started => assertion("can only join a started process"),
            Method::IsAlive if caller.foreign => assertion("can only test a child process"),
            Method::Terminate | Method::Kill if !started => {
                let name = if method == Method::Kill { "kill" } else { "terminate" };
                Err(Raised::new("AttributeError", format!("'NoneType' object has no attribute '{name}'")))
            }
            Method::Close if self == Self::Started => value(RUNNING),
            Method::Sentinel if !started => value("process not started"),
            Method::SetDaemon if started => assertion("process has already started"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Method; 10] = [
        Method::Start,
        Method::Join(None),
        Method::Terminate,
        Method::Kill,
        Method::Close,
        Method::IsAlive,
        Method::ExitCode,
        Method::Pid,
        Method::Sentinel,
        Method::SetDaemon,
    ];

    fn error(life: Life, method: Method, caller: Caller) -> String {
        life.check(method, caller).expect_err("it is wrong").to_string()
    }

    #[test]
    fn d02_a_process_starts_once_and_only_a_started_child_is_joined() {
        let (own, foreign) = (Caller::default(), Caller { foreign: true, ..Caller::default() });
        for life in [Life::Started, Life::Ended(Exit::Code(0))] {
            assert_eq!(error(life, Method::Start, own), "AssertionError: cannot start a process twice");
            assert_eq!(error(life, Method::SetDaemon, own), "AssertionError: process has already started");
            assert_eq!(error(life, Method::Join(None), foreign), "AssertionError: can only join a child process");
            assert_eq!(error(life, Method::IsAlive, foreign), "AssertionError: can only test a child process");
        }
        assert_eq!(error(Life::Initial, Method::Join(Some(1)), own), "AssertionError: can only join a started process");
        assert_eq!(
            error(Life::Initial, Method::Start, foreign),
            "AssertionError: can only start a process object created by current process"
        );
        assert!(error(Life::Initial, Method::Kill, own).ends_with("no attribute 'kill'"));
    }

    #[test]
    fn d03_a_new_process_answers_and_d05_has_no_sentinel() {
        let fine = [Method::Start, Method::Close, Method::IsAlive, Method::ExitCode, Method::Pid, Method::SetDaemon];
        for method in fine {
            assert_eq!(Life::Initial.check(method, Caller::default()), Ok(()), "{method:?}");
        }
        assert_eq!(error(Life::Initial, Method::Sentinel, Caller::default()), "ValueError: process not started");
    }

    #[test]
    fn d07_a_closed_process_knows_nothing_and_a_running_one_is_not_closed() {
        assert_eq!(error(Life::Started, Method::Close, Caller::default()), format!("ValueError: {RUNNING}"));
        assert_eq!(Life::Ended(Exit::Code(3)).check(Method::Close, Caller::default()), Ok(()));
        for method in ALL.into_iter().filter(|method| *method != Method::Close) {
            assert_eq!(error(Life::Closed, method, Caller::default()), "ValueError: process object is closed");
        }
        assert_eq!(Life::Closed.check(Method::Close, Caller::default()), Ok(()), "twice is fine");
    }

    #[test]
    fn d09_a_daemon_has_no_children_and_e04_nobody_starts_while_importing() {
        let daemon = Caller { daemon: true, ..Caller::default() };
        let told = "AssertionError: daemonic processes are not allowed to have children";
        assert_eq!(error(Life::Initial, Method::Start, daemon), told);
        let importing = Caller { importing: true, ..Caller::default() };
        assert!(error(Life::Initial, Method::Start, importing).starts_with("RuntimeError: An attempt"));
    }
}

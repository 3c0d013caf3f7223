//! What this process has to do with the kernel's hunt for memory.

use std::fs;

/// Where the groups of processes are mounted; where the older kind of groups is in use as well, in a folder of
/// their own.
const MOUNTS: [&str; 2] = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];

/// Lets the system take this process first when memory runs out, and the window last.
pub fn volunteer_for_oom() {
    #[cfg(target_os = "linux")]
    // A system without this file has no such order to ask for.
    let _ = fs::write("/proc/self/oom_score_adj", "500");
}

/// How many processes the kernel has killed for want of memory, of the group (cgroup v2) that this process and
/// its children are in; `None` where it does not count them.
pub fn oom_kills() -> Option<u64> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let group = unified(&groups)?;
    let events = MOUNTS.iter().find_map(|mount| fs::read_to_string(format!("{mount}{group}/memory.events")).ok())?;
    kills(&events)
}

/// The path of the group of the second kind, from a list of all groups.
fn unified(groups: &str) -> Option<&str> {
    groups.lines().find_map(|line| line.strip_prefix("0::")).filter(|path| path.starts_with('/'))
}

/// The count among the events of a group.
fn kills(events: &str) -> Option<u64> {
    events.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::{kills, unified};

    #[test]
    fn the_group_of_the_second_kind_is_found_among_the_others() {
        assert_eq!(unified("0::/user.slice/user-1000.slice\n"), Some("/user.slice/user-1000.slice"));
        assert_eq!(unified("4:memory:/old\n1:name=systemd:/\n0::/\n"), Some("/"));
        assert_eq!(unified("4:memory:/old\n"), None);
        assert_eq!(unified("0::\n"), None);
    }

    #[test]
    fn kills_are_counted_and_nothing_else() {
        let events = "low 0\nhigh 12\nmax 7\noom 3\noom_kill 2\noom_group_kill 1\n";
        assert_eq!(kills(events), Some(2));
        assert_eq!(kills("oom 3\noom_group_kill 1\n"), None);
        assert_eq!(kills("oom_kill many\n"), None);
    }
}

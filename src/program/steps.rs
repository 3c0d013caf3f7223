//! Steps that many programs have.

use super::script::{self, Child, Method, Script, Step};

/// Starts each of these children.
pub(super) fn start(children: &[Child]) -> Script {
    let starts = children.iter().map(|child| Step::Call(child.var, Method::Start));
    children.iter().cloned().map(Step::New).chain(starts).collect()
}

/// Calls a method of each of the first children.
pub(super) fn each(count: usize, method: Method) -> impl Iterator<Item = Step> {
    (1..=count as u32).map(move |var| Step::Call(var, method))
}

/// Seconds as Python writes them.
pub(super) fn seconds(ms: u64) -> String {
    script::seconds(ms.cast_signed())
}

//! The faults of a plan, looked up by unit, and how a task fails that was told to.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::plan::{Action, Fault, Moment, Stage};
use crate::trace::TaskFailure;

/// What goes wrong on purpose in the life of items. Travels to workers in their setup.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    /// Those of a plan that happen to items.
    pub(super) fn of_items(all: &[Fault]) -> Self {
        Self(all.iter().copied().filter(|fault| matches!(fault.moment, Moment::Item { .. })).collect())
    }

    /// Whether nothing goes wrong.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether anything happens to these items that is not the parent's doing.
    pub(super) fn touch(&self, items: &Range<u64>) -> bool {
        self.0.iter().any(|fault| match fault.moment {
            Moment::Item { stage, item, .. } => !stage.is_in_parent() && items.contains(&item),
            Moment::Worker { .. } => false,
        })
    }

    /// What happens to these items at a moment of their life, and to which. `again` says that a worker had
    /// them before.
    pub(super) fn at(&self, wanted: Stage, items: Range<u64>, again: bool) -> impl Iterator<Item = (u64, Action)> {
        self.0.iter().filter_map(move |fault| match fault.moment {
            Moment::Item { stage, item, once } if stage == wanted && items.contains(&item) && !(once && again) => {
                Some((item, fault.action))
            }
            _ => None,
        })
    }
}

/// The failure of a task that was told to fail, by the names that Python gives such failures.
///
/// An argument that can't be pickled fails with the pickler's error, a result that can't is reported as
/// `MaybeEncodingError` (CPython `Lib/multiprocessing/pool.py`).
pub(super) fn failure(action: Action, stage: Stage, item: u64) -> TaskFailure {
    let value = match action {
        Action::Closure => "a closure (<function <lambda>>)",
        Action::OpenFile => "an open file (TextIOWrapper)",
        _ => "an object that refuses",
    };
    let (kind, message) = match stage {
        Stage::EncodeArguments => {
            ("PicklingError", format!("{value} can't be sent to a worker: jobs travel by name and bytes"))
        }
        Stage::EncodeResult => {
            ("MaybeEncodingError", format!("Error sending result: {value} can't be turned into bytes"))
        }
        Stage::DecodeArguments => ("UnpicklingError", "the arguments can't be read".to_owned()),
        Stage::DecodeResult => ("UnpicklingError", "the result can't be read".to_owned()),
        Stage::Call => ("ValueError", format!("item {item} was told to fail")),
    };
    TaskFailure { kind: kind.to_owned(), message, stage: Some(stage), item: Some(item), ..TaskFailure::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(texts: &[&str]) -> Faults {
        let all: Vec<Fault> = texts.iter().map(|text| text.parse().expect("a fault")).collect();
        Faults::of_items(&all)
    }

    #[test]
    fn a_fault_is_found_at_its_item_and_its_moment_only() {
        let faults =
            faults(&["kill@call:7", "error@encode-result:8:once", "kill@worker:1:5ms", "error@decode-result:1"]);
        let at = |stage, items, again| faults.at(stage, items, again).collect::<Vec<_>>();
        assert_eq!(at(Stage::Call, 6..9, false), [(7, Action::Kill)]);
        assert_eq!(at(Stage::Call, 7..8, true), [(7, Action::Kill)]);
        assert_eq!(at(Stage::Call, 8..20, false), []);
        assert_eq!(at(Stage::EncodeResult, 6..9, false), [(8, Action::Error)]);
        assert_eq!(at(Stage::EncodeResult, 6..9, true), [], "only once");
        assert!(faults.touch(&(0..8)) && !faults.touch(&(0..7)), "the parent's faults are its own");
    }
}

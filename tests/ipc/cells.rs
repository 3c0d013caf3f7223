//! Numbers in shared memory: what each promises, and what becomes of an update that nobody guards.

use std::collections::{BTreeSet, HashMap};

use poolscope::trace::Deed;

use crate::common::programs::{at_once, run, same_in_python};
use crate::uses::{done, each, most_inside, number, object};

#[test]
fn i01_with_its_lock_not_one_update_is_lost_and_only_one_has_it() {
    each("lost-updates", &[("lock", 1)], |ran| {
        assert_eq!(ran.lines(), ["counted 80000", "expected 80000"], "{}", ran.start.name());
        let events = &ran.told.events;
        assert_eq!(most_inside(events, object(events, "counter.get_lock()")), 1, "{}", ran.start.name());
        // Each wrote what nobody had written before.
        let updates = done(events);
        let wrote = updates.iter().filter_map(|done| match done.deed {
            Deed::Updated { read, wrote, .. } => Some((read, wrote)),
            _ => None,
        });
        assert!(wrote.eq((0..80_000).map(|number| (number, number + 1))), "{}", ran.start.name());
    });
}

#[test]
fn i01_and_i02_without_it_updates_are_lost_never_the_same_and_never_too_few() {
    const RUNS: usize = 30;
    at_once(|start| {
        let mut counted = Vec::new();
        // On a machine with no second core to spare it may take a while until two of them meet.
        while counted.len() < RUNS || counted.len() < 60 && counted.iter().collect::<BTreeSet<_>>().len() < 2 {
            let ran = run("lost-updates", start, &[]);
            let updates =
                done(&ran.told.events).iter().filter(|done| matches!(done.deed, Deed::Updated { .. })).count();
            assert_eq!(updates, 80_000, "{}: each was told", start.name());
            counted.push(number(&ran, "counted"));
        }
        println!("{}: {counted:?}", start.name());
        assert!(counted.iter().all(|&counted| counted <= 80_000), "{}: {counted:?}", start.name());
        assert!(counted.iter().collect::<BTreeSet<_>>().len() > 1, "{}: {counted:?}", start.name());
    });
}

#[test]
fn i01_a_lost_update_is_one_that_read_what_another_had_read() {
    at_once(|start| {
        let ran = run("lost-updates", start, &[("processes", 2), ("times", 100_000)]);
        let (mut reads, mut highest) = (HashMap::<i32, u64>::new(), 0);
        for done in done(&ran.told.events) {
            if let Deed::Updated { read, wrote, .. } = done.deed {
                *reads.entry(read).or_default() += 1;
                highest = highest.max(u64::from(wrote.unsigned_abs()));
            }
        }
        let again: u64 = reads.values().map(|times| times - 1).sum();
        let lost = 200_000 - number(&ran, "counted");
        println!("{}: {lost} lost, {again} read what another had read", start.name());
        assert!(again >= u64::from(lost > 0), "{}: nothing is lost for no reason", start.name());
        // What is missing in the highest number there ever was, others had read before.
        assert!(again >= 200_000 - highest, "{}: {again} read again, and it came to {highest}", start.name());
    });
}

#[test]
fn i03_and_i04_numbers_are_c_ints_and_arrays_keep_their_length() {
    each("value-types", &[], |ran| {
        let expected = [
            "largest 2147483647",
            "one more -2147483648",
            "new array [0, 0, 0, 0, 0]",
            "new raw array [0, 0, 0]",
            "length 5",
            "slice [6, 7]",
            "last 9",
            "too large -2147483648",
            "IndexError: invalid index",
            "IndexError: invalid index",
            "IndexError: invalid index",
            "ValueError: Can only assign sequence of same size",
            "the child finds [5, -2147483648, 7, 8, 9]",
            "after the child [50, -2147483648, 7, 8, 9]",
        ];
        assert_eq!(ran.lines(), expected, "{}", ran.start.name());
    });
}

#[test]
fn i03_and_i04_python_agrees() {
    same_in_python("value-types", &[]);
}

#[test]
fn i04_slices_of_an_array_are_summed_where_they_lie() {
    each("shared-array", &[("processes", 3), ("length", 100)], |ran| {
        let parts = [(0..33).sum::<i32>(), (33..66).sum(), (66..100).sum()];
        assert_eq!(ran.lines(), [format!("sums {parts:?}"), "total 4950".to_owned()], "{}", ran.start.name());
        let events = &ran.told.events;
        for (number, part) in (0_u16..).zip(parts) {
            let writer = ran.actor(&format!("Process-{}", number + 1)).id;
            let wrote = Deed::Wrote { index: number, value: part.into() };
            let sums = object(events, "sums");
            assert!(done(events).iter().any(|done| done.by == writer && done.object == sums && done.deed == wrote));
        }
    });
}

#[test]
fn i04_shared_array_python_agrees() {
    same_in_python("shared-array", &[]);
}

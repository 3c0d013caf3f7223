//! What is done with numbers in shared memory.

use crate::engine::ipc::Ints;
use crate::program::object::{Make, Obj};
use crate::program::uses::Cells;
use crate::sys;
use crate::trace::{Deed, ObjectId};

use super::super::life::Raised;
use super::guard::Guard;
use super::{Carrier, Host, Stop};

/// Numbers in shared memory, with the lock that the library takes for each access, unless they are raw.
struct Shared {
    id: ObjectId,
    ints: Ints,
    lock: Option<Guard>,
}

/// What a ring begins with: how many numbers are in it, and the place of the oldest.
const RING_COUNT: usize = 0;
const RING_OLDEST: usize = 1;
const RING_HEAD: usize = 2;

impl<H: Host> Carrier<'_, H> {
    fn shared(&self, object: Obj) -> Result<Shared, Raised> {
        let id = self.id_of(object)?;
        let place = self.objects.place(object);
        let ints = place.and_then(|place| self.objects.ints(place));
        let ints = ints.ok_or_else(|| self.no_attribute(object, "value"))?;
        let has_lock = place.is_some_and(|place| place.object.make.has_lock());
        let lock = if has_lock { Some(self.guard(object)?) } else { None };
        Ok(Shared { id, ints, lock })
    }

    /// Uses shared memory.
    pub(super) fn cells(&mut self, object: Obj, call: &Cells) -> Result<(), Stop> {
        let shared = self.shared(object)?;
        let length = shared.ints.length();
        match *call {
            Cells::Increment { times, lock } => {
                let lock = lock.map(|lock| self.guard(lock)).transpose()?;
                for _ in 0..times {
                    if let Some(lock) = &lock {
                        self.acquire(lock, None)?;
                    }
                    self.add(&shared, 0, 1)?;
                    if let Some(lock) = &lock {
                        self.release(lock)?;
                    }
                    self.look_up()?;
                }
            }
            Cells::Print(label) if matches!(self.make_of(object), Some(Make::Value(_) | Make::RawValue(_))) => {
                let number = self.read(&shared, 0)?;
                self.print(&format!("{label} {number}"));
            }
            Cells::Print(label) => {
                let numbers = self.read_all(&shared, 0..length as usize)?;
                self.print(&format!("{label} {numbers:?}"));
            }
            Cells::PrintAt(label, index) => {
                let place = shared.ints.place(index)?;
                let number = self.read(&shared, place)?;
                self.print(&format!("{label} {number}"));
            }
            Cells::PrintSlice(label, from, to) => {
                let numbers = self.read_all(&shared, slice(from, to, length))?;
                self.print(&format!("{label} {numbers:?}"));
            }
            Cells::PrintLength(label) => self.print(&format!("{label} {length}")),
            Cells::PrintSum(label) => {
                let numbers = self.read_all(&shared, 0..length as usize)?;
                self.print(&format!("{label} {}", sum(&numbers)));
            }
            Cells::Write(index, number) => {
                let place = shared.ints.place(index)?;
                self.write(&shared, place, number as i32)?;
            }
            Cells::WriteSlice(from, to, ref numbers) => {
                let places = slice(from, to, length);
                if places.len() != numbers.len() {
                    return Err(Raised::new("ValueError", "Can only assign sequence of same size").into());
                }
                for (place, number) in places.zip(numbers) {
                    self.write(&shared, place, *number as i32)?;
                }
            }
            Cells::Sum { from, to, into: (other, index) } => {
                let numbers = self.read_all(&shared, slice(from.into(), to.into(), length))?;
                let other = self.shared(other)?;
                let place = other.ints.place(index.into())?;
                self.write(&other, place, sum(&numbers) as i32)?;
            }
            Cells::RingPut(number) => {
                let (count, oldest) = (self.read(&shared, RING_COUNT)?, self.read(&shared, RING_OLDEST)?);
                self.write(&shared, ring_place(oldest.wrapping_add(count), length), number)?;
                self.add(&shared, RING_COUNT, 1)?;
            }
            Cells::RingTake(other, index) => {
                let oldest = self.read(&shared, RING_OLDEST)?;
                let number = self.read(&shared, ring_place(oldest, length))?;
                self.write(&shared, RING_OLDEST, oldest.wrapping_add(1))?;
                self.add(&shared, RING_COUNT, -1)?;
                let other = self.shared(other)?;
                let place = other.ints.place(index.into())?;
                self.add(&other, place, number)?;
            }
        }
        Ok(())
    }

    /// The number in a place of an object, for who decides by it.
    pub(super) fn number_at(&mut self, object: Obj, index: i64) -> Result<i32, Stop> {
        let shared = self.shared(object)?;
        let place = shared.ints.place(index)?;
        self.read(&shared, place)
    }

    fn read(&mut self, shared: &Shared, place: usize) -> Result<i32, Stop> {
        let since_ns = sys::now_ns();
        let (value, at_ns) = self.locked(shared.lock.as_ref(), || (shared.ints.read(place), sys::now_ns()))?;
        self.used_at(shared.id, since_ns, at_ns, Deed::Read { index: place as u16, value: value.into() });
        Ok(value)
    }

    fn read_all(&mut self, shared: &Shared, places: std::ops::Range<usize>) -> Result<Vec<i32>, Stop> {
        places.map(|place| self.read(shared, place)).collect()
    }

    fn write(&mut self, shared: &Shared, place: usize, number: i32) -> Result<(), Stop> {
        let since_ns = sys::now_ns();
        let at_ns = self.store(shared, place, number)?;
        self.used_at(shared.id, since_ns, at_ns, Deed::Wrote { index: place as u16, value: number.into() });
        Ok(())
    }

    /// `+= number`: a read and a write, each under the library's lock, but not both together. A C int wraps.
    fn add(&mut self, shared: &Shared, place: usize, number: i32) -> Result<(), Stop> {
        // What is told is when it was read and when it was written, not how long the lock was waited for.
        let (read, read_ns) = self.locked(shared.lock.as_ref(), || (shared.ints.read(place), sys::now_ns()))?;
        let wrote = read.wrapping_add(number);
        let at_ns = self.store(shared, place, wrote)?;
        self.used_at(shared.id, read_ns, at_ns, Deed::Updated { index: place as u16, read, wrote });
        Ok(())
    }

    /// Writes a number under the library's lock; when. Nobody who has the lock later has an earlier time.
    fn store(&mut self, shared: &Shared, place: usize, number: i32) -> Result<u64, Stop> {
        self.locked(shared.lock.as_ref(), || {
            shared.ints.write(place, number);
            sys::now_ns()
        })
    }
}

/// The places that Python means by `[from:to]`.
fn slice(from: i64, to: i64, length: u32) -> std::ops::Range<usize> {
    let length = i64::from(length);
    let place = |index: i64| if index < 0 { index + length } else { index }.clamp(0, length) as usize;
    place(from)..place(to).max(place(from))
}

/// Where the number of this place in a ring lies.
fn ring_place(place: i32, length: u32) -> usize {
    let places = (length as usize).saturating_sub(RING_HEAD).max(1);
    RING_HEAD + place.rem_euclid(places as i32) as usize
}

fn sum(numbers: &[i32]) -> i64 {
    numbers.iter().copied().map(i64::from).sum()
}

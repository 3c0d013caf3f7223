//! Python's `ShareableList`: a list of fixed length in a block of shared memory.
//!
//! *Traps:* an item has the room that its first value needed. A longer text does not fit, and nothing is ever added.
//! Nothing is locked: who reads while another writes may see half of a text.

use std::ops::Range;

use crate::program::plain::Plain;

use super::block::SharedBlock;
use super::refusal::Refusal;

/// What an item has before its value: its kind, and how long the value is; then how much room there is.
const HEAD_BYTES: usize = 16;
/// The least room an item has.
const LEAST_BYTES: usize = 8;

/// A list in a block.
#[derive(Clone, Debug)]
pub struct ShareableList {
    block: SharedBlock,
    /// Where each item begins.
    items: Vec<usize>,
}

impl ShareableList {
    /// How many bytes a list of these values needs.
    pub fn bytes(values: &[Plain]) -> usize {
        LEAST_BYTES + values.iter().map(|value| HEAD_BYTES + room_for(value)).sum::<usize>()
    }

    /// `ShareableList(values)`, in a block that is large enough.
    pub fn create(block: SharedBlock, values: &[Plain]) -> Result<Self, Refusal> {
        block.write(0, &(values.len() as u64).to_le_bytes())?;
        let (mut at, mut items) = (LEAST_BYTES, Vec::new());
        for value in values {
            let room = room_for(value);
            block.write(at + 8, &(room as u64).to_le_bytes())?;
            items.push(at);
            at += HEAD_BYTES + room;
        }
        let list = Self { block, items };
        for (place, value) in (0..).zip(values) {
            list.set(place, value)?;
        }
        Ok(list)
    }

    /// `ShareableList(name=…)`: the list that somebody else made in this block.
    pub fn attach(block: SharedBlock) -> Result<Self, Refusal> {
        let length = number(&block, 0)? as usize;
        let (mut at, mut items) = (LEAST_BYTES, Vec::new());
        for _ in 0..length {
            // Others can write into the block: what they wrote may lead anywhere, and then there is no list.
            let room = number(&block, at.saturating_add(8))? as usize;
            items.push(at);
            at = at.saturating_add(HEAD_BYTES).saturating_add(room);
        }
        Ok(Self { block, items })
    }

    /// The block it is in.
    pub fn block(&self) -> &SharedBlock {
        &self.block
    }

    /// Where in its block an item is, with its head; nowhere if there is none.
    pub fn item(&self, index: i64) -> Range<usize> {
        let Ok(at) = self.at(index, "") else { return 0..0 };
        let end = self.items.iter().copied().find(|&next| next > at);
        at..end.unwrap_or(self.block.size())
    }

    /// `len(list)`
    pub fn length(&self) -> usize {
        self.items.len()
    }

    /// `list[index]`
    pub fn get(&self, index: i64) -> Result<Plain, Refusal> {
        let at = self.at(index, "index out of range")?;
        let (head, room) = (number(&self.block, at)?, number(&self.block, at + 8)? as usize);
        let (kind, length) = (head as u8, ((head >> 8) as usize).min(room).min(self.block.size()));
        let bits = number(&self.block, at + HEAD_BYTES)?;
        Ok(match kind {
            1 => Plain::Bool(bits != 0),
            2 => Plain::Int(bits.cast_signed()),
            3 if length > 0 => {
                let mut bytes = vec![0; length];
                self.block.read(at + HEAD_BYTES, &mut bytes)?;
                Plain::text(String::from_utf8_lossy(&bytes))
            }
            3 => Plain::text(""),
            _ => Plain::None,
        })
    }

    /// `list[index] = value`
    pub fn set(&self, index: i64, value: &Plain) -> Result<(), Refusal> {
        let at = self.at(index, "assignment index out of range")?;
        let room = number(&self.block, at + 8)?;
        let (kind, bytes) = match value {
            Plain::None => (0, 0_u64.to_le_bytes().to_vec()),
            Plain::Bool(yes) => (1, u64::from(*yes).to_le_bytes().to_vec()),
            Plain::Int(number) => (2, number.to_le_bytes().to_vec()),
            Plain::Text(text) => (3, text.as_bytes().to_vec()),
            other => return Err(Refusal::new("KeyError", format!("<class '{}'>", other.type_name()))),
        };
        if bytes.len() as u64 > room {
            return Err(Refusal::new("ValueError", "bytes/str item exceeds available storage"));
        }
        if !bytes.is_empty() {
            self.block.write(at + HEAD_BYTES, &bytes)?;
        }
        self.block.write(at, &((bytes.len() as u64) << 8 | kind).to_le_bytes())
    }

    /// `list(list)`
    pub fn all(&self) -> Result<Plain, Refusal> {
        Ok(Plain::List((0..self.items.len() as i64).map(|place| self.get(place)).collect::<Result<_, _>>()?))
    }

    fn at(&self, index: i64, told: &str) -> Result<usize, Refusal> {
        let place = if index < 0 { index + self.items.len() as i64 } else { index };
        let found = usize::try_from(place).ok().and_then(|place| self.items.get(place));
        found.copied().ok_or_else(|| Refusal::new("IndexError", told))
    }
}

/// As in Python: a text has its length rounded up to eight bytes, one more if it fills them.
fn room_for(value: &Plain) -> usize {
    if let Plain::Text(text) = value { (text.len() / LEAST_BYTES + 1) * LEAST_BYTES } else { LEAST_BYTES }
}

fn number(block: &SharedBlock, at: usize) -> Result<u64, Refusal> {
    let mut bytes = [0; 8];
    block.read(at, &mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ipc::block::Rooms;
    use crate::engine::ipc::memory::Block;

    #[test]
    fn i08_a_list_keeps_its_length_and_every_item_its_room() {
        let t = |text: &str| Plain::text(text);
        let values = [Plain::Int(1), t("abc"), Plain::None, Plain::Bool(true), t("")];
        let bytes = ShareableList::bytes(&values);
        let rooms = Rooms::new(vec![Block::create(16 + bytes.div_ceil(8)).expect("room")], crate::trace::ActorId(1));
        let list = ShareableList::create(rooms.create(0, "l", bytes as i64).expect("room"), &values).expect("room");
        let same = ShareableList::attach(rooms.attach("l").expect("it is there")).expect("a list");
        assert_eq!(same.all().expect("whole").to_string(), "[1, 'abc', None, True, '']");
        let too_long = Refusal::new("ValueError", "bytes/str item exceeds available storage");
        for (index, value, expected) in [
            (1, t("xxxxxxxx"), Ok(())),
            (1, t("xxxxxxxxx"), Err(too_long.clone())),
            (0, t("ääää"), Ok(())),
            (0, t("ääääx"), Err(too_long)),
            (5, Plain::None, Err(Refusal::new("IndexError", "assignment index out of range"))),
            (-1, Plain::Int(-7), Ok(())),
            (0, Plain::ints([]), Err(Refusal::new("KeyError", "<class 'list'>"))),
        ] {
            assert_eq!(list.set(index, &value), expected, "{index} {value}");
        }
        assert_eq!(same.all().expect("whole").to_string(), "['ääää', 'xxxxxxxx', None, True, -7]");
        assert_eq!((same.get(5), same.length()), (Err(Refusal::new("IndexError", "index out of range")), 5));
    }
}

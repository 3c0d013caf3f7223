//! What travels through pipes and queues. Python pickles an object; here it is a mark of its kind and its bytes. So
//! the size that is told is what is really sent, and Python's differs by some bytes.

use super::refusal::Refusal;

/// An object that can travel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Item {
    /// `None`
    #[default]
    None,
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Item {
    /// Appends it as bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::None => out.push(b'N'),
            Self::Number(number) => {
                out.push(b'I');
                out.extend_from_slice(&number.to_le_bytes());
            }
            Self::Text(text) => {
                out.push(b'S');
                out.extend_from_slice(text.as_bytes());
            }
            Self::Bytes(bytes) => {
                out.push(b'B');
                out.extend_from_slice(bytes);
            }
        }
    }

    /// What these bytes are.
    pub fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        let wrong = || Refusal::new("UnpicklingError", "these bytes are no object");
        let (kind, rest) = bytes.split_first().ok_or_else(wrong)?;
        Ok(match kind {
            b'N' => Self::None,
            b'I' => Self::Number(i64::from_le_bytes(rest.try_into().map_err(|_| wrong())?)),
            b'S' => Self::Text(String::from_utf8(rest.to_vec()).map_err(|_| wrong())?),
            b'B' => Self::Bytes(rest.to_vec()),
            _ => return Err(wrong()),
        })
    }

    /// As Python's `print` shows it.
    pub fn python(&self) -> String {
        match self {
            Self::None => "None".to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
            Self::Bytes(bytes) => format!("b'{}'", bytes.escape_ascii()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_arrives_as_it_was_and_is_shown_as_in_python() {
        let all = [
            (Item::None, "None"),
            (Item::Number(-7), "-7"),
            (Item::Text("é".to_owned()), "é"),
            (Item::Bytes(b"x\x00".to_vec()), "b'x\\x00'"),
            (Item::Bytes(Vec::new()), "b''"),
        ];
        for (item, shown) in all {
            let mut bytes = Vec::new();
            item.write(&mut bytes);
            assert_eq!(item.python(), shown);
            assert_eq!(Item::read(&bytes), Ok(item));
        }
        for wrong in [&b""[..], b"?", b"I123", b"S\xFF"] {
            assert!(Item::read(wrong).is_err(), "{wrong:?}");
        }
    }
}

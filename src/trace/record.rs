//! Events as four words each: the form in which they are written into a ring and into blocks.
//!
//! ```text
//! word 0   when, in ns
//! word 1   kind (8 bits), deed or wish (8), core or lane (16), a small number (32): the unit, channel or object
//! word 2   the message's number, or a time
//! word 3   what a message holds (32) and its bytes (32), or another number
//! ```

use super::event::{ActorId, ChannelId, Content, Doing, What};
use super::object::{Awaited, Deed, ObjectId, Wish};

/// An event as four words: when; kind, core and a small number; two more. What is written into a ring.
pub type Words = [u64; 4];

const NO_CORE: u16 = u16::MAX;
const SETUP: u32 = u32::MAX;
const STOP: u32 = u32::MAX - 1;

/// The kinds of records. Numbers are for ever; new ones go at the end.
mod kind {
    pub(super) const READY: u8 = 1;
    pub(super) const SENT: u8 = 2;
    pub(super) const RECEIVED: u8 = 3;
    pub(super) const UNIT_BEGAN: u8 = 4;
    pub(super) const UNIT_ENDED: u8 = 5;
    pub(super) const DID_SEND: u8 = 6;
    pub(super) const DID_DISPATCH: u8 = 7;
    pub(super) const UNITS_SUMMED: u8 = 8;
    pub(super) const SENT_SUMMED: u8 = 9;
    pub(super) const RECEIVED_SUMMED: u8 = 10;
    pub(super) const DELIVERED: u8 = 11;
    pub(super) const DID_INITIALIZE: u8 = 12;
    pub(super) const DID_WAIT_FOR_GIL: u8 = 13;
    pub(super) const DID_SLEEP: u8 = 14;
    pub(super) const DID_WORK: u8 = 15;
    pub(super) const USED: u8 = 16;
    pub(super) const WAITS_ON_OBJECT: u8 = 17;
    pub(super) const WAITS_ON_ACTOR: u8 = 18;
}

impl What {
    /// The event as four words, for the kinds that happen often; the others are told as JSON.
    #[expect(clippy::inline_always, reason = "where the kind is known, little is left of this but the four words")]
    #[inline(always)]
    pub fn to_words(&self, at_ns: u64) -> Option<Words> {
        let pack = |kind: u8, core: u16, a: u32, b: u64, c: u64| {
            Some([at_ns, u64::from(kind) | u64::from(core) << 16 | u64::from(a) << 32, b, c])
        };
        match *self {
            Self::ActorReady => pack(kind::READY, 0, 0, 0, 0),
            Self::Sent { channel, message, content, bytes } => {
                pack(kind::SENT, 0, channel.0, message.into(), freight(content, bytes))
            }
            Self::Received { channel, message, content, bytes } => {
                pack(kind::RECEIVED, 0, channel.0, message.into(), freight(content, bytes))
            }
            Self::UnitBegan { unit, core } => pack(kind::UNIT_BEGAN, core.unwrap_or(NO_CORE), unit, 0, 0),
            Self::UnitEnded { unit, core } => pack(kind::UNIT_ENDED, core.unwrap_or(NO_CORE), unit, 0, 0),
            Self::Did { doing, since_ns } => pack(doing.kind(), 0, 0, since_ns, 0),
            Self::Delivered { unit } => pack(kind::DELIVERED, 0, unit, 0, 0),
            Self::UnitsSummed { units, since_ns, busy_ns } => pack(kind::UNITS_SUMMED, 0, units, since_ns, busy_ns),
            Self::SentSummed { channel, messages, bytes } => {
                pack(kind::SENT_SUMMED, 0, channel.0, messages.into(), bytes)
            }
            Self::ReceivedSummed { channel, messages, bytes } => {
                pack(kind::RECEIVED_SUMMED, 0, channel.0, messages.into(), bytes)
            }
            Self::Used { object, since_ns, deed } => {
                let (what, place, word) = deed.to_parts();
                pack(kind::USED, place, object.0, since_ns, word).map(|words| with_deed(words, what))
            }
            Self::Waits { wish, on, lane, for_ever } => {
                let (kind, on) = match on {
                    Awaited::Object(object) => (kind::WAITS_ON_OBJECT, object.0),
                    Awaited::Actor(actor) => (kind::WAITS_ON_ACTOR, actor.0),
                };
                pack(kind, lane, on, for_ever.into(), 0).map(|words| with_deed(words, wish as u8))
            }
            _ => None,
        }
    }

    /// The event that four words hold, without its time; `None` for a kind that is not known here.
    pub fn from_words(words: Words) -> Option<Self> {
        let [_, head, b, c] = words;
        let (kind, core, a) = (head as u8, (head >> 16) as u16, (head >> 32) as u32);
        let (lane, deed) = (core, (head >> 8) as u8);
        let core = (core != NO_CORE).then_some(core);
        let wish = || Wish::ALL.get(usize::from(deed)).copied();
        let channel = ChannelId(a);
        let (content, bytes) = unload(c);
        Some(match kind {
            kind::READY => Self::ActorReady,
            kind::SENT => Self::Sent { channel, message: b as u32, content, bytes },
            kind::RECEIVED => Self::Received { channel, message: b as u32, content, bytes },
            kind::UNIT_BEGAN => Self::UnitBegan { unit: a, core },
            kind::UNIT_ENDED => Self::UnitEnded { unit: a, core },
            kind::DID_SEND => Self::Did { doing: Doing::Send, since_ns: b },
            kind::DID_DISPATCH => Self::Did { doing: Doing::Dispatch, since_ns: b },
            kind::DID_INITIALIZE => Self::Did { doing: Doing::Initialize, since_ns: b },
            kind::DID_WAIT_FOR_GIL => Self::Did { doing: Doing::WaitForGil, since_ns: b },
            kind::DID_SLEEP => Self::Did { doing: Doing::Sleep, since_ns: b },
            kind::DID_WORK => Self::Did { doing: Doing::Work, since_ns: b },
            kind::DELIVERED => Self::Delivered { unit: a },
            kind::UNITS_SUMMED => Self::UnitsSummed { units: a, since_ns: b, busy_ns: c },
            kind::SENT_SUMMED => Self::SentSummed { channel, messages: b as u32, bytes: c },
            kind::RECEIVED_SUMMED => Self::ReceivedSummed { channel, messages: b as u32, bytes: c },
            kind::USED => {
                let deed = Deed::from_parts((deed, lane, c))?;
                Self::Used { object: ObjectId(a), since_ns: b, deed }
            }
            kind::WAITS_ON_OBJECT | kind::WAITS_ON_ACTOR => {
                let is_object = kind == kind::WAITS_ON_OBJECT;
                let on = if is_object { Awaited::Object(ObjectId(a)) } else { Awaited::Actor(ActorId(a)) };
                Self::Waits { wish: wish()?, on, lane, for_ever: b != 0 }
            }
            _ => return None,
        })
    }
}

/// The same words, with a deed or a wish beside the kind.
fn with_deed([at_ns, head, b, c]: Words, deed: u8) -> Words {
    [at_ns, head | u64::from(deed) << 8, b, c]
}

impl Doing {
    /// The kind of its record.
    fn kind(self) -> u8 {
        match self {
            Self::Send => kind::DID_SEND,
            Self::Dispatch => kind::DID_DISPATCH,
            Self::Initialize => kind::DID_INITIALIZE,
            Self::WaitForGil => kind::DID_WAIT_FOR_GIL,
            Self::Sleep => kind::DID_SLEEP,
            Self::Work => kind::DID_WORK,
        }
    }
}

fn freight(content: Content, bytes: u32) -> u64 {
    let what = match content {
        Content::Unit(unit) => unit,
        Content::Setup => SETUP,
        Content::Stop => STOP,
    };
    u64::from(bytes) << 32 | u64::from(what)
}

fn unload(word: u64) -> (Content, u32) {
    let content = match word as u32 {
        SETUP => Content::Setup,
        STOP => Content::Stop,
        unit => Content::Unit(unit),
    };
    (content, (word >> 32) as u32)
}

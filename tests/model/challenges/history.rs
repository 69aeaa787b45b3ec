//! What may happen to Challenges.

use super::phone::Signed;
use crate::contract::Place;
use crate::history::{Code, Which};
use crate::parameters::Form;

/// Which Challenge, from the latest back; any, where there is none of these.
#[derive(Clone, Copy, Debug)]
pub enum Asked {
    /// Of those that wait for their answer.
    Pending(usize),
    /// Of those that a phone or an app has answered.
    Answered(usize),
    /// Of those that nobody has answered in time.
    Expired(usize),
    /// Of those that a phone is to answer still.
    OnPhone(usize),
    /// Of all there are or were.
    Any(usize),
}

/// An `ExpirationDate`.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// So many seconds from now, written in some way.
    After(i64, Written),
    Text(&'static str),
}

/// How a date can be written.
#[derive(Clone, Copy, Debug)]
pub enum Written {
    Plainly,
    InLowerCase,
    WithOffset(i8, i8),
    /// With this many nanoseconds more.
    WithFraction(u32),
}

/// What a Challenge is asked for with.
#[derive(Clone, Debug)]
pub struct Draft {
    /// In place of the Factor's SID.
    pub factor_sid: Option<&'static str>,
    pub until: Option<Until>,
    /// `Details` and `HiddenDetails`.
    pub shown: Form,
    pub code: Option<Code>,
}

/// An `AuthPayload`, by the type of the Challenge.
#[derive(Clone, Copy, Debug)]
pub struct Payload {
    pub code: Code,
    /// The status that a phone says.
    pub says: &'static str,
    pub signed: Signed,
}

/// What a list is to have.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    pub factor: Option<Which>,
    /// In place of a Factor's SID.
    pub factor_sid: Option<&'static str>,
    pub status: Option<&'static str>,
    pub order: Option<&'static str>,
}

#[derive(Clone, Debug)]
pub enum Asking {
    Create {
        which: Which,
        /// Where the Factor isn't.
        elsewhere: Option<Place>,
        draft: Draft,
        key: Option<&'static str>,
    },
    /// A create with an Idempotency-Key once more, with another parameter, without one, or with the same.
    CreateAgain {
        which: usize,
        /// So many seconds after the key is known no more.
        late: Option<i64>,
        other: Option<(&'static str, String)>,
    },
    Fetch(Asked),
    /// A Challenge's SID where it isn't.
    FetchIn(Place, Asked),
    List(Place, Filter, usize),
    /// Of the Entity that a Factor is of.
    ListOf(Which, Filter, usize),
    Answer {
        which: Asked,
        payload: Option<Payload>,
        metadata: Option<String>,
    },
    /// Wrong codes for one Challenge, and for new ones when it has too many, each after the wait that was asked for or at once.
    Guess {
        which: Asked,
        times: usize,
        patient: bool,
    },
    /// New ones of a Factor, with a wrong code or none, each after the wait that was asked for or at once.
    Many {
        which: Which,
        times: usize,
        guessing: bool,
        patient: bool,
    },
}

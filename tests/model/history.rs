//! Histories: what may happen.

use std::fmt;

use crate::callers::history::Calling;
use crate::challenges::history::{Asked, Asking};
use crate::contract::Place;
use crate::devices::Signed;
use crate::parameters::Form;

/// A history, and the world that it begins in.
#[derive(Clone, Debug)]
pub struct History {
    /// `UNVERIFIED_FACTOR_HOURS`.
    pub hours: &'static str,
    /// How far the clock is into a day when it begins, in milliseconds.
    pub begins: i64,
    /// How many push and totp Factors there are already in the [place](FULL) for that.
    pub full: (usize, usize),
    pub steps: Vec<Step>,
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            hours, begins, full, ..
        } = self;
        write!(
            f,
            "a history of UNVERIFIED_FACTOR_HOURS={hours} that begins at {begins} ms, with {full:?} Factors:"
        )?;
        let mut steps = self.steps.iter().enumerate();
        steps.try_for_each(|(number, step)| write!(f, "\n  {number}: {step:?}"))
    }
}

/// Which Factor, from the latest back.
#[derive(Clone, Copy, Debug)]
pub enum Which {
    /// Of those there are.
    There(usize),
    /// Of those that are verified, or aren't.
    Verified(usize),
    Unverified(usize),
    /// Of those there are that are a phone's.
    Phone(usize),
    /// Of those that are a phone's and aren't verified.
    UnverifiedPhone(usize),
    /// Of those there are or were.
    Any(usize),
}

/// A parameter of an update.
#[derive(Clone, Debug)]
pub enum Change {
    To(&'static str, String),
    /// What it is already.
    AsItIs(&'static str),
}

/// A code, by what the app shows.
#[derive(Clone, Copy, Debug)]
pub enum Code {
    /// Of a time step that is so many after the window's first one or last one.
    FromFirst(i64),
    FromLast(i64),
    /// Of a time step that is so many after that of the last one that was right.
    FromAccepted(i64),
    /// Of this time step.
    Right,
    /// The one that verified the Factor.
    Used,
    Wrong,
    /// The right one with digits more or fewer.
    Longer,
    Shorter,
    /// The right one, spelt wrong in some way.
    Misspelt(usize),
    Text(&'static str),
}

#[derive(Clone, Copy, Debug)]
pub enum Tick {
    Forward(i64),
    Back(i64),
    /// To the first second of a Factor's next time step, or the last one of this.
    NextStep(Which),
    LastOfStep(Which),
    /// To when a Factor is gone, and so many seconds on.
    Expiry(Which, i64),
    /// To when the next guess for a Factor is compared, and so many seconds on.
    EndOfWait(Which, i64),
    /// To when a Challenge can't be answered any more, and so many seconds on.
    EndOfChallenge(Asked, i64),
    /// To when an Idempotency-Key of a Challenge is known no more, and so many seconds on.
    EndOfKey(usize, i64),
    /// To when the time of a token is over, and so many seconds on.
    EndOfToken(usize, i64),
    /// To when a window of a Factor's Challenges ends, and so many seconds on.
    EndOfWindow(Which, usize, i64),
}

#[derive(Clone, Debug)]
pub enum Step {
    Create {
        place: Place,
        form: Form,
        key: Option<&'static str>,
    },
    /// A create with an Idempotency-Key once more, with other parameters or with the same.
    CreateAgain {
        which: usize,
        other: Option<Change>,
    },
    Fetch(Which),
    /// A Factor's SID where it isn't.
    FetchIn(Place, Which),
    ListFactors(Place, usize),
    /// The next page of a list that was begun some time ago.
    GoOnListing,
    Update(Which, Vec<Change>),
    Verify {
        which: Which,
        code: Code,
        signed: Signed,
        changes: Vec<Change>,
    },
    /// Wrong codes one after another, each after the wait that was asked for or at once.
    Guess {
        which: Which,
        times: usize,
        patient: bool,
    },
    Delete(Which),
    CreateEntity(Place),
    FetchEntity(Place),
    DeleteEntity(Place),
    ListEntities(usize, usize),
    DeleteService(usize),
    /// A method that a Factor doesn't have, or a path below it that isn't there.
    Astray(Which, &'static str, &'static str),
    Ask(Asking),
    Call(Calling),
    Clock(Tick),
}

/// How many Services there are; the next one isn't.
pub const SERVICES: usize = 2;

/// Identities, which differ by case alone where they are to.
pub const IDENTITIES: [&str; 3] = ["identity-a", "Identity-A", "0d3f4b6a-8c1e-4f52-9f0a-7b6c5d4e3f2a"];

/// Where there are so many.
pub const FULL: Place = (0, IDENTITIES[0]);

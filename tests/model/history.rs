//! Histories: what may happen, and how often each. They shrink by themselves, to fewer and simpler steps.

use std::fmt;

use proptest::prelude::*;

use crate::contract::Place;
use crate::devices::Signed;
use crate::draws::{
    change, changes, code, key, new_factor, new_push, new_totp, page_size, place, signed, tick, which,
};
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
    Clock(Tick),
}

/// How many Services there are; the next one isn't.
pub const SERVICES: usize = 2;

/// Identities, which differ by case alone where they are to.
pub const IDENTITIES: [&str; 3] = ["identity-a", "Identity-A", "0d3f4b6a-8c1e-4f52-9f0a-7b6c5d4e3f2a"];

/// Where there are so many.
pub const FULL: Place = (0, IDENTITIES[0]);

/// What a history is mostly about.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Theme {
    Everything,
    /// Wrong codes on a Factor that is verified.
    Guesses,
    /// An Entity that is full, or nearly.
    Limits,
}

pub fn histories() -> impl Strategy<Value = History> {
    let everything = (hours(), Just((0, 0)), begun(), steps(Theme::Everything));
    let guesses = (hours(), Just((0, 0)), verified(), steps(Theme::Guesses));
    let full = prop_oneof![3 => (17..=20_usize, Just(0)), 1 => (Just(0), 98..=100_usize)];
    let limits = (hours(), full, Just(Vec::new()), steps(Theme::Limits));
    let themes = prop_oneof![6 => everything, 3 => guesses, 2 => limits];
    (0..86_400_000_i64, themes).prop_map(|(begins, (hours, full, first, then))| History {
        hours,
        begins,
        full,
        steps: first.into_iter().chain(then).collect(),
    })
}

fn hours() -> impl Strategy<Value = &'static str> {
    prop_oneof![4 => Just("24"), 1 => Just("1"), 1 => Just("never")]
}

fn steps(theme: Theme) -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(theme), 1..50)
}

/// Mostly there is a Factor.
fn begun() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(create(place(), new_factor()), 0..=2)
}

/// A totp Factor that is verified, every other one with short codes, as they disable it soonest.
fn verified() -> impl Strategy<Value = Vec<Step>> {
    let short = new_totp().prop_map(|mut form| {
        form.retain(|(name, _)| *name != "Config.CodeLength");
        form.push(("Config.CodeLength", "4".to_owned()));
        form
    });
    create(place(), prop_oneof![new_totp(), short]).prop_map(|create| {
        let verify = Step::Verify {
            which: Which::There(0),
            code: Code::Right,
            signed: Signed::Well,
            changes: Vec::new(),
        };
        vec![create, verify]
    })
}

fn create(
    place: impl Strategy<Value = Place>,
    form: impl Strategy<Value = Form>,
) -> impl Strategy<Value = Step> {
    (place, form, key()).prop_map(|(place, form, key)| Step::Create { place, form, key })
}

fn step(theme: Theme) -> impl Strategy<Value = Step> {
    let often = |about: Theme, weight: u32| if theme == about { 8 * weight } else { weight };
    let changed = prop::option::weighted(0.4, change(&["FriendlyName", "Config.Skew"]));
    let times = prop_oneof![6 => 1..=12_usize, 2 => 12..=40_usize, often(Theme::Guesses, 1) / 8 => Just(110)];
    let verify = (
        which(),
        code(),
        signed(),
        prop_oneof![4 => Just(Vec::new()), 1 => changes(0)],
    );
    prop_oneof![
        10 => create(place(), new_factor()),
        often(Theme::Limits, 3) => create(Just(FULL), prop_oneof![3 => new_push(), 1 => new_totp()]),
        4 => (0..3_usize, changed).prop_map(|(which, other)| Step::CreateAgain { which, other }),
        3 => which().prop_map(Step::Fetch),
        1 => (place(), which()).prop_map(|(place, which)| Step::FetchIn(place, which)),
        3 => (place(), page_size()).prop_map(|(place, size)| Step::ListFactors(place, size)),
        1 => Just(Step::GoOnListing),
        8 => (which(), changes(1)).prop_map(|(which, changes)| Step::Update(which, changes)),
        20 => verify.prop_map(|(which, code, signed, changes)| Step::Verify { which, code, signed, changes }),
        often(Theme::Guesses, 3) => (which(), times, any::<bool>())
            .prop_map(|(which, times, patient)| Step::Guess { which, times, patient }),
        4 => which().prop_map(Step::Delete),
        2 => place().prop_map(Step::CreateEntity),
        1 => place().prop_map(Step::FetchEntity),
        1 => place().prop_map(Step::DeleteEntity),
        1 => (0..=SERVICES, page_size()).prop_map(|(service, size)| Step::ListEntities(service, size)),
        12 => tick().prop_map(Step::Clock),
    ]
}

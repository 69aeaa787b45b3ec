//! What histories are about, and how often each step comes. They shrink by themselves, to fewer and simpler steps.

use proptest::prelude::*;

use crate::callers::draws::{astray, by_a_phone, by_a_token, by_the_wrong_one, for_a_phone, phones};
use crate::challenges::draws::asking;
use crate::contract::Place;
use crate::devices::Signed;
use crate::draws::{
    change, changes, code, key, new_factor, new_push, new_totp, page_size, place, signed, tick, which,
};
use crate::history::{Code, FULL, History, SERVICES, Step, Tick, Which};
use crate::parameters::Form;

/// What a history is mostly about.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Theme {
    Everything,
    /// Wrong codes on a Factor that is verified.
    Guesses,
    /// Challenges of Factors that are verified.
    Challenges,
    /// Phones that call by themselves, and tokens that they enrol with.
    Devices,
    /// An Entity that is full, or nearly.
    Limits,
}

pub fn histories() -> impl Strategy<Value = History> {
    let everything = (hours(), Just((0, 0)), begun(), steps(Theme::Everything));
    let guesses = (hours(), Just((0, 0)), verified(), steps(Theme::Guesses));
    let asked = (hours(), Just((0, 0)), enrolled(), steps(Theme::Challenges));
    let devices = (hours(), Just((0, 0)), phones(), steps(Theme::Devices));
    let full = prop_oneof![3 => (17..=20_usize, Just(0)), 1 => (Just(0), 98..=100_usize)];
    let limits = (hours(), full, Just(Vec::new()), steps(Theme::Limits));
    let themes = prop_oneof![
        5 => everything.boxed(),
        3 => guesses.boxed(),
        9 => asked.boxed(),
        6 => devices.boxed(),
        3 => limits.boxed(),
    ];
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
    create(place(), prop_oneof![new_totp(), short]).prop_map(|create| vec![create, verification()])
}

/// What verifies the latest Factor.
fn verification() -> Step {
    Step::Verify {
        which: Which::There(0),
        code: Code::Right,
        signed: Signed::Well,
        changes: Vec::new(),
    }
}

/// A totp Factor and a push Factor, both verified, some time since, and mostly one that isn't.
fn enrolled() -> impl Strategy<Value = Vec<Step>> {
    let another = prop::option::weighted(0.7, create(place(), new_factor()));
    let push = (verified(), create(place(), new_push()), 0..120_i64, another);
    push.prop_map(|(mut steps, push, passed, another)| {
        steps.extend([push, verification(), Step::Clock(Tick::Forward(passed))]);
        steps.extend(another);
        steps
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
        often(Theme::Limits, 4) => create(Just(FULL), prop_oneof![3 => new_push(), 1 => new_totp()]),
        4 => (0..3_usize, changed).prop_map(|(which, other)| Step::CreateAgain { which, other }),
        3 => which().prop_map(Step::Fetch),
        1 => (place(), which()).prop_map(|(place, which)| Step::FetchIn(place, which)),
        3 => (place(), page_size()).prop_map(|(place, size)| Step::ListFactors(place, size)),
        1 => Just(Step::GoOnListing),
        8 => (which(), changes(1)).prop_map(|(which, changes)| Step::Update(which, changes)),
        20 => verify.prop_map(|(which, code, signed, changes)| Step::Verify { which, code, signed, changes }),
        often(Theme::Guesses, 3) => (which(), times, any::<bool>())
            .prop_map(|(which, times, patient)| Step::Guess { which, times, patient }),
        often(Theme::Challenges, 4) / 2 => which().prop_map(Step::Delete),
        2 => place().prop_map(Step::CreateEntity),
        1 => place().prop_map(Step::FetchEntity),
        1 => place().prop_map(Step::DeleteEntity),
        1 => (0..=SERVICES, page_size()).prop_map(|(service, size)| Step::ListEntities(service, size)),
        often(Theme::Devices, 4) / 4 => (0..=SERVICES).prop_map(Step::DeleteService),
        2 => astray(),
        often(Theme::Devices, 10) => by_a_phone(),
        often(Theme::Devices, 3) => for_a_phone(),
        if theme == Theme::Limits { 14 } else { often(Theme::Devices, 6) } => by_a_token(),
        often(Theme::Devices, 2) => by_the_wrong_one(),
        often(Theme::Challenges, 25) => asking(often(Theme::Challenges, 1) / 4).prop_map(Step::Ask),
        if theme == Theme::Challenges { 40 } else { 12 } => tick().prop_map(Step::Clock),
    ]
}

//! Who calls besides the account, and how often each. What holds many alternatives is boxed: they all lie on the stack otherwise.

use proptest::prelude::*;
use proptest::sample::select;

use super::credentials::{WELL, back, jwt, kid_of, made, nobodys, spoilt, token, which_phone};
use super::forms::{create_token, new_phone, new_token};
use super::history::{Calling, Credentials, Holder, Made};
use crate::challenges::draws::{asked, filter, note, payload};
use crate::challenges::history::{Asked, Asking, Draft};
use crate::devices::Signed;
use crate::draws::{changes, key, new_factor, new_push, page_size, place, signed, which};
use crate::history::{Code, IDENTITIES, SERVICES, Step, Which};

/// A phone, and what it calls for, which is mostly its own.
pub fn by_a_phone() -> BoxedStrategy<Step> {
    let factor = (
        prop_oneof![4 => factors_own(), 1 => entitys_own()],
        kid_of(),
        made(),
    );
    let challenge = (challenges_own(), kid_of(), made());
    let late = (0..2_usize, -1..=1_i64);
    prop_oneof![
        3 => late.prop_map(|(back, more)| Step::Call(Calling::FetchLate(Which::UnverifiedPhone(back), more))),
        20 => factor.prop_map(|((of, step), kid_of, made)| by_jwt(Holder::Factor(of), kid_of, made, step)),
        16 => challenge.prop_map(|((of, step), kid_of, made)| by_jwt(Holder::Challenge(of), kid_of, made, step)),
    ]
    .boxed()
}

/// What comes with Access Tokens.
pub fn by_a_token() -> BoxedStrategy<Step> {
    let again = (0..2_usize, 0..2_usize).prop_map(|(token, which)| {
        let again = Step::CreateAgain { which, other: None };
        by(Credentials::Token(token, None), again)
    });
    let elsewhere = prop::option::weighted(0.15, (0..=SERVICES, select(&IDENTITIES[..])));
    let enrolment = prop_oneof![12 => new_phone(), 2 => new_factor()];
    let enrol = (
        back(),
        prop::option::weighted(0.15, spoilt()),
        prop::option::weighted(0.12, -1..=0_i64),
        elsewhere,
        enrolment,
        key(),
    );
    prop_oneof![
        6 => create_token(),
        8 => enrol.prop_map(|(token, spoilt, late, elsewhere, form, key)| {
            Step::Call(Calling::Enrol { token, spoilt, late, elsewhere, form, key })
        }),
        3 => again,
        2 => back().prop_map(|token| Step::Call(Calling::FetchToken(token))),
        1 => (0..=SERVICES, back())
            .prop_map(|(service, token)| Step::Call(Calling::FetchTokenIn(service, token))),
    ]
    .boxed()
}

/// Somebody where only the account is let in, and nobody anywhere.
pub fn by_the_wrong_one() -> BoxedStrategy<Step> {
    let anything = || {
        prop_oneof![
            factors_own().prop_map(|(_, step)| step),
            challenges_own().prop_map(|(_, step)| step),
            entitys_own().prop_map(|(_, step)| step),
            accounts_own(),
        ]
    };
    prop_oneof![
        6 => (jwt(), accounts_own()),
        4 => (token(), anything()),
        2 => (nobodys(), anything()),
    ]
    .prop_map(|(credentials, step)| by(credentials, step))
    .boxed()
}

/// A phone that enrols with a token and verifies its Factor, and one that the account enrols, mostly for the same Entity; a Challenge for
/// each, and what some phones make of all that at once.
pub fn phones() -> BoxedStrategy<Vec<Step>> {
    let elsewhere = prop::option::weighted(0.3, place());
    let forms = (new_token(), new_phone(), new_push());
    let spoilt = prop::option::weighted(0.3, spoilt());
    let calls = prop::collection::vec(by_a_phone(), 1..8);
    let enrol = |spoilt, form, key| {
        Step::Call(Calling::Enrol {
            token: 0,
            spoilt,
            late: None,
            elsewhere: None,
            form,
            key,
        })
    };
    (place(), elsewhere, forms, key(), spoilt, 0..5_u8, calls)
        .prop_map(
            move |(place, elsewhere, (token, phone, another), key, spoilt, way, calls)| {
                let token = Step::Call(Calling::CreateToken { place, form: token });
                let create = Step::Create {
                    place: elsewhere.unwrap_or(place),
                    form: another,
                    key: None,
                };
                let latest = Which::Phone(0);
                let by_account = verification(latest, Signed::Well);
                let by_phone = by_jwt(Holder::Factor(latest), None, WELL, by_account.clone());
                let second = match way {
                    0 => None,
                    1 | 2 => Some(by_account),
                    _ => Some(by_phone.clone()),
                };
                let mut steps = vec![token];
                steps.extend(spoilt.map(|spoilt| enrol(Some(spoilt), phone.clone(), None)));
                steps.extend([enrol(None, phone, key), by_phone, create]);
                steps.extend(second);
                steps.extend([0, 1].map(|back| challenge(Which::Phone(back))));
                steps.extend(calls);
                steps
            },
        )
        .boxed()
}

/// A Challenge that a phone is to answer.
pub fn for_a_phone() -> BoxedStrategy<Step> {
    which_phone().prop_map(challenge).boxed()
}

fn by(credentials: Credentials, step: Step) -> Step {
    Step::Call(Calling::By(credentials, Box::new(step)))
}

fn by_jwt(of: Holder, kid_of: Option<Which>, made: Made, step: Step) -> Step {
    by(Credentials::Jwt { of, kid_of, made }, step)
}

/// A phone, and something about a Factor, mostly its own.
fn factors_own() -> BoxedStrategy<(Which, Step)> {
    let about = || {
        let other = prop::option::weighted(0.12, which_phone());
        (which_phone(), other).prop_map(|(of, other)| (of, other.unwrap_or(of)))
    };
    prop_oneof![
        4 => about().prop_map(|(of, which)| (of, Step::Fetch(which))),
        1 => (about(), place()).prop_map(|((of, which), place)| (of, Step::FetchIn(place, which))),
        4 => (about(), changes(1)).prop_map(|((of, which), changes)| (of, Step::Update(which, changes))),
        6 => (about(), signed()).prop_map(|((of, which), signed)| (of, verification(which, signed))),
        3 => about().prop_map(|(of, which)| (of, Step::Delete(which))),
    ]
    .boxed()
}

/// A phone, and something about an Entity, mostly a list of its own one's Challenges.
fn entitys_own() -> BoxedStrategy<(Which, Step)> {
    let own = (
        which_phone(),
        filter(),
        prop::option::weighted(
            0.5,
            prop_oneof![(0..2_usize).prop_map(Which::Phone), which_phone()],
        ),
        page_size(),
    );
    prop_oneof![
        6 => own.prop_map(|(of, mut filter, factor, size)| {
            filter.factor = factor;
            (of, Step::Ask(Asking::ListOf(of, filter, size)))
        }),
        1 => (which_phone(), place(), filter(), page_size())
            .prop_map(|(of, place, filter, size)| (of, Step::Ask(Asking::List(place, filter, size)))),
        2 => which_phone().prop_map(|of| (of, challenge(of))),
        2 => (which_phone(), page_size())
            .prop_map(|(of, size)| (of, Step::Call(Calling::ListFactorsOf(of, size)))),
    ]
    .boxed()
}

/// The phone that a Challenge is for, and something about one, mostly that.
fn challenges_own() -> BoxedStrategy<(Asked, Step)> {
    let one = || {
        prop_oneof![
            8 => prop_oneof![4 => Just(0), 1 => 0..4_usize].prop_map(Asked::OnPhone),
            1 => (0..3_usize).prop_map(Asked::Answered),
            1 => asked(),
        ]
    };
    let about = || {
        // There are often two.
        let other = prop_oneof![4 => (0..2_usize).prop_map(Asked::OnPhone), 1 => one()];
        let other = prop::option::weighted(0.35, other);
        (one(), other).prop_map(|(of, other)| (of, other.unwrap_or(of)))
    };
    let answer = (
        about(),
        prop::option::weighted(0.9, payload()),
        prop::option::weighted(0.2, note()),
    );
    prop_oneof![
        3 => about().prop_map(|(of, which)| (of, Asking::Fetch(which))),
        1 => (about(), place()).prop_map(|((of, which), place)| (of, Asking::FetchIn(place, which))),
        8 => answer.prop_map(|((of, which), payload, metadata)| (of, Asking::Answer { which, payload, metadata })),
    ]
    .prop_map(|(of, asking)| (of, Step::Ask(asking)))
    .boxed()
}

/// What the account alone may do, and what nobody can.
fn accounts_own() -> BoxedStrategy<Step> {
    prop_oneof![
        (place(), page_size()).prop_map(|(place, size)| Step::ListFactors(place, size)),
        (place(), new_factor(), key()).prop_map(|(place, form, key)| Step::Create { place, form, key }),
        place().prop_map(Step::CreateEntity),
        place().prop_map(Step::FetchEntity),
        place().prop_map(Step::DeleteEntity),
        (0..=SERVICES, page_size()).prop_map(|(service, size)| Step::ListEntities(service, size)),
        (0..=SERVICES).prop_map(Step::DeleteService),
        for_a_phone(),
        create_token(),
        back().prop_map(|token| Step::Call(Calling::FetchToken(token))),
        astray(),
    ]
    .boxed()
}

/// A method or a path that there isn't.
pub fn astray() -> BoxedStrategy<Step> {
    let off = select(vec![
        ("PUT", ""),
        ("PATCH", ""),
        ("GET", "/Notifications"),
        ("POST", "/"),
    ]);
    (which(), off)
        .prop_map(|(which, (method, rest))| Step::Astray(which, method, rest))
        .boxed()
}

fn challenge(which: Which) -> Step {
    let draft = Draft {
        factor_sid: None,
        until: None,
        shown: vec![("Details.Message", "Log in?".to_owned())],
        code: None,
    };
    Step::Ask(Asking::Create {
        which,
        elsewhere: None,
        draft,
        key: None,
    })
}

fn verification(which: Which, signed: Signed) -> Step {
    Step::Verify {
        which,
        code: Code::Right,
        signed,
        changes: Vec::new(),
    }
}

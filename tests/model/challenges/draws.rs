//! What happens to Challenges, and how often each. What holds many alternatives is boxed: they all lie on the stack otherwise.

use proptest::prelude::*;
use proptest::sample::select;

use super::history::{Asked, Asking, Draft, Filter, Payload, Until, Written};
use super::phone::{MISSPELLINGS, Signed};
use crate::draws::{code, key, page_size, place, which};
use crate::history::{Code, Which};
use crate::parameters::Form;

pub fn asking(repeated: u32) -> impl Strategy<Value = Asking> {
    let metadata = || prop::option::weighted(0.25, note());
    let answer = (asked(), prop::option::weighted(0.9, payload()), metadata());
    let late = prop::option::weighted(0.15, -1..=0_i64);
    let other = prop::option::weighted(0.4, other());
    let times = || prop_oneof![4 => 1..=6_usize, 4 => 6..=24_usize, repeated => select(vec![55, 110])];
    let create = (verified(), prop::option::weighted(0.04, place()), draft(), key());
    prop_oneof![
        30 => create
            .prop_map(|(which, elsewhere, draft, key)| Asking::Create { which, elsewhere, draft, key })
            .boxed(),
        8 => (0..3_usize, late, other)
            .prop_map(|(which, late, other)| Asking::CreateAgain { which, late, other }),
        4 => asked().prop_map(Asking::Fetch),
        1 => (place(), asked()).prop_map(|(place, which)| Asking::FetchIn(place, which)),
        10 => (place(), filter(), page_size()).prop_map(|(place, filter, size)| Asking::List(place, filter, size)),
        40 => answer
            .prop_map(|(which, payload, metadata)| Asking::Answer { which, payload, metadata })
            .boxed(),
        4 => (asked(), times(), any::<bool>())
            .prop_map(|(which, times, patient)| Asking::Guess { which, times, patient }),
        6 => (verified(), times(), any::<bool>(), any::<bool>()).prop_map(|(which, times, guessing, patient)| {
            Asking::Many { which, times, guessing, patient }
        }),
    ]
}

/// Mostly the latest that is verified.
fn verified() -> BoxedStrategy<Which> {
    let back = prop_oneof![4 => Just(0), 4 => Just(1), 1 => 0..5_usize];
    prop_oneof![28 => back.prop_map(Which::Verified), 2 => Just(Which::Unverified(0)), 1 => which()].boxed()
}

/// Mostly one that waits.
pub fn asked() -> BoxedStrategy<Asked> {
    let back = || prop_oneof![5 => Just(0), 3 => 0..3_usize, 1 => 0..25_usize];
    prop_oneof![
        7 => back().prop_map(Asked::Pending),
        2 => back().prop_map(Asked::Answered),
        1 => back().prop_map(Asked::Expired),
        1 => back().prop_map(Asked::Any),
    ]
    .boxed()
}

fn draft() -> BoxedStrategy<Draft> {
    let not_a_sid = select(vec!["", "YF", "YFzz", "VA00000000000000000000000000000000"]);
    (
        prop::option::weighted(0.03, not_a_sid),
        prop::option::weighted(0.4, until()),
        shown(),
        prop::option::weighted(0.5, code_at_login()),
    )
        .prop_map(|(factor_sid, until, shown, code)| Draft {
            factor_sid,
            until,
            shown,
            code,
        })
        .boxed()
}

fn until() -> BoxedStrategy<Until> {
    let written = prop_oneof![
        4 => Just(Written::Plainly),
        1 => Just(Written::InLowerCase),
        2 => select(vec![(1, 30), (-11, 0), (14, 0), (0, 0)]).prop_map(|(hours, minutes)| Written::WithOffset(hours, minutes)),
        2 => select(vec![1, 500_000_000, 999_999_999]).prop_map(Written::WithFraction),
    ];
    let seconds = prop_oneof![
        12 => select(vec![1, 2, 29, 30, 60, 3599, 3600, 3629, 3630]),
        2 => select(vec![-3600, -1, 0, 3631, 86_400]),
    ];
    prop_oneof![
        14 => (seconds, written).prop_map(|(seconds, written)| Until::After(seconds, written)),
        1 => select(vec!["tomorrow", "2026-01-02", "2026-01-02T03:14:05", "1767323345", "2026-02-30T03:14:05Z"])
            .prop_map(Until::Text),
    ]
    .boxed()
}

/// `Details` and `HiddenDetails`, mostly good ones.
fn shown() -> BoxedStrategy<Form> {
    let message = prop_oneof![
        20 => select(vec!["Log in?".to_owned(), "Pay 5 € / \"now\"?".to_owned(), "ü".repeat(256)]),
        1 => Just("m".repeat(257)),
        1 => Just(String::new()),
    ];
    let line = prop_oneof![
        30 => select(vec![
            r#"{"label":"Amount","value":"5 €"}"#.to_owned(),
            r#"{"value":"","label":"","more":{"label":1}}"#.to_owned(),
            format!(r#"{{"label":"{}","value":"{}"}}"#, "l".repeat(36), "ü".repeat(128)),
        ]),
        1 => select(vec![
            r#"{"label":"Amount"}"#.to_owned(),
            r#"["Amount","5"]"#.to_owned(),
            format!(r#"{{"label":"{}","value":""}}"#, "l".repeat(37)),
            format!(r#"{{"label":"","value":"{}"}}"#, "v".repeat(129)),
        ]),
    ];
    let lines = prop_oneof![
        12 => prop::collection::vec(line.clone(), 0..3),
        1 => prop::collection::vec(line, 19..=21),
    ];
    (
        prop::option::weighted(0.85, message),
        lines,
        prop::option::weighted(0.2, note()),
    )
        .prop_map(|(message, lines, hidden)| {
            let lines = lines.into_iter().map(|line| ("Details.Fields", line));
            let message = message.map(|message| ("Details.Message", message));
            let hidden = hidden.map(|hidden| ("HiddenDetails", hidden));
            message.into_iter().chain(lines).chain(hidden).collect()
        })
        .boxed()
}

/// A `Metadata`, or what has its rule.
pub fn note() -> impl Strategy<Value = String> {
    let good = select(vec![
        r#"{"ip":"::1","a/b":"\"ü\""}"#,
        "{}",
        r#"{"ip":"10.0.0.1"}"#,
    ]);
    let bad = select(vec![r#"{"os":1}"#, "[]"]);
    prop_oneof![12 => good, 1 => bad].prop_map(str::to_owned)
}

/// What the retry of a create has in another way, or has no more.
fn other() -> BoxedStrategy<(&'static str, String)> {
    let other = |name: &'static str, values: &[&str]| {
        let values: Vec<String> = values.iter().map(|&value| value.to_owned()).collect();
        select(values).prop_map(move |value| (name, value))
    };
    prop_oneof![
        other("Details.Message", &["Another?", ""]),
        other("Details.Fields", &[r#"{"label":"Another","value":""}"#, ""]),
        other("HiddenDetails", &[r#"{"another":""}"#, ""]),
        other("ExpirationDate", &["", "2026-01-02"]),
        other("AuthPayload", &["000000", ""]),
        other("Unknown", &["1"]),
    ]
    .boxed()
}

pub fn payload() -> BoxedStrategy<Payload> {
    let says = prop_oneof![
        6 => Just("approved"),
        5 => Just("denied"),
        1 => select(vec!["pending", "expired", "Approved", ""]),
    ];
    (code_at_login(), says, signed())
        .prop_map(|(code, says, signed)| Payload { code, says, signed })
        .boxed()
}

/// A code, of which the one that was right last and those around it are the ones to be told apart.
fn code_at_login() -> BoxedStrategy<Code> {
    prop_oneof![
        3 => code(),
        2 => Just(Code::FromLast(0)),
        2 => (0..=2_i64).prop_map(Code::FromAccepted),
    ]
    .boxed()
}

fn signed() -> impl Strategy<Value = Signed> {
    let names = select(vec![
        "sid",
        "factor_sid",
        "date_created",
        "details",
        "hidden_details",
        "status",
    ]);
    prop_oneof![
        14 => Just(Signed::Well),
        1 => Just(Signed::WithHighS),
        1 => Just(Signed::WithMore),
        2 => Just(Signed::ByAnother),
        3 => (1..4_usize).prop_map(Signed::OfAnother),
        4 => names.prop_flat_map(|name| select(vec![Signed::Without(name), Signed::Changed(name), Signed::Twice(name)])),
        1 => select(vec![r#"{"alg":"none"}"#, r#"{"alg":"HS256"}"#, "{}", r#"{"alg":"ES256","crit":["b64"],"b64":true}"#])
            .prop_map(Signed::Under),
        1 => Just(Signed::Der),
        1 => (0..MISSPELLINGS).prop_map(Signed::Misspelt),
        1 => select(vec!["", "123456", "a.b.c", ".."]).prop_map(Signed::Text),
    ]
}

pub fn filter() -> BoxedStrategy<Filter> {
    let status = prop_oneof![
        12 => select(vec!["pending", "approved", "denied", "expired"]),
        1 => select(vec!["", "open"]),
    ];
    let order = prop_oneof![
        8 => select(vec!["asc", "desc", "DESC", "Asc"]),
        1 => Just("newest"),
    ];
    (
        prop::option::weighted(0.5, which()),
        prop::option::weighted(0.04, select(vec!["", "YF", "YC00000000000000000000000000000000"])),
        prop::option::weighted(0.5, status),
        prop::option::weighted(0.5, order),
    )
        .prop_map(|(factor, factor_sid, status, order)| Filter {
            factor,
            factor_sid,
            status,
            order,
        })
        .boxed()
}

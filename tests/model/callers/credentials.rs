//! What somebody calls with, and how often each.

use proptest::prelude::*;
use proptest::sample::select;

use super::history::{Credentials, Holder, How, Made, Spoilt};
use super::phone::MISSPELLINGS;
use crate::challenges::draws::asked;
use crate::draws::which;
use crate::history::Which;

/// The JWT of a phone.
pub fn jwt() -> BoxedStrategy<Credentials> {
    let holder = prop_oneof![
        3 => which_phone().prop_map(Holder::Factor),
        1 => asked().prop_map(Holder::Challenge),
    ];
    holder
        .prop_map(|of| Credentials::Jwt {
            of,
            kid_of: None,
            made: WELL,
        })
        .boxed()
}

/// Mostly the text of a token as it is.
pub fn token() -> BoxedStrategy<Credentials> {
    (back(), prop::option::weighted(0.2, spoilt()))
        .prop_map(|(back, spoilt)| Credentials::Token(back, spoilt))
        .boxed()
}

/// What is nobody's.
pub fn nobodys() -> BoxedStrategy<Credentials> {
    prop_oneof![
        select(vec!["", "token:", ":", "token:a.b.c", "nothing-at-all"]).prop_map(Credentials::Text),
        select(vec!["", "local-auth-tokens", "LOCAL-AUTH-TOKEN"]).prop_map(Credentials::Account),
        Just(Credentials::None),
    ]
    .boxed()
}

/// Mostly the latest that is a phone's.
pub fn which_phone() -> BoxedStrategy<Which> {
    let back = || prop_oneof![4 => Just(0), 3 => Just(1), 1 => 0..5_usize];
    prop_oneof![14 => back().prop_map(Which::Phone), 2 => back().prop_map(Which::Any), 1 => which()].boxed()
}

pub fn kid_of() -> impl Strategy<Value = Option<Which>> {
    prop::option::weighted(0.06, which_phone())
}

pub fn back() -> impl Strategy<Value = usize> {
    prop_oneof![5 => Just(0), 2 => 0..3_usize]
}

pub const WELL: Made = Made {
    from: 0,
    seconds: 600,
    how: How::Well,
};

pub fn made() -> BoxedStrategy<Made> {
    let when = prop_oneof![
        32 => Just((0, 600)),
        3 => select(vec![(30, 600), (-629, 600), (-570, 600), (0, 0), (-29, 0), (-600, 1), (10, 60)]),
        3 => select(vec![(31, 600), (-630, 600), (0, 601), (-300, 601), (0, 86_400), (-30, 0), (20, -1), (86_400, 600)]),
    ];
    (when, how())
        .prop_map(|((from, seconds), how)| Made { from, seconds, how })
        .boxed()
}

fn how() -> BoxedStrategy<How> {
    let header = select(vec![
        ("ES256", "HS256"),
        ("ES256", "none"),
        ("ES256", "ES384"),
        ("{", r#"{"crit":["b64"],"b64":true,"#),
        (r#""kid""#, r#""key""#),
        (r#""kid":"CR"#, r#""kid":"YF"#),
        (r#""kid":"CR"#, r#""kid":"cr"#),
    ]);
    let claims = select(vec![
        (r#""sub""#, r#""iss""#),
        (r#""exp""#, r#""end""#),
        (r#""nbf""#, r#""iat""#),
    ]);
    let others = vec![
        How::Quoted,
        How::WithFraction,
        How::Hmac,
        How::WithAnothersSignature,
        How::Der,
        How::As("Token"),
        How::As(""),
    ];
    prop_oneof![
        40 => Just(How::Well),
        2 => Just(How::WithMore),
        1 => Just(How::WithHighS),
        2 => Just(How::ByAnother),
        1 => Just(How::ForAnother),
        2 => header.prop_map(|(from, to)| How::Header(from, to)),
        1 => claims.prop_map(|(from, to)| How::Claims(from, to)),
        2 => select(others),
        1 => (0..MISSPELLINGS).prop_map(How::Misspelt),
    ]
    .boxed()
}

pub fn spoilt() -> BoxedStrategy<Spoilt> {
    prop_oneof![
        4 => any::<usize>().prop_map(Spoilt::Changed),
        1 => any::<usize>().prop_map(Spoilt::Without),
        1 => select(vec!["=", "A", " ", "."]).prop_map(Spoilt::Longer),
        1 => select(vec!["Token", ""]).prop_map(Spoilt::As),
    ]
    .boxed()
}

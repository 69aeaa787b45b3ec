//! What tokens are asked for with, and what phones enrol with.

use proptest::prelude::*;
use proptest::sample::select;

use super::history::Calling;
use crate::draws::{new_push, place};
use crate::history::Step;
use crate::parameters::Form;

/// A form for a push Factor, as phones send it: many leave its name to the token.
pub fn new_phone() -> impl Strategy<Value = Form> {
    (new_push(), prop::bool::weighted(0.4)).prop_map(|(mut form, nameless)| {
        form.retain(|(name, _)| !(nameless && *name == "FriendlyName"));
        form
    })
}

pub fn create_token() -> BoxedStrategy<Step> {
    (place(), new_token())
        .prop_map(|(place, form)| Step::Call(Calling::CreateToken { place, form }))
        .boxed()
}

/// The parameters of a token, besides for whom it is, unless that is wrong.
pub fn new_token() -> BoxedStrategy<Form> {
    let text = |values: &[&str]| select(values.iter().map(|&value| value.to_owned()).collect::<Vec<_>>());
    let name = text(&["Phone of a token", "名前", &"y".repeat(64)]);
    let ttl = text(&["60", "61", "300", "300", "299"]);
    let wrong = prop_oneof![
        2 => text(&["", "short", "identity a", "identity_a", &"i".repeat(65)])
            .prop_map(|value| ("Identity", value)),
        2 => text(&["", "totp", "sms", "PUSH"]).prop_map(|value| ("FactorType", value)),
        1 => text(&[" ", &"z".repeat(65)]).prop_map(|value| ("FactorFriendlyName", value)),
        1 => text(&["59", "301", "-60", "60.0", "a minute"]).prop_map(|value| ("Ttl", value)),
    ];
    let name = prop::option::weighted(0.5, name.prop_map(|name| ("FactorFriendlyName", name)));
    let ttl = prop::option::weighted(0.7, ttl.prop_map(|ttl| ("Ttl", ttl)));
    let wrong = prop_oneof![4 => Just(Vec::new()), 1 => prop::collection::vec(wrong, 1..3)];
    (name, ttl, wrong)
        .prop_map(|(name, ttl, wrong)| {
            let push = ("FactorType", "push".to_owned());
            let right = name.into_iter().chain(ttl).chain([push]);
            // What is wrong is in the place of what is right.
            let mut form = Form::new();
            for (name, value) in wrong.into_iter().chain(right) {
                if form.iter().all(|(other, _)| *other != name) {
                    form.push((name, value));
                }
            }
            form
        })
        .boxed()
}

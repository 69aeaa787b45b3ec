//! The operations that are measured, one entry each.

use crate::scene::{Ask, Scene};

/// An operation, on an Entity of its own.
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    /// Thousands of instructions that it takes at the most, where that is settled.
    pub(crate) at_most: Option<u32>,
    /// What is asked for before, once.
    pub(crate) before: &'static [Ask],
    /// What is measured.
    pub(crate) ask: Ask,
}

/// What all are compared to. It answers anything.
pub(crate) const YARDSTICK: Operation = Operation {
    name: "yardstick",
    at_most: None,
    before: &[],
    ask: Scene::create_totp_factor,
};

/// Every read is answered with what was there at first, so each request finds what was made before: an unverified Factor, with the
/// name it had.
pub(crate) const OPERATIONS: [Operation; 21] = [
    Operation {
        name: "create a totp Factor",
        at_most: Some(830),
        before: &[],
        ask: Scene::create_totp_factor,
    },
    Operation {
        name: "create a push Factor",
        at_most: None,
        before: &[],
        ask: Scene::create_push_factor,
    },
    Operation {
        name: "fetch a Factor",
        at_most: Some(700),
        before: &[Scene::create_totp_factor],
        ask: Scene::fetch_factor,
    },
    Operation {
        name: "list three Factors",
        at_most: None,
        before: &[
            Scene::create_totp_factor,
            Scene::create_totp_factor,
            Scene::create_totp_factor,
        ],
        ask: Scene::list_factors,
    },
    Operation {
        name: "verify a totp Factor",
        at_most: Some(1350),
        before: &[Scene::create_totp_factor],
        ask: Scene::verify_totp_factor,
    },
    Operation {
        name: "verify a push Factor",
        at_most: None,
        before: &[Scene::create_push_factor],
        ask: Scene::verify_push_factor,
    },
    Operation {
        name: "update a Factor's name",
        at_most: None,
        before: &[Scene::create_totp_factor],
        ask: Scene::rename_factor,
    },
    Operation {
        name: "delete a Factor",
        at_most: None,
        before: &[Scene::create_totp_factor],
        ask: Scene::delete_factor,
    },
    Operation {
        name: "create an Entity",
        at_most: None,
        before: &[],
        ask: Scene::create_entity,
    },
    Operation {
        name: "fetch an Entity",
        at_most: None,
        before: &[Scene::create_entity],
        ask: Scene::fetch_entity,
    },
    Operation {
        name: "create a Challenge with its code",
        at_most: Some(1450),
        before: &[Scene::create_totp_factor, Scene::verify_totp_factor],
        ask: Scene::create_challenge_with_code,
    },
    Operation {
        name: "create a Challenge without one",
        at_most: None,
        before: &[Scene::create_totp_factor, Scene::verify_totp_factor],
        ask: Scene::create_challenge,
    },
    Operation {
        name: "create a push Challenge",
        at_most: None,
        before: &[Scene::create_push_factor, Scene::verify_push_factor],
        ask: Scene::create_challenge,
    },
    Operation {
        name: "fetch a push Challenge",
        at_most: None,
        before: &[
            Scene::create_push_factor,
            Scene::verify_push_factor,
            Scene::create_challenge,
        ],
        ask: Scene::fetch_challenge,
    },
    Operation {
        name: "answer a Challenge with a code",
        at_most: None,
        before: &[
            Scene::create_totp_factor,
            Scene::verify_totp_factor,
            Scene::create_challenge,
        ],
        ask: Scene::answer_with_code,
    },
    Operation {
        name: "answer a push Challenge",
        at_most: None,
        before: &[
            Scene::create_push_factor,
            Scene::verify_push_factor,
            Scene::create_challenge,
        ],
        ask: Scene::answer_by_signature,
    },
    Operation {
        name: "create an Access Token",
        at_most: None,
        before: &[],
        ask: Scene::create_access_token,
    },
    Operation {
        name: "enrol with an Access Token",
        at_most: None,
        before: &[Scene::create_access_token],
        ask: Scene::enrol,
    },
    Operation {
        name: "a device lists its Challenges, of which there is one",
        at_most: None,
        before: &[
            Scene::create_push_factor,
            Scene::verify_push_factor,
            Scene::create_challenge,
        ],
        ask: Scene::list_by_device,
    },
    Operation {
        name: "a device fetches its Challenge",
        at_most: Some(1000),
        before: &[
            Scene::create_push_factor,
            Scene::verify_push_factor,
            Scene::create_challenge,
        ],
        ask: Scene::fetch_by_device,
    },
    Operation {
        name: "a device answers its Challenge",
        at_most: Some(1800),
        before: &[
            Scene::create_push_factor,
            Scene::verify_push_factor,
            Scene::create_challenge,
        ],
        ask: Scene::answer_by_device,
    },
];

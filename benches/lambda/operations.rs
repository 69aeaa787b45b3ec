//! The operations that are measured, one entry each, and what asks for them.

use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::BASE64;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::EncodePublicKey as _;
use serde_json::Value;
use totp_rs::Totp;

use crate::request::Request;

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

/// Makes a request of what is there.
type Ask = fn(&Scene) -> Request;

/// What all are compared to. It answers anything.
pub(crate) const YARDSTICK: Operation = Operation {
    name: "yardstick",
    at_most: None,
    before: &[],
    ask: create_totp_factor,
};

/// Every read is answered with what was there at first, so each request finds what was made before: an unverified Factor, with the
/// name it had.
pub(crate) const OPERATIONS: [Operation; 10] = [
    Operation {
        name: "create a totp Factor",
        at_most: Some(830),
        before: &[],
        ask: create_totp_factor,
    },
    Operation {
        name: "create a push Factor",
        at_most: None,
        before: &[],
        ask: create_push_factor,
    },
    Operation {
        name: "fetch a Factor",
        at_most: Some(700),
        before: &[create_totp_factor],
        ask: fetch_factor,
    },
    Operation {
        name: "list three Factors",
        at_most: None,
        before: &[create_totp_factor, create_totp_factor, create_totp_factor],
        ask: list_factors,
    },
    Operation {
        name: "verify a totp Factor",
        at_most: Some(1350),
        before: &[create_totp_factor],
        ask: verify_totp_factor,
    },
    Operation {
        name: "verify a push Factor",
        at_most: None,
        before: &[create_push_factor],
        ask: verify_push_factor,
    },
    Operation {
        name: "update a Factor's name",
        at_most: None,
        before: &[create_totp_factor],
        ask: rename_factor,
    },
    Operation {
        name: "delete a Factor",
        at_most: None,
        before: &[create_totp_factor],
        ask: delete_factor,
    },
    Operation {
        name: "create an Entity",
        at_most: None,
        before: &[],
        ask: create_entity,
    },
    Operation {
        name: "fetch an Entity",
        at_most: None,
        before: &[create_entity],
        ask: fetch_entity,
    },
];

/// An Entity, and what was made of it so far, as it was answered.
pub(crate) struct Scene {
    pub(crate) identity: String,
    pub(crate) made: Vec<Value>,
}

impl Scene {
    /// Nothing was made yet.
    pub(crate) fn new(identity: &str) -> Self {
        Self {
            identity: identity.to_owned(),
            made: Vec::new(),
        }
    }

    fn entity(&self) -> String {
        format!("/Entities/{}", self.identity)
    }

    fn factors(&self) -> String {
        format!("{}/Factors", self.entity())
    }

    /// What was made last.
    fn last(&self) -> &Value {
        self.made.last().expect("something that was made before")
    }

    fn last_sid(&self) -> &str {
        self.last()["sid"].as_str().expect("a SID")
    }

    fn last_factor(&self) -> String {
        format!("{}/{}", self.factors(), self.last_sid())
    }
}

fn create_totp_factor(scene: &Scene) -> Request {
    Request::create_totp_factor(&scene.identity)
}

fn create_push_factor(scene: &Scene) -> Request {
    let public_key = device().verifying_key().to_public_key_der().expect("a key");
    let form = form(&[
        ("FriendlyName", "John's Phone"),
        ("FactorType", "push"),
        ("Binding.Alg", "ES256"),
        ("Binding.PublicKey", &BASE64.encode(public_key.as_bytes())),
        ("Config.AppId", "com.example.myapp"),
        ("Config.NotificationPlatform", "fcm"),
        (
            "Config.NotificationToken",
            "d8aXmPl3-RegistrationToken:APA91bExample0123456789",
        ),
        ("Config.SdkVersion", "1.0.0"),
    ]);
    Request::create(scene.factors(), form)
}

fn fetch_factor(scene: &Scene) -> Request {
    Request::get(scene.last_factor()).answered_with(scene.last_sid())
}

fn list_factors(scene: &Scene) -> Request {
    Request::get(scene.factors()).answered_with(scene.last_sid())
}

/// With the code of the moment.
fn verify_totp_factor(scene: &Scene) -> Request {
    let uri = scene.last()["binding"]["uri"].as_str().expect("a URI");
    let app = Totp::from_url(uri).expect("an authenticator app takes it");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock");
    verify_factor(scene, &app.generate(now.as_secs()).to_string())
}

fn verify_push_factor(scene: &Scene) -> Request {
    let signature: Signature = device().sign(scene.last_sid().as_bytes());
    verify_factor(scene, &BASE64.encode(signature.to_der().as_bytes()))
}

fn verify_factor(scene: &Scene, payload: &str) -> Request {
    let request = Request::post(scene.last_factor(), form(&[("AuthPayload", payload)]));
    // A wrong code is answered with 200 as well.
    request.answered_with(r#""status":"verified""#)
}

fn rename_factor(scene: &Scene) -> Request {
    let request = Request::post(scene.last_factor(), "FriendlyName=John%27s+New+Phone");
    request.answered_with("John's New Phone")
}

fn delete_factor(scene: &Scene) -> Request {
    Request::delete(scene.last_factor())
}

fn create_entity(scene: &Scene) -> Request {
    Request::create("/Entities".to_owned(), form(&[("Identity", &scene.identity)]))
}

fn fetch_entity(scene: &Scene) -> Request {
    Request::get(scene.entity()).answered_with(&scene.identity)
}

/// The key of every device.
fn device() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).expect("a key")
}

fn form(fields: &[(&str, &str)]) -> String {
    serde_urlencoded::to_string(fields).expect("a form")
}

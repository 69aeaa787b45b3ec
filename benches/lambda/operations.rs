//! The operations that are measured, one entry each, and what asks for them.

use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::{BASE64, BASE64URL_NOPAD};
use harness::local;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::EncodePublicKey as _;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
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
pub(crate) const OPERATIONS: [Operation; 21] = [
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
    Operation {
        name: "create a Challenge with its code",
        at_most: Some(1450),
        before: &[create_totp_factor, verify_totp_factor],
        ask: create_challenge_with_code,
    },
    Operation {
        name: "create a Challenge without one",
        at_most: None,
        before: &[create_totp_factor, verify_totp_factor],
        ask: create_challenge,
    },
    Operation {
        name: "create a push Challenge",
        at_most: None,
        before: &[create_push_factor, verify_push_factor],
        ask: create_challenge,
    },
    Operation {
        name: "fetch a push Challenge",
        at_most: None,
        before: &[create_push_factor, verify_push_factor, create_challenge],
        ask: fetch_challenge,
    },
    Operation {
        name: "answer a Challenge with a code",
        at_most: None,
        before: &[create_totp_factor, verify_totp_factor, create_challenge],
        ask: answer_with_code,
    },
    Operation {
        name: "answer a push Challenge",
        at_most: None,
        before: &[create_push_factor, verify_push_factor, create_challenge],
        ask: answer_by_signature,
    },
    Operation {
        name: "create an Access Token",
        at_most: None,
        before: &[],
        ask: create_access_token,
    },
    Operation {
        name: "enrol with an Access Token",
        at_most: None,
        before: &[create_access_token],
        ask: enrol,
    },
    Operation {
        name: "a device lists its Challenges, of which there is one",
        at_most: None,
        before: &[create_push_factor, verify_push_factor, create_challenge],
        ask: list_by_device,
    },
    Operation {
        name: "a device fetches its Challenge",
        at_most: Some(1000),
        before: &[create_push_factor, verify_push_factor, create_challenge],
        ask: fetch_by_device,
    },
    Operation {
        name: "a device answers its Challenge",
        at_most: Some(1800),
        before: &[create_push_factor, verify_push_factor, create_challenge],
        ask: answer_by_device,
    },
];

/// What a device signs of a Challenge, besides its status.
const SIGNED: [&str; 9] = [
    "sid",
    "account_sid",
    "service_sid",
    "identity",
    "factor_sid",
    "date_created",
    "expiration_date",
    "details",
    "hidden_details",
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

    fn challenges(&self) -> String {
        format!("{}/Challenges", self.entity())
    }

    fn last_challenge(&self) -> String {
        format!("{}/{}", self.challenges(), self.last_sid())
    }

    /// The code of the Factor that was made first, as many seconds from now.
    fn code(&self, seconds: u64) -> String {
        let uri = self.made[0]["binding"]["uri"].as_str().expect("a URI");
        let app = Totp::from_url(uri).expect("an authenticator app takes it");
        app.generate(unix_now() + seconds).to_string()
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
    verify_factor(scene, &scene.code(0))
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

/// With a code that is later than the one that verified the Factor.
fn create_challenge_with_code(scene: &Scene) -> Request {
    let form = form(&[("FactorSid", scene.last_sid()), ("AuthPayload", &scene.code(30))]);
    Request::create(scene.challenges(), form).answered_with(r#""status":"approved""#)
}

/// One that waits for longer than any measurement takes.
fn create_challenge(scene: &Scene) -> Request {
    let expires = i64::try_from(unix_now()).expect("a date") + 3500;
    let expires = OffsetDateTime::from_unix_timestamp(expires).expect("a date");
    let form = form(&[
        ("FactorSid", scene.last_sid()),
        ("ExpirationDate", &expires.format(&Rfc3339).expect("a date")),
        ("Details.Message", "Do you log in to Owl Bank?"),
        (
            "Details.Fields",
            r#"{"label":"Browser","value":"Firefox on Linux"}"#,
        ),
        ("Details.Fields", r#"{"label":"Place","value":"Vienna"}"#),
    ]);
    Request::create(scene.challenges(), form).answered_with(r#""status":"pending""#)
}

fn fetch_challenge(scene: &Scene) -> Request {
    Request::get(scene.last_challenge()).answered_with(r#""status":"pending""#)
}

fn answer_with_code(scene: &Scene) -> Request {
    answer_challenge(scene, &scene.code(30))
}

fn answer_by_signature(scene: &Scene) -> Request {
    let challenge = scene.last();
    let signed = SIGNED.map(|name| (name.to_owned(), challenge[name].clone()));
    let mut signed: Map<String, Value> = signed.into_iter().collect();
    signed.insert("status".to_owned(), "approved".into());
    answer_challenge(scene, &jws([json!({ "alg": "ES256" }), signed.into()]))
}

/// What the device signs, in the compact form.
fn jws(parts: [Value; 2]) -> String {
    let parts = parts.map(|part| BASE64URL_NOPAD.encode(part.to_string().as_bytes()));
    let signing_input = parts.join(".");
    let signature: Signature = device().sign(signing_input.as_bytes());
    let signature = BASE64URL_NOPAD.encode(&signature.to_bytes());
    format!("{signing_input}.{signature}")
}

/// The JWT that a device calls with, its Factor being what was made first.
fn jwt(scene: &Scene) -> String {
    let now = unix_now();
    let kid = &scene.made[0]["config"]["credential_sid"];
    let header = json!({"cty": "twilio-pba;v=1", "kid": kid, "typ": "JWT", "alg": "ES256"});
    let claims = json!({"sub": local::account_sid(), "exp": now + 600, "nbf": now});
    jws([header, claims])
}

fn create_access_token(scene: &Scene) -> Request {
    let form = form(&[
        ("Identity", &scene.identity),
        ("FactorType", "push"),
        ("Ttl", "300"),
    ]);
    Request::create("/AccessTokens".to_owned(), form)
}

fn enrol(scene: &Scene) -> Request {
    let token = scene.last()["token"].as_str().expect("a token");
    create_push_factor(scene).by_device(token)
}

fn list_by_device(scene: &Scene) -> Request {
    let list = format!(
        "{}?FactorSid={}",
        scene.challenges(),
        scene.made[0]["sid"].as_str().expect("a SID")
    );
    Request::get(list)
        .answered_with(scene.last_sid())
        .by_device(&jwt(scene))
}

fn fetch_by_device(scene: &Scene) -> Request {
    fetch_challenge(scene).by_device(&jwt(scene))
}

fn answer_by_device(scene: &Scene) -> Request {
    answer_by_signature(scene).by_device(&jwt(scene))
}

fn answer_challenge(scene: &Scene, payload: &str) -> Request {
    let request = Request::post(scene.last_challenge(), form(&[("AuthPayload", payload)]));
    request.answered_with(r#""status":"approved""#)
}

fn unix_now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.expect("a clock that is not before 1970").as_secs()
}

/// The key of every device.
fn device() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).expect("a key")
}

fn form(fields: &[(&str, &str)]) -> String {
    serde_urlencoded::to_string(fields).expect("a form")
}

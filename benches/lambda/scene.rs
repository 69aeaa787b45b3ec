//! An Entity, what was made of it so far, and what asks for more.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use data_encoding::{BASE64, BASE64URL_NOPAD};
use harness::lambda::Environment;
use harness::local;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::EncodePublicKey as _;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use totp_rs::Totp;

use crate::Failure;
use crate::request::Request;

/// Makes a request of what is there.
pub(crate) type Ask = fn(&Scene) -> Request;

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
#[derive(Clone)]
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

    /// Asks for something, which becomes what was made last; how long it took.
    pub(crate) async fn ask(&mut self, ask: Ask, function: &mut Environment) -> Result<Duration, Failure> {
        let (took, made) = ask(self).send(function).await?;
        self.made.push(made);
        Ok(took)
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

    pub(crate) fn last_sid(&self) -> &str {
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

    pub(crate) fn create_totp_factor(&self) -> Request {
        Request::create_totp_factor(&self.identity)
    }

    pub(crate) fn create_push_factor(&self) -> Request {
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
        Request::create(self.factors(), form)
    }

    pub(crate) fn fetch_factor(&self) -> Request {
        Request::get(self.last_factor()).answered_with(self.last_sid())
    }

    pub(crate) fn list_factors(&self) -> Request {
        Request::get(self.factors()).answered_with(self.last_sid())
    }

    /// With the code of the moment.
    pub(crate) fn verify_totp_factor(&self) -> Request {
        self.verify_factor(&self.code(0))
    }

    pub(crate) fn verify_push_factor(&self) -> Request {
        let signature: Signature = device().sign(self.last_sid().as_bytes());
        self.verify_factor(&BASE64.encode(signature.to_der().as_bytes()))
    }

    fn verify_factor(&self, payload: &str) -> Request {
        let request = Request::post(self.last_factor(), form(&[("AuthPayload", payload)]));
        // A wrong code is answered with 200 as well.
        request.answered_with(r#""status":"verified""#)
    }

    pub(crate) fn rename_factor(&self) -> Request {
        let request = Request::post(self.last_factor(), "FriendlyName=John%27s+New+Phone");
        request.answered_with("John's New Phone")
    }

    pub(crate) fn delete_factor(&self) -> Request {
        Request::delete(self.last_factor())
    }

    pub(crate) fn create_entity(&self) -> Request {
        Request::create("/Entities".to_owned(), form(&[("Identity", &self.identity)]))
    }

    pub(crate) fn fetch_entity(&self) -> Request {
        Request::get(self.entity()).answered_with(&self.identity)
    }

    /// With a code that is later than the one that verified the Factor.
    pub(crate) fn create_challenge_with_code(&self) -> Request {
        let form = form(&[("FactorSid", self.last_sid()), ("AuthPayload", &self.code(30))]);
        Request::create(self.challenges(), form).answered_with(r#""status":"approved""#)
    }

    /// One that waits for longer than any measurement takes.
    pub(crate) fn create_challenge(&self) -> Request {
        let expires = i64::try_from(unix_now()).expect("a date") + 3500;
        let expires = OffsetDateTime::from_unix_timestamp(expires).expect("a date");
        let form = form(&[
            ("FactorSid", self.last_sid()),
            ("ExpirationDate", &expires.format(&Rfc3339).expect("a date")),
            ("Details.Message", "Do you log in to Owl Bank?"),
            (
                "Details.Fields",
                r#"{"label":"Browser","value":"Firefox on Linux"}"#,
            ),
            ("Details.Fields", r#"{"label":"Place","value":"Vienna"}"#),
        ]);
        Request::create(self.challenges(), form).answered_with(r#""status":"pending""#)
    }

    pub(crate) fn fetch_challenge(&self) -> Request {
        Request::get(self.last_challenge()).answered_with(r#""status":"pending""#)
    }

    pub(crate) fn answer_with_code(&self) -> Request {
        self.answer_challenge(&self.code(30))
    }

    pub(crate) fn answer_by_signature(&self) -> Request {
        let challenge = self.last();
        let signed = SIGNED.map(|name| (name.to_owned(), challenge[name].clone()));
        let mut signed: Map<String, Value> = signed.into_iter().collect();
        signed.insert("status".to_owned(), "approved".into());
        self.answer_challenge(&jws([json!({ "alg": "ES256" }), signed.into()]))
    }

    /// The JWT that a device calls with, its Factor being what was made first.
    fn jwt(&self) -> String {
        let now = unix_now();
        let kid = &self.made[0]["config"]["credential_sid"];
        let header = json!({"cty": "twilio-pba;v=1", "kid": kid, "typ": "JWT", "alg": "ES256"});
        let claims = json!({"sub": local::account_sid(), "exp": now + 600, "nbf": now});
        jws([header, claims])
    }

    pub(crate) fn create_access_token(&self) -> Request {
        let form = form(&[
            ("Identity", &self.identity),
            ("FactorType", "push"),
            ("Ttl", "300"),
        ]);
        Request::create("/AccessTokens".to_owned(), form)
    }

    pub(crate) fn enrol(&self) -> Request {
        let token = self.last()["token"].as_str().expect("a token");
        self.create_push_factor().by_device(token)
    }

    pub(crate) fn list_by_device(&self) -> Request {
        let list = format!(
            "{}?FactorSid={}",
            self.challenges(),
            self.made[0]["sid"].as_str().expect("a SID")
        );
        Request::get(list)
            .answered_with(self.last_sid())
            .by_device(&self.jwt())
    }

    pub(crate) fn fetch_by_device(&self) -> Request {
        self.fetch_challenge().by_device(&self.jwt())
    }

    pub(crate) fn answer_by_device(&self) -> Request {
        self.answer_by_signature().by_device(&self.jwt())
    }

    fn answer_challenge(&self, payload: &str) -> Request {
        let request = Request::post(self.last_challenge(), form(&[("AuthPayload", payload)]));
        request.answered_with(r#""status":"approved""#)
    }
}

/// What the device signs, in the compact form.
fn jws(parts: [Value; 2]) -> String {
    let parts = parts.map(|part| BASE64URL_NOPAD.encode(part.to_string().as_bytes()));
    let signing_input = parts.join(".");
    let signature: Signature = device().sign(signing_input.as_bytes());
    let signature = BASE64URL_NOPAD.encode(&signature.to_bytes());
    format!("{signing_input}.{signature}")
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

//! A Factor, by what answers said of it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use p256::ecdsa::VerifyingKey;
use p256::pkcs8::DecodePublicKey as _;
use serde_json::Value;
use totp_rs::{Algorithm, Builder, Secret, Totp};

use super::{EntityAt, WRONG_CODES, known};
use crate::phone::{self, MINE, Phone};
use crate::request::Request;
use crate::resource::pointer;

pub struct Factor {
    pub at: EntityAt,
    /// The body that it was created with, up to the URL; `None` once it is another one.
    pub created: Option<String>,
    /// Its Base32, if it is a totp Factor.
    secret: Option<String>,
    /// As it was shown last, without what only one answer has; `None` if that could not be read.
    pub shown: Option<Value>,
    pub is_verified: bool,
    pub verified_by: Option<String>,
    wrong_codes: usize,
    /// The time step of the last code that was accepted.
    last_step: Option<u64>,
    /// Its key, if it is a push Factor.
    pub key: Option<VerifyingKey>,
    /// Whose key that is, if it is that of one of the phones here.
    phone: Option<&'static Phone>,
}

impl Factor {
    /// A Factor as it was created.
    pub fn new(at: EntityAt, body: String, key: Option<&str>, json: Option<Value>) -> Self {
        let secret = json.as_ref().and_then(|json| json["binding"]["secret"].as_str());
        let read = |key: &str| {
            let der = BASE64_STANDARD.decode(key).expect("Base64");
            VerifyingKey::from_public_key_der(&der).expect("a key")
        };
        Self {
            at,
            created: Some(body),
            secret: secret.map(str::to_owned),
            key: key.map(read),
            phone: key.and_then(phone::with),
            shown: json.map(known),
            is_verified: false,
            verified_by: None,
            wrong_codes: 0,
            last_step: None,
        }
    }

    /// What verifies it now, if there is something.
    pub fn proof(&self, sid: &str, now: u64) -> String {
        match self.totp() {
            Some(totp) => totp.generate(now).to_string(),
            None => self.phone.unwrap_or(&MINE).proof(sid),
        }
    }

    /// The code after the one of now.
    pub fn next_code(&self, now: u64) -> Option<String> {
        let totp = self.totp()?;
        Some(totp.generate(now + self.time_step()).to_string())
    }

    /// The phone that can sign for it, if it is known.
    pub fn phone(&self) -> Option<&'static Phone> {
        self.phone.filter(|_| self.shown.is_some())
    }

    /// Takes a code for a login, if it is one that is good; `None` if nobody knows.
    pub fn accepts(&mut self, code: &str, now: u64) -> Option<bool> {
        let step = self.steps_of(code, now)?.pop();
        let is_good = step > self.last_step;
        if is_good {
            self.last_step = step;
        }
        Some(is_good)
    }

    /// The time steps in the window whose code this is.
    fn steps_of(&self, code: &str, now: u64) -> Option<Vec<u64>> {
        let (totp, step) = (self.totp()?, self.time_step());
        let skew = self.shown.as_ref()?["config"]["skew"].as_u64()?;
        let steps = (now / step - skew)..=(now / step + skew);
        let steps = steps.map(|number| number * step);
        Some(
            steps
                .filter(|begins| totp.generate(*begins).to_string() == code)
                .collect(),
        )
    }

    fn time_step(&self) -> u64 {
        let shown = self.shown.as_ref().expect("it is known");
        shown["config"]["time_step"].as_u64().expect("a number")
    }

    /// Its codes, by the configuration that it has.
    fn totp(&self) -> Option<Totp> {
        let config = &self.shown.as_ref()?["config"];
        let number = |name: &str| config[name].as_u64().expect("a number");
        let algorithm = match config["alg"].as_str()? {
            "sha1" => Algorithm::SHA1,
            "sha256" => Algorithm::SHA256,
            _ => Algorithm::SHA512,
        };
        let totp = Builder::new()
            .with_algorithm(algorithm)
            .with_digits(number("code_length").try_into().expect("a few"))
            .with_skew(number("skew").try_into().expect("a few"))
            .with_step_duration(number("time_step"))
            .with_secret(Secret::try_from_base32(self.secret.as_ref()?).expect("Base32"));
        Some(totp.build_noncompliant())
    }

    pub fn update(&mut self, sid: &str, request: &Request, status: u64, json: Option<Value>, now: u64) {
        let sent = request.form();
        let sent = |name: &str| sent.get(name).filter(|value| !value.is_empty());
        let payload = sent("AuthPayload");
        let Some(before) = self.shown.clone() else {
            return;
        };
        let totp = self.totp();
        let is_code = |code: &String| totp.as_ref().is_some_and(|totp| totp.check(code, now).is_some());
        let proof = self.phone().map(|phone| phone.proof(sid));
        let is_signed = |payload: &String| proof.as_ref() == Some(payload);
        let is_right = payload.is_some_and(|payload| is_code(payload) || is_signed(payload));
        let is_the_one = is_right && payload == self.verified_by.as_ref();
        match status {
            403 => {
                let is_refused = match totp {
                    Some(_) => self.is_verified && !is_the_one,
                    None => !is_right,
                };
                assert!(is_refused && payload.is_some(), "{before} is not to be refused");
                return;
            }
            429 => {
                assert!(!self.is_verified && self.wrong_codes == WRONG_CODES);
                return;
            }
            _ => assert_eq!(status, 200),
        }
        let after = known(json.expect("what was read before can be read again"));
        let mut expected = before.clone();
        if let (Some(payload), true) = (payload, totp.is_some()) {
            if self.is_verified {
                assert!(is_the_one, "it was verified by another code");
            } else if is_right {
                expected["status"] = "verified".into();
                self.last_step = self.steps_of(payload, now).and_then(|mut steps| steps.pop());
                self.verified_by = Some(payload.clone());
            } else {
                self.wrong_codes += 1;
                assert!(self.wrong_codes <= WRONG_CODES, "one more was compared");
                assert_eq!(after, before, "a wrong code changes nothing else");
            }
        } else if let Some(payload) = payload {
            assert!(is_right, "nobody else here can sign");
            expected["status"] = "verified".into();
            self.verified_by = Some(payload.clone());
        }
        // What was sent is shown, or `resource` complains.
        let parameters = ["FriendlyName", "Alg", "TimeStep", "Skew", "CodeLength"];
        let push = ["NotificationPlatform", "NotificationToken", "SdkVersion"];
        for name in parameters.into_iter().chain(push) {
            let name = match name {
                "FriendlyName" => name.to_owned(),
                _ => format!("Config.{name}"),
            };
            let pointer = pointer(&name);
            if let (Some(_), Some(shown)) = (sent(&name), expected.pointer_mut(&pointer)) {
                shown.clone_from(after.pointer(&pointer).expect("it is shown"));
            }
        }
        if expected != before {
            expected["date_updated"] = after["date_updated"].clone();
            self.created = None;
        }
        assert_eq!(after, expected);
        self.shown = Some(after);
    }
}

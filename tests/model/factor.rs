//! A Factor as the contract has it: what it holds, and what an update makes of it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::challenges::Windows;
use crate::contract::Service;
use crate::devices;
use crate::guesses::Guesses;
use crate::parameters::{
    CREATE_ANY, CREATE_PUSH, CREATE_TOTP, Form, Wrong, given, is_code, metadata, missing, refused, seed,
    wrong_among,
};

pub struct Factor {
    pub sid: String,
    pub created: i64,
    pub updated: i64,
    pub friendly_name: String,
    pub metadata: Option<Value>,
    pub verified: bool,
    pub windows: Windows,
    pub kind: Kind,
}

pub enum Kind {
    Totp(Totp),
    Push(Push),
}

#[derive(Clone)]
pub struct Totp {
    pub secret: Vec<u8>,
    pub issuer: &'static str,
    pub alg: String,
    pub time_step: i64,
    pub skew: i64,
    pub code_length: usize,
    pub guesses: Guesses,
}

#[derive(Clone, PartialEq)]
pub struct Push {
    pub public_key: String,
    pub app_id: String,
    pub platform: String,
    pub token: Option<String>,
    pub sdk_version: String,
}

impl Factor {
    pub fn new(form: &Form, service: &Service, drawn: Drawn, now: i64) -> Self {
        Self {
            sid: drawn.sid,
            created: now,
            updated: now,
            friendly_name: given(form, "FriendlyName").unwrap_or_default().to_owned(),
            metadata: given(form, "Metadata").and_then(metadata),
            verified: false,
            windows: Windows::default(),
            kind: match given(form, "FactorType") {
                Some("totp") => Kind::Totp(Totp::new(form, service, drawn.secret)),
                _ => Kind::Push(Push::new(form)),
            },
        }
    }

    pub fn factor_type(&self) -> &'static str {
        match self.kind {
            Kind::Totp(_) => "totp",
            Kind::Push(_) => "push",
        }
    }

    /// The phone that has its key.
    pub fn phone(&self) -> Option<u8> {
        match &self.kind {
            Kind::Totp(_) => None,
            Kind::Push(push) => Some(u8::from(push.public_key == devices::public_key(1))),
        }
    }

    /// Changes what a form names; whether anything is different then.
    pub fn apply(&mut self, form: &Form) -> bool {
        let mut different = false;
        let mut set = |field: &mut String, name| {
            if let Some(value) = given(form, name).filter(|value| value != field) {
                value.clone_into(field);
                different = true;
            }
        };
        set(&mut self.friendly_name, "FriendlyName");
        match &mut self.kind {
            Kind::Totp(totp) => {
                let before = totp.clone();
                totp.configure(form);
                different |= !totp.has_the_config_of(&before);
            }
            Kind::Push(push) => {
                set(&mut push.platform, "Config.NotificationPlatform");
                set(&mut push.sdk_version, "Config.SdkVersion");
                let token = given(form, "Config.NotificationToken").map(str::to_owned);
                if token.is_some() && token != push.token {
                    push.token = token;
                    different = true;
                }
            }
        }
        different
    }
}

/// What the function drew at random for a Factor.
pub struct Drawn {
    pub sid: String,
    pub secret: Vec<u8>,
}

/// What a request proves: a code as it is, or a signature that is good or isn't.
pub enum Proof<'a> {
    Code(&'a str),
    Signature { text: &'a str, good: bool },
}

impl Totp {
    fn new(form: &Form, service: &Service, drawn: Vec<u8>) -> Self {
        let mut totp = Self {
            secret: given(form, "Binding.Secret").map_or(drawn, seed),
            issuer: service.issuer,
            alg: "sha1".to_owned(),
            time_step: service.time_step,
            skew: service.skew,
            code_length: service.code_length,
            guesses: Guesses::default(),
        };
        totp.configure(form);
        totp
    }

    fn configure(&mut self, form: &Form) {
        let number = |name| given(form, name).and_then(|text| text.parse::<i64>().ok());
        if let Some(alg) = given(form, "Config.Alg") {
            alg.clone_into(&mut self.alg);
        }
        self.time_step = number("Config.TimeStep").unwrap_or(self.time_step);
        self.skew = number("Config.Skew").unwrap_or(self.skew);
        let code_length = number("Config.CodeLength").and_then(|number| usize::try_from(number).ok());
        self.code_length = code_length.unwrap_or(self.code_length);
    }

    fn has_the_config_of(&self, other: &Self) -> bool {
        self.skew == other.skew && self.locked() == other.locked()
    }

    /// What can't be changed once the Factor is verified.
    fn locked(&self) -> [(&'static str, String); 3] {
        [
            ("Config.Alg", self.alg.clone()),
            ("Config.TimeStep", self.time_step.to_string()),
            ("Config.CodeLength", self.code_length.to_string()),
        ]
    }

    pub fn wrong_in_update(form: &Form, proof: Option<&Proof<'_>>) -> Wrong {
        let names = [
            "Config.Alg",
            "Config.TimeStep",
            "Config.Skew",
            "Config.CodeLength",
        ];
        let mut wrong = wrong_among(form, &names);
        if proof.is_some_and(|proof| !matches!(proof, Proof::Code(code) if is_code(code))) {
            wrong.push(refused("AuthPayload"));
        }
        wrong
    }

    /// What can't be changed, on a Factor that is verified or would be afterwards.
    pub fn locked_in_update(&self, form: &Form) -> Wrong {
        let locked = self.locked().into_iter();
        locked
            .filter(|(name, is)| given(form, name).is_some_and(|value| value != is))
            .map(|(name, _)| refused(name))
            .collect()
    }
}

impl Push {
    fn new(form: &Form) -> Self {
        let text = |name| given(form, name).unwrap_or_default().to_owned();
        Self {
            public_key: text("Binding.PublicKey"),
            app_id: text("Config.AppId"),
            platform: text("Config.NotificationPlatform"),
            token: given(form, "Config.NotificationToken").map(str::to_owned),
            sdk_version: text("Config.SdkVersion"),
        }
    }

    pub fn wrong_in_update(form: &Form, proof: Option<&Proof<'_>>) -> Wrong {
        let names = [
            "Config.NotificationPlatform",
            "Config.NotificationToken",
            "Config.SdkVersion",
        ];
        let mut wrong = wrong_among(form, &names);
        // A `+` that was not percent-encoded.
        if proof.is_some_and(|proof| matches!(proof, Proof::Signature { text, .. } if text.contains(' '))) {
            wrong.push(refused("AuthPayload"));
        }
        wrong
    }

    /// The token that the platform needs afterwards.
    pub fn missing_in_update(&self, form: &Form) -> Wrong {
        let platform = given(form, "Config.NotificationPlatform").unwrap_or(&self.platform);
        let has_a_token = self.token.is_some() || given(form, "Config.NotificationToken").is_some();
        if platform == "none" || has_a_token {
            Wrong::new()
        } else {
            vec![missing("Config.NotificationToken")]
        }
    }
}

/// What the retry of a create has to have in common with the first.
pub fn parameters_of(form: &Form, factor_type: &str) -> BTreeMap<&'static str, String> {
    let own: &[&str] = if factor_type == "totp" {
        &CREATE_TOTP
    } else {
        &CREATE_PUSH
    };
    let read = |name: &&str| CREATE_ANY.contains(name) || own.contains(name);
    form.iter()
        .filter(|(name, value)| read(name) && !value.is_empty())
        .cloned()
        .collect()
}

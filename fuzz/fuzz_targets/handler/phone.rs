//! The phones of push Factors: a key each, and what they sign with it.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::EncodePublicKey as _;
use serde_json::{Map, Value, json};

use crate::schema::DOCUMENT;

pub struct Phone(SigningKey);

/// The one that requests are about.
pub static MINE: LazyLock<Phone> = LazyLock::new(|| Phone::number(1));
/// Another one.
pub static OTHER: LazyLock<Phone> = LazyLock::new(|| Phone::number(2));

/// The phone that has this key, if it is one of these.
pub fn with(public_key: &str) -> Option<&'static Phone> {
    let mut phones = [&*MINE, &*OTHER].into_iter();
    phones.find(|phone| phone.public_key() == public_key)
}

impl Phone {
    fn number(number: u8) -> Self {
        Self(SigningKey::from_slice(&[number; 32]).expect("a scalar"))
    }

    /// As `Binding.PublicKey` has it.
    pub fn public_key(&self) -> String {
        let der = self.0.verifying_key().to_public_key_der().expect("a key");
        BASE64_STANDARD.encode(der.as_bytes())
    }

    /// What verifies the Factor with this SID.
    pub fn proof(&self, sid: &str) -> String {
        BASE64_STANDARD.encode(self.sign(sid).to_der().as_bytes())
    }

    /// What answers a Challenge: all of it that counts, and the status that it is to have.
    pub fn answer(&self, challenge: &Value, status: &str) -> String {
        let names = &DOCUMENT["components"]["headers"]["SignatureFields"]["schema"]["const"];
        let names = names.as_str().expect("names").split(',');
        let mut members: Map<_, _> = names
            .map(|name| (name.to_owned(), challenge[name].clone()))
            .collect();
        members.insert("status".to_owned(), json!(status));
        let signed = signed(
            &json!({"alg": "ES256"}).to_string(),
            &Value::Object(members).to_string(),
        );
        jws(&signed, &self.sign(&signed).to_bytes())
    }

    pub fn sign(&self, text: &str) -> Signature {
        self.0.sign(text.as_bytes())
    }
}

/// What a JWS signs.
pub fn signed(header: &str, payload: &str) -> String {
    [header, payload]
        .map(|part| BASE64_URL_SAFE_NO_PAD.encode(part))
        .join(".")
}

pub fn jws(signed: &str, signature: &[u8]) -> String {
    format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

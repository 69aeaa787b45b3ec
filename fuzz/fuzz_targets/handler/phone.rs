//! The phone of push Factors: a key, and what it signs with it.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::EncodePublicKey as _;
use serde_json::{Map, Value, json};

use crate::schema::DOCUMENT;

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::from_slice(&[1; 32]).expect("a scalar"));

/// As `Binding.PublicKey` has it.
pub fn public_key() -> String {
    let der = KEY.verifying_key().to_public_key_der().expect("a key");
    BASE64_STANDARD.encode(der.as_bytes())
}

/// What verifies the Factor with this SID.
pub fn signature(sid: &str) -> String {
    let signature: Signature = KEY.sign(sid.as_bytes());
    BASE64_STANDARD.encode(signature.to_der().as_bytes())
}

/// What answers a Challenge: all of it that counts, and the status that it is to have.
pub fn answer(challenge: &Value, status: &str) -> String {
    let names = &DOCUMENT["components"]["headers"]["SignatureFields"]["schema"]["const"];
    let names = names.as_str().expect("names").split(',');
    let mut members: Map<_, _> = names
        .map(|name| (name.to_owned(), challenge[name].clone()))
        .collect();
    members.insert("status".to_owned(), json!(status));
    let parts = [json!({"alg": "ES256"}), Value::Object(members)];
    let signed = parts
        .map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string()))
        .join(".");
    let signature: Signature = KEY.sign(signed.as_bytes());
    format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

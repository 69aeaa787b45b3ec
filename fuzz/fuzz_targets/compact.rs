//! Compact JWS as RFC 7515 and RFC 7518 have them, read by other libraries than the function's.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use serde_json::Value;

/// What a JWS says, whoever signed it.
pub struct Compact {
    pub header: Value,
    pub payload: Value,
    signature: Vec<u8>,
}

/// Reads a JWS that is signed by ES256 and has no `crit`.
pub fn read(text: &str) -> Option<Compact> {
    let parts: Vec<&str> = text.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else {
        return None;
    };
    let (header, payload) = (object(header)?, object(payload)?);
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
    let is_es256 = header.get("alg")? == "ES256" && header.get("crit").is_none();
    is_es256.then_some(Compact {
        header,
        payload,
        signature,
    })
}

/// What a key signed.
pub fn verified(text: &str, key: &VerifyingKey) -> Option<Value> {
    let Compact {
        payload, signature, ..
    } = read(text)?;
    let signature = Signature::from_slice(&signature).ok()?;
    let (signed, _) = text.rsplit_once('.')?;
    key.verify(signed.as_bytes(), &signature).ok().map(|()| payload)
}

/// An object in Base64url in which nothing is there twice: a map swallows that, and has fewer members than were written.
fn object(part: &str) -> Option<Value> {
    let json = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()?;
    let value: Value = serde_json::from_str(&json).ok()?;
    (value.is_object() && members(&value) == written(&json)).then_some(value)
}

/// How many members there are in all objects of a JSON value.
fn members(value: &Value) -> usize {
    match value {
        Value::Object(object) => object.values().map(|value| 1 + members(value)).sum(),
        Value::Array(array) => array.iter().map(members).sum(),
        _ => 0,
    }
}

/// How many members are written in a JSON text that is known to be well formed.
fn written(json: &str) -> usize {
    let (mut colons, mut inside) = (0, false);
    let mut characters = json.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => drop(characters.next()),
            '"' => inside = !inside,
            ':' if !inside => colons += 1,
            _ => {}
        }
    }
    colons
}

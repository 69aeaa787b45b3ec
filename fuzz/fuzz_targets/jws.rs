//! JWS of devices against RFC 7515 and RFC 7518, by other libraries: which texts are one, what they say, and who signed them.
//!
//! An input is a text. If it starts with `sign:`, what follows is a header, a line break and a payload, which are signed here, as
//! fuzzing finds no signature.

#![no_main]

use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use libfuzzer_sys::fuzz_target;
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::EncodePublicKey as _;
use serde_json::Value;
use verify_factors::factors::{Jws, PublicKey};

/// Two devices, the first of which signs.
static KEYS: LazyLock<[(SigningKey, PublicKey); 2]> = LazyLock::new(|| {
    [1, 2].map(|number| {
        let key = SigningKey::from_slice(&[number; 32]).expect("a scalar");
        let der = key.verifying_key().to_public_key_der().expect("a key");
        let public_key = BASE64_STANDARD.encode(der.as_bytes());
        (key, PublicKey::parse(&public_key).expect("a key"))
    })
});

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

/// An object in Base64url in which nothing is there twice: a map swallows that, and has fewer members than were written.
fn object(part: &str) -> Option<Value> {
    let json = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()?;
    let value: Value = serde_json::from_str(&json).ok()?;
    (value.is_object() && members(&value) == written(&json)).then_some(value)
}

/// What a JWS says, and what its signature is.
fn read(text: &str) -> Option<(Value, Vec<u8>)> {
    let parts: Vec<&str> = text.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else {
        return None;
    };
    let (header, payload) = (object(header)?, object(payload)?);
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
    let is_es256 = header.get("alg")? == "ES256" && header.get("crit").is_none();
    is_es256.then_some((payload, signature))
}

/// What a key signed.
fn verified(text: &str, (key, _): &(SigningKey, PublicKey)) -> Option<Value> {
    let (payload, signature) = read(text)?;
    let signature = Signature::from_slice(&signature).ok()?;
    let (signed, _) = text.rsplit_once('.')?;
    let verified = key.verifying_key().verify(signed.as_bytes(), &signature);
    verified.ok().map(|()| payload)
}

/// Whether the function says of a text what is said here.
fn check(text: &str) -> Option<Value> {
    assert_eq!(Jws::parse(text).is_some(), read(text).is_some(), "{text}");
    let said = KEYS.each_ref().map(|keys| {
        let said = Jws::parse(text).and_then(|jws| jws.verified_by(&keys.1));
        assert_eq!(said, verified(text, keys), "{text}");
        said
    });
    let [said, other] = said;
    assert!(said.is_none() || other.is_none(), "both signed it");
    said.or(other)
}

fuzz_target!(|text: &str| {
    let Some((header, payload)) = text.strip_prefix("sign:").and_then(|text| text.split_once('\n')) else {
        check(text);
        return;
    };
    let [header, payload] = [header, payload].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
    let signed = format!("{header}.{payload}");
    let signature: Signature = KEYS[0].0.sign(signed.as_bytes());
    let signed_by = |signature: &[u8]| format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature));
    let text = signed_by(&signature.to_bytes());
    assert_eq!(
        check(&text).is_some(),
        Jws::parse(&text).is_some(),
        "it is signed"
    );

    let (r, s) = signature.split_scalars();
    let other = Signature::from_scalars(r, -*s).expect("no zero");
    let is_good = |text: String| check(&text).is_some();
    assert_eq!(
        is_good(signed_by(&other.to_bytes())),
        check(&text).is_some(),
        "high S or low"
    );
    assert!(!is_good(signed_by(signature.to_der().as_bytes())));
    assert!(!is_good(format!("{text}=")));
    // One bit, somewhere.
    let mut changed = text.clone().into_bytes();
    let at = signed.len() % changed.len();
    changed[at] ^= 1 << (payload.len() % 7);
    if let Ok(changed) = String::from_utf8(changed) {
        assert!(!is_good(changed));
    }
});

//! JWS of devices against RFC 7515 and RFC 7518, by other libraries: which texts are one, what they say, which key they name, and who
//! signed them.
//!
//! An input is a text. If it starts with `sign:`, what follows is a header, a line break and a payload, which are signed here, as
//! fuzzing finds no signature.

#![no_main]

mod compact;

use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use libfuzzer_sys::fuzz_target;
use p256::ecdsa::signature::Signer as _;
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

/// Whether the function says of a text what is said here.
fn check(text: &str) -> Option<Value> {
    let read = compact::read(text).map(|jws| (jws.header["kid"].as_str().map(str::to_owned), jws.payload));
    let parsed = Jws::parse(text);
    let parsed = parsed.map(|jws| (jws.key_id().map(str::to_owned), jws.unverified().clone()));
    assert_eq!(parsed, read, "{text}");
    let said = KEYS.each_ref().map(|keys| {
        let said = Jws::parse(text).and_then(|jws| jws.verified_by(&keys.1));
        assert_eq!(said, compact::verified(text, keys.0.verifying_key()), "{text}");
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

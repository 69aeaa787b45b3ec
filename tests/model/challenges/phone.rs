//! What a phone sends to answer a Challenge.

use data_encoding::{BASE64, BASE64URL, BASE64URL_NOPAD};
use p256::ecdsa::Signature;
use serde_json::{Map, Value, json};

use crate::devices::PHONES;
use crate::support::phone::{HEADER, Phone, answer_payload, jws_signed};

/// What a phone may send, besides what it says.
#[derive(Clone, Copy, Debug)]
pub enum Signed {
    /// All that it is told to, as the SDKs do.
    Well,
    /// With the other good S.
    WithHighS,
    /// With a member that nobody asked for.
    WithMore,
    /// By another phone.
    ByAnother,
    /// Another Challenge, so many before this.
    OfAnother(usize),
    /// Without a member, with another value of it, or with it twice.
    Without(&'static str),
    Changed(&'static str),
    Twice(&'static str),
    /// Under another header.
    Under(&'static str),
    /// With the signature in ASN.1.
    Der,
    /// Spelt wrong in some way.
    Misspelt(usize),
    /// No JWS at all.
    Text(&'static str),
}

/// How many ways there are to spell a JWS wrong.
pub const MISSPELLINGS: usize = 6;

/// What a phone sends about a Challenge that was shown to it as `shown`, and what that says, if anything. `another` is what it takes for
/// that where it is to.
pub fn answer(
    phone: u8,
    shown: &Value,
    another: &Value,
    says: &'static str,
    signed: Signed,
) -> (String, Option<&'static str>) {
    let own = Phone::number(phone + 1);
    let payload = answer_payload(shown, says);
    let text = jws_signed(HEADER, &payload);
    let jws = |payload: &str| own.jws(HEADER, payload);
    let with = |signature: &[u8]| format!("{text}.{}", BASE64URL_NOPAD.encode(signature));
    let sent = match signed {
        Signed::Well => jws(&payload),
        Signed::WithHighS => {
            let (r, low) = own.signature(&text).normalize_s().split_scalars();
            with(&Signature::from_scalars(r, -low).unwrap().to_bytes())
        }
        Signed::WithMore => jws(&payload.replacen('{', r#"{"more":{"status":"denied"},"#, 1)),
        Signed::ByAnother => Phone::number(phone + 1 + PHONES).jws(HEADER, &payload),
        Signed::OfAnother(_) => jws(&answer_payload(another, says)),
        Signed::Without(name) => jws(&changed(&payload, |members| drop(members.remove(name)))),
        Signed::Changed(name) => jws(&changed(&payload, |members| {
            members.insert(name.to_owned(), json!({"another": "one"}));
        })),
        Signed::Twice(name) => {
            let members: Map<String, Value> = serde_json::from_str(&payload).unwrap();
            let twice = format!("{{\"{name}\":{},", members[name]);
            jws(&payload.replacen('{', &twice, 1))
        }
        Signed::Under(header) => own.jws(header, &payload),
        Signed::Der => with(own.signature(&text).to_der().as_bytes()),
        Signed::Misspelt(way) => misspelt(&own, &text, way),
        Signed::Text(text) => text.to_owned(),
    };
    let is_good = match signed {
        Signed::Well | Signed::WithHighS | Signed::WithMore => true,
        Signed::OfAnother(_) => another["sid"] == shown["sid"],
        _ => false,
    };
    (
        sent,
        Some(says).filter(|says| is_good && ["approved", "denied"].contains(says)),
    )
}

fn changed(payload: &str, change: impl FnOnce(&mut Map<String, Value>)) -> String {
    let mut members = serde_json::from_str(payload).unwrap();
    change(&mut members);
    Value::Object(members).to_string()
}

fn misspelt(own: &Phone, text: &str, way: usize) -> String {
    let signature = own.signature(text).to_bytes();
    let right = format!("{text}.{}", BASE64URL_NOPAD.encode(&signature));
    match way {
        0 => format!("{text}.{}", BASE64URL.encode(&signature)),
        1 => format!("{text}.{}", BASE64.encode(&signature)),
        2 => format!("{right}\n"),
        3 => format!(" {right}"),
        4 => format!("{right}."),
        _ => format!("{text}."),
    }
}

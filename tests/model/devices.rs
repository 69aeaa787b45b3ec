//! What the users hold: an app that shows codes, and phones that sign. Both by libraries that the function doesn't use.

use std::sync::LazyLock;

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::EncodePublicKey as _;
use totp_rs::{Algorithm, Builder};

use crate::draws::misspelt;
use crate::factor::Totp;
use crate::history::Code;

/// How many phones there are.
pub const PHONES: u8 = 2;

/// What a phone may send to verify its Factor.
#[derive(Clone, Copy, Debug)]
pub enum Signed {
    /// Over the Factor's SID, as the SDKs do.
    Well,
    /// Another good one of the same: ECDSA has two, and platforms don't agree on which to give.
    WithHighS,
    /// By another phone.
    ByAnotherKey,
    /// Over something else.
    SomethingElse,
    /// As in a JWT: R and S without ASN.1.
    Raw,
    /// With a byte too many.
    Longer,
    /// In the alphabet of URLs, without padding, or with a `+` that became a space.
    Misspelt(u8),
    /// No signature at all.
    Text(&'static str),
}

fn key(phone: u8) -> SigningKey {
    SigningKey::from_slice(&[phone + 1; 32]).unwrap()
}

/// What a phone sends as `Binding.PublicKey`.
pub fn public_key(phone: u8) -> String {
    static KEYS: LazyLock<[String; PHONES as usize]> = LazyLock::new(|| {
        [0, 1].map(|phone| {
            let der = key(phone).verifying_key().to_public_key_der().unwrap();
            BASE64.encode(der.as_bytes())
        })
    });
    KEYS[usize::from(phone)].clone()
}

/// What a phone signs, and whether that is good.
pub fn signature(phone: u8, factor_sid: &str, signed: Signed) -> (String, bool) {
    let own = |message: &str| -> Signature { key(phone).sign(message.as_bytes()) };
    let good = own(factor_sid);
    let der = |signature: &Signature| signature.to_der().as_bytes().to_vec();
    let text = BASE64.encode(&der(&good));
    match signed {
        Signed::Well => (text, true),
        Signed::WithHighS => {
            let (r, low) = good.normalize_s().split_scalars();
            let high = Signature::from_scalars(r, -low).unwrap();
            (BASE64.encode(&der(&high)), true)
        }
        Signed::ByAnotherKey => {
            let other: Signature = key(phone + PHONES).sign(factor_sid.as_bytes());
            (BASE64.encode(&der(&other)), false)
        }
        Signed::SomethingElse => (BASE64.encode(&der(&own(&factor_sid.to_uppercase()))), false),
        Signed::Raw => (BASE64.encode(&good.to_bytes()), false),
        Signed::Longer => (BASE64.encode(&[der(&good), vec![0]].concat()), false),
        Signed::Misspelt(way) => {
            let misspelt = match way {
                0 => BASE64URL.encode(&der(&good)),
                1 => BASE64_NOPAD.encode(&der(&good)),
                2 => text.replace('+', " "),
                3 => format!(" {text}"),
                _ => format!("{text}\n"),
            };
            // Some signatures are spelt the same in each.
            let good = misspelt == text;
            (misspelt, good)
        }
        Signed::Text(text) => (text.to_owned(), false),
    }
}

impl Totp {
    /// A code as somebody types it.
    pub fn spelt(&self, typed: Code, now: i64) -> String {
        let right = code(self, now);
        let window = self.window(now);
        let after = |second: i64, steps: i64| code(self, second + steps * self.time_step);
        match typed {
            Code::Right => right,
            Code::FromFirst(steps) => after(window[window.len() - 1], steps),
            Code::FromLast(steps) => after(window[0], steps),
            Code::FromAccepted(steps) => after(self.guesses.accepted.unwrap_or(now), steps),
            Code::Used => self
                .guesses
                .verified_by
                .as_ref()
                .map_or(right, |by| by.code.clone()),
            Code::Wrong => self.wrong_code(now),
            Code::Longer => format!("{right}0"),
            Code::Shorter => right[1..].to_owned(),
            Code::Misspelt(way) => misspelt(&right, way),
            Code::Text(text) => text.to_owned(),
        }
    }
}

/// The code of the time step that a second is in.
pub fn code(totp: &Totp, second: i64) -> String {
    let algorithm = match totp.alg.as_str() {
        "sha1" => Algorithm::SHA1,
        "sha256" => Algorithm::SHA256,
        _ => Algorithm::SHA512,
    };
    let app = Builder::new()
        .with_algorithm(algorithm)
        .with_secret(totp.secret.clone())
        .with_step_duration(totp.time_step.unsigned_abs())
        .with_digits(u8::try_from(totp.code_length).unwrap())
        .build_noncompliant();
    app.generate(second.unsigned_abs()).to_string()
}

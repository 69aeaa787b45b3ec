//! What a phone calls with.

use data_encoding::{BASE64, BASE64URL, BASE64URL_NOPAD};
use harness::local;
use hmac::{Hmac, KeyInit as _, Mac as _};
use p256::ecdsa::Signature;
use sha2::Sha256;

use super::Caller;
use super::contract::Jwt;
use super::history::{How, Made};
use crate::devices::PHONES;
use crate::support::basic;
use crate::support::phone::{Phone, device, jws_signed, jwt_header};

/// How many ways there are to spell a JWT wrong.
pub const MISSPELLINGS: usize = 7;

/// The `Authorization` of a phone with a JWT for a Factor, and who that is.
pub fn authorization(phone: u8, factor_sid: &str, now: i64, made: Made) -> (String, Caller) {
    let (from, to) = (now + made.from, now + made.from + made.seconds);
    let own = Phone::number(phone + 1);
    let account = local::account_sid();
    let header = jwt_header(&factor_sid.replacen("YF", "CR", 1));
    let claims = format!(r#"{{"sub":"{account}","exp":{to},"nbf":{from}}}"#);
    let text = jws_signed(&header, &claims);
    let with = |signature: &[u8]| format!("{text}.{}", BASE64URL_NOPAD.encode(signature));
    let well = || own.jws(&header, &claims);
    let sent = match made.how {
        How::Well | How::As(_) => well(),
        How::WithMore => {
            let header = header.replacen('{', r#"{"jku":"https:\/\/example.com","x":[1],"#, 1);
            let claims = format!(r#"{{"iat":"soon","nbf":{from},"exp":{to},"sub":"{account}","jti":null}}"#);
            own.jws(&header, &claims)
        }
        How::WithHighS => {
            let (r, low) = own.signature(&text).normalize_s().split_scalars();
            with(&Signature::from_scalars(r, -low).unwrap().to_bytes())
        }
        How::ByAnother => Phone::number(phone + 1 + PHONES).jws(&header, &claims),
        How::Header(from, to) => own.jws(&header.replacen(from, to, 1), &claims),
        How::Claims(from, to) => own.jws(&header, &claims.replacen(from, to, 1)),
        How::ForAnother => {
            let another = format!("AC{}", "0".repeat(32));
            own.jws(&header, &claims.replace(&account, &another))
        }
        How::Quoted => {
            let claims = format!(r#"{{"sub":"{account}","exp":"{to}","nbf":{from}}}"#);
            own.jws(&header, &claims)
        }
        How::WithFraction => {
            let claims = format!(r#"{{"sub":"{account}","exp":{to},"nbf":{from}.5}}"#);
            own.jws(&header, &claims)
        }
        How::Hmac => {
            let text = jws_signed(&header.replace("ES256", "HS256"), &claims);
            let mut hmac = Hmac::<Sha256>::new_from_slice(&own.public_key()).unwrap();
            hmac.update(text.as_bytes());
            format!("{text}.{}", BASE64URL_NOPAD.encode(&hmac.finalize().into_bytes()))
        }
        How::WithAnothersSignature => {
            let another = jws_signed(&header, &claims.replace(r#""nbf""#, r#""from""#));
            with(&own.signature(&another).to_bytes())
        }
        How::Der => with(own.signature(&text).to_der().as_bytes()),
        How::Misspelt(way) => misspelt(&own, &text, way),
    };
    let authorization = match made.how {
        How::As(user) => basic(&format!("{user}:{sent}")),
        _ => device(&sent),
    };
    let caller = match made.how {
        How::ByAnother => of(factor_sid, phone + PHONES, from, to),
        How::Well | How::WithMore | How::WithHighS => of(factor_sid, phone, from, to),
        _ => Caller::Nobody,
    };
    (authorization, caller)
}

fn of(factor_sid: &str, phone: u8, from: i64, to: i64) -> Caller {
    Caller::Device(Jwt {
        factor_sid: factor_sid.to_owned(),
        phone,
        from,
        to,
    })
}

fn misspelt(own: &Phone, text: &str, way: usize) -> String {
    let signature = own.signature(text).to_bytes();
    let right = format!("{text}.{}", BASE64URL_NOPAD.encode(&signature));
    match way {
        0 => format!("{text}."),
        1 => text.to_owned(),
        2 => format!("{text}.{}", BASE64URL.encode(&signature)),
        3 => format!("{text}.{}", BASE64.encode(&signature)),
        4 => format!("{right}.{}", BASE64URL_NOPAD.encode(&signature)),
        5 => format!(" {right}"),
        _ => format!("{right}\n"),
    }
}

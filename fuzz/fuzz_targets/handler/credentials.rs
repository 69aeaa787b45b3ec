//! The credentials of phones, written so that there is little to guess and all of it can be wrong.
//!
//! ```text
//! authorization: device second other header={"alg":"ES256","kid":"KID"} claims={"nbf":NOW-30,"exp":NOW+570}
//! authorization: token second changed=70
//! ```
//!
//! A `device` is that of the first Factor that was created, or the `second`. It signs what the device SDKs do, or else `header` and
//! `claims`, in which `KID` stands for what names the Factor's key, and `NOW` with a number for a second. The signature is the `other`
//! phone's, of `high` S, `der`, or not there at all (`unsigned`). A `token` is the first Access Token that was created, or the
//! `second`. Either can be `padded`, and `changed` in one character.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use harness::local;
use p256::ecdsa::Signature;

use crate::phone::{self, MINE, OTHER};

/// What the Android SDK sends.
const HEADER: &str = r#"{"cty":"twilio-pba;v=1","kid":"KID","typ":"JWT","alg":"ES256"}"#;

/// The header's value that is written so; `None` if it says something else, or there is nothing to say it of.
pub fn of(text: &str, stands_for: impl Fn(&str) -> Option<String>, now: u64) -> Option<String> {
    let mut words = text.split(' ');
    let who = words.next()?;
    let words: Vec<&str> = words.collect();
    let which = if words.contains(&"second") {
        "second"
    } else {
        "first"
    };
    let mut password = match who {
        "device" => jwt(&words, &stands_for(&format!("/Factors/{which}"))?, now),
        "token" => stands_for(&format!("token {which}"))?,
        _ => return None,
    };
    if let Some(at) = value(&words, "changed=") {
        let at = at.parse::<usize>().ok()? % password.len();
        let changed = if password[at..].starts_with('A') { "B" } else { "A" };
        password.replace_range(at..=at, changed);
    }
    if words.contains(&"padded") {
        password.push('=');
    }
    let credentials = BASE64_STANDARD.encode(format!("token:{password}"));
    Some(format!("Basic {credentials}"))
}

fn jwt(words: &[&str], factor_sid: &str, now: u64) -> String {
    let kid = factor_sid.replacen("YF", "CR", 1);
    let claims = format!(
        r#"{{"sub":"{}","exp":NOW+600,"nbf":NOW+0}}"#,
        local::account_sid()
    );
    let header = value(words, "header=").unwrap_or(HEADER).replace("KID", &kid);
    let claims = seconds(value(words, "claims=").unwrap_or(&claims), now);
    let signed = phone::signed(&header, &claims);
    let has = |word| words.contains(&word);
    let signature = if has("other") { &OTHER } else { &MINE }
        .sign(&signed)
        .normalize_s();
    if has("unsigned") {
        phone::jws(&signed, &[])
    } else if has("der") {
        phone::jws(&signed, signature.to_der().as_bytes())
    } else if has("high") {
        let (r, s) = signature.split_scalars();
        let high = Signature::from_scalars(r, -*s).expect("no zero");
        phone::jws(&signed, &high.to_bytes())
    } else {
        phone::jws(&signed, &signature.to_bytes())
    }
}

fn value<'a>(words: &[&'a str], name: &str) -> Option<&'a str> {
    words.iter().find_map(|word| word.strip_prefix(name))
}

/// The same with the seconds in place of `NOW+1` and the like.
fn seconds(text: &str, now: u64) -> String {
    let mut parts = text.split("NOW");
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.get(1..).unwrap_or_default();
        let length = digits.bytes().take_while(u8::is_ascii_digit).count();
        let number = part.get(..=length).and_then(|number| number.parse::<i64>().ok());
        let second = number.and_then(|number| now.checked_add_signed(number));
        match second {
            Some(second) => result.extend([second.to_string().as_str(), &part[1 + length..]]),
            None => result.push_str(part),
        }
    }
    result
}

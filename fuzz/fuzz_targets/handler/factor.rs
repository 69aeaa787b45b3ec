//! The seed of a new Factor, and the URI that says the same as its other parts.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use secrecy::ExposeSecret;
use serde_json::Value;
use verify_factors::factors::Seed;

use crate::resource::text;
use crate::schema::Schema;

pub fn check_totp(factor: &Value, sent: &BTreeMap<String, String>) {
    let sent = |name: &str| sent.get(name).filter(|value| !value.is_empty());
    let algorithm = text(factor, "/config/alg");
    if sent("Config.Alg").is_none() {
        assert_eq!(algorithm, "sha1");
    }

    let secret = text(factor, "/binding/secret");
    let base32 = |text: &str| Seed::parse(text).expect("a seed").to_base32();
    match sent("Binding.Secret") {
        Some(sent) => assert_eq!(base32(sent).expose_secret(), secret),
        None => assert_eq!(
            secret.len(),
            match algorithm {
                "sha1" => 32,
                "sha256" => 52,
                _ => 103,
            }
        ),
    }
    assert_eq!(base32(secret).expose_secret(), secret);

    let uri = text(factor, "/binding/uri");
    let (issuer, account) = uri
        .strip_prefix("otpauth://totp/")
        .and_then(|rest| rest.split_once('?')?.0.split_once(':'))
        .unwrap_or_else(|| panic!("{uri} has a label"));
    assert_eq!(decoded(account), text(factor, "/friendly_name"));
    let issuer_decoded = Value::from(decoded(issuer));
    assert!(Schema::named("Issuer").accepts(&issuer_decoded), "{uri}");
    assert_eq!(
        uri,
        format!(
            "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm={}&digits={}&period={}",
            algorithm.to_uppercase(),
            factor["config"]["code_length"],
            factor["config"]["time_step"]
        )
    );
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

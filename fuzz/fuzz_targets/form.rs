//! Forms against the URL standard's `application/x-www-form-urlencoded` parser, written out, with strict UTF-8; then the
//! rules of Factors and Services on whatever the form says.

#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use verify_factors::parameters::{Form, InvalidParameter, Rule};
use verify_factors::rules::{NewFactor, NewService, PageRequest, ServiceUpdate};

/// Names that are looked up besides the API's.
const MORE_NAMES: [&str; 8] = ["", "a", "A", "%", " ", "=", "\u{FFFD}", "Unknown"];

const IDENTITY: &str = "ff483d1ff591898a9942916050d2ca3f";

fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let digit = |at: usize| char::from(*text.get(at)?).to_digit(16);
    let mut bytes = Vec::new();
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                bytes.extend(u8::try_from(high << 4 | low));
                at += 2;
            }
            (b'+', ..) => bytes.push(b' '),
            _ => bytes.push(byte),
        }
        at += 1;
    }
    bytes
}

/// The names and values of a form; an error in place of the value of a pair that is not UTF-8.
fn pairs(text: &[u8]) -> Vec<(String, Result<String, ()>)> {
    text.split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let mut parts = pair.splitn(2, |byte| *byte == b'=');
            let mut part = || percent_decoded(parts.next().unwrap_or_default());
            let (name, value) = (part(), String::from_utf8(part()).map_err(drop));
            let lossy = String::from_utf8_lossy(&name).into_owned();
            (lossy, String::from_utf8(name).map_err(drop).and(value))
        })
        .collect()
}

/// Refusals name parameters that were looked at, each once, and say why in their own words.
fn check(refused: Option<Vec<InvalidParameter>>, among: &[&str]) {
    let Some(invalid) = refused else { return };
    assert!(!invalid.is_empty(), "refused for no reason");
    for (index, refusal) in invalid.iter().enumerate() {
        assert!(among.contains(&refusal.parameter), "{refusal}");
        assert!(
            invalid[..index]
                .iter()
                .all(|other| other.parameter != refusal.parameter),
            "{refusal}, twice"
        );
        assert!(matches!(refusal.code(), 20001 | 60306 | 60314 | 60366 | 60369));
    }
}

fuzz_target!(|text: &[u8]| {
    let parameters = NewFactor::parameters();
    let form = Form::decode(text, &parameters);
    let expected = pairs(text);
    let not_utf8: BTreeSet<&str> = expected
        .iter()
        .filter(|(_, value)| value.is_err())
        .map(|(name, _)| {
            parameters
                .iter()
                .find(|known| *known == name)
                .unwrap_or(&Form::BODY)
        })
        .copied()
        .collect();
    let refused = form.read(|_| Some(())).err().unwrap_or_default();
    assert!(
        refused
            .iter()
            .copied()
            .eq(not_utf8.iter().map(|name| Rule::Utf8.broken_by(name))),
        "{refused:?} is refused of what nobody reads"
    );
    for name in parameters.iter().chain(&MORE_NAMES).copied() {
        let mut values = expected.iter().filter(|(other, _)| other == name);
        let expected = match (values.next(), values.next()) {
            (_, Some(_)) => Err(Rule::GivenOnce.broken_by(name)),
            (None, None) => Ok(None),
            (Some((_, Ok(value))), None) => Ok(Some(value.as_str()).filter(|value| !value.is_empty())),
            (Some((_, Err(()))), None) if parameters.contains(&name) => Err(Rule::Utf8.broken_by(name)),
            // It counts for the body.
            (Some((_, Err(()))), None) => continue,
        };
        assert_eq!(form.value(name), expected);
    }

    let not_utf8: Vec<&str> = not_utf8.into_iter().collect();
    let among = |names: &[&'static str]| [names, &not_utf8].concat();
    let of_service = among(&[
        "FriendlyName",
        "Totp.Issuer",
        "Totp.TimeStep",
        "Totp.CodeLength",
        "Totp.Skew",
        "Push.ApnCredentialSid",
        "Push.FcmCredentialSid",
    ]);
    check(
        NewFactor::parse(IDENTITY, &form).err(),
        &[among(&parameters), vec!["Identity"]].concat(),
    );
    check(NewService::parse(&form).err(), &of_service);
    check(ServiceUpdate::parse(&form).err(), &of_service);
    check(
        PageRequest::parse(&form).err(),
        &among(&["PageSize", "Page", "PageToken"]),
    );
});

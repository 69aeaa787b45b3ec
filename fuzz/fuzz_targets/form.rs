//! Forms against the URL standard's `application/x-www-form-urlencoded` parser, written out, with strict UTF-8; then the
//! rules of Factors and Services on whatever the form says.

#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use verify_factors::factors::NewFactor;
use verify_factors::parameters::{Fields, PageRequest, Rule};
use verify_factors::services::{NewService, ServiceUpdate};
use verify_factors::sid::ServiceSid;

/// The parameters of a request for a Factor, of either type. The Identity is in the path: in a form it is one of none.
const OF_FACTOR: [&str; 14] = [
    "FriendlyName",
    "FactorType",
    "Metadata",
    "Binding.Alg",
    "Binding.PublicKey",
    "Config.AppId",
    "Config.NotificationPlatform",
    "Config.NotificationToken",
    "Config.SdkVersion",
    "Binding.Secret",
    "Config.Alg",
    "Config.TimeStep",
    "Config.Skew",
    "Config.CodeLength",
];

const OF_SERVICE: [&str; 7] = [
    "FriendlyName",
    "Totp.Issuer",
    "Totp.TimeStep",
    "Totp.CodeLength",
    "Totp.Skew",
    "Push.ApnCredentialSid",
    "Push.FcmCredentialSid",
];

const OF_PAGE: [&str; 4] = ["PageSize", "Page", "PageToken", "pageToken"];

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

/// What is refused where `parse` reads a form: parameters that were looked at or are not UTF-8, each once, for a reason of
/// their own.
fn check<T>(text: &[u8], among: &[&str], not_utf8: &BTreeSet<&str>, parse: fn(&mut Fields<'_>) -> Option<T>) {
    let mut fields = Fields::decode(text);
    let parsed = parse(&mut fields);
    let Err(invalid) = fields.finish(parsed) else {
        assert!(not_utf8.is_empty(), "{not_utf8:?} is not UTF-8 and taken");
        return;
    };
    assert!(!invalid.is_empty(), "refused for no reason");
    let mut names = BTreeSet::new();
    for refusal in &invalid {
        let name = refusal.parameter;
        assert!(names.insert(name), "{refusal}, twice");
        assert!(among.contains(&name) || name == Fields::BODY, "{refusal}");
        assert!(matches!(refusal.code(), 20001 | 60306 | 60314 | 60366 | 60369));
    }
    for name in not_utf8 {
        let name = if among.contains(name) { name } else { Fields::BODY };
        assert!(names.contains(name), "{name} is not UTF-8 and not named");
    }
}

fuzz_target!(|text: &[u8]| {
    let expected = pairs(text);
    let not_utf8: BTreeSet<&str> = expected
        .iter()
        .filter(|(_, value)| value.is_err())
        .map(|(name, _)| name.as_str())
        .collect();
    for name in OF_FACTOR.iter().chain(&MORE_NAMES).copied() {
        let mut values = expected.iter().filter(|(other, _)| other == name);
        let expected = match (values.next(), values.next()) {
            (_, Some(_)) => Err(Rule::GivenOnce),
            (None, None) => Ok(None),
            (Some((_, Ok(value))), None) => Ok(Some(value.clone()).filter(|value| !value.is_empty())),
            (Some((_, Err(()))), None) => Err(Rule::Utf8),
        };
        let mut fields = Fields::decode(text);
        let read = fields.optional(name, |value| Ok(value.to_owned()));
        let read = fields.finish(read);
        match expected {
            Ok(value) if not_utf8.is_empty() => assert_eq!(read, Ok(value)),
            Ok(_) => assert_eq!(read, Err(vec![Rule::Utf8.broken_by(Fields::BODY)])),
            Err(rule) => assert_eq!(
                read.err().unwrap_or_default().first(),
                Some(&rule.broken_by(name))
            ),
        }
    }

    check(text, &OF_FACTOR, &not_utf8, |fields| {
        NewFactor::parse(IDENTITY, fields)
    });
    check(text, &OF_SERVICE, &not_utf8, NewService::parse);
    check(text, &OF_SERVICE, &not_utf8, ServiceUpdate::parse);
    check(text, &OF_PAGE, &not_utf8, |query| {
        PageRequest::parse(query, ServiceSid::parse)
    });
});

//! Forms against the URL standard's `application/x-www-form-urlencoded` parser, written out, with strict UTF-8; then the
//! rules of Factors and Services on whatever the form says.

#![no_main]

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

/// The pairs of a form; an error for a pair that is not UTF-8.
fn pairs(text: &[u8]) -> Vec<Result<(String, String), ()>> {
    text.split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let mut parts = pair.splitn(2, |byte| *byte == b'=');
            let mut part = || String::from_utf8(percent_decoded(parts.next().unwrap_or_default()));
            Ok((part().map_err(drop)?, part().map_err(drop)?))
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
    let expected = pairs(text);
    let form = match Form::decode(text, &parameters) {
        Ok(form) => form,
        Err(invalid) => {
            assert_eq!(
                invalid.len(),
                expected.iter().filter(|pair| pair.is_err()).count(),
                "one refusal for each pair that is not UTF-8"
            );
            assert!(!invalid.is_empty());
            for refusal in invalid {
                assert_eq!(refusal.rule, Rule::Utf8);
                assert!(refusal.parameter == Form::BODY || parameters.contains(&refusal.parameter));
            }
            return;
        }
    };
    let expected: Vec<(String, String)> = expected
        .into_iter()
        .map(|pair| pair.expect("accepted, so it is UTF-8"))
        .collect();
    for name in parameters.iter().chain(&MORE_NAMES).copied() {
        let mut values = expected.iter().filter(|(other, _)| other == name);
        let expected = match (values.next(), values.next()) {
            (_, Some(_)) => Err(Rule::GivenOnce.broken_by(name)),
            (first, None) => Ok(first
                .map(|(_, value)| value.as_str())
                .filter(|value| !value.is_empty())),
        };
        assert_eq!(form.value(name), expected);
    }

    let mut of_factor = parameters.clone();
    of_factor.push("Identity");
    check(NewFactor::parse(IDENTITY, &form).err(), &of_factor);
    let of_service = [
        "FriendlyName",
        "Totp.Issuer",
        "Totp.TimeStep",
        "Totp.CodeLength",
        "Totp.Skew",
        "Push.ApnCredentialSid",
        "Push.FcmCredentialSid",
    ];
    check(NewService::parse(&form).err(), &of_service);
    check(ServiceUpdate::parse(&form).err(), &of_service);
    check(
        PageRequest::parse(&form).err(),
        &["PageSize", "Page", "PageToken"],
    );
});

//! The rules of the parameters, as the contract's tables have them.

use serde_json::{Map, Value};

/// A form, as it is sent.
pub type Form = Vec<(&'static str, String)>;

/// What a parameter has, if anything: an empty value counts as absent.
pub fn given<'a>(form: &'a Form, name: &str) -> Option<&'a str> {
    let mut values = form
        .iter()
        .filter(|(other, value)| *other == name && !value.is_empty());
    values.next().map(|(_, value)| value.as_str())
}

/// What is wrong with a form: the parameters, each with its code.
pub type Wrong = Vec<(&'static str, u64)>;

const BREAKS_ITS_RULE: u64 = 60306;
const MISSING: u64 = 20001;

/// The parameters of both types, and those of each, when a Factor is created.
pub const CREATE_ANY: [&str; 3] = ["FriendlyName", "FactorType", "Metadata"];
pub const CREATE_TOTP: [&str; 5] = [
    "Binding.Secret",
    "Config.Alg",
    "Config.TimeStep",
    "Config.Skew",
    "Config.CodeLength",
];
pub const CREATE_PUSH: [&str; 6] = [
    "Binding.Alg",
    "Binding.PublicKey",
    "Config.AppId",
    "Config.NotificationPlatform",
    "Config.NotificationToken",
    "Config.SdkVersion",
];

/// What is wrong with a form that creates a Factor.
pub fn wrong_in_create(form: &Form) -> Wrong {
    let mut wrong = wrong_among(form, &CREATE_ANY);
    let mut missing = vec!["FriendlyName", "FactorType"];
    match given(form, "FactorType") {
        Some("totp") => wrong.extend(wrong_among(form, &CREATE_TOTP)),
        Some("push") => {
            wrong.extend(wrong_among(form, &CREATE_PUSH));
            missing.extend([
                "Binding.PublicKey",
                "Config.AppId",
                "Config.NotificationPlatform",
                "Config.SdkVersion",
            ]);
            // Of a platform that there isn't nobody knows.
            if given(form, "Config.NotificationPlatform")
                .is_some_and(|platform| ["apn", "fcm"].contains(&platform))
            {
                missing.push("Config.NotificationToken");
            }
        }
        _ => {}
    }
    missing.retain(|name| given(form, name).is_none());
    wrong.extend(missing.into_iter().map(|name| (name, MISSING)));
    wrong
}

/// Which of these parameters break their rules.
pub fn wrong_among(form: &Form, names: &[&'static str]) -> Wrong {
    let breaks = |name: &&'static str| given(form, name).is_some_and(|value| !follows(name, value));
    let code = |name: &'static str| match name {
        "FactorType" => 60369,
        "Binding.Alg" | "Binding.PublicKey" => 60314,
        _ => BREAKS_ITS_RULE,
    };
    let names = names.iter().copied().filter(|name| breaks(name));
    names.map(|name| (name, code(name))).collect()
}

/// A token that a platform needs and that isn't there.
pub fn missing(name: &'static str) -> (&'static str, u64) {
    (name, MISSING)
}

/// A parameter that can't be what it is.
pub fn refused(name: &'static str) -> (&'static str, u64) {
    (name, BREAKS_ITS_RULE)
}

fn follows(name: &str, value: &str) -> bool {
    let characters = value.chars().count();
    let number = |min, max| {
        value
            .parse::<i64>()
            .is_ok_and(|number| number >= min && number <= max)
    };
    match name {
        "FriendlyName" | "FactorFriendlyName" => characters <= 64 && !value.trim().is_empty(),
        "FactorType" => ["push", "totp"].contains(&value),
        "Metadata" | "HiddenDetails" => characters <= 1024 && metadata(value).is_some(),
        "Binding.Alg" => value == "ES256",
        "Binding.PublicKey" => value.len() == 124,
        "Binding.Secret" => (10..=128).contains(&seed(value).len()),
        "Config.AppId" => characters <= 100,
        "Config.NotificationPlatform" => ["apn", "fcm", "none"].contains(&value),
        "Config.NotificationToken" => (32..=255).contains(&characters),
        "Config.SdkVersion" => characters <= 64,
        "Config.Alg" => ["sha1", "sha256", "sha512"].contains(&value),
        "Config.TimeStep" => number(20, 60),
        "Config.Skew" => number(0, 2),
        "Config.CodeLength" => number(3, 8),
        "Ttl" => number(60, 300),
        other => panic!("{other} has no rule"),
    }
}

/// A code, or what looks like one.
pub fn is_code(text: &str) -> bool {
    (3..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A JSON object whose values are all strings.
pub fn metadata(text: &str) -> Option<Value> {
    let object: Map<String, Value> = serde_json::from_str(text).ok()?;
    object
        .values()
        .all(Value::is_string)
        .then_some(Value::Object(object))
}

/// The bytes of a seed; none where it is not Base32.
pub fn seed(text: &str) -> Vec<u8> {
    data_encoding::BASE32_NOPAD
        .decode(text.as_bytes())
        .unwrap_or_default()
}

//! The parameters of a new Factor: each rule broken alone, each limit itself.

use harness::local;
use serde_json::Value;

use crate::support::{Function, event, form_of};

/// Each rule of the parameters, broken alone: form, parameter, code.
fn broken_rules() -> Vec<(String, &'static str, u64)> {
    let totp = |more: &str| format!("FriendlyName=a&FactorType=totp&{more}");
    let push_form = form_of(&event("create-push-factor.json"));
    let push = |name: &str, value: Option<&str>| {
        let others = push_form
            .split('&')
            .filter(|pair| !pair.starts_with(&format!("{name}=")));
        let mut pairs: Vec<String> = others.map(str::to_owned).collect();
        pairs.extend(value.map(|value| format!("{name}={value}")));
        pairs.join("&")
    };
    let long = |length: usize| "x".repeat(length);
    let mut broken = vec![
        ("FactorType=totp".to_owned(), "FriendlyName", 20001),
        ("FactorType=totp&FriendlyName=".to_owned(), "FriendlyName", 20001),
        (
            format!("FactorType=totp&FriendlyName={}", long(65)),
            "FriendlyName",
            60306,
        ),
        (
            "FactorType=totp&FriendlyName=+%09".to_owned(),
            "FriendlyName",
            60306,
        ),
        (
            "FactorType=totp&FriendlyName=a&FriendlyName=b".to_owned(),
            "FriendlyName",
            60306,
        ),
        (
            "FactorType=totp&FriendlyName=%FF".to_owned(),
            "FriendlyName",
            60306,
        ),
        ("FriendlyName=a".to_owned(), "FactorType", 20001),
        ("FriendlyName=a&FactorType=TOTP".to_owned(), "FactorType", 60369),
        ("FriendlyName=a&FactorType=sms".to_owned(), "FactorType", 60369),
        (
            "FriendlyName=a&FactorType=totp&FactorType=totp".to_owned(),
            "FactorType",
            60306,
        ),
        (totp("Metadata=%7B%22a%22%3A1%7D"), "Metadata", 60306),
        (totp("Metadata=text"), "Metadata", 60306),
        (
            totp(&format!("Metadata=%7B%22a%22%3A%22{}%22%7D", long(1017))),
            "Metadata",
            60306,
        ),
        (totp("Binding.Secret=1"), "Binding.Secret", 60306),
        (totp("Binding.Secret=GEZDGNBVGY3TQ"), "Binding.Secret", 60306),
        (totp("Config.Alg=SHA1"), "Config.Alg", 60306),
        (totp("Config.TimeStep=19"), "Config.TimeStep", 60306),
        (totp("Config.TimeStep=61"), "Config.TimeStep", 60306),
        (totp("Config.TimeStep=30.0"), "Config.TimeStep", 60306),
        (totp("Config.Skew=-1"), "Config.Skew", 60306),
        (totp("Config.Skew=3"), "Config.Skew", 60306),
        (totp("Config.CodeLength=2"), "Config.CodeLength", 60306),
        (totp("Config.CodeLength=9"), "Config.CodeLength", 60306),
        (push("Binding.Alg", Some("RS256")), "Binding.Alg", 60314),
        (
            push("Binding.PublicKey", Some("AAAA")),
            "Binding.PublicKey",
            60314,
        ),
        (push("Binding.PublicKey", Some("a b")), "Binding.PublicKey", 60314),
        (push("Config.AppId", Some(&long(101))), "Config.AppId", 60306),
        (
            push("Config.NotificationPlatform", Some("gcm")),
            "Config.NotificationPlatform",
            60306,
        ),
        (
            push("Config.NotificationToken", Some(&long(31))),
            "Config.NotificationToken",
            60306,
        ),
        (
            push("Config.NotificationToken", Some(&long(256))),
            "Config.NotificationToken",
            60306,
        ),
        (
            push("Config.SdkVersion", Some(&long(65))),
            "Config.SdkVersion",
            60306,
        ),
    ];
    for parameter in [
        "Binding.PublicKey",
        "Config.AppId",
        "Config.NotificationPlatform",
        "Config.NotificationToken",
        "Config.SdkVersion",
    ] {
        broken.push((push(parameter, None), parameter, 20001));
    }
    broken
}

#[tokio::test]
async fn each_broken_rule_is_refused_by_name_and_code_and_writes_nothing() {
    let function = Function::start().await;
    for (form, parameter, code) in broken_rules() {
        let answer = function.create_factor(&form).await;
        assert_eq!(answer.status, 400, "{form}");
        assert_eq!(answer.invalid(), [(parameter.to_owned(), code)], "{form}");
        assert_eq!(answer.json()["code"], code);
        assert!(answer.text("message").contains(parameter));
    }
    assert_eq!(function.items().await, [] as [Value; 0]);
}

#[tokio::test]
async fn each_limit_itself_is_accepted() {
    let function = Function::start().await;
    let push = form_of(&event("create-push-factor.json"));
    let replace = |name: &str, value: &str| {
        let others = push
            .split('&')
            .filter(|pair| !pair.starts_with(&format!("{name}=")));
        others
            .map(str::to_owned)
            .chain([format!("{name}={value}")])
            .collect::<Vec<_>>()
            .join("&")
    };
    for form in [
        format!("FactorType=totp&FriendlyName={}", "%F0%9F%93%B1".repeat(64)),
        format!(
            "FactorType=totp&FriendlyName=a&Metadata=%7B%22a%22%3A%22{}%22%7D",
            "x".repeat(1016)
        ),
        "FactorType=totp&FriendlyName=a&Binding.Secret=GEZDGNBVGY3TQOJQ".to_owned(),
        "FactorType=totp&FriendlyName=a&Config.TimeStep=20&Config.Skew=0&Config.CodeLength=3".to_owned(),
        "FactorType=totp&FriendlyName=a&Config.TimeStep=60&Config.Skew=2&Config.CodeLength=8".to_owned(),
        replace("Config.AppId", &"x".repeat(100)),
        replace("Config.NotificationToken", &"x".repeat(32)),
        replace("Config.NotificationToken", &"x".repeat(255)),
        replace("Config.SdkVersion", &"x".repeat(64)),
        replace("Binding.Alg", ""),
        replace("Config.NotificationPlatform", "apn"),
    ] {
        let answer = function.create_factor(&form).await;
        assert_eq!(answer.status, 201, "{form}: {}", answer.text);
    }
}

#[tokio::test]
async fn an_identity_that_breaks_its_rule_is_refused() {
    let function = Function::start().await;
    for identity in [
        "short",
        &"a".repeat(65),
        "with%20space",
        "under_score",
        "%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4",
        "",
        "dots.dots.dots",
    ] {
        let path = format!("/v2/Services/{}/Entities/{identity}/Factors", local::SERVICE_SID);
        let answer = function
            .request("POST", &path, "FactorType=totp&FriendlyName=a&Config.Skew=9")
            .await;
        assert_eq!(answer.error(), (400, 60366), "{identity}");
        assert_eq!(
            answer.invalid(),
            [("Identity".to_owned(), 60366), ("Config.Skew".to_owned(), 60306)],
            "{identity}"
        );
    }
}

#[tokio::test]
async fn parameters_of_the_other_type_and_unknown_ones_are_ignored() {
    let function = Function::start().await;
    let answer = function
        .create_factor(
            "FriendlyName=a&FactorType=totp&Binding.PublicKey=nonsense&Config.AppId=&Config.SdkVersion=1\
             &Binding.Alg=RS256&Config.NotificationPlatform=pigeon&Unknown=1&Unknown=2",
        )
        .await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let push = form_of(&event("create-push-factor.json"));
    let answer = function
        .create_factor(&format!(
            "{push}&Binding.Secret=1&Config.TimeStep=1&Config.Alg=md5"
        ))
        .await;
    assert_eq!(answer.status, 201, "{}", answer.text);
}

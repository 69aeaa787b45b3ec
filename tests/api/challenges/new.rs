//! The parameters of a Challenge, each at its edges.

use harness::local;
use serde_json::{Value, json};

use super::User;
use crate::support::{Function, challenges_path, request};

fn pair(name: &str, value: &str) -> String {
    serde_urlencoded::to_string([(name, value)]).unwrap()
}

/// A field with a label and a value of so many characters.
fn field(label: usize, value: usize) -> String {
    let field = json!({"label": "é".repeat(label), "value": "€".repeat(value)});
    pair("Details.Fields", &field.to_string())
}

/// `HiddenDetails` of so many characters.
fn hidden(length: usize) -> String {
    let hidden = json!({"a": "é".repeat(length - 8)}).to_string();
    assert_eq!(hidden.chars().count(), length);
    pair("HiddenDetails", &hidden)
}

pub(super) fn invalid(parameter: &str) -> Vec<(String, u64)> {
    vec![(parameter.to_owned(), 60306)]
}

#[tokio::test]
async fn details_are_a_message_or_fields_or_both_or_none() {
    let user = User::with_app("").await;
    let date = "2026-01-02T03:04:05Z";
    let one = pair("Details.Fields", r#" {"value":"\u0062","label":"","x":{}} "#);
    for (form, details) in [
        (String::new(), Value::Null),
        (
            "Details.Message=&Details.Fields=&Details.Fields".to_owned(),
            Value::Null,
        ),
        (
            "Details.Message=+".to_owned(),
            json!({"message": " ", "date": date, "fields": []}),
        ),
        (
            one.clone(),
            json!({"message": null, "date": date, "fields": [{"label": "", "value": "b"}]}),
        ),
        (
            format!("{one}&Details.Message=a&Details.Fields=&{}", field(1, 1)),
            json!({
                "message": "a", "date": date,
                "fields": [{"label": "", "value": "b"}, {"label": "é", "value": "€"}],
            }),
        ),
    ] {
        let answer = user.create(&form).await;
        assert_eq!(answer.status, 201, "{form}: {}", answer.text);
        // As text, which has the order of the members too.
        assert_eq!(
            answer.json()["details"].to_string(),
            details.to_string(),
            "{form}"
        );
        assert_eq!(user.fetch(&answer.json()).await.json()["details"], details);
    }
}

#[tokio::test]
async fn what_is_within_its_limits_is_kept_whole() {
    let user = User::with_app("").await;
    for form in [
        pair("Details.Message", &"€".repeat(256)),
        field(36, 128),
        vec![field(1, 1); 20].join("&"),
        hidden(1024),
        "HiddenDetails=%7B%7D".to_owned(),
    ] {
        let answer = user.create(&form).await;
        assert_eq!(answer.status, 201, "{form}: {}", answer.text);
        let challenge = answer.json();
        let said = [&challenge["details"], &challenge["hidden_details"]].map(Value::to_string);
        for (_, value) in serde_urlencoded::from_str::<Vec<(String, String)>>(&form).unwrap() {
            assert!(said.iter().any(|said| said.contains(&value)), "{value}");
        }
        assert_eq!(user.fetch(&challenge).await.json(), challenge);
    }
}

#[tokio::test]
async fn what_breaks_its_rule_is_named() {
    let user = User::with_app("").await;
    let fields = "Details.Fields";
    for (form, parameter) in [
        (pair("Details.Message", &"a".repeat(257)), "Details.Message"),
        (
            "Details.Message=a&Details.Message=a".to_owned(),
            "Details.Message",
        ),
        ("Details.Message=%FF".to_owned(), "Details.Message"),
        (field(37, 1), fields),
        (field(1, 129), fields),
        (vec![field(1, 1); 21].join("&"), fields),
        (format!("{}&{fields}=x", field(1, 1)), fields),
        (format!("{}&{fields}=%FF", field(1, 1)), fields),
        (pair(fields, r#"{"label":"a"}"#), fields),
        (pair(fields, r#"{"label":"a","value":1}"#), fields),
        (pair(fields, r#"{"label":null,"value":"a"}"#), fields),
        (pair(fields, r#"{"label":"a","label":"a","value":"a"}"#), fields),
        (pair(fields, r#"[{"label":"a","value":"a"}]"#), fields),
        (pair(fields, r#"["a","a"]"#), fields),
        (pair(fields, "null"), fields),
        (hidden(1025), "HiddenDetails"),
        (pair("HiddenDetails", "[]"), "HiddenDetails"),
        (pair("HiddenDetails", r#"{"a":1}"#), "HiddenDetails"),
        (pair("HiddenDetails", r#"{"a":"1","a":"1"}"#), "HiddenDetails"),
        (
            "HiddenDetails=%7B%7D&HiddenDetails=%7B%7D".to_owned(),
            "HiddenDetails",
        ),
        ("ExpirationDate=tomorrow".to_owned(), "ExpirationDate"),
        ("ExpirationDate=1767323345".to_owned(), "ExpirationDate"),
        ("ExpirationDate=2026-01-02T03:04:05Z".to_owned(), "ExpirationDate"),
        ("ExpirationDate=2025-01-02T03:04:06Z".to_owned(), "ExpirationDate"),
        ("ExpirationDate=2026-01-02T04:04:36Z".to_owned(), "ExpirationDate"),
        (
            "ExpirationDate=2026-01-02T04:04:35.001Z".to_owned(),
            "ExpirationDate",
        ),
        (
            "ExpirationDate=2026-01-02T03:05:00%2B01:00".to_owned(),
            "ExpirationDate",
        ),
        ("AuthPayload=12".to_owned(), "AuthPayload"),
        ("AuthPayload=987654321".to_owned(), "AuthPayload"),
        ("AuthPayload=12345a".to_owned(), "AuthPayload"),
        ("AuthPayload=+123456".to_owned(), "AuthPayload"),
        ("AuthPayload=123456&AuthPayload=123456".to_owned(), "AuthPayload"),
        ("Unknown=%FF".to_owned(), "body"),
    ] {
        let answer = user.create(&form).await;
        assert_eq!(answer.error(), (400, 60306), "{form}");
        assert_eq!(answer.invalid(), invalid(parameter), "{form}");
    }
    let items = user.function.items().await;
    assert_eq!(items.len(), 2, "no Challenge");
    assert_eq!(items[1]["revision"], 2, "nothing is counted");
}

#[tokio::test]
async fn an_expiration_date_is_shown_in_utc_and_whole_seconds() {
    let user = User::with_app("").await;
    for (sent, shown) in [
        ("2026-01-02T03:04:06Z", "2026-01-02T03:04:06Z"),
        ("2026-01-02T04:04:35Z", "2026-01-02T04:04:35Z"),
        ("2026-01-02T03:10:00.25Z", "2026-01-02T03:10:01Z"),
        ("2026-01-02T04:10:00%2B01:00", "2026-01-02T03:10:00Z"),
        ("2026-01-02T04:10:00+01:00", "2026-01-02T03:10:00Z"),
        ("2026-01-01T22:10:00-05:00", "2026-01-02T03:10:00Z"),
    ] {
        let answer = user.create(&format!("ExpirationDate={sent}")).await;
        assert_eq!(answer.status, 201, "{sent}: {}", answer.text);
        assert_eq!(answer.text("expiration_date"), shown);
    }
}

#[tokio::test]
async fn everything_that_is_wrong_is_named_at_once() {
    let function = Function::start().await;
    let path = challenges_path().replace(local::IDENTITY, "short");
    let form = "FactorSid=YF1&ExpirationDate=never&Details.Message=a&Details.Message=b&Details.Fields=c&HiddenDetails=d\
                &AuthPayload=%FF";
    let answer = function
        .invoke(&request("POST", &path, &[("idempotency-key", "é")], form))
        .await;
    let named: Vec<String> = answer.invalid().into_iter().map(|(name, _)| name).collect();
    assert_eq!(answer.error(), (400, 60366), "the first is the Identity");
    let expected = [
        "Identity",
        "FactorSid",
        "ExpirationDate",
        "Details.Message",
        "Details.Fields",
        "HiddenDetails",
        "AuthPayload",
        "Idempotency-Key",
    ];
    assert_eq!(named, expected);
    assert_eq!(
        function.request("POST", &path, "").await.invalid(),
        [("Identity".to_owned(), 60366), ("FactorSid".to_owned(), 20001)]
    );
}

#[tokio::test]
async fn a_push_challenge_has_a_message() {
    let user = User::with_phone().await;
    for form in [String::new(), "Details.Message=".to_owned(), field(1, 1)] {
        let answer = user.create(&form).await;
        assert_eq!(
            (answer.error(), answer.text("message")),
            (
                (400, 20001),
                "Missing required parameter Details.Message in the post body".to_owned()
            ),
            "{form}"
        );
    }
    assert_eq!(user.function.items().await.len(), 2);
    let answer = user.create("Details.Message=a").await;
    assert_eq!(answer.json()["details"]["fields"], json!([]));
}

//! Retries: a Factor is created once for an `Idempotency-Key`, and shown again to whoever comes with it.

use aws_sdk_dynamodb::types::AttributeValue;
use harness::local;
use serde_json::{Value, json};
use time::Duration;

use crate::support::{Function, NOW, event, factors_path, form_of, invoke_as, invoke_at, join_all, request};

fn with_key(key: &str, form: &str) -> Value {
    request("POST", &factors_path(), &[("idempotency-key", key)], form)
}

#[tokio::test]
async fn the_same_key_with_the_same_parameters_gives_the_same_factor() {
    let function = Function::start().await;
    let event = event("create-factor-replay.json");
    let first = function.invoke(&event).await;
    assert_eq!((first.status, first.header("idempotent-replayed")), (201, ""));
    assert_eq!(first.text("sid"), local::FACTOR_SID, "other events name it");
    let later = invoke_at(&function.app, &event, NOW + Duration::DAY - Duration::SECOND).await;
    assert_eq!((later.status, later.header("idempotent-replayed")), (201, "true"));
    assert_eq!(later.text, first.text, "binding and dates included");
    let elsewhere = invoke_at(&function.another_instance(), &event, NOW).await;
    assert_eq!(
        (elsewhere.header("idempotent-replayed"), &elsewhere.text),
        ("true", &first.text)
    );
    let items = function.items().await;
    assert_eq!(items.len(), 2);
    assert_eq!(items[0]["totp_factors"], 1);
    assert_eq!(items[1]["request_fingerprint"], "36 bytes");
}

#[tokio::test]
async fn a_push_factor_is_replayed_whole() {
    let function = Function::start().await;
    for name in [
        "create-push-factor.json",
        "create-push-factor-without-notifications.json",
    ] {
        let mut event = event(name);
        event["headers"]["idempotency-key"] = json!(name);
        let first = function.invoke(&event).await;
        let second = function.invoke(&event).await;
        assert_eq!(
            (first.status, second.status, second.header("idempotent-replayed")),
            (201, 201, "true")
        );
        assert_eq!(first.text, second.text);
    }
}

#[tokio::test]
async fn the_same_key_with_other_parameters_is_refused() {
    let function = Function::start().await;
    let form = "FriendlyName=a&FactorType=totp&Config.Skew=1";
    assert_eq!(function.invoke(&with_key("key", form)).await.status, 201);
    for other in [
        "FriendlyName=b&FactorType=totp&Config.Skew=1".to_owned(),
        "FriendlyName=a&FactorType=totp".to_owned(),
        "FriendlyName=a&FactorType=totp&Config.Skew=2".to_owned(),
        "FriendlyName=a&FactorType=totp&Config.Skew=1&Metadata=%7B%7D".to_owned(),
        form_of(&event("create-push-factor.json")),
    ] {
        let answer = function.invoke(&with_key("key", &other)).await;
        assert_eq!(answer.error(), (422, 20422), "{other}");
    }
    let reordered = "Config.Skew=1&FactorType=totp&FriendlyName=%61&Unknown=1";
    let answer = function.invoke(&with_key("key", reordered)).await;
    assert_eq!(
        (answer.status, answer.header("idempotent-replayed")),
        (201, "true")
    );
    assert_eq!(function.items().await.len(), 2);
}

#[tokio::test]
async fn a_stored_fingerprint_that_is_none_is_a_fault_and_not_the_callers() {
    let function = Function::start().await;
    let event = event("create-factor-replay.json");
    assert_eq!(function.invoke(&event).await.status, 201);
    let items = function.dynamo.items().await;
    let mut factor = items
        .into_iter()
        .find(|item| item.contains_key("request_fingerprint"))
        .unwrap();
    factor.insert(
        "request_fingerprint".to_owned(),
        AttributeValue::S("36 bytes".to_owned()),
    );
    function.dynamo.put(factor).await;
    assert_eq!(function.invoke(&event).await.error(), (500, 20500));
}

#[tokio::test]
async fn a_request_id_that_comes_twice_shows_what_is_stored() {
    let function = Function::start().await;
    let invoke = async |event: &Value| invoke_as(&function.app, event, NOW, "the same").await;
    let form = "FriendlyName=a&FactorType=totp";
    let first = invoke(&with_key("key", form)).await;
    let second = invoke(&with_key("key", form)).await;
    assert_eq!((first.status, second.status), (201, 201));
    assert_eq!(
        first.text, second.text,
        "a seed that is not stored would let nobody in"
    );
    let other = invoke(&with_key("key", "FriendlyName=b&FactorType=totp")).await;
    assert_eq!(other.error(), (422, 20422));
}

#[tokio::test]
async fn a_key_counts_for_one_entity() {
    let function = Function::start().await;
    let other = factors_path().replace(local::IDENTITY, "another-identity");
    let form = "FriendlyName=a&FactorType=totp";
    let first = function.invoke(&with_key("key", form)).await;
    let second = function
        .invoke(&request("POST", &other, &[("idempotency-key", "key")], form))
        .await;
    assert_eq!(
        (first.status, second.status, second.header("idempotent-replayed")),
        (201, 201, "")
    );
    assert_ne!(first.text("sid"), second.text("sid"));
}

#[tokio::test]
async fn a_replay_is_found_on_a_full_entity() {
    let function = Function::start().await;
    let push = form_of(&event("create-push-factor.json"));
    let first = function.invoke(&with_key("key", &push)).await;
    for _ in 0..19 {
        assert_eq!(function.create_factor(&push).await.status, 201);
    }
    let replayed = function.invoke(&with_key("key", &push)).await;
    assert_eq!(
        (replayed.status, replayed.header("idempotent-replayed")),
        (201, "true")
    );
    assert_eq!(replayed.text, first.text);
    assert_eq!(
        function.invoke(&with_key("other", &push)).await.error(),
        (400, 60315)
    );
}

#[tokio::test]
async fn a_key_that_breaks_its_rule_is_refused() {
    let function = Function::start().await;
    let form = "FriendlyName=a&FactorType=totp&Config.Skew=9";
    for key in ["é", &"k".repeat(256)] {
        let answer = function.invoke(&with_key(key, form)).await;
        assert_eq!(
            answer.invalid(),
            [
                ("Config.Skew".to_owned(), 60306),
                ("Idempotency-Key".to_owned(), 60306)
            ],
            "{key}"
        );
    }
    let mut empty = with_key("key", form);
    empty["headers"]["idempotency-key"] = json!("");
    assert_eq!(function.invoke(&empty).await.invalid().len(), 2);
}

#[tokio::test]
async fn two_writers_of_one_key_make_one_factor() {
    let function = Function::start().await;
    let event = with_key("key", "FriendlyName=a&FactorType=totp");
    let answers = join_all((0..8).map(|_| function.invoke(&event)).collect()).await;
    assert!(
        answers
            .iter()
            .all(|answer| answer.status == 201 && answer.text == answers[0].text)
    );
    assert_eq!(
        answers
            .iter()
            .filter(|answer| answer.header("idempotent-replayed").is_empty())
            .count(),
        1
    );
    assert_eq!(function.items().await.len(), 2);
}

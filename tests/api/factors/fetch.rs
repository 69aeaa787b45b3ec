//! Fetching a Factor.

use harness::local;
use serde_json::json;
use time::Duration;

use super::ENTITY_SID;
use crate::support::{Function, HOST, NOW, event, factors_path, invoke_at, request};

#[tokio::test]
async fn a_factor_is_shown_as_it_was_created_but_for_its_binding() {
    let function = Function::start().await;
    for name in ["create-factor-replay.json", "create-push-factor.json"] {
        let created = function.invoke(&event(name)).await;
        let path = format!("{}/{}", factors_path(), created.text("sid"));
        let mut expected = created.json();
        expected.as_object_mut().unwrap().remove("binding");
        let fetched = function.request("GET", &path, "").await;
        assert_eq!(fetched.status, 200);
        expected["url"] = json!(format!("https://verify.example.com{path}"));
        assert_eq!(fetched.json(), expected);
    }
}

#[tokio::test]
async fn fetching_by_the_event_answers_the_whole_factor_in_the_order_of_the_api() {
    let function = Function::start().await;
    function.invoke(&event("create-factor-replay.json")).await;
    let fetched = function.invoke(&event("fetch-factor.json")).await;
    let sid = local::FACTOR_SID;
    let expected = json!({
        "sid": sid,
        "account_sid": local::account_sid(),
        "service_sid": local::SERVICE_SID,
        "entity_sid": ENTITY_SID,
        "identity": local::IDENTITY,
        "date_created": "2026-01-02T03:04:05Z",
        "date_updated": "2026-01-02T03:04:05Z",
        "friendly_name": fetched.text("friendly_name"),
        "status": "unverified",
        "factor_type": "totp",
        "config": fetched.json()["config"],
        "metadata": fetched.json()["metadata"],
        "url": format!("{HOST}{}/{sid}", factors_path()),
    });
    assert_eq!((fetched.status, fetched.text), (200, expected.to_string()));
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let function = Function::start().await;
    let created = function.create_factor("FriendlyName=a&FactorType=totp").await;
    let path = format!("{}/{}", factors_path(), created.text("sid"));
    for (from, to) in [
        (created.text("sid"), "YF00000000000000000000000000000000"),
        (created.text("sid"), "YF0"),
        (created.text("sid"), "yf00000000000000000000000000000000"),
        (created.text("sid"), &created.text("entity_sid")),
        (
            local::SERVICE_SID.to_owned(),
            "VA00000000000000000000000000000000",
        ),
        (local::IDENTITY.to_owned(), "another-identity"),
        // Identities differ where their case does.
        (local::IDENTITY.to_owned(), &local::IDENTITY.to_uppercase()),
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let path = path.replace(&from, to);
            assert_eq!(
                function.request(method, &path, "").await.error(),
                (404, 20404),
                "{method} {path}"
            );
        }
    }
    assert_eq!(function.request("GET", &path, "").await.status, 200);
}

#[tokio::test]
async fn an_identity_that_breaks_its_rule_is_named_before_anything_is_looked_for() {
    let function = Function::start().await;
    let path = factors_path().replace(local::IDENTITY, "short") + "/YF00000000000000000000000000000000";
    for method in ["GET", "POST", "DELETE"] {
        let answer = function.request(method, &path, "").await;
        assert_eq!(answer.error(), (400, 60366), "{method}");
        assert_eq!(answer.invalid(), [("Identity".to_owned(), 60366)]);
    }
}

#[tokio::test]
async fn an_unverified_factor_is_gone_after_a_day_to_the_second() {
    let function = Function::start().await;
    let created = function.create_factor("FriendlyName=a&FactorType=totp").await;
    let path = format!("{}/{}", factors_path(), created.text("sid"));
    let fetch = request("GET", &path, &[], "");
    for (second, status) in [(86_399, 200), (86_400, 404), (1_000_000, 404)] {
        let answer = invoke_at(&function.app, &fetch, NOW + Duration::seconds(second)).await;
        assert_eq!(answer.status, status, "after {second} s");
    }
}

//! Data keys: made once, unwrapped anew every five minutes, and kept up to an hour where KMS cannot be reached.

use aws_sdk_dynamodb::types::AttributeValue;
use harness::faults::{Fault, FaultProxy};
use harness::kms::KeyState;
use harness::local;
use time::Duration;
use verify_factors::App;

use super::{data_keys, sealed, stored, with_key};
use crate::support::{Function, NOW, factors_path, invoke_at, join_all, logs, request};

/// A function whose KMS is behind a proxy.
async fn behind_proxy() -> (Function, FaultProxy, App) {
    let function = Function::start().await;
    let proxy = FaultProxy::start(&function.kms.endpoint).await.unwrap();
    let app = function.instance_by_way_of_kms(&proxy.endpoint());
    proxy.script(&[], Fault::None);
    (function, proxy, app)
}

#[tokio::test]
async fn the_first_data_key_is_made_when_it_is_needed_and_stored_wrapped() {
    let (function, proxy, app) = behind_proxy().await;
    assert_eq!(data_keys(&function).await.len(), 0);
    assert_eq!(invoke_at(&app, &with_key("a"), NOW).await.status, 201);
    assert_eq!(proxy.calls(), ["GenerateDataKey"]);
    let keys = data_keys(&function).await;
    let [key] = keys.as_slice() else {
        panic!("{keys:?}");
    };
    let mut names: Vec<&str> = key.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["date_created", "pk", "sk", "wrapped"]);
    assert_eq!(key["sk"].as_s().unwrap(), "DK0000000001");
    assert_eq!(key["date_created"].as_s().unwrap(), "2026-01-02T03:04:05Z");
    // KMS unwraps it for what it was wrapped for, and for nothing else.
    let unwrap = async |account: &str| {
        harness::kms::client(&function.kms.endpoint)
            .decrypt()
            .ciphertext_blob(aws_sdk_kms::primitives::Blob::new(
                key["wrapped"].as_b().unwrap().as_ref(),
            ))
            .encryption_context("verify-factors", "data key")
            .encryption_context("account_sid", account)
            .encryption_context("version", "1")
            .send()
            .await
    };
    assert_eq!(
        unwrap(&local::account_sid())
            .await
            .unwrap()
            .plaintext
            .unwrap()
            .as_ref()
            .len(),
        32
    );
    assert!(unwrap("AC00000000000000000000000000000000").await.is_err());
}

#[tokio::test]
async fn fifty_instances_that_start_at_once_on_an_empty_table_seal_and_open_with_the_same_key() {
    let function = Function::start().await;
    let instances: Vec<App> = (0..50).map(|_| function.another_instance()).collect();
    join_all(instances.iter().map(|app| app.warm_up(NOW)).collect()).await;
    let answers = instances
        .iter()
        .enumerate()
        .map(async |(number, app)| invoke_at(app, &with_key(&format!("key-{number}")), NOW).await);
    let answers = join_all(answers.collect()).await;
    assert_eq!(data_keys(&function).await.len(), 1);
    let reader = function.another_instance();
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(answer.status, 201, "{}", answer.text);
        let again = invoke_at(&reader, &with_key(&format!("key-{number}")), NOW).await;
        assert_eq!(
            (again.header("idempotent-replayed"), &again.text),
            ("true", &answer.text)
        );
    }
}

#[tokio::test]
async fn a_data_key_is_unwrapped_again_after_five_minutes() {
    let (_function, proxy, app) = behind_proxy().await;
    for (seconds, calls) in [
        (0, vec!["GenerateDataKey"]),
        (299, vec![]),
        (300, vec!["Decrypt"]),
        (599, vec![]),
        (600, vec!["Decrypt"]),
    ] {
        proxy.script(&[], Fault::None);
        let later = NOW + Duration::seconds(seconds);
        let answer = invoke_at(&app, &with_key(&format!("after-{seconds}")), later).await;
        assert_eq!(answer.status, 201);
        assert_eq!(proxy.calls(), calls, "after {seconds} s");
    }
}

#[tokio::test]
async fn where_kms_cannot_be_reached_an_old_data_key_goes_on_for_an_hour() {
    for fault in [
        Fault::CutBefore,
        Fault::InternalServerError,
        Fault::Throttling,
        Fault::Garbage,
        Fault::HangBefore,
    ] {
        let (_function, proxy, app) = behind_proxy().await;
        assert_eq!(invoke_at(&app, &with_key("first"), NOW).await.status, 201);
        proxy.script(&[], fault);
        let expired = if fault == Fault::Throttling { 429 } else { 503 };
        for (seconds, status) in [(300, 201), (3599, 201), (3600, expired)] {
            let later = NOW + Duration::seconds(seconds);
            let answer = invoke_at(&app, &with_key(&format!("after-{seconds}")), later).await;
            assert_eq!(
                answer.status, status,
                "{fault:?} after {seconds} s: {}",
                answer.text
            );
        }
        proxy.script(&[], Fault::None);
        let later = NOW + Duration::seconds(3600);
        assert_eq!(invoke_at(&app, &with_key("again"), later).await.status, 201);
    }
}

#[tokio::test]
async fn a_kms_that_is_away_is_not_asked_by_every_request() {
    let (_function, proxy, app) = behind_proxy().await;
    invoke_at(&app, &with_key("first"), NOW).await;
    for (seconds, asked) in [(300, true), (301, false), (329, false), (330, true), (331, false)] {
        proxy.script(&[], Fault::CutBefore);
        let later = NOW + Duration::seconds(seconds);
        let answer = invoke_at(&app, &with_key(&format!("after-{seconds}")), later).await;
        assert_eq!(
            (answer.status, !proxy.calls().is_empty()),
            (201, asked),
            "{seconds}"
        );
    }
}

#[tokio::test]
async fn where_kms_refuses_no_old_data_key_goes_on() {
    for state in [KeyState::Disabled, KeyState::PendingDeletion] {
        let function = Function::start().await;
        if !function.kms.is_embedded() {
            return;
        }
        let app = function.another_instance();
        assert_eq!(invoke_at(&app, &with_key("first"), NOW).await.status, 201);
        function.kms.set_state(state);
        let in_time = invoke_at(&app, &with_key("second"), NOW + Duration::seconds(299)).await;
        assert_eq!(in_time.status, 201, "five minutes are what was promised");
        for seconds in [300, 301] {
            let later = NOW + Duration::seconds(seconds);
            let refused = invoke_at(&app, &with_key("third"), later).await;
            assert_eq!(refused.error(), (500, 20500), "after {seconds} s");
            let cause = logs::of(&refused)[0]["cause"].as_str().unwrap().to_owned();
            assert!(cause.starts_with("KMS refused the request: "), "{cause}");
        }
        assert_eq!(
            function.items().await.len(),
            3,
            "an Entity and two Factors: nothing is written that cannot be opened"
        );
        function.kms.set_state(KeyState::Enabled);
        let later = NOW + Duration::seconds(302);
        assert_eq!(invoke_at(&app, &with_key("third"), later).await.status, 201);
    }
}

#[tokio::test]
async fn a_data_key_that_was_put_into_the_table_by_others_is_refused() {
    let function = Function::start().await;
    assert_eq!(function.invoke(&with_key("first")).await.status, 201);
    let mut forged = data_keys(&function).await.remove(0);
    forged.insert("sk".to_owned(), AttributeValue::S("DK0000000002".to_owned()));
    function.dynamo.put(forged).await;
    let answer = invoke_at(&function.another_instance(), &with_key("second"), NOW).await;
    assert_eq!(answer.error(), (500, 20500));
}

#[tokio::test]
async fn a_data_key_of_another_account_is_refused() {
    const OTHER: &str = "AC00000000000000000000000000000001";
    let function = Function::start().await;
    assert_eq!(function.invoke(&with_key("first")).await.status, 201);
    let credentials = format!("{OTHER}:{}", local::AUTH_TOKEN);
    let authorization = format!("Basic {}", data_encoding::BASE64.encode(credentials.as_bytes()));
    let app = function.another_instance_of(&[("ACCOUNT_SID", OTHER)]);
    let post = async |path: &str, form: &str| {
        let headers = [("authorization", authorization.as_str())];
        invoke_at(&app, &request("POST", path, &headers, form), NOW).await
    };
    let service = post("/v2/Services", "FriendlyName=Other").await.text("sid");
    let mut moved = data_keys(&function).await.remove(0);
    moved.insert("pk".to_owned(), AttributeValue::S(OTHER.to_owned()));
    function.dynamo.put(moved).await;
    let path = factors_path().replace(local::SERVICE_SID, &service);
    let refused = post(&path, "FriendlyName=a&FactorType=totp").await;
    assert_eq!(refused.error(), (500, 20500));
    let cause = logs::of(&refused)[0]["cause"].as_str().unwrap().to_owned();
    assert!(cause.starts_with("KMS refused the request: "), "{cause}");
}

#[tokio::test]
async fn opening_with_an_older_data_key_does_not_put_off_the_newer_one() {
    let function = Function::start().await;
    assert_eq!(function.invoke(&with_key("old")).await.status, 201);
    let operator = function.another_instance();
    operator.rotate_data_key(NOW).await.unwrap();
    for seconds in [200, 299, 400] {
        let later = NOW + Duration::seconds(seconds);
        let replayed = invoke_at(&function.app, &with_key("old"), later).await;
        assert_eq!(replayed.header("idempotent-replayed"), "true");
    }
    let later = NOW + Duration::seconds(401);
    let new = invoke_at(&function.app, &with_key("new"), later).await;
    assert_eq!(sealed(&stored(&function, &new).await)[1..5], 2_u32.to_be_bytes());
}

#[tokio::test]
async fn an_instance_that_knows_a_data_key_makes_no_other_first_one_when_it_is_gone() {
    let function = Function::start().await;
    assert_eq!(function.invoke(&with_key("first")).await.status, 201);
    for key in data_keys(&function).await {
        function.dynamo.delete(key).await;
    }
    let later = NOW + Duration::minutes(5);
    let refused = invoke_at(&function.app, &with_key("second"), later).await;
    assert_eq!(refused.error(), (500, 20500));
    assert_eq!(
        logs::of(&refused)[0]["cause"],
        "the data keys are gone from the table"
    );
    assert_eq!(data_keys(&function).await.len(), 0);
}

#[tokio::test]
async fn a_kms_that_refuses_from_the_start_lets_nothing_be_written() {
    for state in [KeyState::Disabled, KeyState::PendingDeletion] {
        for has_data_key in [false, true] {
            let function = Function::start().await;
            if !function.kms.is_embedded() {
                return;
            }
            if has_data_key {
                function.another_instance().warm_up(NOW).await;
            }
            function.kms.set_state(state);
            let app = function.another_instance();
            app.warm_up(NOW).await;
            let refused = invoke_at(&app, &with_key("key"), NOW).await;
            assert_eq!(refused.error(), (500, 20500), "{state:?}");
            let cause = logs::of(&refused)[0]["cause"].as_str().unwrap().to_owned();
            assert!(cause.starts_with("KMS refused the request: "), "{cause}");
            assert_eq!(function.items().await.len(), 0);
            assert_eq!(data_keys(&function).await.len(), usize::from(has_data_key));
        }
    }
}

//! Factors that nobody verified in time: gone by the clock, to the second, whatever DynamoDB has deleted.

use harness::local;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use verify_factors::App;

use super::{TOTP, create_factor, factor_path, own, push};
use crate::support::{Function, NOW, code_at, event, factors_path, invoke_at, request};

/// What an instance says of a Factor at a moment: the statuses of fetch, list (200 where it is listed), update, verify with the code
/// of that moment, and delete. Only those before `till` are asked for.
async fn told(app: &App, factor: &Value, at: OffsetDateTime, till: usize) -> Vec<u64> {
    let path = factor_path(factor);
    let code = if factor["factor_type"] == "totp" {
        code_at(factor, at)
    } else {
        "AAAA".to_owned()
    };
    let mut told = Vec::new();
    for (method, target, form) in [
        ("GET", path.clone(), String::new()),
        ("GET", factors_path(), String::new()),
        ("POST", path.clone(), "FriendlyName=other".to_owned()),
        ("POST", path.clone(), format!("AuthPayload={code}")),
        ("DELETE", path, String::new()),
    ]
    .into_iter()
    .take(till)
    {
        let answer = invoke_at(app, &request(method, &target, &[], &form), at).await;
        let is_list = answer.status == 200 && answer.json().get("factors").is_some();
        let is_there = !is_list || answer.text.contains(factor["sid"].as_str().unwrap());
        if answer.status == 404 {
            assert_eq!(answer.error(), (404, 20404));
        }
        told.push(if is_there { answer.status } else { 404 });
    }
    told
}

#[tokio::test]
async fn an_unverified_factor_is_gone_for_every_operation_to_the_second() {
    for (hours, after) in [("", 24), ("1", 1)] {
        for form in [TOTP.to_owned(), push()] {
            let function = Function::start_with(&[("UNVERIFIED_FACTOR_HOURS", hours)]).await;
            let created = function.create_factor(&form).await.json();
            // Whole seconds count: that of the creation has 322 ms to go.
            let gone = NOW.replace_millisecond(0).unwrap() + Duration::hours(after);
            let last = gone - Duration::MILLISECOND;
            assert_eq!(
                told(&function.app, &created, last, 3).await,
                [200; 3],
                "{hours} {form}"
            );
            for late in [gone, gone + Duration::SECOND, gone + Duration::days(400)] {
                let told = told(&function.app, &created, late, 5).await;
                assert_eq!(told, [404; 5], "{hours} {form}, {late}");
            }
            let there = own(&function).await;
            assert_eq!(
                (there.totp.len() + there.push.len(), there.tombstones.len()),
                (1, 0),
                "nothing was written"
            );
            assert_eq!(
                told(&function.app, &created, last, 3).await,
                [200; 3],
                "the clock alone says so"
            );
            let items = function.items().await;
            assert_eq!(items[1]["unverified_until"], gone.unix_timestamp());
            // DynamoDB doesn't free a key that still counts.
            let tomorrow = NOW + Duration::DAY;
            assert_eq!(items[1]["expires"], tomorrow.unix_timestamp());
        }
    }
}

#[tokio::test]
async fn with_never_an_unverified_factor_stays() {
    let function = Function::start_with(&[("UNVERIFIED_FACTOR_HOURS", "never")]).await;
    let created = function.create_factor(TOTP).await.json();
    assert_eq!(function.items().await[1].get("expires"), None);
    let late = NOW + Duration::days(3650);
    assert_eq!(
        told(&function.app, &created, late, 5).await,
        [200, 200, 200, 200, 204]
    );
}

#[tokio::test]
async fn a_factor_that_is_verified_in_the_last_second_stays() {
    let function = Function::start().await;
    let created = function.create_factor(TOTP).await.json();
    let path = factor_path(&created);
    let gone = NOW.replace_millisecond(0).unwrap() + Duration::DAY;
    let last = gone - Duration::MILLISECOND;
    let verify = request(
        "POST",
        &path,
        &[],
        &format!("AuthPayload={}", code_at(&created, last)),
    );
    let verified = invoke_at(&function.app, &verify, last).await;
    assert_eq!(
        (verified.status, verified.text("status").as_str()),
        (200, "verified")
    );
    assert_eq!(
        function.items().await[1].get("expires"),
        None,
        "DynamoDB leaves it alone too"
    );
    for late in [gone, gone + Duration::days(3650)] {
        let fetched = invoke_at(&function.app, &request("GET", &path, &[], ""), late).await;
        assert_eq!(
            (fetched.status, fetched.text("status").as_str()),
            (200, "verified")
        );
    }
    assert_eq!(
        told(&function.app, &created, gone + Duration::days(3650), 3).await,
        [200; 3]
    );
}

#[tokio::test]
async fn nothing_but_a_right_code_keeps_a_factor() {
    let function = Function::start().await;
    let created = function.create_factor(TOTP).await.json();
    let path = factor_path(&created);
    let gone = NOW.replace_millisecond(0).unwrap() + Duration::DAY;
    let last = gone - Duration::SECOND;
    let wrong = crate::support::wrong_code_at(&created, last);
    for form in [
        "FriendlyName=other".to_owned(),
        format!("AuthPayload={wrong}"),
        "Config.Skew=2".to_owned(),
    ] {
        let answer = invoke_at(&function.app, &request("POST", &path, &[], &form), last).await;
        assert_eq!(
            (answer.status, answer.text("status").as_str()),
            (200, "unverified"),
            "{form}"
        );
    }
    assert_eq!(told(&function.app, &created, gone, 5).await, [404; 5]);
}

#[tokio::test]
async fn a_replay_of_a_factor_that_is_gone_is_refused_and_makes_no_second_one() {
    let create = event("create-factor-replay.json");
    for (hours, after) in [("", 24), ("1", 1)] {
        let function = Function::start_with(&[("UNVERIFIED_FACTOR_HOURS", hours)]).await;
        let first = function.invoke(&create).await;
        let gone = NOW.replace_millisecond(0).unwrap() + Duration::hours(after);
        let last = invoke_at(&function.app, &create, gone - Duration::MILLISECOND).await;
        assert_eq!((last.status, last.header("idempotent-replayed")), (201, "true"));
        assert_eq!(last.text, first.text);
        for late in [gone, gone + Duration::days(10)] {
            assert_eq!(
                invoke_at(&function.app, &create, late).await.error(),
                (422, 20422)
            );
        }
        assert_eq!(own(&function).await.totp.len(), 1);
    }
}

#[tokio::test]
async fn a_replay_is_refused_too_where_the_place_of_what_was_made_is_somebody_elses() {
    let function = Function::start().await;
    let mut create = event("create-push-factor.json");
    create["headers"]["idempotency-key"] = json!("a key of a phone");
    let first = function.invoke(&create).await;
    assert_eq!(first.status, 201);
    for _ in 1..20 {
        assert_eq!(function.create_factor(&push()).await.status, 201);
    }
    let later = NOW + Duration::DAY;
    assert_eq!(
        invoke_at(&function.app, &create_factor(&push()), later)
            .await
            .status,
        201
    );
    assert_eq!(own(&function).await.push.len(), 1);
    assert_eq!(
        invoke_at(&function.app, &create, later).await.error(),
        (422, 20422)
    );
    let there = own(&function).await;
    assert_eq!(
        (there.push.len(), there.tombstones.contains(&first.text("sid"))),
        (1, true)
    );
}

#[tokio::test]
async fn a_retry_with_a_new_key_is_another_factor_of_the_same_entity() {
    let function = Function::start().await;
    let late = NOW + Duration::DAY;
    function.invoke(&event("create-factor-replay.json")).await;
    let mut create = event("create-factor-replay.json");
    create["headers"]["idempotency-key"] = json!("another key");
    let next = invoke_at(&function.app, &create, late).await;
    assert_eq!((next.status, next.header("idempotent-replayed")), (201, ""));
    assert_ne!(next.text("sid"), local::FACTOR_SID);
}

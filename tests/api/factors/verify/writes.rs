//! What is written of a code, whatever fails and whoever else writes.

use harness::faults::{Fault, FaultProxy};
use serde_json::json;

use super::{Enrolled, ok, status};
use crate::support::{NOW, invoke_as, invoke_at, join_all, logs, request};

#[tokio::test]
async fn a_write_that_fails_is_no_answer_about_the_code() {
    let enrolled = Enrolled::totp("").await;
    let proxy = FaultProxy::start(&enrolled.function.dynamo.endpoint)
        .await
        .unwrap();
    let app = enrolled.function.instance_by_way_of(&proxy.endpoint());
    app.warm_up(NOW).await;
    for payload in [enrolled.code_at(NOW), enrolled.wrong_code()] {
        for (fault, error) in [
            (Fault::CutBefore, (503, 20503)),
            (Fault::ProvisionedThroughputExceeded, (429, 20429)),
            (Fault::TransactionConflict, (429, 20429)),
        ] {
            proxy.script(&[Fault::None], fault);
            let form = format!("AuthPayload={payload}");
            let answer = invoke_at(&app, &request("POST", &enrolled.path, &[], &form), NOW).await;
            assert_eq!(answer.error(), error, "{fault:?}");
            assert_eq!(logs::of(&answer)[0].get("outcome"), None);
        }
    }
    let item = enrolled.item().await;
    assert_eq!(
        (&item["status"], &item["revision"]),
        (&json!("unverified"), &json!(1))
    );
}

#[tokio::test]
async fn a_guess_whose_answer_was_lost_is_counted_once_and_a_right_code_is_not_taken_for_used() {
    let enrolled = Enrolled::totp("").await;
    let proxy = FaultProxy::start(&enrolled.function.dynamo.endpoint)
        .await
        .unwrap();
    let app = enrolled.function.instance_by_way_of(&proxy.endpoint());
    app.warm_up(NOW).await;
    for (payload, expected) in [
        (enrolled.wrong_code(), "unverified"),
        (enrolled.code_at(NOW), "verified"),
    ] {
        proxy.script(&[Fault::None, Fault::CutAfter], Fault::None);
        let form = format!("AuthPayload={payload}");
        let answer = invoke_at(&app, &request("POST", &enrolled.path, &[], &form), NOW).await;
        assert_eq!(status(&answer), ok(expected));
    }
    assert_eq!(enrolled.item().await["wrong_at_verification"], 1);
}

#[tokio::test]
async fn a_write_of_this_very_request_is_known_as_its_own() {
    let enrolled = Enrolled::totp("").await;
    let proxy = FaultProxy::start(&enrolled.function.dynamo.endpoint)
        .await
        .unwrap();
    let slow = enrolled.function.instance_by_way_of(&proxy.endpoint());
    slow.warm_up(NOW).await;
    for (payload, expected) in [
        (enrolled.wrong_code(), "unverified"),
        (enrolled.code_at(NOW), "verified"),
    ] {
        let form = format!("AuthPayload={payload}");
        let event = request("POST", &enrolled.path, &[], &form);
        // What it reads is from before what the same request writes meanwhile.
        proxy.script(&[Fault::Delay], Fault::None);
        let (late, _) = tokio::join!(invoke_as(&slow, &event, NOW, "the same"), async {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            invoke_as(&enrolled.function.app, &event, NOW, "the same").await
        });
        assert_eq!(status(&late), ok(expected));
        assert_eq!(proxy.calls(), ["GetItem", "TransactWriteItems"]);
    }
    let item = enrolled.item().await;
    assert_eq!(
        (&item["wrong_at_verification"], &item["revision"]),
        (&json!(1), &json!(3))
    );
}

#[tokio::test]
async fn of_many_requests_with_one_right_code_one_verifies_and_all_say_so() {
    let enrolled = Enrolled::totp("").await;
    let code = enrolled.code_at(NOW);
    let answers = join_all((0..16).map(|_| enrolled.send(&code)).collect()).await;
    assert!(answers.iter().all(|answer| status(answer) == ok("verified")));
    assert_eq!(enrolled.item().await["revision"], 2);
}

#[tokio::test]
async fn a_verification_is_two_calls() {
    let enrolled = Enrolled::totp("").await;
    let proxy = FaultProxy::start(&enrolled.function.dynamo.endpoint)
        .await
        .unwrap();
    let app = enrolled.function.instance_by_way_of(&proxy.endpoint());
    app.warm_up(NOW).await;
    for (payload, calls) in [
        (
            enrolled.wrong_code(),
            ["GetItem", "TransactWriteItems"].as_slice(),
        ),
        (enrolled.code_at(NOW), &["GetItem", "TransactWriteItems"]),
        (enrolled.code_at(NOW), &["GetItem"]),
    ] {
        proxy.script(&[], Fault::None);
        let form = format!("AuthPayload={payload}");
        assert_eq!(
            invoke_at(&app, &request("POST", &enrolled.path, &[], &form), NOW)
                .await
                .status,
            200
        );
        assert_eq!(proxy.calls(), calls);
    }
}

//! Writes whose answer was lost, or that were not done: nothing is counted twice, and no answer is given that wasn't written.

use harness::faults::{Fault, FaultProxy};
use serde_json::json;
use time::Duration;

use super::{User, about, ok, status};
use crate::support::{NOW, challenges_path, invoke_as, invoke_at, logs};

#[tokio::test]
async fn a_creation_whose_answer_was_lost_is_known_as_ones_own() {
    let user = User::with_app("").await;
    let proxy = FaultProxy::start(&user.function.dynamo.endpoint).await.unwrap();
    let app = user.function.instance_by_way_of(&proxy.endpoint());
    app.warm_up(NOW).await;
    for (number, script) in [
        [Fault::None, Fault::CutAfter, Fault::None].as_slice(),
        &[Fault::None, Fault::CutAfter, Fault::TransactionConflict],
    ]
    .into_iter()
    .enumerate()
    {
        let now = NOW + Duration::minutes(number.try_into().unwrap());
        for (event, expected) in [
            (user.creation(&user.wrong(now)), "pending"),
            (
                user.creation_with(&format!("key {number}"), &user.right(now)),
                "approved",
            ),
        ] {
            proxy.script(script, Fault::None);
            let answer = invoke_at(&app, &event, now).await;
            assert_eq!(status(&answer), (201, expected.to_owned()));
            assert_eq!(
                answer.header("idempotent-replayed"),
                "",
                "nothing was there before"
            );
        }
    }
    let factor = user.stored(&user.factor).await;
    assert_eq!(
        (&factor["hour_challenges"], factor.get("wrong_in_a_row")),
        (&json!(4), None)
    );
    let list = user.function.request("GET", &challenges_path(), "").await;
    assert_eq!(list.json()["challenges"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn an_answer_of_ones_own_that_was_lost_is_counted_once_and_is_not_taken_for_used() {
    let user = User::with_app("").await;
    let proxy = FaultProxy::start(&user.function.dynamo.endpoint).await.unwrap();
    let app = user.function.instance_by_way_of(&proxy.endpoint());
    app.warm_up(NOW).await;
    for conflict in [Fault::None, Fault::TransactionConflict] {
        let challenge = user.challenge().await;
        let now = if conflict == Fault::None {
            NOW
        } else {
            NOW + Duration::MINUTE
        };
        for (form, expected) in [
            (user.wrong(now), "pending"),
            ("Metadata=%7B%7D".to_owned(), "pending"),
            (user.right(now), "approved"),
        ] {
            proxy.script(&[Fault::None, Fault::CutAfter, conflict], Fault::None);
            let answer = invoke_as(
                &app,
                &about(&challenge, &form),
                now,
                &format!("{expected} {form}"),
            )
            .await;
            assert_eq!(status(&answer), ok(expected), "{conflict:?}");
        }
        let stored = user.stored(&challenge).await;
        assert_eq!((&stored["wrong"], &stored["revision"]), (&json!(1), &json!(4)));
    }
}

#[tokio::test]
async fn a_write_that_fails_is_no_answer_about_the_code() {
    let user = User::with_app("").await;
    let challenge = user.challenge().await;
    let proxy = FaultProxy::start(&user.function.dynamo.endpoint).await.unwrap();
    let app = user.function.instance_by_way_of(&proxy.endpoint());
    app.warm_up(NOW).await;
    let items = user.function.items().await;
    for form in [user.right(NOW), user.wrong(NOW)] {
        for event in [about(&challenge, &form), user.creation(&form)] {
            for (fault, error) in [
                (Fault::CutBefore, (503, 20503)),
                (Fault::ProvisionedThroughputExceeded, (429, 20429)),
                (Fault::TransactionConflict, (429, 20429)),
            ] {
                proxy.script(&[Fault::None], fault);
                let answer = invoke_at(&app, &event, NOW).await;
                assert_eq!(answer.error(), error, "{fault:?}");
                assert_eq!(answer.header("retry-after"), "1");
                assert_eq!(logs::of(&answer)[0].get("outcome"), None);
            }
        }
    }
    assert_eq!(user.function.items().await, items);
}

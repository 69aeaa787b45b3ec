//! Wrong codes: how many there can be, and what they end.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use time::Duration;

use super::{Enrolled, ok, status};
use crate::factors::TOMORROW;
use crate::support::{NOW, entity_partition, invoke_at, join_all, logs, request};

#[tokio::test]
async fn a_wrong_code_is_answered_and_counted_and_changes_nothing_else() {
    let enrolled = Enrolled::totp("").await;
    let (before, wrong) = (enrolled.item().await, enrolled.wrong_code());
    let form = format!("AuthPayload={wrong}&FriendlyName=Other&Config.Skew=2");
    let answer = enrolled.function.request("POST", &enrolled.path, &form).await;
    let mut expected = enrolled.created.clone();
    expected.as_object_mut().unwrap().remove("binding");
    assert_eq!((answer.status, answer.json()), (200, expected));
    let mut after = before;
    after["wrong_at_verification"] = json!(1);
    after["wrong_in_a_row"] = json!(1);
    after["revision"] = json!(2);
    after["request_id"] = json!(answer.header("x-request-id"));
    assert_eq!(after["expires"], TOMORROW);
    assert_eq!(enrolled.item().await, after);
}

#[tokio::test]
async fn five_wrong_codes_end_a_verification_and_a_right_one_comes_too_late() {
    let enrolled = Enrolled::totp("").await;
    for _ in 0..5 {
        assert_eq!(
            status(&enrolled.send(&enrolled.wrong_code()).await),
            ok("unverified")
        );
    }
    let ended = enrolled.item().await;
    for (now, payload) in [
        (NOW, enrolled.code_at(NOW)),
        (NOW, enrolled.wrong_code()),
        (NOW + Duration::HOUR, enrolled.code_at(NOW + Duration::HOUR)),
    ] {
        // Another instance: nothing is counted in memory.
        let form = format!("AuthPayload={payload}");
        let app = enrolled.function.another_instance();
        let answer = invoke_at(&app, &request("POST", &enrolled.path, &[], &form), now).await;
        assert_eq!((answer.error(), answer.header("retry-after")), ((429, 60310), ""));
    }
    assert_eq!(enrolled.item().await, ended);
    // It can still be looked at, changed and deleted.
    let named = enrolled
        .function
        .request("POST", &enrolled.path, "FriendlyName=b")
        .await;
    assert_eq!(named.text("friendly_name"), "b");
    assert_eq!(
        enrolled
            .function
            .request("DELETE", &enrolled.path, "")
            .await
            .status,
        204
    );
}

#[tokio::test]
async fn the_fourth_wrong_code_leaves_one_more_try() {
    let enrolled = Enrolled::totp("").await;
    for _ in 0..4 {
        enrolled.send(&enrolled.wrong_code()).await;
    }
    assert_eq!(
        status(&enrolled.send(&enrolled.code_at(NOW)).await),
        ok("verified")
    );
    let item = enrolled.item().await;
    assert_eq!(
        (&item["wrong_at_verification"], item.get("wrong_in_a_row")),
        (&json!(4), None)
    );
}

#[tokio::test]
async fn wrong_codes_on_a_verified_factor_wait_and_in_the_end_disable_it() {
    let enrolled = Enrolled::totp("").await;
    enrolled.send(&enrolled.code_at(NOW)).await;
    let wrong = enrolled.wrong_code();
    for _ in 0..10 {
        assert_eq!(enrolled.send(&wrong).await.error(), (403, 60311));
    }
    for (passed, wait) in [(0, "30"), (1, "29"), (29, "1")] {
        // Even the code that verified it.
        for payload in [&wrong, &enrolled.code_at(NOW)] {
            let answer = enrolled.send_at(payload, NOW + Duration::seconds(passed)).await;
            assert_eq!(
                (answer.error(), answer.header("retry-after")),
                ((429, 60308), wait)
            );
            assert_eq!(logs::of(&answer)[0]["outcome"], "limited");
        }
    }
    assert_eq!(enrolled.item().await["wrong_in_a_row"], 10);
    let answer = enrolled.send_at(&wrong, NOW + Duration::seconds(30)).await;
    assert_eq!(answer.error(), (403, 60311));
    let answer = enrolled.send_at(&wrong, NOW + Duration::seconds(30)).await;
    assert_eq!(
        (answer.error(), answer.header("retry-after")),
        ((429, 60308), "60")
    );

    let mut now = NOW + Duration::DAY;
    for _ in 11..100 {
        assert_eq!(enrolled.send_at(&wrong, now).await.error(), (403, 60311));
        now += Duration::HOUR;
    }
    let answer = enrolled.send_at(&wrong, now + Duration::days(1000)).await;
    assert_eq!((answer.error(), answer.header("retry-after")), ((429, 60308), ""));
    assert_eq!(logs::of(&answer)[0]["outcome"], "disabled");
    assert_eq!(enrolled.item().await["wrong_in_a_row"], 100);
    assert_eq!(
        enrolled
            .function
            .request("DELETE", &enrolled.path, "")
            .await
            .status,
        204
    );
}

#[tokio::test]
async fn a_count_that_cannot_be_read_is_no_yes() {
    let enrolled = Enrolled::totp("").await;
    let items = enrolled.function.dynamo.partition(&entity_partition()).await;
    let item = items
        .into_iter()
        .find(|item| item.contains_key("factor_type"))
        .unwrap();
    for (attribute, value) in [
        ("wrong_at_verification", AttributeValue::S("none".to_owned())),
        ("wrong_at_verification", AttributeValue::N("-1".to_owned())),
        ("wrong_at_verification", AttributeValue::N("1000".to_owned())),
        ("wrong_in_a_row", AttributeValue::Bool(false)),
        ("wait_until", AttributeValue::S("tomorrow".to_owned())),
        ("last_step", AttributeValue::Null(true)),
        ("unverified_until", AttributeValue::S("never".to_owned())),
    ] {
        let mut broken = item.clone();
        broken.insert(attribute.to_owned(), value);
        enrolled.function.dynamo.put(broken).await;
        let answer = enrolled.send(&enrolled.code_at(NOW)).await;
        assert_eq!(answer.error(), (500, 20500), "{attribute}");
        let cause = format!("a stored Factor has no valid attribute {attribute}");
        assert_eq!(logs::of(&answer)[0]["cause"], cause.as_str());
    }
}

#[tokio::test]
async fn of_many_wrong_codes_at_once_five_are_compared() {
    let enrolled = Enrolled::totp("").await;
    let wrong = enrolled.wrong_code();
    let answers = join_all((0..24).map(|_| enrolled.send(&wrong)).collect()).await;
    let compared = answers.iter().filter(|answer| answer.status == 200).count();
    let stopped = answers
        .iter()
        .filter(|answer| answer.status == 429 && answer.error().1 == 60310)
        .count();
    assert_eq!((compared, stopped), (5, 19));
    assert_eq!(enrolled.item().await["wrong_at_verification"], 5);
}

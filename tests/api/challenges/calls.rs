//! What each operation costs: its calls to DynamoDB.

use harness::faults::Fault;
use time::Duration;

use super::{User, about, challenge_path, counted, phone, status};
use crate::support::phone::Phone;
use crate::support::{NOW, challenges_path, code_at, invoke_at, request};

#[tokio::test]
async fn a_creation_is_two_calls_whatever_comes_with_it() {
    let user = User::with_app("").await;
    let (app, proxy) = counted(&user.function, NOW).await;
    for (form, expected) in [
        (String::new(), "pending"),
        (user.wrong(NOW), "pending"),
        (user.right(NOW), "approved"),
        (user.right(NOW), "pending"),
    ] {
        proxy.script(&[], Fault::None);
        let answer = invoke_at(&app, &user.creation(&form), NOW).await;
        assert_eq!(status(&answer), (201, expected.to_owned()));
        assert_eq!(proxy.calls(), ["GetItem", "TransactWriteItems"], "{expected}");
    }
    let with_key = request(
        "POST",
        &challenges_path(),
        &[("idempotency-key", "key")],
        &format!("FactorSid={}", user.factor_sid()),
    );
    let later = NOW + Duration::SECOND;
    proxy.script(&[], Fault::None);
    assert_eq!(invoke_at(&app, &with_key, later).await.status, 201);
    assert_eq!(proxy.calls(), ["GetItem", "TransactWriteItems"], "with a key");
}

#[tokio::test]
async fn an_answer_is_two_calls_as_long_as_nothing_else_happens_to_the_factor() {
    let user = User::with_app("").await;
    let challenge = user.challenge().await;
    let (app, proxy) = counted(&user.function, NOW).await;
    let two = ["GetItem", "TransactWriteItems"].as_slice();
    let code = code_at(&user.factor, NOW);
    for (form, expected, calls) in [
        (String::new(), "pending", &["GetItem"] as &[&str]),
        ("Metadata=%7B%7D".to_owned(), "pending", two),
        (user.wrong(NOW), "pending", two),
        (user.wrong(NOW), "pending", two),
        (user.right(NOW), "approved", two),
        ("Metadata=%7B%7D".to_owned(), "approved", two),
        (format!("AuthPayload={code}"), "60322", &["GetItem"]),
    ] {
        proxy.script(&[], Fault::None);
        let answer = invoke_at(&app, &about(&challenge, &form), NOW).await;
        assert_eq!(status(&answer).1, expected);
        assert_eq!(proxy.calls(), calls, "{expected}");
    }
    let fetch = request("GET", &challenge_path(&challenge), &[], "");
    proxy.script(&[], Fault::None);
    assert_eq!(invoke_at(&app, &fetch, NOW).await.status, 200);
    assert_eq!(proxy.calls(), ["GetItem"]);
}

#[tokio::test]
async fn a_good_answer_is_two_calls() {
    let user = User::with_phone().await;
    let challenge = user.challenge().await;
    user.send_to_factor("FriendlyName=New", NOW).await;
    let (app, proxy) = counted(&user.function, NOW).await;
    let read = "GetItem";
    let other = Phone::number(2);
    for (form, expected, calls) in [
        (other.answer(&challenge, "approved"), "60324", [read, read]),
        (
            phone().answer(&challenge, "approved"),
            "approved",
            [read, "TransactWriteItems"],
        ),
        (phone().answer(&challenge, "approved"), "approved", [read, read]),
        (phone().answer(&challenge, "denied"), "60322", [read, read]),
    ] {
        proxy.script(&[], Fault::None);
        let answer = invoke_at(&app, &about(&challenge, &form), NOW).await;
        assert_eq!(status(&answer).1, expected);
        assert_eq!(proxy.calls(), calls, "{expected}");
    }
}

#[tokio::test]
async fn an_answer_after_another_challenge_of_the_factor_was_answered_is_five_calls() {
    let user = User::with_app("").await;
    let [challenge, other] = [user.challenge().await, user.challenge().await];
    let (app, proxy) = counted(&user.function, NOW).await;
    let (read, write) = ("GetItem", "TransactWriteItems");
    for (challenge, calls) in [
        (&other, &[read, write] as &[&str]),
        (&other, &[read, write]),
        // What it has of the Factor is older than that of the other; so it is refused, and read with its Factor.
        (&challenge, &[read, write, read, read, write]),
        (&challenge, &[read, write]),
    ] {
        proxy.script(&[], Fault::None);
        let answer = invoke_at(&app, &about(challenge, &user.wrong(NOW)), NOW).await;
        assert_eq!(status(&answer).1, "pending");
        assert_eq!(proxy.calls(), calls);
    }
}

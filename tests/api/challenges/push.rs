//! Answering a Challenge with a phone: yes, no, again, too late, and at once.

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::{User, about, ok, phone, status};
use crate::support::phone::{HEADER, Phone, answer_payload};
use crate::support::{Answer, NOW, join_all, logs, persistently};

const LATER: OffsetDateTime = NOW.saturating_add(Duration::seconds(2));

fn outcome(answer: &Answer) -> String {
    let line = &logs::of(answer)[0];
    assert_eq!(line["factor_type"], "push");
    line["outcome"].as_str().unwrap().to_owned()
}

/// What a Challenge is once it was answered at [`LATER`].
fn answered(challenge: &Value, status: &str) -> Value {
    let mut answered = challenge.clone();
    answered["status"] = json!(status);
    for date in ["date_updated", "date_responded"] {
        answered[date] = json!("2026-01-02T03:04:07Z");
    }
    answered
}

#[tokio::test]
async fn a_phone_approves_or_denies_and_says_it_as_often_as_it_likes() {
    let user = User::with_phone().await;
    for (said, other) in [("approved", "denied"), ("denied", "approved")] {
        let challenge = user.challenge().await;
        let [mut stored, factor] = [user.stored(&challenge).await, user.stored(&user.factor).await];
        let form = phone().answer(&challenge, said);
        let answer = user.send_at(&challenge, &form, LATER).await;
        // As text, which has the order of the fields too.
        assert_eq!(
            (answer.status, &answer.text),
            (200, &answered(&challenge, said).to_string())
        );
        assert_eq!(outcome(&answer), said);
        assert_eq!(user.fetch_at(&challenge, LATER).await.text, answer.text);
        stored.as_object_mut().unwrap().remove("authenticator");
        stored["response"] = json!(said);
        stored["date_updated"] = json!("2026-01-02T03:04:07Z");
        stored["date_responded"] = json!("2026-01-02T03:04:07Z");
        stored["revision"] = json!(2);
        stored["request_id"] = json!(answer.header("x-request-id"));
        assert_eq!(user.stored(&challenge).await, stored);
        assert_eq!(
            user.stored(&user.factor).await,
            factor,
            "nothing of the Factor is another"
        );

        // ECDSA signs with chance: the phone's retry is another signature.
        for now in [LATER, LATER + Duration::DAY] {
            let again = user.send_at(&challenge, &form, now).await;
            assert_eq!((again.status, &again.text), (200, &answer.text));
            assert_eq!(outcome(&again), said);
        }
        for form in [
            phone().answer(&challenge, other),
            "AuthPayload=x".to_owned(),
            Phone::number(2).answer(&challenge, said),
        ] {
            let refused = user.send_at(&challenge, &form, LATER).await;
            assert_eq!(refused.error(), (403, 60322));
            assert_eq!(outcome(&refused), "answered_before");
        }
        assert_eq!(
            user.stored(&challenge).await,
            stored,
            "none of them writes anything"
        );
    }
}

#[tokio::test]
async fn a_challenge_expires_to_the_second_whoever_signs() {
    let user = User::with_phone().await;
    let [first, second] = [user.challenge().await, user.challenge().await];
    let end = NOW.truncate_to_second() + Duration::minutes(5);
    for form in [phone().answer(&first, "approved"), "AuthPayload=x".to_owned()] {
        let answer = user.send_at(&first, &form, end).await;
        assert_eq!(
            (answer.error(), outcome(&answer).as_str()),
            ((403, 60323), "expired")
        );
    }
    let last = end - Duration::MILLISECOND;
    let answer = user
        .send_at(&second, &phone().answer(&second, "denied"), last)
        .await;
    assert_eq!(status(&answer), ok("denied"));
    let again = user
        .send_at(&second, &phone().answer(&second, "denied"), end + Duration::HOUR)
        .await;
    assert_eq!(status(&again), ok("denied"), "it is answered and not expired");
}

#[tokio::test]
async fn metadata_is_set_with_a_good_answer_and_not_with_a_bad_one() {
    let user = User::with_phone().await;
    let challenge = user.challenge().await;
    let send = async |form: String| user.send(&challenge, &form).await;
    let noted = send("Metadata=%7B%22a%22%3A%22b%22%7D".to_owned()).await;
    assert_eq!(noted.json()["metadata"], json!({"a": "b"}));
    assert_eq!(
        send("AuthPayload=x&Metadata=%7B%7D".to_owned()).await.error(),
        (403, 60324)
    );
    assert_eq!(user.fetch(&challenge).await.json()["metadata"], json!({"a": "b"}));
    let refused = send(format!("{}&Metadata=x", phone().answer(&challenge, "approved"))).await;
    assert_eq!(refused.error(), (400, 60306));
    let good = send(format!(
        "{}&Metadata=%7B%22c%22%3A%22d%22%7D",
        phone().answer(&challenge, "approved")
    ))
    .await;
    assert_eq!(
        (status(&good), &good.json()["metadata"]),
        (ok("approved"), &json!({"c": "d"}))
    );
    // A phone's retry is a good answer, too.
    let again = send(format!(
        "{}&Metadata=%7B%22e%22%3A%22f%22%7D",
        phone().answer(&challenge, "approved")
    ))
    .await;
    assert_eq!(
        (status(&again), &again.json()["metadata"]),
        (ok("approved"), &json!({"e": "f"}))
    );
    let refused = send(format!(
        "{}&Metadata=%7B%7D",
        phone().answer(&challenge, "denied")
    ))
    .await;
    assert_eq!(refused.error(), (403, 60322));
    assert_eq!(user.fetch(&challenge).await.text, again.text);
}

#[tokio::test]
async fn an_answer_may_be_as_long_as_the_body() {
    let user = User::with_phone().await;
    let challenge = user.challenge().await;
    let answer_of = |length: usize| {
        let payload = answer_payload(&challenge, "approved");
        let payload = payload.replacen('{', &format!("{{\"x\":\"{}\",", "x".repeat(length)), 1);
        format!("AuthPayload={}", phone().jws(HEADER, &payload))
    };
    let fits = (16_384 - answer_of(0).len()) / 4 * 3;
    assert_eq!(
        user.send(&challenge, &answer_of(fits + 8)).await.error(),
        (413, 60306)
    );
    let form = answer_of(fits - 8);
    assert!((16_300..=16_384).contains(&form.len()), "{}", form.len());
    assert_eq!(status(&user.send(&challenge, &form).await), ok("approved"));
}

#[tokio::test]
async fn a_factor_that_changed_since_still_answers_and_a_deleted_one_does_not() {
    let user = User::with_phone().await;
    let challenges = [
        user.challenge().await,
        user.challenge().await,
        user.challenge().await,
    ];
    let token = format!(
        "Config.NotificationPlatform=fcm&Config.NotificationToken={}",
        "t".repeat(32)
    );
    let updated = user
        .send_to_factor(&format!("{token}&FriendlyName=New"), NOW)
        .await;
    assert_eq!(updated.status, 200);
    let approve = |challenge: &Value| phone().answer(challenge, "approved");
    assert_eq!(
        status(&user.send(&challenges[0], &approve(&challenges[0])).await),
        ok("approved")
    );
    let deleted = user.function.request("DELETE", &user.factor_path(), "").await;
    assert_eq!(deleted.status, 204);
    let items = user.function.items().await;
    for form in [approve(&challenges[1]), "AuthPayload=x".to_owned()] {
        assert_eq!(
            user.send(&challenges[1], &form).await.error(),
            (404, 20404),
            "{form}"
        );
    }
    // There is no key any more that would tell a retry.
    assert_eq!(
        user.send(&challenges[0], &approve(&challenges[0])).await.error(),
        (403, 60322)
    );
    assert_eq!(user.function.items().await, items);
    assert_eq!(status(&user.fetch(&challenges[0]).await), ok("approved"));
    assert_eq!(status(&user.fetch(&challenges[1]).await), ok("pending"));
    assert_eq!(user.send(&challenges[1], "Metadata=%7B%7D").await.status, 200);
}

#[tokio::test]
async fn of_approvals_and_denials_at_once_one_wins_and_those_that_say_the_same_are_good() {
    let user = User::with_phone().await;
    let apps = [user.function.another_instance(), user.function.another_instance()];
    for round in 0..10 {
        let challenge = user.challenge().await;
        let says = |number: usize| {
            if (number + round).is_multiple_of(2) {
                "approved"
            } else {
                "denied"
            }
        };
        let events: Vec<Value> = (0..12)
            .map(|number| about(&challenge, &phone().answer(&challenge, says(number))))
            .collect();
        let answers = events
            .iter()
            .zip(apps.iter().cycle())
            .map(|(event, app)| persistently(app, event, NOW));
        let answers = join_all(answers.collect()).await;
        let winner = user.fetch(&challenge).await.text("status");
        assert!(["approved", "denied"].contains(&winner.as_str()));
        for (number, answer) in answers.iter().enumerate() {
            let expected = if says(number) == winner {
                ok(&winner)
            } else {
                (403, "60322".to_owned())
            };
            assert_eq!(
                status(answer),
                expected,
                "{winner}, and this one {}",
                says(number)
            );
        }
        assert_eq!(user.stored(&challenge).await["revision"], 2);
    }
}

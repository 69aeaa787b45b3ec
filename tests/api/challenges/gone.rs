//! Deleting an Entity: its Challenges and what is noted of them go with it, however many there are and whoever creates one.

use aws_sdk_dynamodb::types::AttributeValue;
use harness::dynamo::Item;
use harness::local;
use serde_json::{Value, json};
use time::Duration;

use super::{User, challenge_path, creation, phone, with_app};
use crate::support::{
    Answer, Function, NOW, challenges_path, code_at, entity_partition, factors_path, invoke_at, join_all,
    persistently, request,
};

fn entity_path() -> String {
    factors_path().replace("/Factors", "")
}

fn delete_entity() -> Value {
    request("DELETE", &entity_path(), &[], "")
}

#[tokio::test]
async fn a_deleted_entity_takes_its_challenges_and_their_keys_with_it() {
    let user = User::with_phone().await;
    let app = with_app(&user.function, "").await;
    let with_key = request(
        "POST",
        &challenges_path(),
        &[("idempotency-key", "key")],
        &format!("FactorSid={}", app["sid"].as_str().unwrap()),
    );
    let [open, denied, keyed] = [
        user.challenge().await,
        user.challenge().await,
        user.function.invoke(&with_key).await.json(),
    ];
    user.send(&denied, &phone().answer(&denied, "denied")).await;
    let other = format!("{}-0", local::IDENTITY);
    let theirs = factors_path().replace(local::IDENTITY, &other);
    user.function
        .request("POST", &theirs, "FriendlyName=a&FactorType=totp")
        .await;

    assert_eq!(user.function.invoke(&delete_entity()).await.status, 204);
    let left = user.function.items().await;
    assert_eq!(left.len(), 2, "the other Entity and its Factor: {left:?}");
    for challenge in [&open, &denied, &keyed] {
        assert_eq!(user.fetch(challenge).await.error(), (404, 20404));
        for form in ["Metadata=%7B%7D", "", &phone().answer(challenge, "approved")] {
            assert_eq!(user.send(challenge, form).await.error(), (404, 20404), "{form}");
        }
    }
    let list = user.function.request("GET", &challenges_path(), "").await;
    assert_eq!(list.json()["challenges"], json!([]));
    assert_eq!(
        user.function.invoke(&with_key).await.error(),
        (404, 20404),
        "its key is free"
    );
    assert_eq!(user.function.items().await, left, "nothing comes back");
}

#[tokio::test]
async fn a_factor_that_comes_again_by_its_key_has_none_of_the_challenges_of_before() {
    let user = User::with_phone().await;
    let create = request(
        "POST",
        &factors_path(),
        &[("idempotency-key", "key")],
        &phone().form(),
    );
    let verify = async |factor: &Answer| {
        let form = phone().payload(&factor.text("sid"));
        let path = super::factor_path(&factor.json());
        assert_eq!(
            user.function.request("POST", &path, &form).await.text("status"),
            "verified"
        );
    };
    let first = user.function.invoke(&create).await;
    verify(&first).await;
    let challenge = user
        .function
        .invoke(&creation(&first.json(), "Details.Message=a"))
        .await
        .json();
    assert_eq!(user.function.invoke(&delete_entity()).await.status, 204);
    let second = user.function.invoke(&create).await;
    assert_eq!(second.text("sid"), first.text("sid"));
    verify(&second).await;
    let answer = user
        .send(&challenge, &phone().answer(&challenge, "approved"))
        .await;
    assert_eq!(answer.error(), (404, 20404));
    let list = user.function.request("GET", &challenges_path(), "").await;
    assert_eq!(list.json()["challenges"], json!([]));
}

#[tokio::test]
async fn a_challenge_that_outlived_its_factor_is_answered_by_no_other_with_its_sid() {
    let function = Function::start().await;
    for (form, is_push) in [
        ("FriendlyName=a&FactorType=totp", false),
        (&*phone().form(), true),
    ] {
        let create = request("POST", &factors_path(), &[("idempotency-key", "key")], form);
        let prove = async |factor: &Value, now| {
            let proof = if is_push {
                phone().payload(factor["sid"].as_str().unwrap())
            } else {
                format!("AuthPayload={}", code_at(factor, now))
            };
            let path = super::factor_path(factor);
            let verified = invoke_at(&function.app, &request("POST", &path, &[], &proof), now).await;
            assert_eq!(verified.text("status"), "verified");
        };
        let first = function.invoke(&create).await.json();
        prove(&first, NOW).await;
        let challenge = function
            .invoke(&creation(&first, "Details.Message=a"))
            .await
            .json();
        let item = function
            .dynamo
            .item(&entity_partition(), challenge["sid"].as_str().unwrap())
            .await
            .unwrap();
        assert_eq!(function.invoke(&delete_entity()).await.status, 204);
        // As where the delete had been cut before it came to this one.
        function.dynamo.put(item).await;

        let later = NOW + Duration::seconds(60);
        let second = invoke_at(&function.app, &create, later).await.json();
        assert_eq!(second["sid"], first["sid"]);
        let answers = async |now| {
            let form = if is_push {
                phone().answer(&challenge, "approved")
            } else {
                format!("AuthPayload={}", code_at(&second, now))
            };
            invoke_at(&function.app, &super::about(&challenge, &form), now).await
        };
        assert_eq!(answers(later).await.error(), (404, 20404), "it is not verified");
        prove(&second, later).await;
        let last = later + Duration::seconds(60);
        assert_eq!(answers(last).await.error(), (404, 20404), "it is another one");
        let shown = function.request("GET", &challenge_path(&challenge), "").await;
        assert_eq!(shown.text("status"), "pending");
        assert_eq!(function.invoke(&delete_entity()).await.status, 204);
        assert_eq!(function.items().await, [json!(null); 0]);
    }
}

#[tokio::test]
async fn a_challenge_of_a_deleted_factor_is_not_found_by_who_guessed_too_often() {
    let user = User::with_app("").await;
    let challenge = user.challenge().await;
    for _ in 0..5 {
        assert_eq!(user.send(&challenge, &user.wrong(NOW)).await.status, 200);
    }
    assert_eq!(
        user.send(&challenge, &user.right(NOW)).await.error(),
        (429, 60308)
    );
    let deleted = user.function.request("DELETE", &user.factor_path(), "").await;
    assert_eq!(deleted.status, 204);
    assert_eq!(
        user.send(&challenge, &user.right(NOW)).await.error(),
        (404, 20404)
    );
}

/// Writes so many more Challenges, and notes, like those that are there.
async fn multiply(function: &Function, count: usize) {
    let items = function.dynamo.partition(&entity_partition()).await;
    for prefix in ["YC", "IK"] {
        let like = items
            .iter()
            .find(|item| item["sk"].as_s().unwrap().starts_with(prefix))
            .unwrap();
        let more: Vec<Item> = (0..count)
            .map(|number| {
                let mut item = like.clone();
                item.insert(
                    "sk".to_owned(),
                    AttributeValue::S(format!("{prefix}{number:032x}")),
                );
                item
            })
            .collect();
        function.put_all(&more).await;
    }
}

#[tokio::test]
async fn an_entity_with_more_challenges_than_a_transaction_takes_is_deleted_whole() {
    let user = User::with_phone().await;
    let with_key = request(
        "POST",
        &challenges_path(),
        &[("idempotency-key", "key")],
        &format!("FactorSid={}&Details.Message=a", user.factor_sid()),
    );
    assert_eq!(user.function.invoke(&with_key).await.status, 201);
    multiply(&user.function, 150).await;
    assert_eq!(user.function.items().await.len(), 2 + 2 * 151);
    assert_eq!(user.function.invoke(&delete_entity()).await.status, 204);
    assert_eq!(user.function.items().await, [json!(null); 0]);
    assert_eq!(user.function.invoke(&delete_entity()).await.error(), (404, 20404));
}

#[tokio::test]
async fn nothing_is_left_of_challenges_that_are_created_and_answered_while_their_entity_goes() {
    for round in 0..8 {
        let user = User::with_phone().await;
        let app = with_app(&user.function, "").await;
        let open = user.challenge().await;
        let mut events = vec![
            creation(&user.factor, "Details.Message=a"),
            creation(&app, ""),
            request(
                "POST",
                &challenges_path(),
                &[("idempotency-key", "key")],
                &format!("FactorSid={}", app["sid"].as_str().unwrap()),
            ),
            super::about(&open, &phone().answer(&open, "approved")),
            super::about(&open, "Metadata=%7B%7D"),
        ];
        events.insert(round % 6, delete_entity());
        let other = user.function.another_instance();
        let apps = [&user.function.app, &other];
        let requests = events.iter().zip(apps.into_iter().cycle());
        let answers = join_all(
            requests
                .map(|(event, app)| persistently(app, event, NOW))
                .collect(),
        )
        .await;
        for (event, answer) in events.iter().zip(&answers) {
            assert!(
                [200, 201, 204, 404].contains(&answer.status),
                "{event}: {}",
                answer.text
            );
        }
        assert_eq!(answers[round % 6].status, 204);
        assert_eq!(user.function.items().await, [json!(null); 0], "round {round}");
        for answer in answers.iter().filter(|answer| answer.status == 201) {
            let path = challenge_path(&answer.json());
            let fetched = invoke_at(&other, &request("GET", &path, &[], ""), NOW).await;
            assert_eq!(fetched.error(), (404, 20404));
        }
    }
}

#[tokio::test]
async fn a_deleted_service_has_no_challenges() {
    let user = User::with_phone().await;
    let challenge = user.challenge().await;
    let service = format!("/v2/Services/{}", local::SERVICE_SID);
    assert_eq!(user.function.request("DELETE", &service, "").await.status, 204);
    assert_eq!(user.fetch(&challenge).await.error(), (404, 20404));
    assert_eq!(
        user.send(&challenge, &phone().answer(&challenge, "denied"))
            .await
            .error(),
        (404, 20404)
    );
    assert_eq!(user.create("Details.Message=a").await.error(), (404, 20404));
    assert_eq!(
        user.function.request("GET", &challenges_path(), "").await.error(),
        (404, 20404)
    );
}

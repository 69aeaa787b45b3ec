//! What a Challenge has of its Factor is sealed: it opens there alone, with any data key there is, and what was changed is a fault.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use harness::dynamo::Item;
use serde_json::{Value, json};
use time::Duration;
use verify_factors::Resealed;

use super::{User, about, ok, phone, status, with_app};
use crate::support::{NOW, entity_partition, invoke_at, logs};

async fn item(user: &User, resource: &Value) -> Item {
    let sid = resource["sid"].as_str().unwrap();
    user.function.dynamo.item(&entity_partition(), sid).await.unwrap()
}

/// The version of the data key that a binding is sealed with.
fn version(item: &Item) -> u32 {
    let bytes = item["binding"].as_b().unwrap().as_ref();
    u32::from_be_bytes(bytes[1..5].try_into().unwrap())
}

/// What a Challenge has of its Factor.
fn authenticator(item: &Item) -> &Item {
    item["authenticator"].as_m().unwrap()
}

#[tokio::test]
async fn a_challenge_is_answered_with_whatever_data_key_it_was_sealed_with() {
    let user = User::with_app("").await;
    let challenges = [
        user.challenge().await,
        user.challenge().await,
        user.challenge().await,
    ];
    assert_eq!(version(authenticator(&item(&user, &challenges[0]).await)), 1);
    assert_eq!(
        user.function
            .another_instance()
            .rotate_data_key(NOW)
            .await
            .unwrap(),
        2
    );

    // One that knows of the newer key seals with it what it writes, in the Challenge too.
    let newer = user.function.another_instance();
    let wrong = invoke_at(&newer, &about(&challenges[0], &user.wrong(NOW)), NOW).await;
    assert_eq!(status(&wrong), ok("pending"));
    assert_eq!(version(&item(&user, &user.factor).await), 2);
    assert_eq!(version(authenticator(&item(&user, &challenges[0]).await)), 2);
    // One that doesn't opens it all the same, and doesn't seal it with the older one again.
    let wrong = user.send(&challenges[0], &user.wrong(NOW)).await;
    assert_eq!(status(&wrong), ok("pending"));
    assert_eq!(version(&item(&user, &user.factor).await), 2);
    assert_eq!(version(authenticator(&item(&user, &challenges[0]).await)), 2);
    let another = user.challenge().await;
    assert_eq!(version(&item(&user, &user.factor).await), 2);
    assert_eq!(version(authenticator(&item(&user, &another).await)), 2);
    let right = user.send(&challenges[0], &user.right(NOW)).await;
    assert_eq!(status(&right), ok("approved"));

    let later = NOW + Duration::minutes(2);
    let right = invoke_at(&newer, &about(&challenges[1], &user.right(later)), later).await;
    assert_eq!(status(&right), ok("approved"));
    assert_eq!(version(&item(&user, &user.factor).await), 2);
    let created = invoke_at(&newer, &user.creation(""), later).await.json();
    assert_eq!(version(authenticator(&item(&user, &created).await)), 2);
}

#[tokio::test]
async fn a_creation_seals_its_factor_with_the_newest_data_key() {
    for user in [User::with_app("").await, User::with_phone().await] {
        assert_eq!(version(&item(&user, &user.factor).await), 1);
        user.function
            .another_instance()
            .rotate_data_key(NOW)
            .await
            .unwrap();
        let newer = user.function.another_instance();
        let created = invoke_at(&newer, &user.creation("Details.Message=a"), NOW)
            .await
            .json();
        assert_eq!(version(&item(&user, &user.factor).await), 2);
        assert_eq!(version(authenticator(&item(&user, &created).await)), 2);
        let form = if created["factor_type"] == "push" {
            phone().answer(&created, "approved")
        } else {
            user.right(NOW)
        };
        assert_eq!(
            status(&user.send(&created, &form).await),
            ok("approved"),
            "by one that knows of the older"
        );
    }
}

#[tokio::test]
async fn resealing_takes_older_copies_out_of_challenges_which_ask_their_factor_then() {
    for user in [User::with_app("").await, User::with_phone().await] {
        let waits = user.challenge().await;
        let unchanged = item(&user, &waits).await;
        let operator = user.function.another_instance();
        operator.rotate_data_key(NOW).await.unwrap();
        let newer = user.function.another_instance();
        let other = invoke_at(&newer, &user.creation("Details.Message=a"), NOW).await;
        let count = operator.count_by_data_key().await.unwrap();
        assert_eq!(count.copies, [(1, 1), (2, 1)].into());
        let done = operator.reseal(|| NOW, |_| {}).await.unwrap();
        let expected = Resealed {
            // The creation sealed it anew.
            current: 1,
            dropped: 1,
            ..Resealed::default()
        };
        assert_eq!(done, expected);
        let count = operator.count_by_data_key().await.unwrap();
        assert_eq!(count.copies, [(2, 1)].into());
        let mut left = item(&user, &waits).await;
        assert_eq!(left["revision"], AttributeValue::N("2".to_owned()));
        left.insert("revision".to_owned(), unchanged["revision"].clone());
        left.insert("authenticator".to_owned(), unchanged["authenticator"].clone());
        assert_eq!(left, unchanged);

        for challenge in [waits, other.json()] {
            let form = if challenge["factor_type"] == "push" {
                phone().answer(&challenge, "approved")
            } else {
                let wrong = user.send(&challenge, &user.wrong(NOW)).await;
                assert_eq!(status(&wrong), ok("pending"));
                let other_code = challenge["sid"] == other.json()["sid"];
                user.right(NOW + Duration::seconds(if other_code { 30 } else { 0 }))
            };
            assert_eq!(status(&user.send(&challenge, &form).await), ok("approved"));
        }
    }
}

#[tokio::test]
async fn a_binding_that_was_changed_or_is_anothers_answers_nothing() {
    let user = User::with_app("").await;
    let challenge = user.challenge().await;
    let whole = item(&user, &challenge).await;
    let other = with_app(&user.function, "").await;
    let other = item(&user, &other).await["binding"].clone();
    let changed = {
        let mut bytes = authenticator(&whole)["binding"]
            .as_b()
            .unwrap()
            .as_ref()
            .to_owned();
        bytes[20] ^= 1;
        AttributeValue::B(Blob::new(bytes))
    };
    for binding in [other, changed] {
        let mut broken = whole.clone();
        let mut has = authenticator(&whole).clone();
        has.insert("binding".to_owned(), binding);
        broken.insert("authenticator".to_owned(), AttributeValue::M(has));
        user.function.dynamo.put(broken).await;
        let answer = user.send(&challenge, &user.right(NOW)).await;
        assert_eq!(answer.error(), (500, 20500));
        let line = &logs::of(&answer)[0];
        assert_eq!(line["cause"], "a stored binding is not as it was sealed");
        assert_eq!(line.get("outcome"), None);
        assert_eq!(status(&user.fetch(&challenge).await), ok("pending"));
    }
}

#[tokio::test]
async fn an_item_that_cannot_be_read_is_a_fault_and_no_yes() {
    let user = User::with_phone().await;
    let challenge = user.challenge().await;
    let whole = item(&user, &challenge).await;
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let number = |number: &str| AttributeValue::N(number.to_owned());
    for (attribute, value) in [
        ("identity", text("another-identity")),
        ("factor_sid", text("YF1")),
        ("factor_type", text("sms")),
        ("factor_created", text("today")),
        ("date_created", text("today")),
        ("expiration_date", text("tomorrow")),
        ("response", text("pending")),
        ("details", text("{}")),
        ("hidden_details", text("[]")),
        ("wrong", number("-1")),
        ("wrong", number("256")),
        ("revision", number("0.5")),
        ("authenticator", text("none")),
    ] {
        let mut broken = whole.clone();
        broken.insert(attribute.to_owned(), value);
        user.function.dynamo.put(broken).await;
        let approve = phone().answer(&challenge, "approved");
        for answer in [
            user.send(&challenge, &approve).await,
            user.fetch(&challenge).await,
            user.function
                .request("GET", &crate::support::challenges_path(), "")
                .await,
        ] {
            assert_eq!(answer.error(), (500, 20500), "{attribute}");
            let named = if attribute == "identity" { "pk" } else { attribute };
            let cause = format!("a stored Challenge has no valid attribute {named}");
            assert_eq!(logs::of(&answer)[0]["cause"], json!(cause));
        }
    }
}

//! Retries: a Challenge is created once for an `Idempotency-Key`, and shown as it is now to whoever comes with it again.

use aws_sdk_dynamodb::types::AttributeValue;
use harness::local;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::{SIGNATURE_FIELDS, User, phone, status, with_app};
use crate::support::phone::SIGNATURE_FIELDS as FIELDS;
use crate::support::{
    Answer, NOW, challenges_path, entity_partition, factors_path, invoke_at, join_all, logs, request,
};

impl User {
    /// A request for a Challenge of the Factor with a key.
    pub(super) fn creation_with(&self, key: &str, parameters: &str) -> Value {
        let form = format!("FactorSid={}&{parameters}", self.factor_sid());
        request("POST", &challenges_path(), &[("idempotency-key", key)], &form)
    }

    async fn create_with_at(&self, key: &str, parameters: &str, now: OffsetDateTime) -> Answer {
        invoke_at(&self.function.app, &self.creation_with(key, parameters), now).await
    }

    async fn create_with(&self, key: &str, parameters: &str) -> Answer {
        self.create_with_at(key, parameters, NOW).await
    }
}

const USED: (u64, u64) = (422, 20422);
const FORM: &str = "Details.Message=Let+in%3F&Details.Fields=%7B%22label%22%3A%22a%22%2C%22value%22%3A%22b%22%7D\
                    &Details.Fields=%7B%22label%22%3A%22c%22%2C%22value%22%3A%22d%22%7D&HiddenDetails=%7B%7D";

/// What is shown to a request that made a Challenge, and to one that comes again.
fn replayed(answer: &Answer) -> (u64, &str, &str) {
    (answer.status, answer.header("idempotent-replayed"), &answer.text)
}

#[tokio::test]
async fn the_same_key_with_the_same_parameters_shows_the_same_challenge_as_it_is_now() {
    let user = User::with_phone().await;
    let first = user.create_with("key", FORM).await;
    assert_eq!((first.status, first.header("idempotent-replayed")), (201, ""));
    let items = user.function.items().await;
    let later = NOW + Duration::seconds(9);
    let again = user.create_with_at("key", FORM, later).await;
    assert_eq!(replayed(&again), (201, "true", first.text.as_str()));
    assert_eq!(again.header(SIGNATURE_FIELDS), FIELDS);
    let elsewhere = user.function.another_instance();
    let reordered = format!("Unknown=1&{FORM}&ExpirationDate=&AuthPayload=");
    let again = invoke_at(&elsewhere, &user.creation_with("key", &reordered), later).await;
    assert_eq!(replayed(&again), (201, "true", first.text.as_str()));
    assert_eq!(
        user.function.items().await,
        items,
        "nothing is written, nor counted"
    );
    let line = &logs::of(&again)[0];
    assert_eq!((&line["replayed"], line.get("outcome")), (&json!(true), None));
    assert_eq!(line["factor_sid"], user.factor_sid());
    assert_eq!(line["challenge_sid"], first.text("sid").as_str());

    let challenge = first.json();
    let noted = user
        .send_at(&challenge, "Metadata=%7B%22a%22%3A%22b%22%7D", later)
        .await;
    assert_eq!(
        replayed(&user.create_with("key", FORM).await),
        (201, "true", noted.text.as_str())
    );
    let denied = user
        .send_at(&challenge, &phone().answer(&challenge, "denied"), later)
        .await;
    let again = user.create_with_at("key", FORM, NOW + Duration::HOUR).await;
    assert_eq!(replayed(&again), (201, "true", denied.text.as_str()));
    assert_eq!(again.text("status"), "denied");
    assert_eq!(again.header(SIGNATURE_FIELDS), "");
}

#[tokio::test]
async fn a_note_is_kept_of_which_request_made_what() {
    let user = User::with_phone().await;
    let first = user.create_with("key", FORM).await;
    let items = user.function.items().await;
    assert_eq!(items.len(), 4, "Challenge, Entity, Factor and note");
    let note = items
        .iter()
        .find(|item| item["sk"].as_str().unwrap().starts_with("IK"))
        .unwrap();
    let expected = json!({
        "pk": entity_partition(),
        "sk": note["sk"],
        "challenge_sid": first.text("sid"),
        "request_fingerprint": "36 bytes",
        "date_created": "2026-01-02T03:04:05Z",
        "expires": NOW.unix_timestamp() + 30 * 24 * 3600,
    });
    assert_eq!(*note, expected);
    for attribute in ["challenge_sid", "request_fingerprint", "date_created"] {
        let sk = note["sk"].as_str().unwrap();
        let whole = user.function.dynamo.item(&entity_partition(), sk).await.unwrap();
        let mut broken = whole.clone();
        broken.insert(attribute.to_owned(), AttributeValue::S("x".to_owned()));
        user.function.dynamo.put(broken).await;
        let answer = user.create_with("key", FORM).await;
        assert_eq!(answer.error(), (500, 20500), "{attribute}");
        let cause = format!("a stored note of an Idempotency-Key has no valid attribute {attribute}");
        assert_eq!(logs::of(&answer)[0]["cause"], cause.as_str());
        user.function.dynamo.put(whole).await;
    }
}

#[tokio::test]
async fn the_same_key_with_other_parameters_is_refused() {
    let user = User::with_phone().await;
    let app = with_app(&user.function, "").await;
    assert_eq!(user.create_with("key", FORM).await.status, 201);
    let items = user.function.items().await;
    let (fields, other_fields) = (
        FORM.find("&Details.Fields").unwrap(),
        FORM.rfind("&Details.Fields").unwrap(),
    );
    let (first, second) = (
        &FORM[fields..other_fields],
        &FORM[other_fields..FORM.find("&Hidden").unwrap()],
    );
    for other in [
        FORM.replace("Let", "Get"),
        FORM.replace("%7B%7D", "%7B%22a%22%3A%22b%22%7D"),
        FORM.replace("&HiddenDetails=%7B%7D", ""),
        FORM.replace(first, ""),
        format!("{FORM}{first}"),
        format!("{FORM}&ExpirationDate=2026-01-02T03:09:05Z"),
        format!("{FORM}&AuthPayload=123456"),
        // The user would see another order.
        FORM.replace(&format!("{first}{second}"), &format!("{second}{first}")),
    ] {
        assert_ne!(other, FORM);
        let answer = user.create_with("key", &other).await;
        assert_eq!(answer.error(), USED, "{other}");
        assert_eq!(
            answer.text("message"),
            "Idempotency-Key was used before, with other parameters or for what is not shown again"
        );
    }
    let form = format!("FactorSid={}&{FORM}", app["sid"].as_str().unwrap());
    let other = request("POST", &challenges_path(), &[("idempotency-key", "key")], &form);
    assert_eq!(user.function.invoke(&other).await.error(), USED, "another Factor");
    assert_eq!(user.function.items().await, items);
}

#[tokio::test]
async fn a_parameter_that_breaks_its_rule_is_refused_whatever_the_key_made_before() {
    let user = User::with_phone().await;
    assert_eq!(user.create_with("key", "Details.Message=a").await.status, 201);
    for (more, parameter) in [
        ("HiddenDetails=x", "HiddenDetails"),
        ("HiddenDetails=%7B%7D&HiddenDetails=%7B%7D", "HiddenDetails"),
        ("HiddenDetails=%FF", "HiddenDetails"),
        ("Details.Fields=%FF", "Details.Fields"),
        ("ExpirationDate=2025-01-01T00:00:00Z", "ExpirationDate"),
        ("Unknown=%FF", "body"),
    ] {
        let answer = user
            .create_with("key", &format!("Details.Message=a&{more}"))
            .await;
        assert_eq!(answer.error(), (400, 60306), "{more}");
        assert_eq!(answer.invalid(), [(parameter.to_owned(), 60306)], "{more}");
    }
    let unknown = challenges_path().replace(local::SERVICE_SID, "VA00000000000000000000000000000000");
    for (form, error) in [
        ("FactorSid=x".to_owned(), (400, 60306)),
        (format!("FactorSid={}", user.factor_sid()), (404, 20404)),
    ] {
        let event = request("POST", &unknown, &[("idempotency-key", "key")], &form);
        assert_eq!(user.function.invoke(&event).await.error(), error, "{form}");
    }
    for key in ["é", &"k".repeat(256)] {
        let answer = user.create_with(key, "Details.Message=a").await;
        assert_eq!(answer.invalid(), [("Idempotency-Key".to_owned(), 60306)], "{key}");
    }
}

#[tokio::test]
async fn a_key_counts_for_24_hours_and_is_used_after_that() {
    let user = User::with_app("").await;
    let first = user.create_with("key", "").await;
    let end = NOW.truncate_to_second() + Duration::DAY;
    let again = user.create_with_at("key", "", end - Duration::MILLISECOND).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (201, "true"));
    assert_eq!(
        (again.text("sid"), again.text("status").as_str()),
        (first.text("sid"), "expired")
    );
    for late in [end, end + Duration::days(29)] {
        assert_eq!(user.create_with_at("key", "", late).await.error(), USED, "{late}");
    }
    let other = user.create_with_at("another", "", end).await;
    assert_eq!((other.status, other.header("idempotent-replayed")), (201, ""));
}

#[tokio::test]
async fn a_code_that_comes_again_with_its_key_is_neither_used_nor_wrong() {
    let user = User::with_app("").await;
    for (key, code, expected) in [
        ("wrong", user.wrong(NOW), "pending"),
        ("right", user.right(NOW), "approved"),
    ] {
        let first = user.create_with(key, &code).await;
        assert_eq!(status(&first), (201, expected.to_owned()));
        let items = user.function.items().await;
        let again = user.create_with(key, &code).await;
        assert_eq!(replayed(&again), (201, "true", first.text.as_str()));
        assert_eq!(logs::of(&again)[0].get("outcome"), None, "it was not looked at");
        assert_eq!(user.function.items().await, items);
    }
    assert_eq!(user.stored(&user.factor).await.get("wrong_in_a_row"), None);
}

#[tokio::test]
async fn a_challenge_is_shown_again_whatever_is_in_the_way_of_another_by_now() {
    let user = User::with_app("Config.CodeLength=4").await;
    let soon = "ExpirationDate=2026-01-02T03:04:35Z";
    let first = user.create_with("soon", soon).await;
    let with_code = user.wrong(NOW);
    let guessed = user.create_with("guess", &with_code).await;
    assert_eq!(status(&guessed), (201, "pending".to_owned()));
    let again = async |key: &str, form: &str, now: OffsetDateTime| {
        let again = user.create_with_at(key, form, now).await;
        assert_eq!(
            (again.status, again.header("idempotent-replayed")),
            (201, "true"),
            "{}",
            again.text
        );
        assert_eq!(logs::of(&again)[0].get("outcome"), None);
        again
    };
    // Its ExpirationDate is past.
    let late = NOW + Duration::MINUTE;
    let expired = again("soon", soon, late).await;
    assert_eq!(
        (expired.text("sid"), expired.text("status").as_str()),
        (first.text("sid"), "expired")
    );
    assert_eq!(
        user.create_with_at("other", soon, late).await.error(),
        (400, 60306)
    );

    // The Factor has as many Challenges as it can.
    for _ in 0..8 {
        assert_eq!(user.create("").await.status, 201);
    }
    assert_eq!(user.create_with("other", "").await.error(), (429, 60312));
    assert_eq!(again("guess", &with_code, NOW).await.text, guessed.text);

    // It is disabled.
    let last = user.function.request("GET", &challenges_path(), "").await;
    let open: Vec<Value> = last.json()["challenges"].as_array().unwrap().clone();
    for number in 0..9 {
        let answer = user.send(&open[number % 4 + 2], &user.wrong(NOW)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    assert_eq!(user.create_with("other", &with_code).await.error(), (429, 60308));
    again("guess", &with_code, NOW).await;

    let other = user.create_with("guess", "Details.Message=b").await;
    assert_eq!(other.error(), USED, "not what else there is against it");
    let other = user.create_with("guess", "AuthPayload=12").await;
    assert_eq!(other.error(), (400, 60306));

    // It is deleted.
    assert_eq!(
        user.function
            .request("DELETE", &user.factor_path(), "")
            .await
            .status,
        204
    );
    assert_eq!(user.create_with("other", "").await.error(), (404, 20404));
    assert_eq!(again("soon", soon, late).await.text, expired.text);
    assert_eq!(user.create_with("soon", "").await.error(), USED);
    let day = NOW + Duration::DAY;
    assert_eq!(user.create_with_at("guess", &with_code, day).await.error(), USED);
}

#[tokio::test]
async fn keys_are_an_entitys_and_those_of_factors_are_others() {
    let user = User::with_phone().await;
    let first = user.create_with("key", "Details.Message=a").await;
    let headers = [("idempotency-key", "key")];
    let form = "FriendlyName=a&FactorType=totp";
    let factor = user
        .function
        .invoke(&request("POST", &factors_path(), &headers, form))
        .await;
    assert_eq!((factor.status, factor.header("idempotent-replayed")), (201, ""));
    for _ in 0..2 {
        let again = user.create_with("key", "Details.Message=a").await;
        assert_eq!(replayed(&again), (201, "true", first.text.as_str()));
        let again = user
            .function
            .invoke(&request("POST", &factors_path(), &headers, form))
            .await;
        assert_eq!(replayed(&again), (201, "true", factor.text.as_str()));
    }
    let other = challenges_path().replace(local::IDENTITY, "another-identity");
    let event = request(
        "POST",
        &other,
        &headers,
        &format!("FactorSid={}&Details.Message=a", user.factor_sid()),
    );
    assert_eq!(
        user.function.invoke(&event).await.error(),
        (404, 20404),
        "there it made nothing"
    );
}

#[tokio::test]
async fn two_requests_at_once_with_one_key_make_one_challenge() {
    let user = User::with_phone().await;
    let apps = [user.function.another_instance(), user.function.another_instance()];
    for (round, count) in [2, 2, 2, 8].into_iter().enumerate() {
        let event = user.creation_with(&format!("key {round}"), "Details.Message=a");
        let answers = (0..count)
            .zip(apps.iter().cycle())
            .map(|(_, app)| invoke_at(app, &event, NOW));
        let answers = join_all(answers.collect()).await;
        let made: Vec<&Answer> = answers
            .iter()
            .filter(|answer| replayed(answer).1.is_empty())
            .collect();
        assert_eq!(made.len(), 1);
        for answer in &answers {
            assert_eq!((answer.status, &answer.text), (201, &made[0].text));
        }
        assert_eq!(user.stored(&user.factor).await["hour_challenges"], round + 1);
    }
}

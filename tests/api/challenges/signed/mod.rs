//! What a phone signs, case by case: which texts are an answer to a Challenge, and which are none.

mod says;
mod texts;

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value, json};

use super::{User, creation, ok, phone, status, with_phone};
use crate::support::logs;
use crate::support::phone::{HEADER, Phone, answer_payload};
use says::{good, says_else};
use texts::signed_else;

/// A Challenge that has everything that one can have.
async fn challenge(user: &User) -> Value {
    let form = "Details.Message=Pay+%2F+%22now%22%3F&HiddenDetails=%7B%22ip%22%3A%22%3A%3A1%22%2C%22n%22%3A%221%22%7D\
                &Details.Fields=%7B%22label%22%3A%22Amount%22%2C%22value%22%3A%225+%E2%82%AC%22%7D\
                &Details.Fields=%7B%22label%22%3A%22To%22%2C%22value%22%3A%22%F0%9F%A6%89%22%7D";
    let answer = user.create(form).await;
    assert_eq!(answer.status, 201);
    answer.json()
}

/// What is signed of a Challenge, to be changed.
fn members(challenge: &Value, status: &str) -> Map<String, Value> {
    serde_json::from_str(&answer_payload(challenge, status)).unwrap()
}

fn with(challenge: &Value, name: &str, value: Value) -> String {
    let mut members = members(challenge, "approved");
    members.insert(name.to_owned(), value);
    Value::Object(members).to_string()
}

fn without(challenge: &Value, name: &str) -> String {
    let mut members = members(challenge, "approved");
    assert!(members.remove(name).is_some());
    Value::Object(members).to_string()
}

/// What is right, with more text before its end.
fn and(challenge: &Value, more: &str) -> String {
    answer_payload(challenge, "approved").replacen('{', &format!("{{{more},"), 1)
}

/// A JWS with this signature, whatever it is.
fn signed_by(signed: &str, signature: &[u8]) -> String {
    format!("{signed}.{}", BASE64URL_NOPAD.encode(signature))
}

type Case = (String, String);

fn case(name: impl Into<String>, jws: String) -> Case {
    (name.into(), jws)
}

fn form(jws: &str) -> String {
    serde_urlencoded::to_string([("AuthPayload", jws), ("Metadata", r#"{"a":"b"}"#)]).unwrap()
}

#[tokio::test]
async fn every_text_that_says_no_more_than_a_phone_does_is_an_answer() {
    let user = User::with_phone().await;
    let count = good(&challenge(&user).await).len();
    for number in 0..count {
        let challenge = challenge(&user).await;
        let (name, jws) = good(&challenge).swap_remove(number);
        let answer = user.send(&challenge, &form(&jws)).await;
        assert_eq!(status(&answer), ok("approved"), "{name}");
        assert_eq!(answer.json()["metadata"], json!({"a": "b"}));
    }
}

async fn assert_refused(user: &User, challenge: &Value, cases: Vec<Case>) {
    let items = user.function.items().await;
    for (name, jws) in cases {
        let answer = user.send(challenge, &form(&jws)).await;
        assert_eq!(answer.error(), (403, 60324), "{name}: {jws}");
        assert_eq!(
            answer.text("message"),
            "AuthPayload is not this Challenge, signed by the key of its Factor"
        );
        let line = &logs::of(&answer)[0];
        let said = (&line["outcome"], &line["factor_type"]);
        assert_eq!(said, (&json!("bad_signature"), &json!("push")), "{name}");
    }
    assert_eq!(
        user.function.items().await,
        items,
        "nothing is counted, no Metadata set"
    );
    // Nobody guesses a signature.
    let right = phone().answer(challenge, "approved");
    assert_eq!(status(&user.send(challenge, &right).await), ok("approved"));
}

#[tokio::test]
async fn no_text_that_says_something_else_is_an_answer() {
    let user = User::with_phone().await;
    let challenge = challenge(&user).await;
    assert_refused(&user, &challenge, says_else(&challenge)).await;
    let plain = user.challenge().await;
    let jws = |payload: &str| phone().jws(HEADER, payload);
    let cases = vec![
        case(
            "hidden details of none",
            jws(&with(&plain, "hidden_details", json!({}))),
        ),
        case("no hidden details", jws(&without(&plain, "hidden_details"))),
    ];
    assert_refused(&user, &plain, cases).await;
}

#[tokio::test]
async fn no_text_that_is_signed_in_another_way_is_an_answer() {
    let user = User::with_phone().await;
    let challenge = challenge(&user).await;
    assert_refused(&user, &challenge, signed_else(&challenge)).await;
}

#[tokio::test]
async fn an_answer_to_another_challenge_is_none_to_this() {
    let user = User::with_phone().await;
    let [first, second] = [challenge(&user).await, challenge(&user).await];
    let other_phone = Phone::number(2);
    let other = with_phone(&user.function, &other_phone).await;
    let other = user
        .function
        .invoke(&creation(&other, "Details.Message=a"))
        .await
        .json();
    let payload = |challenge: &Value| answer_payload(challenge, "approved");
    let cases = vec![
        case("of the same Factor", phone().jws(HEADER, &payload(&second))),
        case("of another Factor", other_phone.jws(HEADER, &payload(&other))),
        case(
            "of another Factor, by the right key",
            phone().jws(HEADER, &payload(&other)),
        ),
        case(
            "by the key of another Factor",
            other_phone.jws(HEADER, &payload(&first)),
        ),
    ];
    assert_refused(&user, &first, cases).await;
    assert_eq!(
        status(
            &user
                .send(&second, &form(&phone().jws(HEADER, &payload(&second))))
                .await
        ),
        ok("approved")
    );
    let other = user
        .send(&other, &form(&other_phone.jws(HEADER, &payload(&other))))
        .await;
    assert_eq!(status(&other), ok("approved"));
}

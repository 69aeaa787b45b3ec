//! Answering a Challenge with a code: what is answered, stored and counted, and what a Factor's changes do to it.

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::{User, ok, status};
use crate::support::{Answer, NOW, logs};

const LATER: OffsetDateTime = NOW.saturating_add(Duration::seconds(2));
/// As the API writes it.
const LATER_TEXT: &str = "2026-01-02T03:04:07Z";
pub(super) const MINUTE: Duration = Duration::minutes(1);

/// What the log says came of an answer.
pub(super) fn outcome(answer: &Answer) -> Option<String> {
    let line = &logs::of(answer)[0];
    let outcome = line.get("outcome").and_then(Value::as_str).map(str::to_owned);
    let factor_type = line.get("factor_type").and_then(Value::as_str);
    assert_eq!(factor_type, outcome.as_ref().map(|_| "totp"), "{line}");
    outcome
}

#[tokio::test]
async fn a_right_code_approves_a_challenge_and_is_used_by_that() {
    let user = User::with_app("").await;
    let challenge = user.challenge().await;
    let [mut stored, mut factor] = [user.stored(&challenge).await, user.stored(&user.factor).await];
    let answer = user.send_at(&challenge, &user.right(LATER), LATER).await;
    let mut expected = challenge.clone();
    expected["status"] = json!("approved");
    expected["date_updated"] = json!(LATER_TEXT);
    expected["date_responded"] = json!(LATER_TEXT);
    // As text, which has the order of the fields too.
    assert_eq!((answer.status, answer.text.clone()), (200, expected.to_string()));
    assert_eq!(
        user.fetch_at(&challenge, LATER + Duration::days(29)).await.text,
        answer.text
    );

    let made_by = json!(answer.header("x-request-id"));
    stored.as_object_mut().unwrap().remove("authenticator");
    stored["response"] = json!("approved");
    stored["date_updated"] = json!(LATER_TEXT);
    stored["date_responded"] = json!(LATER_TEXT);
    stored["revision"] = json!(2);
    stored["request_id"] = made_by.clone();
    assert_eq!(user.stored(&challenge).await, stored);
    factor["last_step"] = json!(LATER.unix_timestamp() / 30 * 30);
    factor["revision"] = json!(4);
    factor["request_id"] = made_by;
    assert_eq!(user.stored(&user.factor).await, factor);

    let line = &logs::of(&answer)[0];
    assert_eq!(outcome(&answer).as_deref(), Some("approved"));
    assert_eq!(line["operation"], "AnswerChallenge");
    assert_eq!(line["challenge_sid"], challenge["sid"]);
    assert_eq!(line["factor_sid"], user.factor["sid"]);
}

#[tokio::test]
async fn a_wrong_code_is_answered_and_counted_and_changes_nothing_else() {
    let user = User::with_app("").await;
    let challenge = user.challenge().await;
    let [mut stored, mut factor] = [user.stored(&challenge).await, user.stored(&user.factor).await];
    let form = format!("{}&Metadata=%7B%22a%22%3A%22b%22%7D", user.wrong(LATER));
    let answer = user.send_at(&challenge, &form, LATER).await;
    assert_eq!((answer.status, answer.text.clone()), (200, challenge.to_string()));
    assert_eq!(outcome(&answer).as_deref(), Some("wrong"));

    let made_by = json!(answer.header("x-request-id"));
    for (name, value) in [
        ("wrong_in_a_row", json!(1)),
        ("revision", json!(4)),
        ("request_id", made_by.clone()),
    ] {
        factor[name] = value.clone();
        // So that the next answer is as quick.
        stored["authenticator"][name] = value;
    }
    stored["wrong"] = json!(1);
    stored["revision"] = json!(2);
    stored["request_id"] = made_by;
    assert_eq!(user.stored(&challenge).await, stored, "Metadata is not set");
    assert_eq!(user.stored(&user.factor).await, factor);
}

#[tokio::test]
async fn codes_count_within_the_skew_and_no_further() {
    for (skew, step, length, alg) in [(0, 30, 6, "sha1"), (1, 20, 7, "sha256"), (2, 60, 8, "sha512")] {
        let parameters =
            format!("Config.Skew={skew}&Config.TimeStep={step}&Config.CodeLength={length}&Config.Alg={alg}");
        let user = User::with_app(&parameters).await;
        // Latest first would use up the others.
        for steps in -3..=3_i64 {
            let challenge = user.challenge().await;
            let code = user.right(NOW + Duration::seconds(steps * step));
            let good = steps.abs() <= skew;
            let answer = user.send(&challenge, &code).await;
            let expected = if good { "approved" } else { "pending" };
            assert_eq!(status(&answer), ok(expected), "{steps} steps away, skew {skew}");
            assert_eq!(
                outcome(&answer).as_deref(),
                Some(if good { "approved" } else { "wrong" })
            );
        }
    }
}

#[tokio::test]
async fn a_code_is_good_once_and_none_of_an_earlier_step_after_it() {
    let user = User::with_app("").await;
    let next = NOW + Duration::seconds(30);
    let [first, second] = [user.challenge().await, user.challenge().await];
    assert_eq!(
        status(&user.send(&first, &user.right(next)).await),
        ok("approved")
    );
    for (now, code, expected) in [
        (NOW, next, "replayed"),
        (NOW, NOW, "replayed"),
        (NOW, NOW - Duration::seconds(30), "replayed"),
        (next, next, "replayed"),
        (next, next + Duration::seconds(30), "approved"),
    ] {
        let answer = user.send_at(&second, &user.right(code), now).await;
        let shown = if expected == "approved" {
            expected
        } else {
            "pending"
        };
        assert_eq!(status(&answer), ok(shown));
        assert_eq!(outcome(&answer).as_deref(), Some(expected));
    }
    assert_eq!(user.stored(&second).await["wrong"], 4);
}

#[tokio::test]
async fn the_code_that_verified_a_factor_answers_no_challenge() {
    let user = User::with_app("").await;
    let before = super::BEFORE;
    let challenge = user.challenge_at(before).await;
    let answer = user.send_at(&challenge, &user.right(before), before).await;
    assert_eq!(
        (status(&answer), outcome(&answer).as_deref()),
        (ok("pending"), Some("replayed"))
    );
    assert_eq!(user.stored(&user.factor).await["wrong_in_a_row"], 1);
    let next = before + Duration::seconds(30);
    let answer = user.send_at(&challenge, &user.right(next), next).await;
    assert_eq!(status(&answer), ok("approved"));
    assert_eq!(user.stored(&user.factor).await.get("wrong_in_a_row"), None);
}

#[tokio::test]
async fn what_is_answered_or_expired_is_said_before_anything_is_looked_at() {
    let user = User::with_app("").await;
    let [open, answered] = [user.challenge().await, user.challenge().await];
    user.send(&answered, &user.right(NOW)).await;
    let items = user.function.items().await;
    let end = NOW.truncate_to_second() + Duration::minutes(5);
    for code in [
        user.right(end),
        user.right(NOW),
        user.wrong(end),
        "AuthPayload=x".to_owned(),
    ] {
        let form = format!("{code}&Metadata=%7B%7D");
        for (challenge, now, error, said) in [
            (&open, end, 60323, "expired"),
            (&open, end + MINUTE, 60323, "expired"),
            (&answered, NOW, 60322, "answered_before"),
            (&answered, end + MINUTE, 60322, "answered_before"),
        ] {
            let answer = user.send_at(challenge, &form, now).await;
            assert_eq!(answer.error(), (403, error), "{form}");
            assert_eq!(outcome(&answer).as_deref(), Some(said));
        }
    }
    assert_eq!(
        user.function.items().await,
        items,
        "nothing is counted, no Metadata set"
    );
    let last = end - Duration::MILLISECOND;
    assert_eq!(
        status(&user.send_at(&open, &user.right(last), last).await),
        ok("approved")
    );
}

#[tokio::test]
async fn what_is_no_code_is_refused_and_not_counted() {
    let user = User::with_app("").await;
    let challenge = user.challenge().await;
    let items = user.function.items().await;
    for payload in [
        "12",
        "987654321",
        "12345a",
        "+123456",
        "123+456",
        "%D9%A1%D9%A2%D9%A3",
        "e30.e30.AAAA",
    ] {
        let answer = user.send(&challenge, &format!("AuthPayload={payload}")).await;
        assert_eq!(answer.invalid(), [("AuthPayload".to_owned(), 60306)], "{payload}");
        assert_eq!(outcome(&answer), None);
    }
    for form in [
        "AuthPayload=123456&AuthPayload=123456",
        "AuthPayload=%FF",
        "Metadata=x",
        "Metadata=%7B%7D&Metadata=%7B%7D",
    ] {
        assert_eq!(user.send(&challenge, form).await.error(), (400, 60306), "{form}");
    }
    let both = user.send(&challenge, "Metadata=x&AuthPayload=%FF").await;
    assert_eq!(both.invalid().len(), 2);
    assert_eq!(user.function.items().await, items);
}

//! Codes: which are right, and what comes of one that is.

use harness::local;
use serde_json::{Value, json};
use time::Duration;

use super::{Enrolled, LATER, ok, status};
use crate::factors::ENTITY_SID;
use crate::support::{Function, NOW, entity_partition, event, invoke_at, logs, request};

#[tokio::test]
async fn the_first_right_code_verifies_a_factor_and_it_stays() {
    let enrolled = Enrolled::totp("").await;
    let sid = enrolled.created["sid"].as_str().unwrap();
    let answer = enrolled.send_at(&enrolled.code_at(NOW), NOW + LATER).await;
    let mut expected = enrolled.created.clone();
    expected.as_object_mut().unwrap().remove("binding");
    expected["status"] = json!("verified");
    expected["date_updated"] = json!("2026-01-02T03:04:08Z");
    assert_eq!((answer.status, answer.json()), (200, expected.clone()));
    let step = NOW.unix_timestamp() / 30 * 30;
    assert_eq!(
        enrolled.item().await,
        json!({
            "pk": entity_partition(),
            "sk": sid,
            "account_sid": local::account_sid(),
            "service_sid": local::SERVICE_SID,
            "entity_sid": ENTITY_SID,
            "identity": local::IDENTITY,
            "friendly_name": "Laptop",
            "factor_type": "totp",
            "counted_as": "totp_factors",
            "status": "verified",
            "verified_by": step,
            "last_step": step,
            "binding": "53 bytes",
            "config": {"alg": "sha1", "skew": 1, "code_length": 6, "time_step": 30, "issuer": "Owl Bank"},
            "date_created": "2026-01-02T03:04:05Z",
            "date_updated": "2026-01-02T03:04:08Z",
            "revision": 2,
            "request_id": answer.header("x-request-id"),
        })
    );
    let fetch = request("GET", &enrolled.path, &[], "");
    let fetched = invoke_at(&enrolled.function.app, &fetch, NOW + Duration::days(365)).await;
    assert_eq!(fetched.json(), expected, "it doesn't expire");
}

#[tokio::test]
async fn codes_count_within_the_skew_and_no_further() {
    for (skew, step, length, alg) in [(0, 30, 6, "sha1"), (1, 20, 7, "sha256"), (2, 60, 8, "sha512")] {
        let parameters =
            format!("Config.Skew={skew}&Config.TimeStep={step}&Config.CodeLength={length}&Config.Alg={alg}");
        for steps in -3..=3_i64 {
            let enrolled = Enrolled::totp(&parameters).await;
            let shown = NOW + Duration::seconds(steps * step);
            let expected = if steps.abs() <= skew {
                "verified"
            } else {
                "unverified"
            };
            let answer = enrolled.send(&enrolled.code_at(shown)).await;
            assert_eq!(status(&answer), ok(expected), "{steps} steps away, skew {skew}");
        }
    }
}

#[tokio::test]
async fn what_is_no_code_is_refused_and_not_counted() {
    let enrolled = Enrolled::totp("").await;
    let before = enrolled.item().await;
    let code = enrolled.code_at(NOW);
    let (first, last) = code.split_at(3);
    for payload in [
        format!("+{code}"),
        format!("{code}+"),
        format!("%20{code}"),
        format!("{first}+{last}"),
        format!("{first}%C2%A0{last}"),
        format!("%2B{code}"),
        format!("-{code}"),
        format!("{code}%0A"),
        format!("{code}%00"),
        format!("{code}.0"),
        format!("0x{code}"),
        // Digits of other scripts: full-width, Arabic.
        "%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96".to_owned(),
        "%D9%A1%D9%A2%D9%A3".to_owned(),
        "12".to_owned(),
        "987654321".to_owned(),
        "abcdef".to_owned(),
        "%00".to_owned(),
    ] {
        let answer = enrolled.send(&payload).await;
        assert_eq!(answer.error(), (400, 60306), "{payload}");
        assert_eq!(
            answer.text("message"),
            "Invalid parameter AuthPayload: must be 3 to 8 digits"
        );
    }
    for form in [
        format!("AuthPayload={code}&AuthPayload={code}"),
        "AuthPayload=%FF".to_owned(),
    ] {
        let answer = enrolled.function.request("POST", &enrolled.path, &form).await;
        assert_eq!(
            (answer.error(), answer.invalid()),
            ((400, 60306), vec![("AuthPayload".to_owned(), 60306)])
        );
    }
    assert_eq!(enrolled.item().await, before);
    assert_eq!(
        status(&enrolled.send("").await),
        ok("unverified"),
        "an empty one is absent"
    );
    assert_eq!(status(&enrolled.send(&code).await), ok("verified"));
}

#[tokio::test]
async fn a_code_of_another_length_is_a_wrong_one() {
    let enrolled = Enrolled::totp("").await;
    let code = enrolled.code_at(NOW);
    for payload in [
        format!("0{code}"),
        code[1..].to_owned(),
        code[..3].to_owned(),
        format!("{code}00"),
    ] {
        assert_eq!(
            status(&enrolled.send(&payload).await),
            ok("unverified"),
            "{payload}"
        );
    }
    assert_eq!(enrolled.item().await["wrong_at_verification"], 4);
}

#[tokio::test]
async fn the_very_code_that_verified_is_a_retry_while_its_step_is_open() {
    let enrolled = Enrolled::totp("").await;
    let code = enrolled.code_at(NOW);
    let verified = enrolled.send(&code).await;
    let stored = enrolled.item().await;
    let begin = NOW - Duration::seconds(NOW.unix_timestamp() % 30) - Duration::milliseconds(678);
    for second in [0, 29, 30, 59] {
        let again = enrolled.send_at(&code, begin + Duration::seconds(second)).await;
        assert_eq!(
            (again.status, again.text),
            (200, verified.text.clone()),
            "{second} s"
        );
    }
    assert_eq!(enrolled.item().await, stored, "a retry writes nothing");
    let closed = enrolled.send_at(&code, begin + Duration::seconds(60)).await;
    assert_eq!(closed.error(), (403, 60311));
}

#[tokio::test]
async fn nothing_but_the_code_that_verified_is_taken_for_a_yes() {
    let enrolled = Enrolled::totp("").await;
    enrolled.send(&enrolled.code_at(NOW)).await;
    // A fresh code is the answer to a login, and this is none.
    for (payload, outcome) in [
        (enrolled.code_at(NOW + Duration::seconds(30)), "wrong"),
        (enrolled.code_at(NOW - Duration::seconds(30)), "replayed"),
        (enrolled.wrong_code(), "wrong"),
    ] {
        let answer = enrolled.send(&payload).await;
        assert_eq!(answer.error(), (403, 60311), "{payload}");
        assert_eq!(logs::of(&answer)[0]["outcome"], outcome);
    }
    let item = enrolled.item().await;
    assert_eq!(
        (&item["status"], &item["wrong_in_a_row"]),
        (&json!("verified"), &json!(3))
    );
    assert_eq!(item.get("wrong_at_verification"), None);
}

#[tokio::test]
async fn the_log_says_what_came_of_a_code() {
    let enrolled = Enrolled::totp("").await;
    for (form, outcome) in [
        ("FriendlyName=b".to_owned(), None),
        (format!("AuthPayload={}", enrolled.wrong_code()), Some("wrong")),
        (format!("AuthPayload={}", enrolled.code_at(NOW)), Some("verified")),
        (format!("AuthPayload={}", enrolled.code_at(NOW)), Some("verified")),
    ] {
        let answer = enrolled.function.request("POST", &enrolled.path, &form).await;
        let line = &logs::of(&answer)[0];
        assert_eq!(line.get("outcome").and_then(Value::as_str), outcome, "{form}");
        assert_eq!(
            line.get("factor_type").and_then(Value::as_str),
            outcome.map(|_| "totp")
        );
        assert_eq!(line["factor_sid"], enrolled.created["sid"]);
        assert_eq!(line["entity_sid"], ENTITY_SID);
    }
}

#[tokio::test]
async fn the_event_of_a_verification_is_answered() {
    let function = Function::start().await;
    function.invoke(&event("create-factor-replay.json")).await;
    let answer = function.invoke(&event("verify-totp-factor.json")).await;
    assert_eq!(
        status(&answer),
        ok("unverified"),
        "its code was right once, long ago"
    );
}

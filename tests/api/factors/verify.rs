//! Verifying a Factor: codes, signatures, guesses.

use aws_sdk_dynamodb::types::AttributeValue;
use harness::faults::{Fault, FaultProxy};
use harness::local;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::{ENTITY_SID, TOMORROW};
use crate::support::phone::Phone;
use crate::support::{
    Answer, Function, NOW, code_at, entity_partition, event, factors_path, invoke_as, invoke_at, join_all,
    logs, request, wrong_code_at,
};

/// A Factor and what is known of it.
struct Enrolled {
    function: Function,
    created: Value,
    path: String,
}

impl Enrolled {
    /// A totp Factor with these parameters besides.
    async fn totp(parameters: &str) -> Self {
        Self::of(&format!("FriendlyName=Laptop&FactorType=totp&{parameters}")).await
    }

    async fn of(form: &str) -> Self {
        let function = Function::start().await;
        let created = function.create_factor(form).await.json();
        let path = format!("{}/{}", factors_path(), created["sid"].as_str().unwrap());
        Self {
            function,
            created,
            path,
        }
    }

    /// What is answered to an `AuthPayload`, percent-encoded, at a moment.
    async fn send_at(&self, payload: &str, now: OffsetDateTime) -> Answer {
        let form = format!("AuthPayload={payload}");
        invoke_at(&self.function.app, &request("POST", &self.path, &[], &form), now).await
    }

    async fn send(&self, payload: &str) -> Answer {
        self.send_at(payload, NOW).await
    }

    fn code_at(&self, at: OffsetDateTime) -> String {
        code_at(&self.created, at)
    }

    fn wrong_code(&self) -> String {
        wrong_code_at(&self.created, NOW)
    }

    /// The stored Factor.
    async fn item(&self) -> Value {
        self.function.items().await[1].clone()
    }
}

fn status(answer: &Answer) -> (u64, String) {
    (
        answer.status,
        answer.json()["status"].as_str().unwrap_or_default().to_owned(),
    )
}

fn ok(status: &str) -> (u64, String) {
    (200, status.to_owned())
}

const LATER: Duration = Duration::seconds(3);

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
async fn a_write_that_fails_is_no_answer_about_the_code() {
    let enrolled = Enrolled::totp("").await;
    let proxy = FaultProxy::start(&enrolled.function.dynamo.endpoint)
        .await
        .unwrap();
    let app = enrolled.function.instance_by_way_of(&proxy.endpoint());
    app.warm_up(NOW).await;
    for payload in [enrolled.code_at(NOW), enrolled.wrong_code()] {
        for (fault, error) in [
            (Fault::CutBefore, (503, 20503)),
            (Fault::ProvisionedThroughputExceeded, (429, 20429)),
            (Fault::TransactionConflict, (429, 20429)),
        ] {
            proxy.script(&[Fault::None], fault);
            let form = format!("AuthPayload={payload}");
            let answer = invoke_at(&app, &request("POST", &enrolled.path, &[], &form), NOW).await;
            assert_eq!(answer.error(), error, "{fault:?}");
            assert_eq!(logs::of(&answer)[0].get("outcome"), None);
        }
    }
    let item = enrolled.item().await;
    assert_eq!(
        (&item["status"], &item["revision"]),
        (&json!("unverified"), &json!(1))
    );
}

#[tokio::test]
async fn a_guess_whose_answer_was_lost_is_counted_once_and_a_right_code_is_not_taken_for_used() {
    let enrolled = Enrolled::totp("").await;
    let proxy = FaultProxy::start(&enrolled.function.dynamo.endpoint)
        .await
        .unwrap();
    let app = enrolled.function.instance_by_way_of(&proxy.endpoint());
    app.warm_up(NOW).await;
    for (payload, expected) in [
        (enrolled.wrong_code(), "unverified"),
        (enrolled.code_at(NOW), "verified"),
    ] {
        proxy.script(&[Fault::None, Fault::CutAfter], Fault::None);
        let form = format!("AuthPayload={payload}");
        let answer = invoke_at(&app, &request("POST", &enrolled.path, &[], &form), NOW).await;
        assert_eq!(status(&answer), ok(expected));
    }
    assert_eq!(enrolled.item().await["wrong_at_verification"], 1);
}

#[tokio::test]
async fn a_write_of_this_very_request_is_known_as_its_own() {
    let enrolled = Enrolled::totp("").await;
    let proxy = FaultProxy::start(&enrolled.function.dynamo.endpoint)
        .await
        .unwrap();
    let slow = enrolled.function.instance_by_way_of(&proxy.endpoint());
    slow.warm_up(NOW).await;
    for (payload, expected) in [
        (enrolled.wrong_code(), "unverified"),
        (enrolled.code_at(NOW), "verified"),
    ] {
        let form = format!("AuthPayload={payload}");
        let event = request("POST", &enrolled.path, &[], &form);
        // What it reads is from before what the same request writes meanwhile.
        proxy.script(&[Fault::Delay], Fault::None);
        let (late, _) = tokio::join!(invoke_as(&slow, &event, NOW, "the same"), async {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            invoke_as(&enrolled.function.app, &event, NOW, "the same").await
        });
        assert_eq!(status(&late), ok(expected));
        assert_eq!(proxy.calls(), ["GetItem", "TransactWriteItems"]);
    }
    let item = enrolled.item().await;
    assert_eq!(
        (&item["wrong_at_verification"], &item["revision"]),
        (&json!(1), &json!(3))
    );
}

#[tokio::test]
async fn of_many_requests_with_one_right_code_one_verifies_and_all_say_so() {
    let enrolled = Enrolled::totp("").await;
    let code = enrolled.code_at(NOW);
    let answers = join_all((0..16).map(|_| enrolled.send(&code)).collect()).await;
    assert!(answers.iter().all(|answer| status(answer) == ok("verified")));
    assert_eq!(enrolled.item().await["revision"], 2);
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

#[tokio::test]
async fn a_verification_is_two_calls() {
    let enrolled = Enrolled::totp("").await;
    let proxy = FaultProxy::start(&enrolled.function.dynamo.endpoint)
        .await
        .unwrap();
    let app = enrolled.function.instance_by_way_of(&proxy.endpoint());
    app.warm_up(NOW).await;
    for (payload, calls) in [
        (
            enrolled.wrong_code(),
            ["GetItem", "TransactWriteItems"].as_slice(),
        ),
        (enrolled.code_at(NOW), &["GetItem", "TransactWriteItems"]),
        (enrolled.code_at(NOW), &["GetItem"]),
    ] {
        proxy.script(&[], Fault::None);
        let form = format!("AuthPayload={payload}");
        assert_eq!(
            invoke_at(&app, &request("POST", &enrolled.path, &[], &form), NOW)
                .await
                .status,
            200
        );
        assert_eq!(proxy.calls(), calls);
    }
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
async fn a_signature_of_the_sid_by_its_key_verifies_a_push_factor_as_often_as_it_comes() {
    let phone = Phone::number(1);
    let enrolled = Enrolled::of(&phone.form()).await;
    let sid = enrolled.created["sid"].as_str().unwrap().to_owned();
    let send = async |form: &str| enrolled.function.request("POST", &enrolled.path, form).await;

    for form in [
        phone.payload(&sid.to_uppercase()),
        Phone::number(2).payload(&sid),
        "AuthPayload=123456".to_owned(),
        "AuthPayload=MEUCIQ".to_owned(),
    ] {
        let answer = send(&form).await;
        assert_eq!(answer.error(), (403, 60311), "{form}");
        let line = &logs::of(&answer)[0];
        assert_eq!(
            (&line["factor_type"], &line["outcome"]),
            (&json!("push"), &json!("bad_signature"))
        );
    }
    assert_eq!(enrolled.item().await["revision"], 1, "nobody guesses a signature");
    let verified = send(&phone.payload(&sid)).await;
    assert_eq!(status(&verified), ok("verified"));
    assert_eq!(status(&send(&phone.payload(&sid)).await), ok("verified"));
    assert_eq!(send(&Phone::number(2).payload(&sid)).await.error(), (403, 60311));
    let item = enrolled.item().await;
    assert_eq!((&item["revision"], item.get("expires")), (&json!(2), None));
}

#[tokio::test]
async fn a_plus_that_became_a_space_is_said_to_be_one() {
    let phone = Phone::number(1);
    let enrolled = Enrolled::of(&phone.form()).await;
    let answer = enrolled.send("MEUCIQD+abc/def==").await;
    assert_eq!(answer.error(), (400, 60306));
    assert_eq!(
        answer.text("message"),
        "Invalid parameter AuthPayload: has a space in its Base64; a + must be percent-encoded as %2B in a form"
    );
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

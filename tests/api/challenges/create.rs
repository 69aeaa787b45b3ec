//! Creating Challenges: what is answered, stored and counted, for each type of Factor and with each kind of code.

use harness::local;
use serde_json::{Value, json};

use super::{SIGNATURE_FIELDS, User, challenge_path, creation, factor_path, ok, status};
use crate::factors::ENTITY_SID;
use crate::support::phone;
use crate::support::{Function, NOW, code_at, entity_partition, logs};

/// What the user is asked in these tests, as it is sent and as it is shown.
const DETAILS: &str = "Details.Message=Let+in%3F&Details.Fields=%7B%22label%22%3A%22Amount%22%2C%22value%22%3A%225+%E2%82%AC%22%7D\
                       &Details.Fields=%7B%22value%22%3A%22%2Fa%22%2C%22label%22%3A%22Path%22%2C%22more%22%3A1%7D\
                       &HiddenDetails=%7B%22ip%22%3A%22%3A%3A1%22%7D";

fn details() -> Value {
    json!({
        "message": "Let in?",
        "date": "2026-01-02T03:04:05Z",
        "fields": [{"label": "Amount", "value": "5 €"}, {"label": "Path", "value": "/a"}],
    })
}

/// A pending Challenge of a Factor, created at [`NOW`], as the API shows it.
fn resource(sid: &str, factor: &Value) -> Value {
    let path = challenge_path(&json!({"sid": sid}));
    let url = format!("https://verify.example.com{path}");
    json!({
        "sid": sid,
        "account_sid": local::account_sid(),
        "service_sid": local::SERVICE_SID,
        "entity_sid": ENTITY_SID,
        "identity": local::IDENTITY,
        "factor_sid": factor["sid"],
        "date_created": "2026-01-02T03:04:05Z",
        "date_updated": "2026-01-02T03:04:05Z",
        "date_responded": null,
        "expiration_date": "2026-01-02T03:09:05Z",
        "status": "pending",
        "responded_reason": "none",
        "details": null,
        "hidden_details": null,
        "metadata": null,
        "factor_type": factor["factor_type"],
        "url": url,
        "links": {"notifications": format!("{url}/Notifications")},
    })
}

/// The item of a Challenge that was just created by the request of an answer, `more` being what it has besides.
fn item(sid: &str, factor: &Value, made_by: &str, more: Value) -> Value {
    let mut item = json!({
        "pk": entity_partition(),
        "sk": sid,
        "account_sid": local::account_sid(),
        "service_sid": local::SERVICE_SID,
        "entity_sid": ENTITY_SID,
        "identity": local::IDENTITY,
        "factor_sid": factor["sid"],
        "factor_type": factor["factor_type"],
        "factor_created": super::BEFORE.unix_timestamp(),
        "date_created": "2026-01-02T03:04:05Z",
        "date_updated": "2026-01-02T03:04:05Z",
        "expiration_date": "2026-01-02T03:09:05Z",
        "expires": NOW.unix_timestamp() + 30 * 24 * 3600,
        "revision": 1,
        "request_id": made_by,
    });
    extend(&mut item, more);
    item
}

fn extend(item: &mut Value, more: Value) {
    let Value::Object(more) = more else {
        panic!("{more}")
    };
    item.as_object_mut().unwrap().extend(more);
}

/// What an authenticator in a Challenge has of the stored Factor.
fn authenticator(factor: &Value) -> Value {
    const PARTS: [&str; 10] = [
        "factor_type",
        "config",
        "binding",
        "revision",
        "request_id",
        "wrong_in_a_row",
        "last_step",
        "hour_begins",
        "hour_challenges",
        "day_begins",
    ];
    let mut authenticator = json!({"sid": factor["sk"]});
    for part in PARTS.into_iter().chain(["day_challenges"]) {
        if let Some(value) = factor.get(part) {
            authenticator[part] = value.clone();
        }
    }
    authenticator
}

/// What one more Challenge, at [`NOW`], makes of a stored Factor.
fn challenged(factor: &Value, made_by: &str, more: Value) -> Value {
    let mut factor = factor.clone();
    extend(
        &mut factor,
        json!({
            "revision": 3,
            "request_id": made_by,
            "hour_begins": NOW.unix_timestamp(),
            "hour_challenges": 1,
            "day_begins": NOW.unix_timestamp(),
            "day_challenges": 1,
        }),
    );
    extend(&mut factor, more);
    factor
}

#[tokio::test]
async fn a_totp_challenge_is_created_stored_and_counted() {
    let user = User::with_app("").await;
    let [entity, factor] = <[Value; 2]>::try_from(user.function.items().await).unwrap();
    let answer = user.create("").await;
    let sid = answer.text("sid");
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (201, "application/json")
    );
    // As text, which has the order of the fields too.
    assert_eq!(answer.text, resource(&sid, &user.factor).to_string());
    let milliseconds = i128::from_str_radix(&sid[2..14], 16).unwrap();
    assert_eq!(milliseconds, NOW.unix_timestamp_nanos() / 1_000_000);

    let made_by = answer.header("x-request-id");
    let factor = challenged(&factor, made_by, json!({}));
    let waits = json!({"authenticator": authenticator(&factor)});
    let challenge = item(&sid, &user.factor, made_by, waits);
    assert_eq!(user.function.items().await, [challenge, entity, factor]);
    let line = &logs::of(&answer)[0];
    assert_eq!((line.get("outcome"), line.get("factor_type")), (None, None));
    assert_eq!(line["factor_sid"], user.factor["sid"]);
    assert_eq!(line["challenge_sid"], sid.as_str());
}

#[tokio::test]
async fn a_challenge_that_comes_with_the_right_code_is_approved_at_once() {
    let user = User::with_app("Config.Alg=sha512&Config.CodeLength=8").await;
    let [entity, factor] = <[Value; 2]>::try_from(user.function.items().await).unwrap();
    let answer = user.create(&format!("{}&{DETAILS}", user.right(NOW))).await;
    let sid = answer.text("sid");
    let mut expected = resource(&sid, &user.factor);
    expected["status"] = json!("approved");
    expected["date_responded"] = json!("2026-01-02T03:04:05Z");
    expected["details"] = details();
    expected["hidden_details"] = json!({"ip": "::1"});
    assert_eq!((answer.status, &answer.json()), (201, &expected));
    assert_eq!(user.fetch(&expected).await.json(), expected);

    let made_by = answer.header("x-request-id");
    let step = NOW.unix_timestamp() / 30 * 30;
    let factor = challenged(&factor, made_by, json!({"last_step": step}));
    let stored = json!({
        "response": "approved",
        "date_responded": "2026-01-02T03:04:05Z",
        "details": {"message": "Let in?", "fields": details()["fields"]},
        "hidden_details": r#"{"ip":"::1"}"#,
    });
    let challenge = item(&sid, &user.factor, made_by, stored);
    assert_eq!(user.function.items().await, [challenge, entity, factor]);
    let line = &logs::of(&answer)[0];
    assert_eq!(
        (&line["outcome"], &line["factor_type"]),
        (&json!("approved"), &json!("totp"))
    );
}

#[tokio::test]
async fn a_wrong_code_in_a_creation_is_counted_on_factor_and_challenge() {
    let user = User::with_app("").await;
    let [entity, factor] = <[Value; 2]>::try_from(user.function.items().await).unwrap();
    let answer = user.create(&user.wrong(NOW)).await;
    let sid = answer.text("sid");
    assert_eq!(
        (answer.status, answer.text.clone()),
        (201, resource(&sid, &user.factor).to_string())
    );
    let made_by = answer.header("x-request-id");
    let factor = challenged(&factor, made_by, json!({"wrong_in_a_row": 1}));
    let counted = json!({"wrong": 1, "authenticator": authenticator(&factor)});
    let challenge = item(&sid, &user.factor, made_by, counted);
    assert_eq!(user.function.items().await, [challenge, entity, factor]);
    assert_eq!(logs::of(&answer)[0]["outcome"], "wrong");

    // It is one of the Challenge's five.
    let challenge = answer.json();
    for _ in 0..4 {
        assert_eq!(
            status(&user.send(&challenge, &user.wrong(NOW)).await),
            ok("pending")
        );
    }
    assert_eq!(
        user.send(&challenge, &user.right(NOW)).await.error(),
        (429, 60308)
    );
}

#[tokio::test]
async fn the_code_that_verified_a_factor_is_used_and_counts_as_a_wrong_one() {
    let function = Function::start().await;
    let factor = function
        .create_factor("FriendlyName=a&FactorType=totp")
        .await
        .json();
    let code = format!("AuthPayload={}", code_at(&factor, NOW));
    let verified = function.request("POST", &factor_path(&factor), &code).await;
    assert_eq!(status(&verified), ok("verified"));
    let answer = function.invoke(&creation(&factor, &code)).await;
    assert_eq!(status(&answer), (201, "pending".to_owned()));
    assert_eq!(logs::of(&answer)[0]["outcome"], "replayed");
    let user = User { function, factor };
    let counts = [
        user.stored(&answer.json()).await["wrong"].clone(),
        user.stored(&user.factor).await["wrong_in_a_row"].clone(),
    ];
    assert_eq!(counts, [1, 1]);
}

#[tokio::test]
async fn a_push_challenge_is_created_and_says_what_is_to_be_signed() {
    let user = User::with_phone().await;
    let [entity, factor] = <[Value; 2]>::try_from(user.function.items().await).unwrap();
    // A code is nothing that a phone has: it is ignored, whatever it is.
    let form = format!("{DETAILS}&AuthPayload=no+code&ExpirationDate=2026-01-02T04:04:05Z");
    let answer = user.create(&form).await;
    let sid = answer.text("sid");
    let mut expected = resource(&sid, &user.factor);
    expected["expiration_date"] = json!("2026-01-02T04:04:05Z");
    expected["details"] = details();
    expected["hidden_details"] = json!({"ip": "::1"});
    assert_eq!((answer.status, answer.text.clone()), (201, expected.to_string()));
    assert_eq!(answer.header(SIGNATURE_FIELDS), phone::SIGNATURE_FIELDS);
    let exposed = answer.header("access-control-expose-headers");
    assert!(exposed.contains("Twilio-Verify-Signature-Fields"), "{exposed}");

    let made_by = answer.header("x-request-id");
    let factor = challenged(&factor, made_by, json!({}));
    let mut copy = authenticator(&factor);
    // Of what it is and where it is reached, an answer takes nothing.
    copy.as_object_mut().unwrap().remove("config");
    let stored = json!({
        "expiration_date": "2026-01-02T04:04:05Z",
        "details": {"message": "Let in?", "fields": details()["fields"]},
        "hidden_details": r#"{"ip":"::1"}"#,
        "authenticator": copy,
    });
    let challenge = item(&sid, &user.factor, made_by, stored);
    assert_eq!(user.function.items().await, [challenge, entity, factor]);
    let line = &logs::of(&answer)[0];
    assert_eq!((line.get("outcome"), line.get("factor_type")), (None, None));
}

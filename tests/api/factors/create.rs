//! Creating Factors: what is answered and stored, the defaults, the limits of an Entity, and what it costs.

use aws_sdk_dynamodb::types::AttributeValue;
use harness::faults::{Fault, FaultProxy};
use harness::local;
use serde_json::json;

use super::{ENTITY_SID, TOMORROW, entity_item};
use crate::support::{
    Function, HOST, NOW, counting, entity_partition, event, factors_path, invoke_at, service_item,
};

/// The key in the events.
const PUBLIC_KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8GdwtibWe0kpgsFl6xPQBwhtwUEyeJkeozFmi2jiJDzxFSMwVy3kVR1h/dPVYOfgkC0EkfBRJ0J/6xW47FD5vA==";

/// The first SID and the first seed that come of [`counting`].
const SID: &str = "YF000102030405060708090a0b0c0d0e0f";
const SEED: &str = "CAIREEYUCULBOGAZDINRYHI6D4QCCIRD";

/// A function whose first Factor is known.
async fn predictable() -> Function {
    let mut function = Function::start().await;
    // Another one makes the data key, for which there is chance too.
    function.another_instance().warm_up(NOW).await;
    function.app = function.instance_with(counting());
    function
}

#[tokio::test]
async fn a_totp_factor_is_created_stored_and_counted() {
    let function = predictable().await;
    let answer = function.invoke(&event("create-totp-factor.json")).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let (sid, secret) = (SID, SEED);
    let expected = json!({
        "sid": sid,
        "account_sid": local::account_sid(),
        "service_sid": local::SERVICE_SID,
        "entity_sid": ENTITY_SID,
        "identity": local::IDENTITY,
        "binding": {
            "secret": secret,
            "uri": format!("otpauth://totp/Owl%20Bank:John%27s%20Account%20Name?secret={secret}\
                            &issuer=Owl%20Bank&algorithm=SHA1&digits=6&period=30"),
        },
        "date_created": "2026-01-02T03:04:05Z",
        "date_updated": "2026-01-02T03:04:05Z",
        "friendly_name": "John's Account Name",
        "status": "unverified",
        "factor_type": "totp",
        "config": {"alg": "sha1", "skew": 1, "code_length": 6, "time_step": 30},
        "metadata": null,
        "url": format!("{HOST}{}/{sid}", factors_path()),
    });
    // As text, which has the order of the fields too.
    assert_eq!(answer.text, expected.to_string());
    assert_eq!(
        function.items().await,
        [
            entity_item(&answer, &json!({"totp_factors": 1, "revision": 1})),
            json!({
                "pk": entity_partition(),
                "sk": sid,
                "account_sid": local::account_sid(),
                "service_sid": local::SERVICE_SID,
                "entity_sid": ENTITY_SID,
                "identity": local::IDENTITY,
                "friendly_name": "John's Account Name",
                "factor_type": "totp",
                "counted_as": "totp_factors",
                "status": "unverified",
                "unverified_until": TOMORROW,
                "expires": TOMORROW,
                "binding": "53 bytes",
                "config": {"alg": "sha1", "skew": 1, "code_length": 6, "time_step": 30, "issuer": "Owl Bank"},
                "date_created": "2026-01-02T03:04:05Z",
                "date_updated": "2026-01-02T03:04:05Z",
                "revision": 1,
                "request_id": answer.header("x-request-id"),
            }),
        ]
    );
}

#[tokio::test]
async fn a_migrated_seed_and_explicit_parameters_are_kept() {
    let function = Function::start().await;
    let answer = function
        .invoke(&event("create-totp-factor-with-migrated-seed.json"))
        .await;
    let created = answer.json();
    assert_eq!(
        created["binding"],
        json!({
            "secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
            "uri": "otpauth://totp/Owl%20Bank:John%27s%20Account%20Name?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
                    &issuer=Owl%20Bank&algorithm=SHA256&digits=8&period=60",
        })
    );
    assert_eq!(
        created["config"],
        json!({"alg": "sha256", "skew": 2, "code_length": 8, "time_step": 60})
    );
    let mut stored = created["config"].clone();
    stored["issuer"] = json!("Owl Bank");
    assert_eq!(function.items().await[1]["config"], stored);
}

#[tokio::test]
async fn a_push_factor_is_created_stored_and_counted() {
    let function = predictable().await;
    let answer = function.invoke(&event("create-push-factor.json")).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let sid = SID;
    let expected = json!({
        "sid": sid,
        "account_sid": local::account_sid(),
        "service_sid": local::SERVICE_SID,
        "entity_sid": ENTITY_SID,
        "identity": local::IDENTITY,
        "binding": {"alg": "ES256", "public_key": PUBLIC_KEY},
        "date_created": "2026-01-02T03:04:05Z",
        "date_updated": "2026-01-02T03:04:05Z",
        "friendly_name": "John's Phone",
        "status": "unverified",
        "factor_type": "push",
        "config": {
            "sdk_version": "1.0.0",
            "app_id": "com.example.myapp",
            "notification_platform": "fcm",
            "notification_token": "d8aXmPl3-RegistrationToken:APA91bExample0123456789",
            "credential_sid": "CR000102030405060708090a0b0c0d0e0f",
        },
        "metadata": {"os": "Android"},
        "url": format!("{HOST}{}/{sid}", factors_path()),
    });
    // As text, which has the order of the fields too; the Metadata is as it was sent.
    let as_sent = expected
        .to_string()
        .replace(r#"{"os":"Android"}"#, r#"{"os": "Android"}"#);
    assert_eq!(answer.text, as_sent);
    let mut config = expected["config"].clone();
    config.as_object_mut().unwrap().remove("credential_sid");
    assert_eq!(
        function.items().await,
        [
            entity_item(&answer, &json!({"push_factors": 1, "revision": 1})),
            json!({
                "pk": entity_partition(),
                "sk": sid,
                "account_sid": local::account_sid(),
                "service_sid": local::SERVICE_SID,
                "entity_sid": ENTITY_SID,
                "identity": local::IDENTITY,
                "friendly_name": "John's Phone",
                "factor_type": "push",
                "counted_as": "push_factors",
                "status": "unverified",
                "unverified_until": TOMORROW,
                "expires": TOMORROW,
                "binding": format!("{} bytes", 33 + PUBLIC_KEY.len()),
                "config": config,
                "metadata": r#"{"os": "Android"}"#,
                "date_created": "2026-01-02T03:04:05Z",
                "date_updated": "2026-01-02T03:04:05Z",
                "revision": 1,
                "request_id": answer.header("x-request-id"),
            }),
        ]
    );
}

#[tokio::test]
async fn without_notifications_there_is_no_token() {
    let function = Function::start().await;
    let answer = function
        .invoke(&event("create-push-factor-without-notifications.json"))
        .await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(
        answer.json()["config"],
        json!({
            "sdk_version": "1.0.0", "app_id": "com.example.myapp",
            "notification_platform": "none", "notification_token": null,
            "credential_sid": answer.text("sid").replace("YF", "CR"),
        })
    );
    assert_eq!(
        function.items().await[1]["config"].get("notification_token"),
        None
    );
}

#[tokio::test]
async fn a_service_sets_the_defaults_and_explicit_parameters_win() {
    let function = Function::start().await;
    let number = |number: &str| AttributeValue::N(number.to_owned());
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let settings = [
        ("totp_issuer", text("Nest & Co")),
        ("totp_time_step", number("45")),
        ("totp_skew", number("2")),
        ("totp_code_length", number("8")),
    ];
    function.dynamo.put(service_item(&settings)).await;
    let answer = function.create_factor("FriendlyName=a&FactorType=totp").await;
    let created = answer.json();
    assert_eq!(
        created["config"],
        json!({"alg": "sha1", "skew": 2, "code_length": 8, "time_step": 45})
    );
    let uri = created["binding"]["uri"].as_str().unwrap();
    assert!(
        uri.starts_with("otpauth://totp/Nest%20%26%20Co:a?secret="),
        "{uri}"
    );
    assert!(
        uri.ends_with("&issuer=Nest%20%26%20Co&algorithm=SHA1&digits=8&period=45"),
        "{uri}"
    );
    let explicit = "FriendlyName=a&FactorType=totp&Config.Skew=0&Config.TimeStep=20&Config.CodeLength=3";
    assert_eq!(
        function.create_factor(explicit).await.json()["config"],
        json!({"alg": "sha1", "skew": 0, "code_length": 3, "time_step": 20})
    );
}

#[tokio::test]
async fn generated_seeds_have_the_length_of_the_hmac_and_differ() {
    let function = Function::start().await;
    let mut seeds = Vec::new();
    for (alg, bytes) in [("sha1", 20), ("sha256", 32), ("sha512", 64), ("sha512", 64)] {
        let answer = function
            .create_factor(&format!("FriendlyName=a&FactorType=totp&Config.Alg={alg}"))
            .await;
        let seed = answer.json()["binding"]["secret"].as_str().unwrap().to_owned();
        assert_eq!(
            data_encoding::BASE32_NOPAD.decode(seed.as_bytes()).unwrap().len(),
            bytes
        );
        seeds.push(seed);
    }
    seeds.sort();
    seeds.dedup();
    assert_eq!(seeds.len(), 4);
}

#[tokio::test]
async fn a_warm_create_is_one_call_and_its_cost_does_not_grow() {
    let function = Function::start().await;
    let proxy = FaultProxy::start(&function.dynamo.endpoint).await.unwrap();
    function.another_instance().warm_up(NOW).await;
    let app = function.instance_by_way_of(&proxy.endpoint());
    let event = event("create-totp-factor.json");
    proxy.script(&[], Fault::None);
    invoke_at(&app, &event, NOW).await;
    assert_eq!(proxy.calls(), ["GetItem", "Query", "TransactWriteItems"]);
    for _ in 0..98 {
        proxy.script(&[], Fault::None);
        assert_eq!(invoke_at(&app, &event, NOW).await.status, 201);
        assert_eq!(proxy.calls(), ["TransactWriteItems"]);
    }
}

//! Creating Access Tokens: what is answered and stored.

use harness::faults::{Fault, FaultProxy};
use harness::local;
use serde_json::json;

use super::{access_tokens_path, creation, text};
use crate::support::{Function, HOST, NOW, event, invoke_at, logs, request};

#[tokio::test]
async fn a_token_is_created_and_stored_without_its_text() {
    let function = Function::start().await;
    let answer = function.invoke(&event("create-access-token.json")).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let (sid, token) = (answer.text("sid"), answer.text("token"));
    let expected = json!({
        "sid": sid,
        "account_sid": local::account_sid(),
        "service_sid": local::SERVICE_SID,
        "entity_identity": local::IDENTITY,
        "factor_type": "push",
        "factor_friendly_name": "John's Phone",
        "ttl": 300,
        "date_created": "2026-01-02T03:04:05Z",
        "token": token,
        "url": format!("{HOST}{}/{sid}", access_tokens_path()),
    });
    // As text, which has the order of the fields too.
    assert_eq!(answer.text, expected.to_string());
    assert!(
        sid.starts_with("YK") && token.len() <= 1000 && token.bytes().all(|byte| byte.is_ascii_graphic())
    );
    let stored = json!({
        "pk": format!("{}/AccessTokens/{sid}", local::SERVICE_SID),
        "sk": sid,
        "account_sid": local::account_sid(),
        "service_sid": local::SERVICE_SID,
        "identity": local::IDENTITY,
        "factor_friendly_name": "John's Phone",
        "ttl": 300,
        "date_created": "2026-01-02T03:04:05Z",
        "data_key": 1,
        "expires": NOW.unix_timestamp() + 300,
    });
    assert_eq!(function.items().await, [stored]);
    let line = &logs::of(&answer)[0];
    assert_eq!(line["operation"], "CreateAccessToken");
    assert_eq!(
        (&line["caller"], &line["access_token_sid"]),
        (&json!("account"), &json!(sid))
    );
    assert_eq!(line["entity_sid"], crate::factors::ENTITY_SID);
}

#[tokio::test]
async fn a_token_without_name_and_ttl_has_none_and_60_seconds_and_is_another_each_time() {
    let function = Function::start().await;
    let [one, other] = [
        super::created(&function, "").await,
        super::created(&function, "FactorFriendlyName=&Ttl=").await,
    ];
    for token in [&one, &other] {
        assert_eq!(
            (&token["factor_friendly_name"], &token["ttl"]),
            (&json!(null), &json!(60))
        );
    }
    assert_ne!(one["sid"], other["sid"]);
    assert_ne!(text(&one), text(&other));
}

#[tokio::test]
async fn every_wrong_parameter_is_named() {
    let function = Function::start().await;
    for (form, status_and_code, invalid) in [
        ("", (400, 60305), vec![("Identity", 60305), ("FactorType", 60305)]),
        (
            "Identity=short&FactorType=totp&FactorFriendlyName=%20&Ttl=59",
            (400, 60305),
            vec![
                ("Identity", 60305),
                ("FactorType", 60305),
                ("FactorFriendlyName", 60306),
                ("Ttl", 60306),
            ],
        ),
        (
            "Identity=identity&FactorType=push&Ttl=301",
            (400, 60306),
            vec![("Ttl", 60306)],
        ),
        (
            "Identity=identity&FactorType=push&FactorType=push",
            (400, 60306),
            vec![("FactorType", 60306)],
        ),
    ] {
        let answer = function.request("POST", &access_tokens_path(), form).await;
        assert_eq!(answer.error(), status_and_code, "{form}");
        let invalid: Vec<(String, u64)> = invalid
            .into_iter()
            .map(|(parameter, code)| (parameter.to_owned(), code))
            .collect();
        assert_eq!(answer.invalid(), invalid, "{form}");
    }
    assert_eq!(function.items().await, Vec::<serde_json::Value>::new());
}

#[tokio::test]
async fn there_is_none_of_a_service_that_is_not_there() {
    let function = Function::start().await;
    let path = access_tokens_path().replace(local::SERVICE_SID, "VA00000000000000000000000000000000");
    let form = "Identity=identity&FactorType=push";
    let answer = function.request("POST", &path, form).await;
    assert_eq!(answer.error(), (404, 20404));
    assert_eq!(
        answer.text("message"),
        "The requested resource /v2/Services/{ServiceSid}/AccessTokens was not found"
    );
    // Parameters come before what is there.
    assert_eq!(function.request("POST", &path, "").await.error(), (400, 60305));
}

#[tokio::test]
async fn it_is_one_call_and_one_token_whatever_gets_lost() {
    let function = Function::start().await;
    let proxy = FaultProxy::start(&function.dynamo.endpoint).await.unwrap();
    let app = function.instance_by_way_of(&proxy.endpoint());
    app.warm_up(NOW).await;
    proxy.script(&[], Fault::None);
    assert_eq!(invoke_at(&app, &creation(""), NOW).await.status, 201);
    assert_eq!(proxy.calls(), ["TransactWriteItems"]);
    for fault in [Fault::CutBefore, Fault::CutAfter] {
        proxy.script(&[fault], Fault::None);
        let before = function.items().await.len();
        let answer = invoke_at(&app, &creation(""), NOW).await;
        assert_eq!(answer.status, 201, "{fault:?}");
        assert_eq!(function.items().await.len(), before + 1, "{fault:?}");
        let shown = request("GET", &super::access_token_path(&answer.json()), &[], "");
        assert_eq!(function.invoke(&shown).await.text, answer.text);
    }
}

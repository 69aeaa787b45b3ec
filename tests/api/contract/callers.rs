//! Who is let in, and what those are told who aren't.

use harness::faults::{Fault, FaultProxy};
use harness::local;
use serde_json::json;

use crate::support::phone::{Phone, device};
use crate::support::{Function, NOW, basic, by, challenges_path, factors_path, invoke_at, request};

#[tokio::test]
async fn only_the_accounts_sid_with_its_token_lets_in() {
    let function = Function::start().await;
    let account = local::account_sid();
    let token = local::AUTH_TOKEN;
    for header in [
        String::new(),
        "Basic".to_owned(),
        "Basic ".to_owned(),
        "Basic !".to_owned(),
        format!("Bearer {token}"),
        basic(""),
        basic(":"),
        basic(&account),
        basic(&format!("{account}:")),
        basic(&format!("{account}:wrong")),
        basic(&format!("{account}:{token} ")),
        basic(&format!("AC00000000000000000000000000000000:{token}")),
        basic(&format!(":{token}")),
        basic(&format!("{}:{token}", account.to_uppercase())),
        basic(&format!("{token}:{account}")),
    ] {
        let event = request("POST", &factors_path(), &[("authorization", &header)], "");
        let answer = function.invoke(&event).await;
        answer.assert_nobody(&header);
        assert!(answer.header("www-authenticate").starts_with("Basic realm="));
    }
    let lower = basic(&format!("{account}:{token}")).replace("Basic", "basic");
    let event = request(
        "POST",
        &factors_path(),
        &[("authorization", &lower)],
        "FactorType=totp&FriendlyName=a",
    );
    assert_eq!(function.invoke(&event).await.status, 201);
}

#[tokio::test]
async fn both_tokens_are_good_while_they_are_rotated() {
    // SHA-256 of "new".
    let new = "11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437";
    let old = local::variable("AUTH_TOKEN_SHA256").unwrap();
    let function = Function::start_with(&[("AUTH_TOKEN_SHA256", &format!("{new},{old}"))]).await;
    for (token, status) in [("new", 201), (local::AUTH_TOKEN, 201), ("other", 401)] {
        let header = basic(&format!("{}:{token}", local::account_sid()));
        let headers = [("authorization", header.as_str())];
        let event = request(
            "POST",
            &factors_path(),
            &headers,
            "FactorType=totp&FriendlyName=a",
        );
        assert_eq!(function.invoke(&event).await.status, status, "{token}");
    }
}

#[tokio::test]
async fn an_unknown_account_and_a_wrong_token_are_indistinguishable() {
    let function = Function::start().await;
    let account = local::account_sid();
    let mut answers = Vec::new();
    for credentials in [
        format!("{account}:wrong-token"),
        format!("AC00000000000000000000000000000000:{}", local::AUTH_TOKEN),
        "nobody:nothing".to_owned(),
    ] {
        let header = basic(&credentials);
        let mut answer = function
            .invoke(&request(
                "POST",
                &factors_path(),
                &[("authorization", &header)],
                "",
            ))
            .await;
        answer.headers.remove("x-request-id");
        answers.push((answer.status, answer.headers, answer.text));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
}

#[tokio::test]
async fn whatever_is_wrong_with_a_phones_credentials_the_answer_is_the_same() {
    let function = Function::start().await;
    let phone = Phone::number(1);
    let factor = phone.verified(&function, &factors_path()).await;
    let tokens = format!("/v2/Services/{}/AccessTokens", local::SERVICE_SID);
    let mut texts = Vec::new();
    for identity in [local::IDENTITY, "somebody-else"] {
        let form = format!("Identity={identity}&FactorType=push");
        texts.push(function.request("POST", &tokens, &form).await.text("token"));
    }
    let enrol = |text: &str| {
        by(
            &request("POST", &factors_path(), &[], &phone.form()),
            &device(text),
        )
    };
    assert_eq!(function.invoke(&enrol(&texts[0])).await.status, 201);
    let mut answers = Vec::new();
    for event in [
        request("POST", &factors_path(), &[("authorization", "")], ""),
        enrol(&texts[0]),
        enrol(&texts[1]),
        enrol("garbage"),
        by(&enrol("garbage"), &phone.authorization(&factor, NOW)),
        by(&enrol("garbage"), &Phone::number(2).authorization(&factor, NOW)),
        by(
            &enrol("garbage"),
            &phone.authorization(&factor, NOW - time::Duration::HOUR),
        ),
    ] {
        let mut answer = function.invoke(&event).await;
        answer.headers.remove("x-request-id");
        answers.push((answer.status, answer.headers, answer.text));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
}

/// What is there is found before it can be opened, and what isn't is nobody's.
#[tokio::test]
async fn while_no_data_key_is_to_be_had_a_sid_tells_whether_there_is_something() {
    let function = Function::start().await;
    let factor = Phone::number(1).verified(&function, &factors_path()).await;
    let tokens = format!("/v2/Services/{}/AccessTokens", local::SERVICE_SID);
    let form = format!("Identity={}&FactorType=push", local::IDENTITY);
    let token = function.request("POST", &tokens, &form).await.text("token");
    let mut text = data_encoding::BASE64URL_NOPAD.decode(token.as_bytes()).unwrap();
    let mut with = |at: usize| {
        text[at] = if text[at] == b'0' { b'1' } else { b'0' };
        device(&data_encoding::BASE64URL_NOPAD.encode(&text))
    };
    let enrol = request("POST", &factors_path(), &[], &Phone::number(2).form());
    let list = request("GET", &challenges_path(), &[], "");
    let unknown = json!({"config": {"credential_sid": "CR00000000000000000000000000000000"}});
    let stranger = Phone::number(2);
    // A code that isn't the token's; then its SID too. A signature that isn't the phone's; then its key's name too.
    let there = [
        by(&enrol, &with(40)),
        by(&list, &stranger.authorization(&factor, NOW)),
    ];
    let nowhere = [
        by(&enrol, &with(20)),
        by(&list, &stranger.authorization(&unknown, NOW)),
    ];
    let kms = FaultProxy::start(&function.kms.endpoint).await.unwrap();
    kms.script(&[], Fault::CutBefore);
    let app = function.instance_by_way_of_kms(&kms.endpoint());
    for event in &there {
        assert_eq!(invoke_at(&app, event, NOW).await.error(), (503, 20503));
    }
    for event in &nowhere {
        invoke_at(&app, event, NOW)
            .await
            .assert_nobody("what isn't there");
    }
    for event in there.iter().chain(&nowhere) {
        function.invoke(event).await.assert_nobody("with KMS");
    }
    let dynamo = FaultProxy::start(&function.dynamo.endpoint).await.unwrap();
    dynamo.script(&[], Fault::CutBefore);
    let app = function.instance_by_way_of(&dynamo.endpoint());
    for event in there.iter().chain(&nowhere) {
        assert_eq!(invoke_at(&app, event, NOW).await.error(), (503, 20503));
    }
}

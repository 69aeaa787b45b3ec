//! Who is let in, and what those are told who aren't.

use harness::local;
use serde_json::json;

use crate::support::{Function, basic, factors_path, request};

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
        assert_eq!(
            answer.json(),
            json!({
                "code": 20003, "message": "Authenticate",
                "more_info": "https://www.twilio.com/docs/errors/20003", "status": 401,
            }),
            "{header}"
        );
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

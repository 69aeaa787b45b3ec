//! Access Tokens, a file for each thing that can be done with them: they are created, fetched, and a phone enrols with them.

mod create;
mod enrol;
mod fetch;

use harness::local;
use serde_json::Value;

use crate::support::{Answer, Function, NOW, entity_partition, invoke_at, request};

/// The path of the Access Tokens of the events' Service.
fn access_tokens_path() -> String {
    format!("/v2/Services/{}/AccessTokens", local::SERVICE_SID)
}

fn access_token_path(token: &Value) -> String {
    format!("{}/{}", access_tokens_path(), token["sid"].as_str().unwrap())
}

/// A request for an Access Token of the events' Entity, with these parameters besides.
fn creation(parameters: &str) -> Value {
    let form = format!("Identity={}&FactorType=push&{parameters}", local::IDENTITY);
    request("POST", &access_tokens_path(), &[], &form)
}

/// An Access Token, as it was created at [`NOW`].
async fn created(function: &Function, parameters: &str) -> Value {
    let answer = invoke_at(&function.app, &creation(parameters), NOW).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()
}

/// What a phone shows of it.
fn text(token: &Value) -> &str {
    token["token"].as_str().unwrap()
}

/// An answer to somebody who is nobody.
fn assert_nobody(answer: &Answer) {
    let expected = serde_json::json!({
        "code": 20003, "message": "Authenticate",
        "more_info": "https://www.twilio.com/docs/errors/20003", "status": 401,
    });
    assert_eq!((answer.status, answer.json()), (401, expected));
}

/// How many Factors the events' Entity has.
async fn factors(function: &Function) -> usize {
    let items = function.items().await;
    let partition = entity_partition();
    let is_one = |item: &&Value| {
        let sk = item["sk"].as_str().unwrap();
        item["pk"] == partition.as_str() && sk.starts_with("YF")
    };
    items.iter().filter(is_one).count()
}

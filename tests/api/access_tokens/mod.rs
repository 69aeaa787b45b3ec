//! Access Tokens, a file for each thing that can be done with them: they are created, fetched, and a phone enrols with them.

mod create;
mod enrol;
mod fetch;

use harness::dynamo::Item;
use harness::local;
use serde_json::Value;

use crate::support::{Function, NOW, entity_partition, invoke_at, request};

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

/// Its item.
async fn stored(function: &Function, token: &Value) -> Item {
    let sid = token["sid"].as_str().unwrap();
    let pk = format!("{}/AccessTokens/{sid}", local::SERVICE_SID);
    function.dynamo.item(&pk, sid).await.unwrap()
}

/// What a phone shows of it.
fn text(token: &Value) -> &str {
    token["token"].as_str().unwrap()
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

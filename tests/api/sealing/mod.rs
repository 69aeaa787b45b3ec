//! Sealing: that nobody who gets at the table can read or forge what Factors hold; and `access`, what one can nevertheless.

mod access;
mod data_keys;
mod sealed;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use harness::dynamo::Item;
use harness::local;
use serde_json::Value;

use crate::support::{Answer, Function, factors_path, request};

/// A request for a Factor of a seed that is known, by an Idempotency-Key.
pub(crate) fn with_key(key: &str) -> Value {
    let form = "FriendlyName=a&FactorType=totp&Binding.Secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    request("POST", &factors_path(), &[("idempotency-key", key)], form)
}

/// The stored item of the Factor that an answer shows.
pub(crate) async fn stored(function: &Function, answer: &Answer) -> Item {
    let created = answer.json();
    let pk = format!(
        "{}/{}",
        created["service_sid"].as_str().unwrap(),
        created["identity"].as_str().unwrap()
    );
    function.dynamo.item(&pk, &answer.text("sid")).await.unwrap()
}

/// The sealed binding in an item.
pub(crate) fn sealed(item: &Item) -> Vec<u8> {
    item["binding"].as_b().unwrap().as_ref().to_owned()
}

/// The same item with another binding.
pub(crate) fn with_binding(item: &Item, sealed: Vec<u8>) -> Item {
    let mut item = item.clone();
    item.insert("binding".to_owned(), AttributeValue::B(Blob::new(sealed)));
    item
}

/// The data keys in the table.
pub(crate) async fn data_keys(function: &Function) -> Vec<Item> {
    let mut items = function.dynamo.partition(&local::account_sid()).await;
    items.retain(|item| item["sk"].as_s().unwrap().starts_with("DK"));
    items
}

/// The first data key as KMS tells it, to who may ask.
pub(crate) async fn unwrapped(function: &Function) -> Vec<u8> {
    let key = data_keys(function).await.remove(0);
    let wrapped = key["wrapped"].as_b().unwrap().as_ref();
    let kms = harness::kms::client(&function.kms.endpoint);
    let ask = kms
        .decrypt()
        .ciphertext_blob(Blob::new(wrapped))
        .key_id(&function.kms.key_arn)
        .encryption_context("verify-factors", "data key")
        .encryption_context("account_sid", local::account_sid())
        .encryption_context("version", "1");
    ask.send().await.unwrap().plaintext.unwrap().into_inner()
}

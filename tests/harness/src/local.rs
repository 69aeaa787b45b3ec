//! The settings that everything on a laptop shares, from `events/env.json`, which is also what `sam local` reads.

use std::sync::LazyLock;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;

use crate::dynamo::Item;

/// The Auth Token of the local account; deployments have their own, and only its digest.
pub const AUTH_TOKEN: &str = "local-auth-token";

/// The Service that the files in `events/` name.
pub const SERVICE_SID: &str = "VA0123456789abcdef0123456789abcdef";

/// The Identity that the files in `events/` name.
pub const IDENTITY: &str = "ff483d1ff591898a9942916050d2ca3f";

/// The Factor that the files in `events/` name: it follows from the key in `create-factor-replay.json`.
pub const FACTOR_SID: &str = "YF483894899e829a2d1f1a089ec1cb100e";

static ENVIRONMENT: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../events/env.json")).expect("events/env.json is JSON")
});

/// A variable of the local environment.
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    ENVIRONMENT
        .get("Parameters")?
        .get(name)?
        .as_str()
        .map(str::to_owned)
}

/// The local account.
#[must_use]
pub fn account_sid() -> String {
    variable("ACCOUNT_SID").expect("events/env.json has an account")
}

/// The key of the local KMS.
#[must_use]
pub fn sealing_key_arn() -> String {
    variable("SEALING_KEY_ARN").expect("events/env.json has a key")
}

/// The variables for a function that runs on this machine, next to a DynamoDB and a KMS at these endpoints.
#[must_use]
pub fn environment(table_name: &str, dynamodb: &str, kms: &str) -> Vec<(&'static str, String)> {
    let shared = ["ACCOUNT_SID", "AUTH_TOKEN_SHA256", "SEALING_KEY_ARN"];
    let shared = shared.map(|name| (name, variable(name).expect("events/env.json has it")));
    let own = [
        ("TABLE_NAME", table_name.to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb.to_owned()),
        ("AWS_ENDPOINT_URL_KMS", kms.to_owned()),
        // DynamoDB and KMS on a laptop take any.
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "local".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
    ];
    shared.into_iter().chain(own).collect()
}

/// The header that goes with the local account.
#[must_use]
pub fn authorization() -> String {
    let credentials = format!("{}:{AUTH_TOKEN}", account_sid());
    format!("Basic {}", data_encoding::BASE64.encode(credentials.as_bytes()))
}

/// The Service that the files in `events/` name, as it is stored.
#[must_use]
pub fn service_item() -> Item {
    let account = account_sid();
    let attributes = [
        ("pk", account.as_str()),
        ("sk", SERVICE_SID),
        ("friendly_name", "Owl Bank"),
        ("date_created", "2025-01-01T00:00:00Z"),
        ("date_updated", "2025-01-01T00:00:00Z"),
    ];
    let mut item: Item = attributes
        .map(|(name, text)| (name.to_owned(), AttributeValue::S(text.to_owned())))
        .into();
    item.insert("revision".to_owned(), AttributeValue::N("1".to_owned()));
    item
}

//! DynamoDB: embedded and called over HTTP like the real one, or one that runs elsewhere.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider, SharedHttpClient};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
    Projection, ProjectionType, ScalarAttributeType,
};
use dynoxide::Database;
use serde_yaml_ng::Value;
use tokio::net::TcpListener;

/// The variable that names a DynamoDB elsewhere, to run the tests against, like `http://127.0.0.1:8000`.
pub const ENDPOINT_VARIABLE: &str = "TEST_DYNAMODB_ENDPOINT";

/// An item as the SDK shows it.
pub type Item = HashMap<String, AttributeValue>;

/// A DynamoDB with the function's table in it.
pub struct Dynamo {
    /// Where it is.
    pub endpoint: String,
    /// The table.
    pub table_name: String,
    /// A client of its own, to look at what is there.
    pub client: Client,
}

impl Dynamo {
    /// A fresh table: in an embedded DynamoDB of its own, or in the one that [`ENDPOINT_VARIABLE`] names.
    pub async fn start() -> Self {
        static TABLES: AtomicU32 = AtomicU32::new(0);
        let endpoint = if let Ok(endpoint) = std::env::var(ENDPOINT_VARIABLE) {
            endpoint
        } else {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let database = Database::memory().expect("a database in memory");
            format!("http://{}", serve(listener, database))
        };
        let number = TABLES.fetch_add(1, Ordering::Relaxed);
        let table_name = format!("test-{}-{number}", std::process::id());
        let dynamo = Self::at(endpoint, table_name);
        dynamo.create_table().await;
        dynamo
    }

    /// A DynamoDB that runs already.
    #[must_use]
    pub fn at(endpoint: String, table_name: String) -> Self {
        let client = Client::new(&sdk_config(&endpoint));
        Self {
            endpoint,
            table_name,
            client,
        }
    }

    /// Creates the table as `template.yaml` defines it, unless it is there.
    pub async fn create_table(&self) {
        let definition = table_definition();
        let attributes = list(&definition["AttributeDefinitions"]).map(|attribute| {
            AttributeDefinition::builder()
                .attribute_name(text(&attribute["AttributeName"]))
                .attribute_type(ScalarAttributeType::from(text(&attribute["AttributeType"])))
                .build()
                .expect("complete")
        });
        let indexes = list(&definition["GlobalSecondaryIndexes"]).map(index);
        let created = self
            .client
            .create_table()
            .table_name(&self.table_name)
            .set_attribute_definitions(Some(attributes.collect()))
            .set_key_schema(Some(keys(&definition)))
            .set_global_secondary_indexes(Some(indexes.collect()))
            .billing_mode(BillingMode::from(text(&definition["BillingMode"])))
            .send()
            .await;
        if let Err(error) = created {
            let error = error.into_service_error();
            assert!(
                error.is_resource_in_use_exception(),
                "the table can't be created: {error}"
            );
        }
    }

    /// Every item of the table.
    pub async fn items(&self) -> Vec<Item> {
        let pages = self
            .client
            .scan()
            .table_name(&self.table_name)
            .consistent_read(true)
            .into_paginator();
        pages
            .items()
            .send()
            .collect::<Result<_, _>>()
            .await
            .expect("a scan")
    }

    /// Every item of a partition.
    pub async fn partition(&self, pk: &str) -> Vec<Item> {
        let query = self
            .client
            .query()
            .table_name(&self.table_name)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()))
            .consistent_read(true);
        query
            .into_paginator()
            .items()
            .send()
            .collect::<Result<_, _>>()
            .await
            .expect("a query")
    }

    /// The item with this key.
    pub async fn item(&self, pk: &str, sk: &str) -> Option<Item> {
        let output = self
            .client
            .get_item()
            .table_name(&self.table_name)
            .key("pk", AttributeValue::S(pk.to_owned()))
            .key("sk", AttributeValue::S(sk.to_owned()))
            .consistent_read(true)
            .send()
            .await;
        output.expect("a read").item
    }

    /// Deletes the item with this one's key.
    pub async fn delete(&self, item: Item) {
        let key = item
            .into_iter()
            .filter(|(name, _)| ["pk", "sk"].contains(&name.as_str()));
        self.client
            .delete_item()
            .table_name(&self.table_name)
            .set_key(Some(key.collect()))
            .send()
            .await
            .expect("a delete");
    }

    /// Writes an item, whatever it is.
    pub async fn put(&self, item: Item) {
        self.client
            .put_item()
            .table_name(&self.table_name)
            .set_item(Some(item))
            .send()
            .await
            .expect("a write");
    }
}

/// Serves a database until the runtime ends; where it is.
pub fn serve(listener: TcpListener, database: Database) -> SocketAddr {
    let address = listener.local_addr().expect("a bound listener");
    tokio::spawn(dynoxide::server::serve_on(listener, database));
    address
}

/// How to reach a DynamoDB on this machine.
#[must_use]
pub fn sdk_config(endpoint: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
        .sleep_impl(aws_sdk_dynamodb::config::SharedAsyncSleep::new(Sleep))
        .http_client(http_client())
        .endpoint_url(endpoint)
        .build()
}

/// What speaks HTTP without TLS.
#[must_use]
pub fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_http()
}

/// The `Properties` of the table in `template.yaml`.
fn table_definition() -> Value {
    let template: Value =
        serde_yaml_ng::from_str(include_str!("../../../template.yaml")).expect("template.yaml is YAML");
    let table = &template["Resources"]["Table"];
    assert_eq!(table["Type"].as_str(), Some("AWS::DynamoDB::Table"));
    table["Properties"].clone()
}

/// The keys of the table or of an index.
fn keys(definition: &Value) -> Vec<KeySchemaElement> {
    let keys = list(&definition["KeySchema"]).map(|key| {
        KeySchemaElement::builder()
            .attribute_name(text(&key["AttributeName"]))
            .key_type(KeyType::from(text(&key["KeyType"])))
            .build()
            .expect("complete")
    });
    keys.collect()
}

/// An index of the table.
fn index(definition: &Value) -> GlobalSecondaryIndex {
    let projection = &definition["Projection"];
    let attributes = list(&projection["NonKeyAttributes"]).map(|name| text(name).to_owned());
    let projection = Projection::builder()
        .projection_type(ProjectionType::from(text(&projection["ProjectionType"])))
        .set_non_key_attributes(Some(attributes.collect()));
    GlobalSecondaryIndex::builder()
        .index_name(text(&definition["IndexName"]))
        .set_key_schema(Some(keys(definition)))
        .projection(projection.build())
        .build()
        .expect("complete")
}

fn list(value: &Value) -> std::slice::Iter<'_, Value> {
    value.as_sequence().expect("a list").iter()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

/// The SDK's waiting, on tokio.
#[derive(Debug)]
struct Sleep;

impl aws_sdk_dynamodb::config::AsyncSleep for Sleep {
    fn sleep(&self, duration: std::time::Duration) -> aws_sdk_dynamodb::config::Sleep {
        aws_sdk_dynamodb::config::Sleep::new(tokio::time::sleep(duration))
    }
}

//! The table: the only place that knows DynamoDB.
//!
//! One table with the keys `pk` and `sk`. SIDs say what they are of, so they are the keys as they are:
//!
//! | item | `pk` | `sk` |
//! |---|---|---|
//! | Service | Account SID | Service SID |
//! | Entity: how many Factors it has | Service SID `/` Identity | Entity SID |
//! | Factor | Service SID `/` Identity | Factor SID |

#[path = "../services/cache.rs"]
mod cache;
mod client;
mod error;
#[path = "../factors/stored.rs"]
mod factors;
#[path = "../factors/item.rs"]
mod item;
#[path = "../services/stored.rs"]
mod services;
mod transaction;

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use time::OffsetDateTime;

use crate::rules::AccountSid;
pub use cache::SERVICE_CACHE_TIME;
use cache::ServiceCache;
pub use client::{client, connect};
pub use error::TableError;
pub use factors::{FactorWrite, Provenance};
pub use item::{Item, factor_item};
pub use services::Page;

/// The partition key's name.
const PK: &str = "pk";
/// The sort key's name.
const SK: &str = "sk";

/// The table of one deployment, and what was lately read from it.
pub struct Table {
    client: Client,
    name: String,
    account_sid: AccountSid,
    services: ServiceCache,
}

impl Table {
    /// The table of this name, for one account.
    #[must_use]
    pub fn new(client: Client, name: String, account_sid: AccountSid) -> Self {
        Self {
            client,
            name,
            account_sid,
            services: ServiceCache::default(),
        }
    }

    /// Opens the connection to DynamoDB by reading the first Services, so that the first request finds both ready.
    ///
    /// It takes at most a second and a failure is logged and forgotten: the request will tell.
    pub async fn warm_up(&self, now: OffsetDateTime) {
        match tokio::time::timeout(Self::WARM_UP_TIME, self.read_first_services()).await {
            Ok(Ok(services)) => {
                for service in services {
                    self.services.put(service, now);
                }
            }
            Ok(Err(error)) => {
                tracing::warn!(cause = %error.chain(), "the connection to DynamoDB isn't ready");
            }
            Err(_) => tracing::warn!(
                cause = "it took too long",
                "the connection to DynamoDB isn't ready"
            ),
        }
    }

    /// The most that the start can wait for DynamoDB: Lambda gives the whole start ten seconds.
    const WARM_UP_TIME: Duration = Duration::from_secs(1);
}

/// A string attribute.
fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// A number attribute.
fn n(number: u8) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

//! DynamoDB, of no noun in particular: the keys (here), reading `item`s, `page`s and `transaction`s, and what is done `by_hand`.
//!
//! One table with the keys `pk` and `sk`. SIDs say what they are of, so they are the keys as they are:
//!
//! | item | `pk` | `sk` |
//! |---|---|---|
//! | Service | Account SID | Service SID |
//! | data key, wrapped | Account SID | `DK` and its version |
//! | Entity: since when it is there, and how many Factors it has | Service SID `/` Identity | Entity SID |
//! | Factor, or what is left of one | Service SID `/` Identity | Factor SID |
//! | Challenge | Service SID `/` Identity | Challenge SID |
//! | which Challenge an `Idempotency-Key` made | Service SID `/` Identity | `IK` and a digest of it |
//! | Access Token, used up or not | Service SID `/AccessTokens/` its SID | Access Token SID |
//!
//! The index `entities` has the Entities alone, by Service SID and Identity, and DynamoDB deletes what has an `expires` in the
//! past, within days: whoever reads looks at the clock first.

mod by_hand;
mod item;
mod page;
mod transaction;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::KeysAndAttributes;

use crate::aws::Failure;
use crate::randomness::Randomness;
use crate::sid::AccountSid;
pub use item::Item;
pub(crate) use item::{Stored, b, item, m, minus, n, s};
pub(crate) use page::Range;
pub(crate) use transaction::{
    CONDITION_FAILED, CONFLICT_TIME, Patience, TRANSACTION_ITEMS, Transaction, refused_by,
};

/// The partition key's name.
pub(crate) const PK: &str = "pk";
/// The sort key's name.
pub(crate) const SK: &str = "sk";

/// The condition that an item is still the one that was read; `:revision` and `:request_id` say which.
pub(crate) const UNCHANGED: &str = "revision = :revision AND request_id = :request_id";
/// The attribute with the ID of the request that wrote an item last, or made it where others count on it.
pub(crate) const REQUEST_ID: &str = "request_id";
/// The attribute with the SID of what an item was used up for, which it can be once.
pub(crate) const USED_FOR: &str = "used_for";
/// The attribute with the second from which DynamoDB deletes an item, counted from 1970.
pub(crate) const EXPIRES: &str = "expires";
/// The attribute that has an Entity in the index, with the SID of the Service that it is one of.
pub(crate) const ENTITIES_OF: &str = "entities_of";
/// The index of Entities.
pub(crate) const ENTITIES: &str = "entities";

/// The table of one deployment.
pub struct Table {
    pub(crate) client: Client,
    pub(crate) name: String,
    account_sid: AccountSid,
    pub(crate) randomness: Randomness,
}

impl Table {
    /// The table of this name, for one account.
    #[must_use]
    pub(crate) fn new(client: Client, name: String, account_sid: AccountSid, randomness: Randomness) -> Self {
        Self {
            client,
            name,
            account_sid,
            randomness,
        }
    }

    /// The partition of the account: its Services.
    pub(crate) fn account_partition(&self) -> &str {
        self.account_sid.as_str()
    }

    /// The item with this key as it is in the table now; what was written a moment ago is there.
    pub(crate) async fn read(&self, key: Item) -> Result<Option<Item>, Failure> {
        let read = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key))
            .consistent_read(true);
        Ok(read.send().await?.item)
    }

    /// Two items as [`read`](Self::read) reads them, in one call.
    pub(crate) async fn read_both(
        &self,
        pk: &str,
        [first, second]: [&str; 2],
    ) -> Result<[Option<Item>; 2], Failure> {
        let mut patience = Patience::begin();
        let (mut items, mut keys) = (Vec::new(), vec![key(pk, first), key(pk, second)]);
        while !keys.is_empty() {
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .consistent_read(true)
                .build()
                .map_err(|error| Failure::Fault(error.into()))?;
            let read = self.client.batch_get_item().request_items(&self.name, wanted);
            let mut output = read.send().await?;
            let found = output.responses.as_mut().and_then(|all| all.remove(&self.name));
            items.extend(found.unwrap_or_default());
            // Where DynamoDB is short of capacity it leaves some for another call.
            let left = output
                .unprocessed_keys
                .as_mut()
                .and_then(|all| all.remove(&self.name));
            keys = left.map(|left| left.keys).unwrap_or_default();
            if !keys.is_empty() {
                patience.wait_for_capacity(&self.randomness).await?;
            }
        }
        let mut of = |sk: &str| {
            let is_it = |item: &Item| item.get(SK) == Some(&s(sk));
            items.iter().position(is_it).map(|place| items.swap_remove(place))
        };
        Ok([of(first), of(second)])
    }
}

/// A key of the table.
pub(crate) fn key(pk: &str, sk: &str) -> Item {
    item([(PK, s(pk)), (SK, s(sk))])
}

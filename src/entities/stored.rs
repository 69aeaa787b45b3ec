//! Entities in the table: the calls to DynamoDB, and the counts that hold the limits.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, TransactWriteItem, Update};

use super::entity::{COUNTED_AS, Entity, EntityWrite, Made};
use super::{Counted, EntityKey, item};
use crate::aws::Failure;
use crate::parameters::{Page, PageRequest};
use crate::revision::AsRead;
use crate::sid::{AccountSid, EntitySid, Identity, ServiceSid};
use crate::table::{
    Item, Patience, Range, SK, TRANSACTION_ITEMS, Table, Transaction, UNCHANGED, key, minus, n, s,
};

impl Table {
    /// The Entity as it is in the table now.
    pub(super) async fn read_entity(&self, entity: EntityKey<'_>) -> Result<Option<Entity>, Failure> {
        let item = self.read(entity_key(entity)).await?;
        item.as_ref().map(item::to_entity).transpose()
    }

    /// Which write of an Entity its item is now, what is counted on it or off it included; `None` if there is none.
    pub(crate) async fn read_entity_write(
        &self,
        entity: EntityKey<'_>,
    ) -> Result<Option<EntityWrite>, Failure> {
        let item = self.read(entity_key(entity)).await?;
        item.as_ref().map(item::to_write).transpose()
    }

    /// A page of a Service's Entities, in the order of their Identities.
    pub(super) async fn list_entities(
        &self,
        (account_sid, service_sid): (AccountSid, ServiceSid),
        request: &PageRequest<Identity>,
    ) -> Result<Page<Entity>, Failure> {
        let range = Range::Entities {
            of: service_sid.as_str(),
        };
        let place = |identity: &Identity| {
            let sid = EntitySid::of(account_sid, service_sid, identity);
            item::index_key(service_sid, identity, sid)
        };
        let read = |item: &Item| item::to_entity(item).map(Some);
        self.query_page(range, request, 0, place, read).await
    }

    /// Writes a new Entity; false if there is one already.
    pub(super) async fn create_entity(&self, entity: &Entity, made: Made<'_>) -> Result<bool, Failure> {
        let write = || Ok(vec![self.put_new(item::of_entity(entity, made))?]);
        // A transaction of one, as its token makes the SDK's retries safe: a repeated put would find its own.
        match self.transact(write).await? {
            Transaction::Committed => Ok(true),
            Transaction::Cancelled(_) => Ok(false),
        }
    }

    /// Deletes an Entity with all that is its own; false if there was none, or another request deleted it.
    ///
    /// The Entity goes last, when a query finds nothing of its own any more, and only if nothing was counted on it since. A query may
    /// show part of a transaction that is being written: what else is of that is there by the next one. What is cut short can be
    /// repeated.
    pub(super) async fn delete_entity(&self, entity: EntityKey<'_>) -> Result<bool, Failure> {
        let pk = entity.partition();
        let all = Range::Partition { pk: &pk, prefix: "" };
        let mut patience = Patience::begin();
        loop {
            let Some(read) = self.read_entity_write(entity).await? else {
                return Ok(false);
            };
            // From the end: without its Factors nothing else comes to an Entity.
            let (items, more) = self.query(all, false, TRANSACTION_ITEMS, None).await?;
            let own: Vec<&Item> = items
                .iter()
                .filter(|item| text(item, SK) != Some(entity.sid.as_str()))
                .take(TRANSACTION_ITEMS - 1)
                .collect();
            let is_empty = more.is_none() && own.is_empty();
            let writes = || {
                let delete = |item: &&Item| self.delete_as_read(item);
                let mut writes: Vec<_> = own.iter().map(delete).collect::<Result<_, _>>()?;
                writes.push(if is_empty {
                    self.delete_empty(entity, read.as_read())?
                } else {
                    self.count_off_all(entity, &own, read.as_read())?
                });
                Ok(writes)
            };
            match self.transact(writes).await? {
                Transaction::Committed if is_empty => return Ok(true),
                Transaction::Committed => {}
                Transaction::Cancelled(_) => patience.wait_for_others(&self.randomness).await?,
            }
        }
    }

    /// Counts one more on its Entity, as one write of a transaction, which fails at the limit. The first makes the Entity.
    ///
    /// The cost is the same however many there are, and the limit holds however many writers there are.
    pub(crate) fn count_on(
        &self,
        entity: EntityKey<'_>,
        counted: Counted,
        made: Made<'_>,
    ) -> Result<TransactWriteItem, Failure> {
        let new = Entity::create(entity, made);
        let mut update = self
            .update_entity(entity)
            .condition_expression("attribute_not_exists(#count) OR #count < :limit")
            .expression_attribute_names("#count", counted.attribute)
            .expression_attribute_values(":one", n(1_u8))
            .expression_attribute_values(":limit", n(counted.limit));
        // Short names, as every byte of a request is hashed to sign it; and `#n` for those that DynamoDB keeps for itself.
        let mut expression = "ADD #count :one, revision :one SET".to_owned();
        for (number, (name, value)) in item::attributes(&new, made).into_iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            let path = if name == item::IDENTITY { "#n" } else { name };
            let _ = write!(expression, "{comma} {path} = if_not_exists({path}, :{number})");
            update = update.expression_attribute_values(format!(":{number}"), value);
        }
        built(
            update
                .update_expression(expression)
                .expression_attribute_names("#n", item::IDENTITY),
        )
    }

    /// Counts one off its Entity, as one write of a transaction.
    pub(crate) fn count_off(
        &self,
        entity: EntityKey<'_>,
        counted: Counted,
    ) -> Result<TransactWriteItem, Failure> {
        let update = self
            .update_entity(entity)
            .update_expression("ADD #count :minus, revision :one")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#count", counted.attribute)
            .expression_attribute_values(":minus", minus(1_u8))
            .expression_attribute_values(":one", n(1_u8));
        built(update)
    }

    /// Sets a count to how many there are, if nothing was counted since it was read, as one write of a transaction.
    pub(crate) fn set_count(
        &self,
        entity: EntityKey<'_>,
        counted: Counted,
        there: usize,
        read: AsRead<'_>,
    ) -> Result<TransactWriteItem, Failure> {
        let update = self
            .update_entity(entity)
            .update_expression("SET #count = :there ADD revision :one")
            .condition_expression(UNCHANGED)
            .expression_attribute_names("#count", counted.attribute)
            .expression_attribute_values(":there", AttributeValue::N(there.to_string()))
            .expression_attribute_values(":one", n(1_u8))
            .expression_attribute_values(":revision", n(read.revision.get()))
            .expression_attribute_values(":request_id", s(read.request_id));
        built(update)
    }

    /// Counts items off that go, if nothing was counted since they were read.
    fn count_off_all(
        &self,
        entity: EntityKey<'_>,
        items: &[&Item],
        read: AsRead<'_>,
    ) -> Result<TransactWriteItem, Failure> {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for attribute in items.iter().filter_map(|item| text(item, COUNTED_AS)) {
            *counts.entry(attribute).or_default() += 1;
        }
        let mut expression = "ADD revision :one".to_owned();
        let mut update = self
            .update_entity(entity)
            .condition_expression(UNCHANGED)
            .expression_attribute_values(":one", n(1_u8))
            .expression_attribute_values(":revision", n(read.revision.get()))
            .expression_attribute_values(":request_id", s(read.request_id));
        for (number, (attribute, count)) in counts.into_iter().enumerate() {
            let _ = write!(expression, ", #count{number} :minus{number}");
            update = update
                .expression_attribute_names(format!("#count{number}"), attribute)
                .expression_attribute_values(format!(":minus{number}"), minus(count));
        }
        built(update.update_expression(expression))
    }

    /// Deletes the item of an Entity, if nothing was counted since it was read.
    fn delete_empty(&self, entity: EntityKey<'_>, read: AsRead<'_>) -> Result<TransactWriteItem, Failure> {
        let delete = Delete::builder()
            .table_name(&self.name)
            .set_key(Some(entity_key(entity)))
            .condition_expression(UNCHANGED)
            .expression_attribute_values(":revision", n(read.revision.get()))
            .expression_attribute_values(":request_id", s(read.request_id))
            .build()
            .map_err(|error| Failure::Fault(error.into()))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    fn update_entity(&self, entity: EntityKey<'_>) -> UpdateBuilder {
        Update::builder()
            .table_name(&self.name)
            .set_key(Some(entity_key(entity)))
    }
}

fn entity_key(entity: EntityKey<'_>) -> Item {
    key(&entity.partition(), entity.sid.as_str())
}

/// A text of an item.
fn text<'a>(item: &'a Item, attribute: &str) -> Option<&'a str> {
    Some(item.get(attribute)?.as_s().ok()?.as_str())
}

fn built(update: UpdateBuilder) -> Result<TransactWriteItem, Failure> {
    let update = update.build().map_err(|error| Failure::Fault(error.into()))?;
    Ok(TransactWriteItem::builder().update(update).build())
}

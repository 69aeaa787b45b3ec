//! Entities in the table: the counts that hold the limits.

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};

use super::{Counted, EntityKey};
use crate::aws::Failure;
use crate::table::{Table, key, n};

impl Table {
    /// Counts one more on its Entity, as one write of a transaction, which fails at the limit. The first makes the Entity.
    ///
    /// The cost is the same however many there are, and the limit holds however many writers there are.
    pub(crate) fn count(
        &self,
        entity: EntityKey<'_>,
        counted: Counted,
    ) -> Result<TransactWriteItem, Failure> {
        let partition = entity.identity.partition(entity.service_sid);
        let update = Update::builder()
            .table_name(&self.name)
            .set_key(Some(key(&partition, entity.sid.as_str())))
            .update_expression("ADD #count :one, revision :one")
            .condition_expression("attribute_not_exists(#count) OR #count < :limit")
            .expression_attribute_names("#count", counted.attribute)
            .expression_attribute_values(":one", n(1_u8))
            .expression_attribute_values(":limit", n(counted.limit))
            .build()
            .map_err(|error| Failure::Fault(error.into()))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

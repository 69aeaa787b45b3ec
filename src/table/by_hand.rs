//! What only the operator does with items, by hand: find them in the whole table, and change one by itself.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;

use super::{Item, Table, UNCHANGED, n, s};
use crate::aws::Failure;
use crate::revision::AsRead;

impl Table {
    /// Some of all items that a filter keeps, `values` being what it compares with, and where the next begin.
    pub(crate) async fn scan(
        &self,
        filter: String,
        values: Option<Item>,
        start: Option<Item>,
    ) -> Result<(Vec<Item>, Option<Item>), Failure> {
        let scan = self
            .client
            .scan()
            .table_name(&self.name)
            .filter_expression(filter)
            .set_expression_attribute_values(values)
            .set_exclusive_start_key(start)
            .consistent_read(true);
        let output = scan.send().await?;
        Ok((output.items.unwrap_or_default(), output.last_evaluated_key))
    }

    /// Changes an item by `update`, which sets or removes attributes, if it is still the one that was read; whether it was.
    pub(crate) async fn change(
        &self,
        key: Item,
        read: AsRead<'_>,
        update: &str,
        values: Item,
    ) -> Result<bool, Failure> {
        let update = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key))
            .condition_expression(UNCHANGED)
            .update_expression(format!("{update} ADD revision :one"))
            .set_expression_attribute_values(Some(values))
            .expression_attribute_values(":revision", n(read.revision.get()))
            .expression_attribute_values(":request_id", s(read.request_id))
            .expression_attribute_values(":one", n(1_u8));
        match update.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                // Somebody else wrote it, or is about to.
                Some(
                    UpdateItemError::ConditionalCheckFailedException(_)
                    | UpdateItemError::TransactionConflictException(_),
                ) => Ok(false),
                _ => Err(error.into()),
            },
        }
    }
}

//! What becomes of a Factor in the table: by itself, or with a Challenge.

use std::fmt::Write as _;

use aws_sdk_dynamodb::types::{ConditionCheck, TransactWriteItem, Update};

use super::read::factor_key;
use crate::aws::Failure;
use crate::entities::EntityKey;
use crate::factors::{Authenticator, Factor, Status, item};
use crate::revision::AsRead;
use crate::sealing::SealedBinding;
use crate::sid::FactorSid;
use crate::table::{Item, Patience, Table, Transaction, UNCHANGED, b, n, refused_by, s};
use crate::time::Timestamp;

/// What is to become of a Factor that was read.
pub(crate) enum Change {
    /// It becomes this one.
    To(Box<Factor>),
    /// It is deleted.
    Delete,
}

/// How the change of a Factor ended.
pub(crate) enum ChangeWrite {
    /// It is in the table now.
    Written,
    /// Somebody else was faster: what is there now.
    Meanwhile(Option<Box<Factor>>),
}

impl Table {
    /// Changes a Factor that was read, if nobody changed it meanwhile; else waits a moment and says what is there then.
    pub(crate) async fn change_factor(
        &self,
        read: &Factor,
        change: &Change,
        (request_id, now): (&str, Timestamp),
        patience: &mut Patience,
    ) -> Result<ChangeWrite, Failure> {
        let entity = read.entity();
        let writes = || match change {
            Change::To(factor) => Ok(vec![self.put_over(item::of_factor(factor), read.as_read())?]),
            Change::Delete => Ok(vec![
                self.put_over(item::of_tombstone(read, request_id, now), read.as_read())?,
                self.count_off(entity, read.factor_type().counted())?,
            ]),
        };
        let reasons = match self.transact(writes).await? {
            Transaction::Committed => return Ok(ChangeWrite::Written),
            Transaction::Cancelled(reasons) => reasons,
        };
        let item = match refused_by(reasons) {
            Some(item) => Some(item),
            None => self.read(factor_key(entity, read.sid)).await?,
        };
        let there = match &item {
            // This request's own write, of which the answer was lost.
            Some(item) if item::is_by(item, request_id)? => return Ok(ChangeWrite::Written),
            Some(item) => item::to_factor(item)?,
            None => None,
        };
        patience.wait_for_others(&self.randomness).await?;
        Ok(ChangeWrite::Meanwhile(there.map(Box::new)))
    }

    /// Writes what a code or a Challenge changed of a Factor, if nobody changed it since `read`, as one write of a transaction.
    pub(crate) fn write_authenticator(
        &self,
        entity: EntityKey<'_>,
        read: AsRead<'_>,
        written: &Authenticator,
    ) -> Result<TransactWriteItem, Failure> {
        let mut update = Update::builder()
            .table_name(&self.name)
            .set_key(Some(factor_key(entity, written.sid)))
            .condition_expression(UNCHANGED)
            .expression_attribute_values(":revision", n(read.revision.get()))
            .expression_attribute_values(":request_id", s(read.request_id))
            .expression_attribute_values(":next", n(written.as_read().revision.get()))
            .expression_attribute_values(":by", s(written.as_read().request_id))
            .expression_attribute_values(":binding", b(written.binding.as_bytes()));
        let mut set = "SET revision = :next, request_id = :by, binding = :binding".to_owned();
        let mut remove = String::new();
        for (attribute, value) in item::of_counts(&written.guesses, &written.windows, written.last_step) {
            if let Some(value) = value {
                let _ = write!(set, ", {attribute} = :{attribute}");
                update = update.expression_attribute_values(format!(":{attribute}"), value);
            } else {
                let comma = if remove.is_empty() { " REMOVE" } else { "," };
                let _ = write!(remove, "{comma} {attribute}");
            }
        }
        let update = update.update_expression(set + &remove).build();
        let update = update.map_err(|error| Failure::Fault(error.into()))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// Checks that the Factor that was `created` then is there and verified, and not another one that came to have its SID, as part of a
    /// transaction.
    pub(crate) fn check_factor(
        &self,
        entity: EntityKey<'_>,
        sid: FactorSid,
        created: Timestamp,
    ) -> Result<TransactWriteItem, Failure> {
        let check = ConditionCheck::builder()
            .table_name(&self.name)
            .set_key(Some(factor_key(entity, sid)))
            .condition_expression("#status = :verified AND date_created = :created")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":verified", s(Status::Verified.name()))
            .expression_attribute_values(":created", s(created.to_string()))
            .build()
            .map_err(|error| Failure::Fault(error.into()))?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    /// Writes another seal of the same binding, if the Factor is still the one that was read; whether it was.
    pub(crate) async fn replace_binding(
        &self,
        factor: &Factor,
        sealed: &SealedBinding,
    ) -> Result<bool, Failure> {
        let key = factor_key(factor.entity(), factor.sid);
        let values = Item::from([(":sealed".to_owned(), b(sealed.as_bytes()))]);
        self.change(key, factor.as_read(), "SET binding = :sealed", values)
            .await
    }
}

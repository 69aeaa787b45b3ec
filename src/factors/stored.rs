//! Factors in the table: the calls to DynamoDB.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;

use super::{Factor, Provenance, item};
use crate::aws::Failure;
use crate::sealing::SealedBinding;
use crate::sid::FactorSid;
use crate::table::{CONDITION_FAILED, Item, SK, Table, Transaction, b, key, n, s};

/// How the write of a Factor ended.
pub(super) enum FactorWrite {
    /// It is in the table now.
    Written,
    /// There is one with this SID: this request's own, whose answer was lost, or an earlier request's with the same key.
    There(Box<Factor>, Provenance),
    /// The Entity has as many Factors of this type as it can.
    LimitReached,
}

impl Table {
    /// Writes a Factor and counts it on its Entity: both or neither, never over another Factor, never over the limit.
    pub(super) async fn create_factor(
        &self,
        factor: &Factor,
        provenance: &Provenance,
    ) -> Result<FactorWrite, Failure> {
        let writes = || {
            Ok(vec![
                self.put_new(item::of_factor(factor, provenance))?,
                self.count(factor.entity(), factor.factor_type().counted())?,
            ])
        };
        let reasons = match self.transact(writes).await? {
            Transaction::Committed => return Ok(FactorWrite::Written),
            Transaction::Cancelled(reasons) => reasons,
        };
        let mut there = reasons
            .into_iter()
            .next()
            .filter(|reason| reason.code() == Some(CONDITION_FAILED))
            .and_then(|reason| reason.item);
        if there.is_none() {
            // The count alone was refused. A replay has to be found on a full Entity too, and nothing promises that a
            // transaction reports every condition that failed.
            there = self.read(factor_key(factor)).await?;
        }
        match there {
            Some(item) => Ok(FactorWrite::There(
                Box::new(item::to_factor(&item)?),
                item::to_provenance(&item)?,
            )),
            None => Ok(FactorWrite::LimitReached),
        }
    }

    /// A Factor as it is in the table now; `None` if it is gone.
    pub(crate) async fn read_factor(&self, factor: &Factor) -> Result<Option<Factor>, Failure> {
        let item = self.read(factor_key(factor)).await?;
        item.as_ref().map(item::to_factor).transpose()
    }

    /// Some of all Factors there are, each as far as it can be read, and where the next begin. For the operator alone: it reads
    /// the whole table.
    pub(crate) async fn scan_factors(
        &self,
        start: Option<Item>,
    ) -> Result<(Vec<Result<Factor, Failure>>, Option<Item>), Failure> {
        let output = self
            .client
            .scan()
            .table_name(&self.name)
            .filter_expression(format!("begins_with({SK}, :prefix)"))
            .expression_attribute_values(":prefix", s(FactorSid::PREFIX))
            .set_exclusive_start_key(start)
            .consistent_read(true)
            .send()
            .await?;
        let items = output.items.unwrap_or_default();
        Ok((
            items.iter().map(item::to_factor).collect(),
            output.last_evaluated_key,
        ))
    }

    /// Writes another seal of the same binding, if the Factor is still the one that was read; whether it was.
    pub(crate) async fn replace_binding(
        &self,
        factor: &Factor,
        sealed: &SealedBinding,
    ) -> Result<bool, Failure> {
        let update = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(factor_key(factor)))
            .condition_expression("revision = :revision")
            .update_expression("SET binding = :sealed ADD revision :one")
            .expression_attribute_values(":revision", n(factor.revision.get()))
            .expression_attribute_values(":sealed", b(sealed.as_bytes()))
            .expression_attribute_values(":one", n(1_u8));
        match update.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(error.into()),
            },
        }
    }
}

fn factor_key(factor: &Factor) -> Item {
    let partition = factor.identity.partition(factor.service_sid);
    key(&partition, factor.sid.as_str())
}

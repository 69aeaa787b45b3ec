use aws_sdk_dynamodb::types::{Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update};

use super::item::{self, Item};
use super::transaction::{CONDITION_FAILED, Transaction};
use super::{Table, TableError, n};
use crate::rules::{Factor, FactorType, Fingerprint};

/// Which request a Factor comes from, stored with it.
#[derive(Clone, Copy)]
pub struct Provenance<'a> {
    /// The request's ID: it tells a write of ours whose answer was lost from another request's.
    pub request_id: &'a str,
    /// The fingerprint of its parameters, if it has an `Idempotency-Key`.
    pub fingerprint: Option<Fingerprint>,
}

/// How the write of a Factor ended.
pub enum FactorWrite {
    /// It is in the table now.
    Created(Box<Factor>),
    /// An earlier request with the same key and parameters made this one.
    Replayed(Box<Factor>),
    /// An earlier request with the same key had other parameters.
    KeyUsedBefore,
    /// The Entity has as many Factors of this type as it can.
    LimitReached,
}

/// The attribute of an Entity that counts its Factors of a type.
const fn count_attribute(factor_type: FactorType) -> &'static str {
    match factor_type {
        FactorType::Push => "push_factors",
        FactorType::Totp => "totp_factors",
    }
}

impl Table {
    /// Writes a Factor and counts it on its Entity: both or neither, never over another Factor, never over the limit.
    ///
    /// # Errors
    /// When DynamoDB cannot be asked, or throttles, or other writers of the Entity keep getting in the way.
    pub async fn create_factor(
        &self,
        factor: Factor,
        provenance: Provenance<'_>,
    ) -> Result<FactorWrite, TableError> {
        let put = self.put_factor(&factor, &provenance)?;
        let count = self.count_factor(&factor)?;
        let reasons = match self.transact(&[put, count]).await? {
            Transaction::Committed => return Ok(FactorWrite::Created(Box::new(factor))),
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
            there = self.read_factor(&factor).await?;
        }
        match there {
            Some(item) => Self::already_there(&provenance, &item),
            None => Ok(FactorWrite::LimitReached),
        }
    }

    /// A Factor with this SID is there: our own write, whose answer was lost; or an earlier request's with this key.
    ///
    /// What is there is the answer in either case, never what would have been written.
    fn already_there(provenance: &Provenance<'_>, item: &Item) -> Result<FactorWrite, TableError> {
        let (request_id, fingerprint) = item::to_provenance(item)?;
        let ours = request_id == provenance.request_id;
        let same_key = provenance.fingerprint.is_some();
        if fingerprint != provenance.fingerprint || !(ours || same_key) {
            return Ok(FactorWrite::KeyUsedBefore);
        }
        let factor = Box::new(item::to_factor(item)?);
        Ok(if ours {
            FactorWrite::Created(factor)
        } else {
            FactorWrite::Replayed(factor)
        })
    }

    fn put_factor(
        &self,
        factor: &Factor,
        provenance: &Provenance<'_>,
    ) -> Result<TransactWriteItem, TableError> {
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(item::factor_item(factor, provenance)))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|error| TableError::Fault(error.into()))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    fn count_factor(&self, factor: &Factor) -> Result<TransactWriteItem, TableError> {
        let partition = item::entity_partition(factor.service_sid, &factor.identity);
        let update = Update::builder()
            .table_name(&self.name)
            .set_key(Some(item::key(partition, factor.entity_sid.as_str())))
            .update_expression("ADD #count :one")
            .condition_expression("attribute_not_exists(#count) OR #count < :limit")
            .expression_attribute_names("#count", count_attribute(factor.factor_type()))
            .expression_attribute_values(":one", n(1))
            .expression_attribute_values(":limit", n(factor.factor_type().limit()))
            .build()
            .map_err(|error| TableError::Fault(error.into()))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    async fn read_factor(&self, factor: &Factor) -> Result<Option<Item>, TableError> {
        let partition = item::entity_partition(factor.service_sid, &factor.identity);
        let output = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(item::key(partition, factor.sid.as_str())))
            .consistent_read(true)
            .send()
            .await?;
        Ok(output.item)
    }
}

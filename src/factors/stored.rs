//! Factors in the table: the calls to DynamoDB.

use super::retry::{Origin, Provenance};
use super::{Factor, item};
use crate::table::{CONDITION_FAILED, Item, Table, TableError, Transaction, entity_partition, key};

/// How the write of a Factor ended.
pub(super) enum FactorWrite {
    /// It is in the table now.
    Created(Box<Factor>),
    /// An earlier request with the same key and parameters made this one.
    Replayed(Box<Factor>),
    /// An earlier request with the same key had other parameters.
    KeyUsedBefore,
    /// The Entity has as many Factors of this type as it can.
    LimitReached,
}

impl Table {
    /// Writes a Factor and counts it on its Entity: both or neither, never over another Factor, never over the limit.
    pub(super) async fn create_factor(
        &self,
        factor: Factor,
        provenance: &Provenance,
    ) -> Result<FactorWrite, TableError> {
        let put = self.put_new(item::of_factor(&factor, provenance))?;
        let count = self.count(factor.entity(), factor.factor_type().counted())?;
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
            let partition = entity_partition(factor.service_sid, &factor.identity);
            there = self.read(key(&partition, factor.sid.as_str())).await?;
        }
        match there {
            Some(item) => already_there(provenance, &item),
            None => Ok(FactorWrite::LimitReached),
        }
    }
}

/// A Factor with this SID is there: our own write, whose answer was lost; or an earlier request's with this key.
///
/// What is there is the answer in either case, never what would have been written.
fn already_there(provenance: &Provenance, item: &Item) -> Result<FactorWrite, TableError> {
    let there = || item::to_factor(item).map(Box::new);
    match item::to_provenance(item)?.seen_from(provenance) {
        Origin::ThisRequest => there().map(FactorWrite::Created),
        Origin::SameRequestBefore => there().map(FactorWrite::Replayed),
        Origin::AnotherRequest => Ok(FactorWrite::KeyUsedBefore),
    }
}

//! A new Factor in the table, and the room that is made for it.

use aws_sdk_dynamodb::types::CancellationReason;

use super::read::factor_key;
use crate::aws::Failure;
use crate::entities::EntityKey;
use crate::factors::room::Room;
use crate::factors::{Factor, FactorType, item};
use crate::table::{CONDITION_FAILED, Item, Patience, TRANSACTION_ITEMS, Table, Transaction, refused_by};
use crate::time::Timestamp;

/// How the write of a new Factor ended.
pub(crate) enum FactorWrite {
    /// It is in the table now.
    Written,
    /// There is one with this SID: this request's own, whose answer was lost, or an earlier request's with the same key.
    There(Box<Factor>),
    /// There was one with this SID.
    Tombstone,
    /// The Entity has as many Factors of this type as it can.
    LimitReached,
    /// The Access Token was used up before.
    TokenUsed,
}

impl Table {
    /// Writes a Factor, counts it on its Entity, and uses up the Access Token if it comes by one: all or nothing, never over another
    /// Factor, never over the limit.
    async fn create_factor(&self, factor: &Factor, token: Option<&Item>) -> Result<FactorWrite, Failure> {
        let counted = factor.factor_type().counted();
        let writes = || {
            let mut writes = vec![
                self.put_new(item::of_factor(factor))?,
                self.count_on(factor.entity(), counted, factor.made())?,
            ];
            if let Some(token) = token {
                writes.push(self.use_up(token, factor.sid.as_str())?);
            }
            Ok(writes)
        };
        let reasons = match self.transact(writes).await? {
            Transaction::Committed => return Ok(FactorWrite::Written),
            Transaction::Cancelled(reasons) => reasons,
        };
        let is_used = reasons.get(2).and_then(CancellationReason::code) == Some(CONDITION_FAILED);
        let mut there = refused_by(reasons);
        if there.is_none() {
            // The count or the token was refused. A replay has to be found on a full Entity too, and nothing promises that a
            // transaction reports every condition that failed.
            there = self.read(factor_key(factor.entity(), factor.sid)).await?;
        }
        Ok(match there {
            Some(item) => match item::to_factor(&item)? {
                Some(factor) => FactorWrite::There(Box::new(factor)),
                None => FactorWrite::Tombstone,
            },
            None if is_used => FactorWrite::TokenUsed,
            None => FactorWrite::LimitReached,
        })
    }

    /// Writes a Factor as [`create_factor`](Self::create_factor) does; where its Entity is full of what is gone, once there is room.
    pub(crate) async fn enrol(
        &self,
        factor: &Factor,
        token: Option<&Item>,
        by: (&str, Timestamp),
    ) -> Result<FactorWrite, Failure> {
        let mut patience = Patience::begin();
        loop {
            match self.create_factor(factor, token).await? {
                FactorWrite::LimitReached => {
                    // Boxed, as hardly any request needs it and all would have room for it.
                    let making = self.make_room(factor.entity(), factor.factor_type(), by, &mut patience);
                    if !Box::pin(making).await? {
                        return Ok(FactorWrite::LimitReached);
                    }
                }
                written => return Ok(written),
            }
        }
    }

    /// Makes room on an Entity that is said to be full: what is gone gives its place back, and the count becomes what is there. False
    /// if there is none to be made; where somebody else is at it, there may be some soon.
    async fn make_room(
        &self,
        entity: EntityKey<'_>,
        factor_type: FactorType,
        (request_id, now): (&str, Timestamp),
        patience: &mut Patience,
    ) -> Result<bool, Failure> {
        let Some(read) = self.read_entity_write(entity).await? else {
            return Ok(true);
        };
        let factors = self.read_factors(entity).await?;
        // One write of the transaction is the count.
        let room = Room::among(&factors, factor_type, TRANSACTION_ITEMS - 1, now);
        let Some(Room { gone, there }) = room else {
            return Ok(false);
        };
        let writes = || {
            let tombstone = |factor: &&Factor| {
                self.put_over(item::of_tombstone(factor, request_id, now), factor.as_read())
            };
            let mut writes: Vec<_> = gone.iter().map(tombstone).collect::<Result<_, _>>()?;
            writes.push(self.set_count(entity, factor_type.counted(), there, read.as_read())?);
            Ok(writes)
        };
        if let Transaction::Cancelled(_) = self.transact(writes).await? {
            patience.wait_for_others(&self.randomness).await?;
        }
        Ok(true)
    }
}

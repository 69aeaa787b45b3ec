//! Factors in the table: the calls to DynamoDB.

use std::fmt::Write as _;

use aws_sdk_dynamodb::types::{CancellationReason, ConditionCheck, TransactWriteItem, Update};

use super::room::Room;
use super::{Authenticator, Factor, FactorType, Status, item};
use crate::aws::Failure;
use crate::entities::EntityKey;
use crate::parameters::{Page, PageRequest};
use crate::revision::AsRead;
use crate::sealing::SealedBinding;
use crate::sid::FactorSid;
use crate::table::{
    CONDITION_FAILED, Item, Patience, Range, SK, TRANSACTION_ITEMS, Table, Transaction, UNCHANGED, b, key, n,
    s,
};
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

/// Items that a list looks at in one query: an Entity has 120 Factors at the most, and what is left of some that are gone.
const SOME_GONE: usize = 1000;

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

    /// A Factor as it is in the table now, be it [expired](Factor::if_there) or not; `None` if it is not there.
    pub(crate) async fn read_factor(
        &self,
        entity: EntityKey<'_>,
        sid: FactorSid,
    ) -> Result<Option<Factor>, Failure> {
        let item = self.read(factor_key(entity, sid)).await?;
        item.as_ref().map_or(Ok(None), item::to_factor)
    }

    /// A Factor as [`read_factor`](Self::read_factor) has it, and another item of the Entity, in one call.
    pub(crate) async fn read_factor_beside(
        &self,
        entity: EntityKey<'_>,
        sid: FactorSid,
        sk: &str,
    ) -> Result<(Option<Factor>, Option<Item>), Failure> {
        let [factor, other] = self.read_both(&entity.partition(), [sid.as_str(), sk]).await?;
        let factor = factor.as_ref().map_or(Ok(None), item::to_factor)?;
        Ok((factor, other))
    }

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

    /// A page of an Entity's Factors, in the order of their SIDs.
    pub(super) async fn list_factors(
        &self,
        entity: EntityKey<'_>,
        request: &PageRequest<FactorSid>,
        now: Timestamp,
    ) -> Result<Page<Factor>, Failure> {
        let pk = entity.partition();
        let range = Range::Partition {
            pk: &pk,
            prefix: FactorSid::PREFIX,
        };
        let read = |item: &Item| Ok(item::to_factor(item)?.filter(|factor| !factor.is_expired(now)));
        let place = |sid: &FactorSid| key(&pk, sid.as_str());
        self.query_page(range, request, SOME_GONE, place, read).await
    }

    /// All of an Entity's Factors, those that are gone by the clock alone too.
    async fn read_factors(&self, entity: EntityKey<'_>) -> Result<Vec<Factor>, Failure> {
        let pk = entity.partition();
        let range = Range::Partition {
            pk: &pk,
            prefix: FactorSid::PREFIX,
        };
        let (mut factors, mut start) = (Vec::new(), None);
        loop {
            let (items, next) = self.query(range, true, usize::MAX, start).await?;
            for item in &items {
                factors.extend(item::to_factor(item)?);
            }
            start = next;
            if start.is_none() {
                return Ok(factors);
            }
        }
    }

    /// Some of all Factors there are, each as far as it can be read, and where the next begin. For the operator alone: it reads
    /// the whole table.
    pub(crate) async fn scan_factors(
        &self,
        start: Option<Item>,
    ) -> Result<(Vec<Result<Factor, Failure>>, Option<Item>), Failure> {
        let filter = format!("begins_with({SK}, :prefix)");
        let values = Item::from([(":prefix".to_owned(), s(FactorSid::PREFIX))]);
        let (items, next) = self.scan(filter, Some(values), start).await?;
        let factors = items.iter().filter_map(|item| item::to_factor(item).transpose());
        Ok((factors.collect(), next))
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

fn factor_key(entity: EntityKey<'_>, sid: FactorSid) -> Item {
    key(&entity.partition(), sid.as_str())
}

/// The item that refused the first write of a transaction, as far as it was the first that was refused.
fn refused_by(reasons: Vec<CancellationReason>) -> Option<Item> {
    let reason = reasons.into_iter().next()?;
    (reason.code() == Some(CONDITION_FAILED)).then_some(reason.item)?
}

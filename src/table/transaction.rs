//! Transactions: all of them or nothing, once, whoever else writes.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use data_encoding::HEXLOWER;

use super::{Item, PK, REQUEST_ID, SK, Table, UNCHANGED, USED_FOR, n, s};
use crate::aws::{Cause, Failure};
use crate::randomness::Randomness;
use crate::revision::AsRead;

/// How a transaction ended.
pub(crate) enum Transaction {
    /// All of it was written, once.
    Committed,
    /// None of it was written: a condition did not hold. One reason for each of its items, in their order.
    Cancelled(Vec<CancellationReason>),
}

/// Writers of one item that collide are tried again for so long, which leaves the request time to answer.
pub(crate) const CONFLICT_TIME: Duration = Duration::from_secs(4);
/// The pause after the first collision is up to this long, and up to twice as long after each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
/// Pauses are never longer.
const LONGEST_PAUSE: Duration = Duration::from_millis(320);

/// Writes in one transaction, at the most
/// ([quotas](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html)).
pub(crate) const TRANSACTION_ITEMS: usize = 100;

/// The code of a condition that did not hold.
pub(crate) const CONDITION_FAILED: &str = "ConditionalCheckFailed";

/// The item that refused the first write of a transaction, as far as it was the first that was refused.
pub(crate) fn refused_by(reasons: Vec<CancellationReason>) -> Option<Item> {
    let reason = reasons.into_iter().next()?;
    (reason.code() == Some(CONDITION_FAILED)).then_some(reason.item)?
}

impl Table {
    /// Writes all or nothing, trying again while other writers are in the way.
    ///
    /// All tries share a `ClientRequestToken`, the SDK's retries too, so a write whose answer was lost is not done twice.
    /// A new token comes only after a collision, as DynamoDB said that nothing was written.
    /// `items` makes the writes: once, as a rule, which is cheaper than to keep a copy for another try.
    pub(crate) async fn transact(
        &self,
        items: impl Fn() -> Result<Vec<TransactWriteItem>, Failure>,
    ) -> Result<Transaction, Failure> {
        let mut patience = Patience::begin();
        let mut token = token(&self.randomness)?;
        loop {
            let sent = self
                .client
                .transact_write_items()
                .set_transact_items(Some(items()?))
                .client_request_token(&token)
                .send()
                .await;
            let Err(error) = sent else {
                return Ok(Transaction::Committed);
            };
            let (reasons, cancelled) = match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    (cancelled.cancellation_reasons(), true)
                }
                // An earlier try is still under way: the next one asks how it went.
                Some(TransactWriteItemsError::TransactionInProgressException(_)) => ([].as_slice(), false),
                _ => return Err(error.into()),
            };
            let code = |reason: &CancellationReason| reason.code().unwrap_or("None").to_owned();
            let codes: Vec<String> = reasons.iter().map(code).collect();
            if codes.iter().any(|code| code == CONDITION_FAILED) {
                return Ok(Transaction::Cancelled(reasons.to_vec()));
            }
            let passing = |code: &String| code == "TransactionConflict" || Failure::is_throttling(code);
            if !codes.iter().all(|code| code == "None" || passing(code)) {
                return Err(Failure::Fault(error.into()));
            }
            patience.pause(&self.randomness, || error.into()).await?;
            if cancelled {
                token = self::token(&self.randomness)?;
            }
        }
    }

    /// Puts an item in the place of one that is still the one that was read, as one write of a transaction; a refusal shows the one
    /// that is there.
    pub(crate) fn put_over(&self, item: Item, read: AsRead<'_>) -> Result<TransactWriteItem, Failure> {
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression(UNCHANGED)
            .expression_attribute_values(":revision", n(read.revision.get()))
            .expression_attribute_values(":request_id", s(read.request_id))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|error| Failure::Fault(error.into()))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Deletes an item that is still the one that was read, as far as it counts its revisions, as one write of a transaction.
    pub(crate) fn delete_as_read(&self, item: &Item) -> Result<TransactWriteItem, Failure> {
        let part = |name: &str| item.get(name).cloned();
        let mut delete = Delete::builder().table_name(&self.name).set_key(
            part(PK)
                .zip(part(SK))
                .map(|(pk, sk)| super::item([(PK, pk), (SK, sk)])),
        );
        if let Some((revision, request_id)) = part("revision").zip(part(REQUEST_ID)) {
            delete = delete
                .condition_expression(UNCHANGED)
                .expression_attribute_values(":revision", revision)
                .expression_attribute_values(":request_id", request_id);
        }
        let delete = delete.build().map_err(|error| Failure::Fault(error.into()))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    /// Uses an item up for what has this SID, which can be done once, as one write of a transaction.
    pub(crate) fn use_up(&self, key: &Item, sid: &str) -> Result<TransactWriteItem, Failure> {
        let update = Update::builder()
            .table_name(&self.name)
            .set_key(Some(key.clone()))
            .condition_expression(format!(
                "attribute_exists({PK}) AND attribute_not_exists({USED_FOR})"
            ))
            .update_expression(format!("SET {USED_FOR} = :sid"))
            .expression_attribute_values(":sid", s(sid))
            .build()
            .map_err(|error| Failure::Fault(error.into()))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// Puts an item where none is, as one write of a transaction; a refusal shows the one that is there.
    pub(crate) fn put_new(&self, item: Item) -> Result<TransactWriteItem, Failure> {
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|error| Failure::Fault(error.into()))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

/// How writers of one item that collided wait for each other.
pub(crate) struct Patience {
    started: Instant,
    longest_pause: Duration,
}

impl Patience {
    /// All of it is left.
    pub(crate) fn begin() -> Self {
        #[expect(clippy::disallowed_methods, reason = "how long it waits, not what time it is")]
        let started = Instant::now();
        Self {
            started,
            longest_pause: FIRST_PAUSE,
        }
    }

    /// Waits a moment after another writer was faster.
    ///
    /// # Errors
    /// When others always were.
    pub(crate) async fn wait_for_others(&mut self, randomness: &Randomness) -> Result<(), Failure> {
        let cause = || "writers of one item keep colliding".into();
        self.pause(randomness, cause).await
    }

    /// Waits a moment after DynamoDB had not enough capacity for a call.
    ///
    /// # Errors
    /// When it never had.
    pub(super) async fn wait_for_capacity(&mut self, randomness: &Randomness) -> Result<(), Failure> {
        let cause = || "DynamoDB left items unread".into();
        self.pause(randomness, cause).await
    }

    /// Waits a moment before another try.
    ///
    /// # Errors
    /// When there was no end of collisions: the `cause`.
    async fn pause(&mut self, randomness: &Randomness, cause: impl FnOnce() -> Cause) -> Result<(), Failure> {
        if self.started.elapsed() + self.longest_pause > CONFLICT_TIME {
            return Err(Failure::Throttled(cause()));
        }
        // Full jitter: writers that collided spread over the whole pause.
        tokio::time::sleep(self.longest_pause.mul_f64(fraction(randomness)?)).await;
        self.longest_pause = LONGEST_PAUSE.min(self.longest_pause * 2);
        Ok(())
    }
}

/// A `ClientRequestToken` that no other transaction has: 1 to 36 characters.
fn token(randomness: &Randomness) -> Result<String, Failure> {
    let bytes: [u8; 16] = randomness.bytes()?;
    Ok(HEXLOWER.encode(&bytes))
}

/// A number from 0 up to 1.
fn fraction(randomness: &Randomness) -> Result<f64, Failure> {
    let number = u32::from_be_bytes(randomness.bytes()?);
    Ok(f64::from(number) / f64::from(u32::MAX))
}

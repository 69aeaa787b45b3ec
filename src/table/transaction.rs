//! Transactions: all of them or nothing, once, whoever else writes.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use data_encoding::HEXLOWER;

use super::{Item, Table};
use crate::aws::Failure;
use crate::randomness::Randomness;

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

/// The code of a condition that did not hold.
pub(crate) const CONDITION_FAILED: &str = "ConditionalCheckFailed";

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
        #[expect(clippy::disallowed_methods, reason = "how long it waits, not what time it is")]
        let started = Instant::now();
        let mut longest_pause = FIRST_PAUSE;
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
            if started.elapsed() + longest_pause > CONFLICT_TIME {
                return Err(Failure::Throttled(error.into()));
            }
            // Full jitter: writers that collided spread over the whole pause.
            tokio::time::sleep(longest_pause.mul_f64(fraction(&self.randomness)?)).await;
            longest_pause = LONGEST_PAUSE.min(longest_pause * 2);
            if cancelled {
                token = self::token(&self.randomness)?;
            }
        }
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

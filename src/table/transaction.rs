use std::time::{Duration, Instant};

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};
use data_encoding::HEXLOWER;

use super::{Table, TableError};

/// How a transaction ended.
pub(super) enum Transaction {
    /// All of it was written, once.
    Committed,
    /// None of it was written: a condition did not hold. One reason for each of its items, in their order.
    Cancelled(Vec<CancellationReason>),
}

/// Writers of one item that collide are tried again for so long, which leaves the request time to answer.
const CONFLICT_TIME: Duration = Duration::from_secs(4);
/// The pause after the first collision is up to this long, and up to twice as long after each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
/// Pauses are never longer.
const LONGEST_PAUSE: Duration = Duration::from_millis(320);

/// The code of a condition that did not hold.
pub(super) const CONDITION_FAILED: &str = "ConditionalCheckFailed";

impl Table {
    /// Writes all or nothing, trying again while other writers are in the way.
    ///
    /// All tries share a `ClientRequestToken`, the SDK's retries too, so a write whose answer was lost is not done twice.
    /// A new token comes only after a collision, as DynamoDB said that nothing was written.
    pub(super) async fn transact(&self, items: &[TransactWriteItem]) -> Result<Transaction, TableError> {
        let started = Instant::now();
        let mut longest_pause = FIRST_PAUSE;
        let mut token = token()?;
        loop {
            let sent = self
                .client
                .transact_write_items()
                .set_transact_items(Some(items.to_vec()))
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
            let passing = |code: &String| code == "TransactionConflict" || TableError::is_throttling(code);
            if !codes.iter().all(|code| code == "None" || passing(code)) {
                return Err(TableError::Fault(error.into()));
            }
            if started.elapsed() + longest_pause > CONFLICT_TIME {
                return Err(TableError::Throttled(error.into()));
            }
            // Full jitter: writers that collided spread over the whole pause.
            tokio::time::sleep(longest_pause.mul_f64(fastrand::f64())).await;
            longest_pause = LONGEST_PAUSE.min(longest_pause * 2);
            if cancelled {
                token = self::token()?;
            }
        }
    }
}

/// A `ClientRequestToken` that no other transaction has: 1 to 36 characters.
fn token() -> Result<String, TableError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| TableError::Fault(error.into()))?;
    Ok(HEXLOWER.encode(&bytes))
}

//! Factors in the table: the calls to DynamoDB.

mod change;
mod new;
mod read;

use aws_sdk_dynamodb::types::CancellationReason;

pub(crate) use change::{Change, ChangeWrite};
pub(crate) use new::FactorWrite;

use crate::entities::EntityKey;
use crate::sid::FactorSid;
use crate::table::{CONDITION_FAILED, Item, key};

fn factor_key(entity: EntityKey<'_>, sid: FactorSid) -> Item {
    key(&entity.partition(), sid.as_str())
}

/// The item that refused the first write of a transaction, as far as it was the first that was refused.
fn refused_by(reasons: Vec<CancellationReason>) -> Option<Item> {
    let reason = reasons.into_iter().next()?;
    (reason.code() == Some(CONDITION_FAILED)).then_some(reason.item)?
}

//! Factors in the table, the calls to DynamoDB: a `new` one and the room that is made for it, the `change` of one, and how they are `read`.

mod change;
mod new;
mod read;

pub(crate) use change::{Change, ChangeWrite};
pub(crate) use new::FactorWrite;

//! AWS, as the function reaches it: the `client`s of DynamoDB and KMS, and every `failure` of theirs.

mod client;
mod failure;

pub(crate) use client::OPERATION_TIMEOUT;
pub use client::{Clients, connect, dynamodb, kms};
pub(crate) use failure::Cause;
pub use failure::Failure;

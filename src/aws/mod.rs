//! AWS, as the function reaches it: the `client`s of DynamoDB and KMS, their `connections`,
//! what they say they are (`user_agent`), and every `failure` of theirs.

mod client;
mod connections;
mod failure;
mod user_agent;

pub(crate) use client::OPERATION_TIMEOUT;
pub use client::{Clients, connect, dynamodb, kms};
pub use connections::Connections;
pub(crate) use failure::Cause;
pub use failure::Failure;

//! What tests, benchmarks and the local server put around the function, each as much like the real thing as it gets:
//!
//! - [`dynamo`]: DynamoDB, embedded and called over HTTP; or one that runs elsewhere. The table is the template's.
//! - [`kms`]: KMS, embedded and called over HTTP; or one that runs elsewhere.
//! - [`gateway`]: API Gateway, which turns HTTP requests into events.
//! - [`lambda`]: Lambda's Runtime API, which hands events to the real binary.
//! - [`faults`]: a proxy in front of DynamoDB or KMS that fails on demand.
//! - [`fleet`]: many processes of the real binary on one table, and a queue of requests for them.
//! - [`wire`]: TLS and a network's time in front of DynamoDB or KMS.
//! - [`local`]: the settings that everything on a laptop shares.

#![expect(
    clippy::missing_panics_doc,
    reason = "a failure here is the failure of a test"
)]

pub mod dynamo;
pub mod faults;
pub mod fleet;
pub mod gateway;
pub mod kms;
pub mod lambda;
pub mod local;
pub mod wire;

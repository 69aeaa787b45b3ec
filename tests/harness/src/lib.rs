//! What tests, benchmarks and the local server put around the function, each as much like the real thing as it gets:
//!
//! - [`dynamo`]: DynamoDB, embedded and called over HTTP; or one that runs elsewhere. The table is the template's.
//! - [`gateway`]: API Gateway, which turns HTTP requests into events.
//! - [`lambda`]: Lambda's Runtime API, which hands events to the real binary.
//! - [`faults`]: a proxy in front of DynamoDB that fails on demand.
//! - [`local`]: the settings that everything on a laptop shares.

pub mod dynamo;
pub mod faults;
pub mod gateway;
pub mod lambda;
pub mod local;

//! The whole function, from an API Gateway event to the items in DynamoDB: the path of a test is that of what it tests.

#[path = "../support/mod.rs"]
mod support;

mod access_tokens;
mod challenges;
mod contract;
mod devices;
mod entities;
mod factors;
mod operator;
mod sealing;
mod services;

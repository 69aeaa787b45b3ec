//! Creates authentication Factors (TOTP and push) for an Entity, wire-compatible with Twilio Verify, as one AWS Lambda
//! function behind API Gateway.
//!
//! The rooms of this house, in the order in which data walks through them:
//!
//! 1. [`settings`]: environment variables, read and checked once at start.
//! 2. [`http`]: an API Gateway [`http::Event`] becomes a `Request`; routes, credentials, CORS.
//! 3. [`parameters`]: bytes become a [`parameters::Form`], whose values are read by name.
//! 4. [`rules`]: a form becomes a [`rules::NewFactor`], and that with its [`rules::Service`], the time and some
//!    randomness a [`rules::Factor`]. Here is what makes them valid.
//! 5. [`table`]: a Factor becomes an item in DynamoDB, once and never over the limit.
//! 6. [`http`] again: the Factor becomes a resource in JSON, or a refusal the contract's error, and that a
//!    [`http::Reply`].
//!
//! [`App`] leads it through them; `main.rs` connects it to Lambda.

// No panic is reachable from a request; what `expect` there is states an invariant.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

mod app;
pub mod http;
pub mod logging;
pub mod parameters;
pub mod rules;
pub mod settings;
pub mod table;

pub use app::App;

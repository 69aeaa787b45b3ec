//! Enrols authentication Factors (TOTP and push) of Entities and challenges them at each login, wire-compatible with Twilio
//! Verify, as one AWS Lambda function behind API Gateway.
//!
//! # The walk of one request
//!
//! 1. `main.rs` has read the [`settings`] and put the [`App`] together; it hands over each event, with the time.
//! 2. `gateway/event.rs`: API Gateway's [`gateway::Event`] becomes a request.
//! 3. `app.rs` leads it through the contract's checks, in their order and within a time limit, with a `Call` (`call.rs`) for
//!    what is known of it so far. `caller/` says who it says that it is, be it the account, a device or one that enrols; `route.rs` what
//!    it wants: the path (`place.rs`) and the method become an `Operation`, and who may call it is a column of the same table; and
//!    `caller/` whether it is that, and the place is its own. One exhaustive match calls the operation.
//! 4. The operation is a file named by its verb in the folder named by its noun, such as `factors/create.rs`. It reads the
//!    request's [`parameters`] by name, and everything that is wrong with them is gathered.
//! 5. It loads what it needs by way of the noun's `stored.rs`, and of what was read lately, `services/cache.rs`.
//! 6. It decides, in pure functions of the noun: `factors/new.rs` is what is asked for, `factors/factor.rs` what comes of it,
//!    `factors/change.rs` what becomes of that later, and [`sealing`] sees to it that nobody who gets at the table can read or forge it.
//! 7. It writes under a condition: that there is nothing yet, or that nobody wrote it since it was read. `factors/stored/`, with `factors/item.rs` for the attributes and [`table`] for DynamoDB.
//! 8. It shows what is there: `factors/json.rs` becomes an answer (`http/answer.rs`). What is not done is a refusal, of which
//!    there is one enum, `refusal.rs`.
//! 9. Back in `app.rs`, one line is written ([`logging`]), answer or refusal become a response with CORS's headers
//!    (`http/cors.rs`), and `gateway/reply.rs` makes of it what API Gateway wants to hear.
//!
//! # The folders
//!
//! [`services`], `entities`, [`factors`], `challenges`, `access_tokens`: a folder for each noun of the API, in which each noun may use
//! those before it. In it are files with fixed roles:
//!
//! | file | is | never |
//! |---|---|---|
//! | `<verb>.rs` | one operation: read, load, decide, write, show | DynamoDB's SDK, serde |
//! | `item.rs` | attributes to values and back | async |
//! | `stored.rs`, `stored/` | calls to DynamoDB | HTTP |
//! | `json.rs` | the resource, field for field | the table |
//! | `cache.rs` | what was lately read | HTTP |
//! | the others | values and rules, pure: clock and randomness are arguments | async, the table's calls, HTTP |
//!
//! What belongs to no noun is [`gateway`], `http`, [`parameters`], `caller`, [`table`], [`sealing`], [`aws`], and at the root [`settings`], [`logging`], [`sid`],
//! [`time`], `revision.rs` and [`randomness`](Randomness). What the operator does by hand is `operator/`.
//!
//! `pub` is what `main.rs`, the examples, the tests, the benchmarks and the fuzz targets name; this is no library for others.

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
// Clock and randomness come from main.rs; see clippy.toml.
#![deny(clippy::disallowed_methods)]

mod access_tokens;
mod app;
pub mod aws;
mod call;
mod caller;
mod challenges;
mod entities;
pub mod factors;
pub mod gateway;
mod http;
pub mod logging;
mod operator;
pub mod parameters;
mod place;
mod randomness;
mod refusal;
mod revision;
pub mod route;
pub mod sealing;
pub mod services;
pub mod settings;
pub mod sid;
pub mod table;
pub mod time;

pub use app::App;
pub use caller::Caller;
pub use operator::{Count, Imported, Resealed};
pub use randomness::Randomness;

//! Callers that are not the account: `history` is what they call with and what for, drawn by `draws` from `credentials` and `forms`;
//! `contract` is who is let in where, and `tokens` what Access Tokens are; `sent` is what is sent, by a `phone` or with a token. `run`
//! has both do each step and compares.

mod contract;
mod credentials;
pub mod draws;
mod forms;
pub mod history;
mod phone;
mod run;
mod sent;
mod tokens;

pub use contract::Caller;
pub use tokens::AccessToken;

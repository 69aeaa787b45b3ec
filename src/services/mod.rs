//! Services: the settings behind the defaults of their Factors.
//!
//! `service` and `totp` are the rules, `item` and `stored` the table, `cache` what was lately read from it, `json`
//! what is shown; the verbs are the operations.

mod cache;
mod create;
mod delete;
mod fetch;
mod item;
mod json;
mod list;
mod service;
mod stored;
mod totp;
mod update;

pub(crate) use cache::ServiceCache;
pub(crate) use create::create;
pub(crate) use delete::delete;
pub(crate) use fetch::fetch;
pub(crate) use list::list;
pub use service::{NewService, Service, ServiceName, ServiceSettings, ServiceUpdate};
pub use totp::{CodeLength, Issuer, Skew, TimeStep, TotpSettings};
pub(crate) use update::update;

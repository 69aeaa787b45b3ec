//! HTTP in and out: events, routes, credentials, CORS, errors, JSON. It decides no rule and touches no table.

#[path = "../refusal.rs"]
pub(crate) mod answer;
pub(crate) mod cors;
#[path = "../caller/account.rs"]
pub(crate) mod credentials;
#[path = "../gateway/event.rs"]
mod event;
#[path = "../gateway/reply.rs"]
mod reply;
#[path = "../services/json.rs"]
mod resource;
#[path = "../route.rs"]
pub(crate) mod route;

pub use event::{Event, Request};
pub use reply::Reply;
pub use resource::FactorResource;
pub(crate) use resource::{ServiceList, ServiceResource};

//! HTTP in and out: events, routes, credentials, CORS, errors, JSON. It decides no rule and touches no table.

pub(crate) mod answer;
pub(crate) mod cors;
pub(crate) mod credentials;
mod event;
mod reply;
mod resource;
pub(crate) mod route;

pub use event::{Event, Request};
pub use reply::Reply;
pub use resource::FactorResource;
pub(crate) use resource::{ServiceList, ServiceResource};

//! API Gateway's events in (`event`) and out (`reply`), and nothing else.

mod event;
mod reply;

pub use event::Event;
pub use reply::Reply;

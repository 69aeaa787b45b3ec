//! HTTP, whatever it is about: a `request` in, an `answer` or an `error` out, `list`s, and the headers of `cors`. It decides no
//! rule and touches no table.

pub(crate) mod answer;
pub(crate) mod cors;
mod error;
pub(crate) mod list;
mod request;

pub(crate) use answer::Answer;
pub(crate) use error::Told;
pub(crate) use list::List;
pub(crate) use request::{MAX_BODY_BYTES, NoForm, Request};

//! Challenges: one login each, which a Factor's user answers with a code, or with a yes or a no on a phone.
//!
//! In the order in which data walks: `new` is what a request asks for, with `details` for the user to see and an `expiration_date`;
//! `challenge` is what comes of it, and `response` what a `reply` makes of that. `retry` knows a request again. `item` and `stored` are
//! the table, and `json` what is shown and what a phone signs. The verbs are the operations.

mod answer;
mod challenge;
mod create;
mod details;
mod expiration_date;
mod fetch;
mod item;
mod json;
mod list;
mod new;
mod reply;
mod response;
mod retry;
mod stored;

pub(crate) use answer::answer;
pub(crate) use create::create;
pub(crate) use fetch::fetch;
pub(crate) use list::list;
pub(crate) use stored::Copied;

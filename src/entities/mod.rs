//! Entities: the users whose Factors there are, and how many of them.
//!
//! `entity` is the rule, `item` and `stored` the table, and `json` what is shown. The verbs are the operations.

mod create;
mod delete;
mod entity;
mod fetch;
mod item;
mod json;
mod list;
mod stored;

pub(crate) use create::create;
pub(crate) use delete::delete;
pub(crate) use entity::{COUNTED_AS, Counted, EntityKey, Made};
pub(crate) use fetch::fetch;
pub(crate) use list::list;

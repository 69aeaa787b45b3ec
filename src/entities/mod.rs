//! Entities: whose Factors they are, and how many of them there are.
//!
//! `entity` is the rule, `stored` the table.

mod entity;
mod stored;

pub(crate) use entity::{Counted, EntityKey};

//! Parameters: from the bytes of a form or query string to values that are valid, and what can be wrong with one. No I/O.
//!
//! `form` decodes, `fields` reads by name, `rule` says what is wrong; `text` and `page` are values of no noun in
//! particular.

mod fields;
mod form;
mod page;
mod rule;
mod text;

pub use fields::Fields;
pub(crate) use fields::ReadFields;
pub(crate) use page::Page;
pub use page::{Order, PageRequest, PageToken};
pub use rule::{InvalidParameter, Rule};
pub use text::{Bounded, Text};
pub(crate) use text::{integer, length, not_blank};

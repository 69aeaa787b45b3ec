//! Access Tokens: with one, a phone enrols as one push Factor of the Entity that the account made it for.
//!
//! In the order in which data walks: `new` is what a request asks for, `access_token` what comes of it, and `text` what of that the
//! phone shows. `item` and `stored` are the table, `json` what the account sees. The verbs are the operations.

mod access_token;
mod create;
mod fetch;
mod item;
mod json;
mod new;
mod stored;
mod text;

pub(crate) use create::create;
pub(crate) use fetch::fetch;
pub(crate) use item::key;
pub(crate) use text::TokenText;

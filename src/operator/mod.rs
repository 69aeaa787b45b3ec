//! What the operator does by hand and with rights of their own: `data_keys` for `examples/keys.rs`, and `import` for
//! `examples/import/`. The function never calls it.

mod data_keys;
mod import;

pub use data_keys::{Count, Resealed};
pub use import::Imported;

//! Parameters: from the bytes of a form or query string to named text, and what can be wrong with one. No I/O.

mod form;
#[path = "../parameters/rule.rs"]
mod invalid;

pub use form::Form;
pub use invalid::{InvalidParameter, KeyFault, Rule};

/// The parsed value, or `None` with the refusal noted, so that one answer names every parameter that is wrong.
pub(crate) fn noting<T>(
    invalid: &mut Vec<InvalidParameter>,
    parsed: Result<T, InvalidParameter>,
) -> Option<T> {
    parsed.map_err(|refusal| invalid.push(refusal)).ok()
}

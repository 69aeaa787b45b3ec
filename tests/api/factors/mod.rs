//! Factors, a file for each thing that can be done with them.

mod create;
mod new;
mod retry;

/// The SID of the events' Entity: it never changes, or Entities would lose their Factors.
pub(crate) const ENTITY_SID: &str = "YE384acd7bb9b0b83b04fadcb3d6e026ec";

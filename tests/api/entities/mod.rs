//! Entities: how many Factors they can have.

mod stored;

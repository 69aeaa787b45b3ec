//! What an Entity has only so many of.

use crate::sid::{EntitySid, Identity, ServiceSid};

/// Something that is counted on its Entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    /// The attribute that counts it.
    pub(crate) attribute: &'static str,
    /// The most that one Entity can have.
    pub(crate) limit: u8,
}

/// Which Entity.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EntityKey<'a> {
    pub(crate) service_sid: ServiceSid,
    pub(crate) identity: &'a Identity,
    pub(crate) sid: EntitySid,
}

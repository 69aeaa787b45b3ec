//! Entities: the users whose Factors there are, and what one has only so many of.

use crate::parameters::Fields;
use crate::sid::{AccountSid, EntitySid, Identity, ServiceSid};
use crate::time::Timestamp;

/// Something that is counted on its Entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    /// The attribute that counts it.
    pub(crate) attribute: &'static str,
    /// The most that one Entity can have.
    pub(crate) limit: u8,
}

/// The attribute of what is counted that says by which attribute of its Entity.
pub(crate) const COUNTED_AS: &str = "counted_as";

/// Which Entity.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EntityKey<'a> {
    pub(crate) service_sid: ServiceSid,
    pub(crate) identity: &'a Identity,
    pub(crate) sid: EntitySid,
}

impl<'a> EntityKey<'a> {
    /// The Entity with this Identity.
    pub(crate) fn of(account_sid: AccountSid, service_sid: ServiceSid, identity: &'a Identity) -> Self {
        Self {
            service_sid,
            identity,
            sid: EntitySid::of(account_sid, service_sid, identity),
        }
    }

    /// The partition of the table that has it and all that is its own.
    pub(crate) fn partition(&self) -> String {
        self.identity.partition(self.service_sid)
    }
}

/// An Entity.
#[derive(Clone, Debug)]
pub(super) struct Entity {
    pub(super) sid: EntitySid,
    pub(super) account_sid: AccountSid,
    pub(super) service_sid: ServiceSid,
    pub(super) identity: Identity,
    pub(super) date_created: Timestamp,
    pub(super) date_updated: Timestamp,
}

impl Entity {
    /// Makes an Entity that has nothing yet.
    pub(super) fn create(
        identity: Identity,
        account_sid: AccountSid,
        service_sid: ServiceSid,
        now: Timestamp,
    ) -> Self {
        Self {
            sid: EntitySid::of(account_sid, service_sid, &identity),
            account_sid,
            service_sid,
            identity,
            date_created: now,
            date_updated: now,
        }
    }
}

/// Reads the parameters of an Entity: who it is.
pub(super) fn new_identity(fields: &mut Fields<'_>) -> Option<Identity> {
    fields.required("Identity", Identity::parse)
}

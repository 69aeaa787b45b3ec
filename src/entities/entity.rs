//! Entities: the users whose Factors there are, and what one has only so many of.

use crate::parameters::Fields;
use crate::revision::{AsRead, Revision};
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

/// How an Entity comes to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made<'a> {
    /// Of which account.
    pub(crate) account_sid: AccountSid,
    /// When.
    pub(crate) now: Timestamp,
    /// By which request.
    pub(crate) request_id: &'a str,
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
    pub(super) fn create(key: EntityKey<'_>, Made { account_sid, now, .. }: Made<'_>) -> Self {
        Self {
            sid: key.sid,
            account_sid,
            service_sid: key.service_sid,
            identity: key.identity.clone(),
            date_created: now,
            date_updated: now,
        }
    }
}

/// Which write of an Entity was read.
#[derive(Clone, Debug)]
pub(crate) struct EntityWrite {
    pub(super) revision: Revision,
    pub(super) request_id: String,
}

impl EntityWrite {
    pub(crate) fn as_read(&self) -> AsRead<'_> {
        AsRead {
            revision: self.revision,
            request_id: &self.request_id,
        }
    }
}

/// Reads the parameters of an Entity: who it is.
pub(super) fn new_identity(fields: &mut Fields<'_>) -> Option<Identity> {
    fields.required("Identity", Identity::parse)
}

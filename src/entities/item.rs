//! How an Entity is stored, attribute by attribute.

use aws_sdk_dynamodb::types::AttributeValue;

use super::entity::Entity;
use crate::aws::Failure;
use crate::revision::Revision;
use crate::sid::{AccountSid, EntitySid, Identity, ServiceSid};
use crate::table::{ENTITIES_OF, Item, SK, Stored, item, key, n, s};
use crate::time::Timestamp;

/// The Entity's Identity, in whose order the index is.
const IDENTITY: &str = "identity";

/// The item of an Entity that has nothing yet.
pub(super) fn of_entity(entity: &Entity) -> Item {
    let mut item = key(
        &entity.identity.partition(entity.service_sid),
        entity.sid.as_str(),
    );
    item.insert("revision".to_owned(), n(Revision::FIRST.get()));
    item.extend(attributes(entity).map(|(name, value)| (name.to_owned(), value)));
    item
}

/// What an Entity has besides its key and what is counted: all that the index has.
pub(super) fn attributes(entity: &Entity) -> [(&'static str, AttributeValue); 5] {
    [
        (ENTITIES_OF, s(entity.service_sid.as_str())),
        (IDENTITY, s(entity.identity.as_str())),
        ("account_sid", s(entity.account_sid.as_str())),
        ("date_created", s(entity.date_created.to_string())),
        ("date_updated", s(entity.date_updated.to_string())),
    ]
}

/// Reads an Entity from its item or from the index.
pub(super) fn to_entity(item: &Item) -> Result<Entity, Failure> {
    let item = Stored::new("Entity", item);
    Ok(Entity {
        sid: item.required(SK, EntitySid::parse)?,
        account_sid: item.required("account_sid", AccountSid::parse)?,
        service_sid: item.required(ENTITIES_OF, ServiceSid::parse)?,
        identity: item.required(IDENTITY, Identity::parse)?,
        date_created: item.required("date_created", Timestamp::parse)?,
        date_updated: item.required("date_updated", Timestamp::parse)?,
    })
}

/// Reads how often the item of an Entity was written.
pub(super) fn to_revision(item: &Item) -> Result<Revision, Failure> {
    Stored::new("Entity", item).required("revision", Revision::parse)
}

/// Where an Entity is in the index.
pub(super) fn index_key(service_sid: ServiceSid, identity: &Identity, sid: EntitySid) -> Item {
    let mut place = key(&identity.partition(service_sid), sid.as_str());
    place.extend(item([
        (ENTITIES_OF, s(service_sid.as_str())),
        (IDENTITY, s(identity.as_str())),
    ]));
    place
}

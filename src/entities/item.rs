//! How an Entity is stored, attribute by attribute.

use aws_sdk_dynamodb::types::AttributeValue;

use super::entity::{Entity, EntityWrite, Made};
use crate::aws::Failure;
use crate::revision::Revision;
use crate::sid::{AccountSid, EntitySid, Identity, ServiceSid};
use crate::table::{ENTITIES_OF, Item, REQUEST_ID, SK, Stored, item, key, n, s};
use crate::time::Timestamp;

/// The Entity's Identity, in whose order the index is.
pub(super) const IDENTITY: &str = "identity";

/// The item of an Entity that has nothing yet.
pub(super) fn of_entity(entity: &Entity, made: Made<'_>) -> Item {
    let mut item = key(
        &entity.identity.partition(entity.service_sid),
        entity.sid.as_str(),
    );
    item.insert("revision".to_owned(), n(Revision::FIRST.get()));
    item.extend(attributes(entity, made).map(|(name, value)| (name.to_owned(), value)));
    item
}

/// What an Entity has from the start, besides its key and what is counted.
pub(super) fn attributes(entity: &Entity, made: Made<'_>) -> [(&'static str, AttributeValue); 6] {
    [
        (ENTITIES_OF, s(entity.service_sid.as_str())),
        (IDENTITY, s(entity.identity.as_str())),
        ("account_sid", s(entity.account_sid.as_str())),
        ("date_created", s(entity.date_created.to_string())),
        ("date_updated", s(entity.date_updated.to_string())),
        // It tells this Entity from another one of the same Identity that was deleted.
        (REQUEST_ID, s(made.request_id)),
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

/// Reads which write of an Entity its item is.
pub(super) fn to_write(item: &Item) -> Result<EntityWrite, Failure> {
    let item = Stored::new("Entity", item);
    Ok(EntityWrite {
        revision: item.required("revision", Revision::parse)?,
        request_id: item.required(REQUEST_ID, |text| Ok(text.to_owned()))?,
    })
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

//! An Entity as the API shows it: field for field, in the API's order.

use serde::Serialize;

use super::entity::Entity;
use crate::sid::{AccountSid, EntitySid, ServiceSid};
use crate::time::Timestamp;

/// An Entity.
#[derive(Serialize)]
pub(super) struct EntityJson<'a> {
    sid: EntitySid,
    identity: &'a str,
    account_sid: AccountSid,
    service_sid: ServiceSid,
    date_created: Timestamp,
    date_updated: Timestamp,
    url: String,
    links: Links,
}

#[derive(Serialize)]
struct Links {
    factors: String,
    new_factors: String,
    challenges: String,
}

impl<'a> EntityJson<'a> {
    /// An Entity, `base` being what comes before `/v2` in its URL.
    pub(super) fn new(entity: &'a Entity, base: &str) -> Self {
        let (service, identity) = (entity.service_sid, entity.identity.as_str());
        let url = format!("{base}/v2/Services/{service}/Entities/{identity}");
        Self {
            sid: entity.sid,
            identity,
            account_sid: entity.account_sid,
            service_sid: service,
            date_created: entity.date_created,
            date_updated: entity.date_updated,
            links: Links {
                factors: format!("{url}/Factors"),
                new_factors: format!("{url}/Factors"),
                challenges: format!("{url}/Challenges"),
            },
            url,
        }
    }
}

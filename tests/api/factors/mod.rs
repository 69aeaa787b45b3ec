//! Factors, a file for each thing that can be done with them.

mod create;
mod delete;
mod fetch;
mod list;
mod new;
mod retry;
mod update;
mod verify;

use harness::local;
use serde_json::{Value, json};

use crate::support::{Answer, entity_partition};

/// The SID of the events' Entity: it never changes, or Entities would lose their Factors.
pub(crate) const ENTITY_SID: &str = "YE384acd7bb9b0b83b04fadcb3d6e026ec";

/// A day after [`NOW`](crate::support::NOW), in seconds since 1970: from then a Factor that was made then is gone.
pub(crate) const TOMORROW: u64 = 1_767_409_445;

/// The item of the events' Entity, made at [`NOW`](crate::support::NOW) by the request of an answer, with what is
/// counted on it.
pub(crate) fn entity_item(made_by: &Answer, counted: &Value) -> Value {
    let made_by = made_by.header("x-request-id");
    let mut item = json!({
        "pk": entity_partition(),
        "sk": ENTITY_SID,
        "entities_of": local::SERVICE_SID,
        "identity": local::IDENTITY,
        "account_sid": local::account_sid(),
        "date_created": "2026-01-02T03:04:05Z",
        "date_updated": "2026-01-02T03:04:05Z",
        "request_id": made_by,
    });
    let counted = counted.as_object().unwrap().clone();
    item.as_object_mut().unwrap().extend(counted);
    item
}

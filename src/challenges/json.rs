//! A Challenge as the API shows it, field for field, in the API's order; and what a phone signs of that.

use serde::Serialize;
use serde_json::Value;

use super::challenge::{Challenge, Response, State};
use super::details::{Details, Field, Message};
use crate::factors::{Metadata, RawJson, unique};
use crate::sid::{AccountSid, ChallengeSid, EntitySid, FactorSid, ServiceSid};
use crate::time::Timestamp;

/// The header that tells a phone what to sign.
pub(super) const SIGNATURE_FIELDS_HEADER: &str = "twilio-verify-signature-fields";
/// The names of what a phone signs: no spaces between them, as the device SDKs split at commas alone.
pub(super) const SIGNATURE_FIELDS: &str = "sid,account_sid,service_sid,identity,factor_sid,date_created,expiration_date,\
                                           details,hidden_details,status";
/// The one of them that the phone decides.
const STATUS: &str = "status";

/// A Challenge.
#[derive(Serialize)]
pub(super) struct ChallengeJson<'a> {
    sid: ChallengeSid,
    account_sid: AccountSid,
    service_sid: ServiceSid,
    entity_sid: EntitySid,
    identity: &'a str,
    factor_sid: FactorSid,
    date_created: Timestamp,
    date_updated: Timestamp,
    date_responded: Option<Timestamp>,
    expiration_date: Timestamp,
    status: &'static str,
    responded_reason: &'static str,
    details: Option<DetailsJson<'a>>,
    hidden_details: Option<RawJson<'a>>,
    metadata: Option<RawJson<'a>>,
    factor_type: &'static str,
    url: String,
    links: Links,
}

#[derive(Serialize)]
struct DetailsJson<'a> {
    message: Option<&'a str>,
    date: Timestamp,
    fields: Vec<FieldJson<'a>>,
}

#[derive(Serialize)]
struct FieldJson<'a> {
    label: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
struct Links {
    notifications: String,
}

impl<'a> ChallengeJson<'a> {
    /// A Challenge as it is at `now`, `base` being what comes before `/v2` in its URL.
    pub(super) fn new(challenge: &'a Challenge, base: &str, now: Timestamp) -> Self {
        let (service, identity) = (challenge.service_sid, challenge.identity.as_str());
        let url = format!(
            "{base}/v2/Services/{service}/Entities/{identity}/Challenges/{}",
            challenge.sid
        );
        let json = |metadata: &'a Option<Metadata>| metadata.as_ref().map(|json| RawJson(json.expose_json()));
        Self {
            sid: challenge.sid,
            account_sid: challenge.account_sid,
            service_sid: service,
            entity_sid: challenge.entity_sid,
            identity,
            factor_sid: challenge.factor_sid,
            date_created: challenge.date_created,
            date_updated: challenge.date_updated,
            date_responded: match challenge.state {
                State::Answered { date, .. } => Some(date),
                State::Waiting(_) => None,
            },
            expiration_date: challenge.expiration_date.get(),
            status: challenge.status(now).name(),
            // There are others, which nothing public sets.
            responded_reason: "none",
            details: challenge
                .details
                .as_ref()
                .map(|details| DetailsJson::new(details, challenge.date_created)),
            hidden_details: json(&challenge.hidden_details),
            metadata: json(&challenge.metadata),
            factor_type: challenge.factor_type.name(),
            links: Links {
                notifications: format!("{url}/Notifications"),
            },
            url,
        }
    }
}

impl<'a> DetailsJson<'a> {
    fn new(details: &'a Details, date: Timestamp) -> Self {
        let field = |field: &'a Field| FieldJson {
            label: field.label.expose(),
            value: field.value.expose(),
        };
        Self {
            message: details.message.as_ref().map(Message::expose),
            date,
            fields: details.fields.iter().map(field).collect(),
        }
    }
}

/// How a phone answered with what it signed; `None` if that doesn't say of every field what the Challenge says, as JSON values, or
/// no such thing as an answer. Further members are ignored.
pub(super) fn signed_response(challenge: &Challenge, signed: &Value) -> Option<Response> {
    let shown = serde_json::to_string(&ChallengeJson::new(challenge, "", challenge.date_created)).ok()?;
    // Read as what was signed is, as serde_json has a key of its own that means something to it.
    let shown = unique(shown.as_bytes())?;
    for name in SIGNATURE_FIELDS.split(',').filter(|name| *name != STATUS) {
        if signed.get(name)? != shown.get(name)? {
            return None;
        }
    }
    Response::parse(signed.get(STATUS)?.as_str()?).ok()
}

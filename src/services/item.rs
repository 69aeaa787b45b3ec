//! How a Service is stored, attribute by attribute.

use aws_sdk_dynamodb::types::AttributeValue;

use super::{CodeLength, Issuer, Service, ServiceName, ServiceSettings, Skew, TimeStep};
use crate::aws::Failure;
use crate::revision::Revision;
use crate::sid::{AccountSid, CredentialSid, ServiceSid};
use crate::table::{Item, PK, SK, Stored, item, n, s};
use crate::time::Timestamp;

/// The item of a Service.
pub(super) fn of_service(service: &Service) -> Item {
    let mut item = item([
        (PK, s(service.account_sid.as_str())),
        (SK, s(service.sid.as_str())),
        ("friendly_name", s(service.friendly_name.as_str())),
        ("date_created", s(service.date_created.to_string())),
        ("date_updated", s(service.date_updated.to_string())),
        ("revision", n(service.revision.get())),
    ]);
    let settings = of_settings(&service.settings);
    item.extend(settings.map(|(name, value)| (name.to_owned(), value)));
    item
}

/// The attributes of the settings that are set.
pub(super) fn of_settings(
    settings: &ServiceSettings,
) -> impl Iterator<Item = (&'static str, AttributeValue)> {
    let issuer = settings.issuer.as_ref().map(|issuer| s(issuer.as_str()));
    let credential = |sid: Option<CredentialSid>| sid.map(|sid| s(sid.as_str()));
    [
        ("totp_issuer", issuer),
        ("totp_time_step", settings.time_step.map(|number| n(number.get()))),
        (
            "totp_code_length",
            settings.code_length.map(|number| n(number.get())),
        ),
        ("totp_skew", settings.skew.map(|number| n(number.get()))),
        ("push_apn_credential_sid", credential(settings.apn_credential_sid)),
        ("push_fcm_credential_sid", credential(settings.fcm_credential_sid)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
}

/// Reads the item of a Service.
pub(super) fn to_service(item: &Item) -> Result<Service, Failure> {
    let item = Stored::new("Service", item);
    Ok(Service {
        sid: item.required(SK, ServiceSid::parse)?,
        account_sid: item.required(PK, AccountSid::parse)?,
        friendly_name: item.required("friendly_name", ServiceName::parse)?,
        settings: ServiceSettings {
            issuer: item.optional("totp_issuer", Issuer::parse)?,
            time_step: item.optional("totp_time_step", TimeStep::parse)?,
            code_length: item.optional("totp_code_length", CodeLength::parse)?,
            skew: item.optional("totp_skew", Skew::parse)?,
            apn_credential_sid: item.optional("push_apn_credential_sid", CredentialSid::parse)?,
            fcm_credential_sid: item.optional("push_fcm_credential_sid", CredentialSid::parse)?,
        },
        date_created: item.required("date_created", Timestamp::parse)?,
        date_updated: item.required("date_updated", Timestamp::parse)?,
        revision: item.required("revision", Revision::parse)?,
    })
}

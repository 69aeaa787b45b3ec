//! How a Factor is stored, attribute by attribute.

use aws_sdk_dynamodb::types::AttributeValue;

use super::{
    AppId, Config, Factor, FactorType, Fingerprint, FriendlyName, Metadata, NotificationPlatform,
    NotificationToken, Provenance, PushConfig, SdkVersion, Status, TotpAlgorithm, TotpConfig,
};
use crate::aws::Failure;
use crate::revision::Revision;
use crate::sealing::SealedBinding;
use crate::services::{CodeLength, Issuer, Skew, TimeStep};
use crate::sid::{AccountSid, EntitySid, FactorSid, Identity, ServiceSid};
use crate::table::{Item, PK, SK, Stored, b, item, m, n, s};
use crate::time::Timestamp;

/// The item of a Factor and of the request that it comes from.
#[must_use]
pub fn of_factor(factor: &Factor, provenance: &Provenance) -> Item {
    let config = match &factor.config {
        Config::Push(config) => of_push(config),
        Config::Totp(config) => of_totp(config),
    };
    let mut item = item([
        (PK, s(factor.identity.partition(factor.service_sid))),
        (SK, s(factor.sid.as_str())),
        ("account_sid", s(factor.account_sid.as_str())),
        ("service_sid", s(factor.service_sid.as_str())),
        ("entity_sid", s(factor.entity_sid.as_str())),
        ("identity", s(factor.identity.as_str())),
        ("friendly_name", s(factor.friendly_name.expose())),
        ("factor_type", s(factor.factor_type().name())),
        ("status", s(factor.status.name())),
        ("binding", b(factor.binding.as_bytes())),
        ("config", config),
        ("date_created", s(factor.date_created.to_string())),
        ("date_updated", s(factor.date_updated.to_string())),
        ("revision", n(factor.revision.get())),
        ("request_id", s(provenance.request_id())),
    ]);
    if let Some(metadata) = &factor.metadata {
        item.insert("metadata".to_owned(), s(metadata.expose_json()));
    }
    if let Some(fingerprint) = provenance.fingerprint() {
        item.insert("request_fingerprint".to_owned(), b(fingerprint.to_bytes()));
    }
    item
}

fn of_push(config: &PushConfig) -> AttributeValue {
    let mut attributes = item([
        ("app_id", s(config.app_id.expose())),
        ("notification_platform", s(config.notification_platform.name())),
        ("sdk_version", s(config.sdk_version.expose())),
    ]);
    if let Some(token) = &config.notification_token {
        attributes.insert("notification_token".to_owned(), s(token.expose()));
    }
    AttributeValue::M(attributes)
}

fn of_totp(config: &TotpConfig) -> AttributeValue {
    m([
        ("alg", s(config.algorithm.name())),
        ("time_step", n(config.time_step.get())),
        ("skew", n(config.skew.get())),
        ("code_length", n(config.code_length.get())),
        ("issuer", s(config.issuer.as_str())),
    ])
}

/// Reads the item of a Factor.
pub(super) fn to_factor(item: &Item) -> Result<Factor, Failure> {
    let item = Stored::new("Factor", item);
    let config = item.map("config")?;
    let config = match item.required("factor_type", FactorType::parse)? {
        FactorType::Push => Config::Push(to_push(config)?),
        FactorType::Totp => Config::Totp(to_totp(config)?),
    };
    let binding = SealedBinding::parse(item.bytes("binding")?);
    let service_sid = item.required("service_sid", ServiceSid::parse)?;
    let identity = item.required("identity", Identity::parse)?;
    // What it says of itself has to be where it is, as that is what its binding is bound to.
    if !item.required(PK, |pk| Ok(pk == identity.partition(service_sid)))? {
        return Err(item.not_ours(PK));
    }
    Ok(Factor {
        sid: item.required(SK, FactorSid::parse)?,
        account_sid: item.required("account_sid", AccountSid::parse)?,
        service_sid,
        entity_sid: item.required("entity_sid", EntitySid::parse)?,
        identity,
        friendly_name: item.required("friendly_name", FriendlyName::parse)?,
        status: item.required("status", Status::parse)?,
        metadata: item.optional("metadata", Metadata::parse)?,
        config,
        binding: binding.map_err(|_| item.not_ours("binding"))?,
        date_created: item.required("date_created", Timestamp::parse)?,
        date_updated: item.required("date_updated", Timestamp::parse)?,
        revision: item.required("revision", Revision::parse)?,
    })
}

fn to_push(config: Stored<'_>) -> Result<PushConfig, Failure> {
    Ok(PushConfig {
        app_id: config.required("app_id", AppId::parse)?,
        notification_platform: config.required("notification_platform", NotificationPlatform::parse)?,
        notification_token: config.optional("notification_token", NotificationToken::parse)?,
        sdk_version: config.required("sdk_version", SdkVersion::parse)?,
    })
}

fn to_totp(config: Stored<'_>) -> Result<TotpConfig, Failure> {
    Ok(TotpConfig {
        algorithm: config.required("alg", TotpAlgorithm::parse)?,
        time_step: config.required("time_step", TimeStep::parse)?,
        skew: config.required("skew", Skew::parse)?,
        code_length: config.required("code_length", CodeLength::parse)?,
        issuer: config.required("issuer", Issuer::parse)?,
    })
}

/// Which request a stored Factor came from.
pub(super) fn to_provenance(item: &Item) -> Result<Provenance, Failure> {
    const FINGERPRINT: &str = "request_fingerprint";
    let item = Stored::new("Factor", item);
    let fingerprint = match item.optional_bytes(FINGERPRINT)? {
        Some(bytes) => Some(Fingerprint::from_bytes(bytes).ok_or(item.not_ours(FINGERPRINT))?),
        None => None,
    };
    let request_id = item.required("request_id", |text| Ok(text.to_owned()))?;
    Ok(Provenance::new(request_id, fingerprint))
}

//! How a Factor is stored, attribute by attribute.

use aws_sdk_dynamodb::types::AttributeValue;
use secrecy::ExposeSecret;

use super::{
    AppId, Factor, FactorType, Fingerprint, FriendlyName, Kind, Metadata, NotificationPlatform,
    NotificationToken, Provenance, PublicKey, Push, PushConfig, SdkVersion, Seed, Status, Totp,
    TotpAlgorithm, TotpConfig,
};
use crate::revision::Revision;
use crate::services::{CodeLength, Issuer, Skew, TimeStep};
use crate::sid::{AccountSid, EntitySid, FactorSid, Identity, ServiceSid};
use crate::table::{Item, PK, SK, Stored, TableError, b, entity_partition, item, m, n, s};
use crate::time::Timestamp;

/// The item of a Factor and of the request that it comes from.
#[must_use]
pub fn of_factor(factor: &Factor, provenance: &Provenance) -> Item {
    let (binding, config) = match &factor.kind {
        Kind::Push(push) => of_push(push),
        Kind::Totp(totp) => of_totp(totp),
    };
    let mut item = item([
        (PK, s(entity_partition(factor.service_sid, &factor.identity))),
        (SK, s(factor.sid.as_str())),
        ("account_sid", s(factor.account_sid.as_str())),
        ("service_sid", s(factor.service_sid.as_str())),
        ("entity_sid", s(factor.entity_sid.as_str())),
        ("identity", s(factor.identity.as_str())),
        ("friendly_name", s(factor.friendly_name.expose())),
        ("factor_type", s(factor.factor_type().name())),
        ("status", s(factor.status.name())),
        ("binding", binding),
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
        item.insert("request_fingerprint".to_owned(), b(*fingerprint.as_bytes()));
    }
    item
}

fn of_push(push: &Push) -> (AttributeValue, AttributeValue) {
    let mut config = item([
        ("app_id", s(push.config.app_id.expose())),
        (
            "notification_platform",
            s(push.config.notification_platform.name()),
        ),
        ("sdk_version", s(push.config.sdk_version.expose())),
    ]);
    if let Some(token) = &push.config.notification_token {
        config.insert("notification_token".to_owned(), s(token.expose()));
    }
    let binding = m([
        ("alg", s(PublicKey::ALG)),
        ("public_key", s(push.public_key.expose())),
    ]);
    (binding, AttributeValue::M(config))
}

fn of_totp(totp: &Totp) -> (AttributeValue, AttributeValue) {
    let binding = m([
        ("secret", s(totp.seed.to_base32().expose_secret())),
        ("issuer", s(totp.issuer.as_str())),
    ]);
    let config = m([
        ("alg", s(totp.config.algorithm.name())),
        ("time_step", n(totp.config.time_step.get())),
        ("skew", n(totp.config.skew.get())),
        ("code_length", n(totp.config.code_length.get())),
    ]);
    (binding, config)
}

/// Reads the item of a Factor.
pub(super) fn to_factor(item: &Item) -> Result<Factor, TableError> {
    let item = Stored::new("Factor", item);
    let kind = match item.required("factor_type", FactorType::parse)? {
        FactorType::Push => Kind::Push(to_push(item.map("binding")?, item.map("config")?)?),
        FactorType::Totp => Kind::Totp(to_totp(item.map("binding")?, item.map("config")?)?),
    };
    Ok(Factor {
        sid: item.required(SK, FactorSid::parse)?,
        account_sid: item.required("account_sid", AccountSid::parse)?,
        service_sid: item.required("service_sid", ServiceSid::parse)?,
        entity_sid: item.required("entity_sid", EntitySid::parse)?,
        identity: item.required("identity", Identity::parse)?,
        friendly_name: item.required("friendly_name", FriendlyName::parse)?,
        status: item.required("status", Status::parse)?,
        metadata: item.optional("metadata", Metadata::parse)?,
        kind,
        date_created: item.required("date_created", Timestamp::parse)?,
        date_updated: item.required("date_updated", Timestamp::parse)?,
        revision: item.required("revision", Revision::parse)?,
    })
}

fn to_push(binding: Stored<'_>, config: Stored<'_>) -> Result<Push, TableError> {
    Ok(Push {
        public_key: binding.required("public_key", PublicKey::parse)?,
        config: PushConfig {
            app_id: config.required("app_id", AppId::parse)?,
            notification_platform: config.required("notification_platform", NotificationPlatform::parse)?,
            notification_token: config.optional("notification_token", NotificationToken::parse)?,
            sdk_version: config.required("sdk_version", SdkVersion::parse)?,
        },
    })
}

fn to_totp(binding: Stored<'_>, config: Stored<'_>) -> Result<Totp, TableError> {
    Ok(Totp {
        seed: binding.required("secret", Seed::parse)?,
        issuer: binding.required("issuer", Issuer::parse)?,
        config: TotpConfig {
            algorithm: config.required("alg", TotpAlgorithm::parse)?,
            time_step: config.required("time_step", TimeStep::parse)?,
            skew: config.required("skew", Skew::parse)?,
            code_length: config.required("code_length", CodeLength::parse)?,
        },
    })
}

/// Which request a stored Factor came from.
pub(super) fn to_provenance(item: &Item) -> Result<Provenance, TableError> {
    const FINGERPRINT: &str = "request_fingerprint";
    let item = Stored::new("Factor", item);
    let fingerprint = match item.optional_bytes(FINGERPRINT)? {
        Some(bytes) => Some(Fingerprint::from_bytes(bytes).ok_or(item.not_ours(FINGERPRINT))?),
        None => None,
    };
    let request_id = item.required("request_id", |text| Ok(text.to_owned()))?;
    Ok(Provenance::new(request_id, fingerprint))
}

//! Items: how Factors and Services are stored, attribute by attribute.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::factors::Provenance;
use super::{PK, SK, TableError, n, s};
use crate::rules::{
    Binding, Bounded, EntitySid, Factor, FactorType, Fingerprint, FriendlyName, Identity, Issuer, Metadata,
    NotificationPlatform, PublicKey, Push, Seed, Service, ServiceName, ServiceSettings, ServiceSid, Sid,
    Timestamp, Totp, TotpAlgorithm,
};
use secrecy::{ExposeSecret, SecretString};

/// The attributes of an item, by name.
pub type Item = HashMap<String, AttributeValue>;

/// The partition of an Entity and its Factors.
pub(super) fn entity_partition(service: ServiceSid, identity: &Identity) -> String {
    // A Service SID has one length and an Identity no slash.
    format!("{service}/{}", identity.as_str())
}

/// A key of the table.
pub(super) fn key(pk: impl Into<String>, sk: impl Into<String>) -> Item {
    item([(PK, s(pk)), (SK, s(sk))])
}

fn item<const N: usize>(attributes: [(&str, AttributeValue); N]) -> Item {
    attributes
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// The item of a Factor and of the request that it comes from.
#[must_use]
pub fn factor_item(factor: &Factor, provenance: &Provenance<'_>) -> Item {
    let (binding, config) = match &factor.binding {
        Binding::Push(push) => of_push(push),
        Binding::Totp(totp) => of_totp(totp),
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
        ("status", s(Factor::STATUS)),
        ("binding", AttributeValue::M(binding)),
        ("config", AttributeValue::M(config)),
        ("date_created", s(factor.date_created.to_string())),
        ("date_updated", s(factor.date_updated.to_string())),
        ("request_id", s(provenance.request_id)),
    ]);
    if let Some(metadata) = &factor.metadata {
        item.insert("metadata".to_owned(), s(metadata.expose_json()));
    }
    if let Some(fingerprint) = provenance.fingerprint {
        let bytes = fingerprint.as_bytes().to_vec();
        item.insert("request_fingerprint".to_owned(), AttributeValue::B(bytes.into()));
    }
    item
}

fn of_push(push: &Push) -> (Item, Item) {
    let mut config = item([
        ("app_id", s(push.app_id.expose_secret())),
        ("notification_platform", s(push.notification_platform.name())),
        ("sdk_version", s(push.sdk_version.expose_secret())),
    ]);
    if let Some(token) = &push.notification_token {
        config.insert("notification_token".to_owned(), s(token.expose_secret()));
    }
    (
        item([
            ("alg", s(PublicKey::ALG)),
            ("public_key", s(push.public_key.expose())),
        ]),
        config,
    )
}

fn of_totp(totp: &Totp) -> (Item, Item) {
    let binding = item([
        ("secret", s(totp.seed.to_base32().expose_secret())),
        ("issuer", s(totp.issuer.as_str())),
    ]);
    let config = item([
        ("alg", s(totp.algorithm.name())),
        ("time_step", n(totp.time_step.get())),
        ("skew", n(totp.skew.get())),
        ("code_length", n(totp.code_length.get())),
    ]);
    (binding, config)
}

/// Reads the item of a Factor.
pub(super) fn to_factor(item: &Item) -> Result<Factor, TableError> {
    let item = Stored { what: "Factor", item };
    let binding = match item.parsed("factor_type", FactorType::from_name)? {
        FactorType::Push => Binding::Push(to_push(item.map("binding")?, item.map("config")?)?),
        FactorType::Totp => Binding::Totp(to_totp(item.map("binding")?, item.map("config")?)?),
    };
    Ok(Factor {
        sid: item.parsed(SK, Sid::parse)?,
        account_sid: item.parsed("account_sid", Sid::parse)?,
        service_sid: item.parsed("service_sid", Sid::parse)?,
        entity_sid: item.parsed("entity_sid", EntitySid::parse)?,
        identity: item.parsed("identity", |text| Identity::parse(text).ok())?,
        friendly_name: item.parsed("friendly_name", |text| FriendlyName::parse(text).ok())?,
        metadata: item.optional("metadata", |text| Metadata::parse(text).ok())?,
        binding,
        date_created: item.parsed("date_created", Timestamp::parse)?,
        date_updated: item.parsed("date_updated", Timestamp::parse)?,
    })
}

fn to_push(binding: Stored<'_>, config: Stored<'_>) -> Result<Push, TableError> {
    let secret = |text: &str| Some(SecretString::from(text));
    Ok(Push {
        public_key: binding.parsed("public_key", |text| PublicKey::parse(text).ok())?,
        app_id: config.parsed("app_id", secret)?,
        notification_platform: config.parsed("notification_platform", NotificationPlatform::from_name)?,
        notification_token: config.optional("notification_token", secret)?,
        sdk_version: config.parsed("sdk_version", secret)?,
    })
}

fn to_totp(binding: Stored<'_>, config: Stored<'_>) -> Result<Totp, TableError> {
    Ok(Totp {
        seed: binding.parsed("secret", |text| Seed::parse(text).ok())?,
        algorithm: config.parsed("alg", TotpAlgorithm::from_name)?,
        time_step: config.bounded("time_step")?,
        skew: config.bounded("skew")?,
        code_length: config.bounded("code_length")?,
        issuer: binding.parsed("issuer", |text| Issuer::parse(text).ok())?,
    })
}

/// Which request a stored Factor came from.
pub(super) fn to_provenance(item: &Item) -> Result<(String, Option<Fingerprint>), TableError> {
    let request_id = Stored { what: "Factor", item }.parsed("request_id", |text| Some(text.to_owned()))?;
    let fingerprint = item.get("request_fingerprint").map(|value| match value {
        AttributeValue::B(bytes) => Fingerprint::from_bytes(bytes.as_ref()),
        _ => None,
    });
    match fingerprint {
        Some(None) => Err(TableError::not_ours("Factor", "request_fingerprint")),
        Some(Some(fingerprint)) => Ok((request_id, Some(fingerprint))),
        None => Ok((request_id, None)),
    }
}

/// The item of a Service.
pub(super) fn of_service(service: &Service) -> Item {
    let mut item = item([
        (PK, s(service.account_sid.as_str())),
        (SK, s(service.sid.as_str())),
        ("date_created", s(service.date_created.to_string())),
    ]);
    let named = [("friendly_name", s(service.friendly_name.as_str()))].into_iter();
    let attributes = named.chain(of_settings(&service.settings));
    item.extend(attributes.map(|(name, value)| (name.to_owned(), value)));
    item.insert("date_updated".to_owned(), s(service.date_updated.to_string()));
    item
}

/// The attributes of the settings that are set.
pub(super) fn of_settings(
    settings: &ServiceSettings,
) -> impl Iterator<Item = (&'static str, AttributeValue)> {
    let issuer = settings.issuer.as_ref().map(|issuer| s(issuer.as_str()));
    let credential = |sid: Option<crate::rules::CredentialSid>| sid.map(|sid| s(sid.as_str()));
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
pub(super) fn to_service(item: &Item) -> Result<Service, TableError> {
    let item = Stored {
        what: "Service",
        item,
    };
    Ok(Service {
        sid: item.parsed(SK, Sid::parse)?,
        account_sid: item.parsed(PK, Sid::parse)?,
        friendly_name: item.parsed("friendly_name", |text| ServiceName::parse(text).ok())?,
        settings: ServiceSettings {
            issuer: item.optional("totp_issuer", |text| Issuer::parse(text).ok())?,
            time_step: item.optional_bounded("totp_time_step")?,
            code_length: item.optional_bounded("totp_code_length")?,
            skew: item.optional_bounded("totp_skew")?,
            apn_credential_sid: item.optional("push_apn_credential_sid", Sid::parse)?,
            fcm_credential_sid: item.optional("push_fcm_credential_sid", Sid::parse)?,
        },
        date_created: item.parsed("date_created", Timestamp::parse)?,
        date_updated: item.parsed("date_updated", Timestamp::parse)?,
    })
}

/// An item or a map in one, being read: what is missing or invalid is an error that names the attribute.
#[derive(Clone, Copy)]
struct Stored<'a> {
    what: &'static str,
    item: &'a Item,
}

impl<'a> Stored<'a> {
    fn parsed<T>(
        self,
        attribute: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, TableError> {
        self.optional(attribute, parse)?
            .ok_or(TableError::not_ours(self.what, attribute))
    }

    fn optional<T>(
        self,
        attribute: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, TableError> {
        let not_ours = TableError::not_ours(self.what, attribute);
        match self.item.get(attribute) {
            None => Ok(None),
            Some(AttributeValue::S(text) | AttributeValue::N(text)) => parse(text).map(Some).ok_or(not_ours),
            Some(_) => Err(not_ours),
        }
    }

    fn bounded<const MIN: u8, const MAX: u8, const DEFAULT: u8>(
        self,
        attribute: &'static str,
    ) -> Result<Bounded<MIN, MAX, DEFAULT>, TableError> {
        self.optional_bounded(attribute)?
            .ok_or(TableError::not_ours(self.what, attribute))
    }

    fn optional_bounded<const MIN: u8, const MAX: u8, const DEFAULT: u8>(
        self,
        attribute: &'static str,
    ) -> Result<Option<Bounded<MIN, MAX, DEFAULT>>, TableError> {
        self.optional(attribute, |text| text.parse().ok().and_then(Bounded::new))
    }

    fn map(self, attribute: &'static str) -> Result<Stored<'a>, TableError> {
        match self.item.get(attribute) {
            Some(AttributeValue::M(item)) => Ok(Stored {
                what: self.what,
                item,
            }),
            _ => Err(TableError::not_ours(self.what, attribute)),
        }
    }
}

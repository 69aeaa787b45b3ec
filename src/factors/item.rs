//! How a Factor is stored, attribute by attribute.

use aws_sdk_dynamodb::types::AttributeValue;

use super::authenticator::Authenticator;
use super::guesses::Guesses;
use super::windows::{Window, Windows};
use super::{
    AppId, Config, Factor, FactorType, Fingerprint, FriendlyName, Metadata, Method, NotificationPlatform,
    NotificationToken, Provenance, PushConfig, SdkVersion, Status, Step, TotpAlgorithm, TotpConfig,
};
use crate::aws::Failure;
use crate::entities::COUNTED_AS;
use crate::parameters::Rule;
use crate::revision::Revision;
use crate::sealing::SealedBinding;
use crate::services::{CodeLength, Issuer, Skew, TimeStep};
use crate::sid::{AccountSid, EntitySid, FactorSid, Identity, ServiceSid};
use crate::table::{EXPIRES, Item, PK, REQUEST_ID, SK, Stored, b, item, m, n, s};
use crate::time::Timestamp;

/// Seconds for which a Factor that is gone keeps its key: 30 days.
const TOMBSTONE_SECONDS: u32 = 30 * 24 * 3600;

/// The item of a Factor.
#[must_use]
pub fn of_factor(factor: &Factor) -> Item {
    let Factor {
        guesses, provenance, ..
    } = factor;
    let mut item = item([
        (PK, s(factor.identity.partition(factor.service_sid))),
        (SK, s(factor.sid.as_str())),
        ("account_sid", s(factor.account_sid.as_str())),
        ("service_sid", s(factor.service_sid.as_str())),
        ("entity_sid", s(factor.entity_sid.as_str())),
        ("identity", s(factor.identity.as_str())),
        ("friendly_name", s(factor.friendly_name.expose())),
        ("factor_type", s(factor.factor_type().name())),
        (COUNTED_AS, s(factor.factor_type().counted().attribute)),
        ("status", s(factor.status.name())),
        ("binding", b(factor.binding.as_bytes())),
        ("config", of_config(&factor.config)),
        ("date_created", s(factor.date_created.to_string())),
        ("date_updated", s(factor.date_updated.to_string())),
        ("revision", n(factor.revision.get())),
        (REQUEST_ID, s(provenance.request_id())),
    ]);
    let fingerprint = provenance.fingerprint();
    let more = [
        (
            "metadata",
            factor.metadata.as_ref().map(|metadata| s(metadata.expose_json())),
        ),
        (
            "request_fingerprint",
            fingerprint.map(|fingerprint| b(fingerprint.to_bytes())),
        ),
        (
            "unverified_until",
            factor.unverified_until.map(|until| n(until.unix())),
        ),
        (EXPIRES, factor.expires().map(|expires| n(expires.unix()))),
        ("verified_by", factor.verified_by.map(|step| n(step.begins()))),
    ];
    let counted = of_counts(guesses, &factor.windows, factor.last_step);
    let more = more.into_iter().chain(counted);
    item.extend(more.filter_map(|(name, value)| Some((name.to_owned(), value?))));
    item
}

/// What changes with every code and every Challenge, each absent where there is nothing yet.
pub(super) fn of_counts(
    guesses: &Guesses,
    windows: &Windows,
    last_step: Option<Step>,
) -> [(&'static str, Option<AttributeValue>); 8] {
    let count = |count: u8| (count != 0).then(|| n(count));
    let begins = |window: Option<Window>| window.map(|window| n(window.begins.unix()));
    let challenges = |window: Option<Window>| window.map(|window| n(window.count));
    [
        ("wrong_at_verification", count(guesses.verification)),
        ("wrong_in_a_row", count(guesses.in_a_row)),
        ("wait_until", guesses.wait_until.map(|until| n(until.unix()))),
        ("last_step", last_step.map(|step| n(step.begins()))),
        ("hour_begins", begins(windows.hour)),
        ("hour_challenges", challenges(windows.hour)),
        ("day_begins", begins(windows.day)),
        ("day_challenges", challenges(windows.day)),
    ]
}

/// An authenticator, in the item of what waits for an answer by it.
pub(crate) fn of_authenticator(authenticator: &Authenticator) -> AttributeValue {
    let mut map = item([
        ("sid", s(authenticator.sid.as_str())),
        ("factor_type", s(authenticator.method.factor_type().name())),
        ("binding", b(authenticator.binding.as_bytes())),
        ("revision", n(authenticator.revision.get())),
        (REQUEST_ID, s(authenticator.request_id.as_str())),
    ]);
    if let Method::Totp(config) = &authenticator.method {
        map.insert("config".to_owned(), of_totp(config));
    }
    let Authenticator {
        guesses,
        windows,
        last_step,
        ..
    } = authenticator;
    let counted = of_counts(guesses, windows, *last_step).into_iter();
    map.extend(counted.filter_map(|(name, value)| Some((name.to_owned(), value?))));
    AttributeValue::M(map)
}

/// Reads an authenticator.
pub(crate) fn to_authenticator(map: Stored<'_>) -> Result<Authenticator, Failure> {
    Ok(Authenticator {
        sid: map.required("sid", FactorSid::parse)?,
        method: match map.required("factor_type", FactorType::parse)? {
            FactorType::Push => Method::Push,
            FactorType::Totp => Method::Totp(to_totp(map.map("config")?)?),
        },
        binding: to_binding(map)?,
        guesses: to_guesses(map)?,
        windows: to_windows(map)?,
        last_step: map.optional("last_step", Step::parse)?,
        revision: map.required("revision", Revision::parse)?,
        request_id: map.required(REQUEST_ID, |text| Ok(text.to_owned()))?,
    })
}

fn of_config(config: &Config) -> AttributeValue {
    match config {
        Config::Push(config) => of_push(config),
        Config::Totp(config) => of_totp(config),
    }
}

/// What is left of a Factor that is gone: its key stays taken, so that it never comes to name another one while something of this
/// is about.
pub(super) fn of_tombstone(factor: &Factor, request_id: &str, now: Timestamp) -> Item {
    item([
        (PK, s(factor.identity.partition(factor.service_sid))),
        (SK, s(factor.sid.as_str())),
        (REQUEST_ID, s(request_id)),
        (EXPIRES, n(now.after(TOMBSTONE_SECONDS).unix())),
    ])
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

/// Reads the item of a Factor; `None` if it is what is left of one.
pub(super) fn to_factor(item: &Item) -> Result<Option<Factor>, Failure> {
    let item = Stored::new("Factor", item);
    if item.has_only(&[PK, SK, REQUEST_ID, EXPIRES]) {
        return Ok(None);
    }
    let service_sid = item.required("service_sid", ServiceSid::parse)?;
    let identity = item.required("identity", Identity::parse)?;
    // What it says of itself has to be where it is, as that is what its binding is bound to.
    if !item.required(PK, |pk| Ok(pk == identity.partition(service_sid)))? {
        return Err(item.not_ours(PK));
    }
    Ok(Some(Factor {
        sid: item.required(SK, FactorSid::parse)?,
        account_sid: item.required("account_sid", AccountSid::parse)?,
        service_sid,
        entity_sid: item.required("entity_sid", EntitySid::parse)?,
        identity,
        friendly_name: item.required("friendly_name", FriendlyName::parse)?,
        status: item.required("status", Status::parse)?,
        metadata: item.optional("metadata", Metadata::parse)?,
        config: to_config(item)?,
        binding: to_binding(item)?,
        unverified_until: item.optional("unverified_until", Timestamp::parse_unix)?,
        guesses: to_guesses(item)?,
        windows: to_windows(item)?,
        verified_by: item.optional("verified_by", Step::parse)?,
        last_step: item.optional("last_step", Step::parse)?,
        provenance: to_provenance(item)?,
        date_created: item.required("date_created", Timestamp::parse)?,
        date_updated: item.required("date_updated", Timestamp::parse)?,
        revision: item.required("revision", Revision::parse)?,
    }))
}

fn to_config(item: Stored<'_>) -> Result<Config, Failure> {
    let config = item.map("config")?;
    Ok(match item.required("factor_type", FactorType::parse)? {
        FactorType::Push => Config::Push(to_push(config)?),
        FactorType::Totp => Config::Totp(to_totp(config)?),
    })
}

fn to_binding(item: Stored<'_>) -> Result<SealedBinding, Failure> {
    SealedBinding::parse(item.bytes("binding")?).map_err(|_| item.not_ours("binding"))
}

fn to_guesses(item: Stored<'_>) -> Result<Guesses, Failure> {
    let count = |attribute| Ok::<_, Failure>(item.optional(attribute, counted)?.unwrap_or_default());
    Ok(Guesses {
        verification: count("wrong_at_verification")?,
        in_a_row: count("wrong_in_a_row")?,
        wait_until: item.optional("wait_until", Timestamp::parse_unix)?,
    })
}

fn to_windows(item: Stored<'_>) -> Result<Windows, Failure> {
    let window = |begins: &'static str, count: &'static str| {
        let begins = item.optional(begins, Timestamp::parse_unix)?;
        let window = |begins| {
            let count = item.required(count, counted)?;
            Ok::<_, Failure>(Window { begins, count })
        };
        begins.map(window).transpose()
    };
    Ok(Windows {
        hour: window("hour_begins", "hour_challenges")?,
        day: window("day_begins", "day_challenges")?,
    })
}

/// Reads how many there were, codes or Challenges.
pub(crate) fn counted(text: &str) -> Result<u8, Rule> {
    const RULE: Rule = Rule::own("must be a number up to 255");
    text.parse().map_err(|_| RULE)
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

fn to_provenance(item: Stored<'_>) -> Result<Provenance, Failure> {
    const FINGERPRINT: &str = "request_fingerprint";
    let fingerprint = match item.optional_bytes(FINGERPRINT)? {
        Some(bytes) => Some(Fingerprint::from_bytes(bytes).ok_or(item.not_ours(FINGERPRINT))?),
        None => None,
    };
    let request_id = item.required(REQUEST_ID, |text| Ok(text.to_owned()))?;
    Ok(Provenance::new(request_id, fingerprint))
}

/// Whether a request wrote the item last, be it of a Factor or of what is left of one.
pub(super) fn is_by(item: &Item, request_id: &str) -> Result<bool, Failure> {
    Stored::new("Factor", item).required(REQUEST_ID, |text| Ok(text == request_id))
}

//! What makes a Service valid, and what a request can make of one.

use std::fmt;
use std::ops::RangeInclusive;

use super::{CodeLength, Issuer, Skew, TimeStep, TotpSettings};
use crate::parameters::{Fields, Rule, length, not_blank};
use crate::revision::Revision;
use crate::sid::{AccountSid, CredentialSid, ServiceSid};
use crate::time::Timestamp;

/// What people call a Service; authenticator apps show it where the Service has no issuer.
#[derive(Clone, PartialEq, Eq)]
pub struct ServiceName(String);

impl ServiceName {
    /// Characters in a Service's friendly name (API page, `FriendlyName`).
    const LENGTH: RangeInclusive<usize> = 1..=32;

    /// Reads a Service's friendly name.
    ///
    /// # Errors
    /// [`Rule::Length`], [`Rule::NotBlank`].
    pub fn parse(text: &str) -> Result<Self, Rule> {
        length(text, &Self::LENGTH)?;
        not_blank(text)?;
        Ok(Self(text.to_owned()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Friendly names stay out of logs.
impl fmt::Debug for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceName([REDACTED])")
    }
}

/// The settings of a Service that mean something here, each absent until it is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceSettings {
    /// `Totp.Issuer`
    pub issuer: Option<Issuer>,
    /// `Totp.TimeStep`
    pub time_step: Option<TimeStep>,
    /// `Totp.CodeLength`
    pub code_length: Option<CodeLength>,
    /// `Totp.Skew`
    pub skew: Option<Skew>,
    /// `Push.ApnCredentialSid`
    pub apn_credential_sid: Option<CredentialSid>,
    /// `Push.FcmCredentialSid`
    pub fcm_credential_sid: Option<CredentialSid>,
}

impl ServiceSettings {
    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let issuer = fields.optional("Totp.Issuer", Issuer::parse);
        let time_step = fields.optional("Totp.TimeStep", TimeStep::parse);
        let code_length = fields.optional("Totp.CodeLength", CodeLength::parse);
        let skew = fields.optional("Totp.Skew", Skew::parse);
        let apn_credential_sid = fields.optional("Push.ApnCredentialSid", CredentialSid::parse);
        let fcm_credential_sid = fields.optional("Push.FcmCredentialSid", CredentialSid::parse);
        Some(Self {
            issuer: issuer?,
            time_step: time_step?,
            code_length: code_length?,
            skew: skew?,
            apn_credential_sid: apn_credential_sid?,
            fcm_credential_sid: fcm_credential_sid?,
        })
    }
}

/// The valid parameters of a request for a Service.
#[derive(Clone, Debug)]
pub struct NewService {
    friendly_name: ServiceName,
    settings: ServiceSettings,
}

impl NewService {
    /// Reads the parameters of a Service. Those of channels that are not here are ignored.
    pub fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let friendly_name = fields.required("FriendlyName", ServiceName::parse);
        let settings = ServiceSettings::parse(fields);
        Some(Self {
            friendly_name: friendly_name?,
            settings: settings?,
        })
    }
}

/// The valid parameters of a change to a Service: what is absent stays as it is.
#[derive(Clone, Debug)]
pub struct ServiceUpdate {
    pub(crate) friendly_name: Option<ServiceName>,
    pub(crate) settings: ServiceSettings,
}

impl ServiceUpdate {
    /// Reads the parameters of a change.
    pub fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let friendly_name = fields.optional("FriendlyName", ServiceName::parse);
        let settings = ServiceSettings::parse(fields);
        Some(Self {
            friendly_name: friendly_name?,
            settings: settings?,
        })
    }
}

/// A Service: the settings behind the defaults of its Factors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    pub(crate) sid: ServiceSid,
    pub(crate) account_sid: AccountSid,
    pub(crate) friendly_name: ServiceName,
    pub(crate) settings: ServiceSettings,
    pub(crate) date_created: Timestamp,
    pub(crate) date_updated: Timestamp,
    pub(crate) revision: Revision,
}

impl Service {
    /// Makes a Service of an account.
    #[must_use]
    pub fn create(new: NewService, account_sid: AccountSid, sid: ServiceSid, now: Timestamp) -> Self {
        let NewService {
            friendly_name,
            settings,
        } = new;
        Self {
            sid,
            account_sid,
            friendly_name,
            settings,
            date_created: now,
            date_updated: now,
            revision: Revision::FIRST,
        }
    }

    /// The settings of its totp Factors, the API's defaults where it has none.
    #[must_use]
    pub fn totp_settings(&self) -> TotpSettings {
        TotpSettings {
            time_step: self.settings.time_step.unwrap_or_default(),
            skew: self.settings.skew.unwrap_or_default(),
            code_length: self.settings.code_length.unwrap_or_default(),
        }
    }

    /// The issuer of its totp Factors.
    #[must_use]
    pub fn issuer(&self) -> Issuer {
        let named = || Issuer::of_service_named(self.friendly_name.as_str());
        self.settings.issuer.clone().unwrap_or_else(named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::InvalidParameter;

    fn read<T>(text: &str, parse: fn(&mut Fields<'_>) -> Option<T>) -> Result<T, Vec<InvalidParameter>> {
        let mut fields = Fields::decode(text.as_bytes());
        let parsed = parse(&mut fields);
        fields.finish(parsed)
    }

    #[test]
    fn a_service_name_is_1_to_32_characters() {
        for name in ["a", &"é".repeat(32), "Owl: Bank"] {
            assert_eq!(ServiceName::parse(name).unwrap().as_str(), name);
        }
        let length = Rule::Length { min: 1, max: 32 };
        assert_eq!(ServiceName::parse(&"é".repeat(33)).unwrap_err(), length);
        assert_eq!(ServiceName::parse(" ").unwrap_err(), Rule::NotBlank);
    }

    #[test]
    fn every_setting_is_checked_and_every_invalid_one_named() {
        let text = "Totp.Issuer=a:b&Totp.TimeStep=19&Totp.CodeLength=9&Totp.Skew=3\
                    &Push.ApnCredentialSid=VA0&Push.FcmCredentialSid=CR";
        assert_eq!(
            read(text, NewService::parse).unwrap_err(),
            [
                Rule::Required.broken_by("FriendlyName"),
                Rule::own("must not contain a colon").broken_by("Totp.Issuer"),
                Rule::Integer { min: 20, max: 60 }.broken_by("Totp.TimeStep"),
                Rule::Integer { min: 3, max: 8 }.broken_by("Totp.CodeLength"),
                Rule::Integer { min: 0, max: 2 }.broken_by("Totp.Skew"),
                Rule::Sid("CR").broken_by("Push.ApnCredentialSid"),
                Rule::Sid("CR").broken_by("Push.FcmCredentialSid"),
            ]
        );
    }

    #[test]
    fn an_update_needs_nothing() {
        let update = read("", ServiceUpdate::parse).unwrap();
        assert_eq!(
            (update.friendly_name, update.settings),
            (None, ServiceSettings::default())
        );
    }
}

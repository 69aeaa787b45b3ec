use std::fmt;
use std::ops::RangeInclusive;

use super::fields::{integer, length, not_blank};
use super::{
    AccountSid, CodeLength, CredentialSid, Issuer, ServiceSid, Sid, Skew, TimeStep, Timestamp, TotpSettings,
};
use crate::parameters::{Form, InvalidParameter, Rule, noting};

/// What people call a Service; authenticator apps show it where the Service has no issuer.
#[derive(Clone, PartialEq, Eq)]
pub struct ServiceName(String);

impl ServiceName {
    const PARAMETER: &'static str = "FriendlyName";
    /// Characters in a Service's friendly name (API page, `FriendlyName`).
    const LENGTH: RangeInclusive<usize> = 1..=32;

    /// Reads a Service's friendly name.
    ///
    /// # Errors
    /// [`Rule::Length`], [`Rule::NotBlank`].
    pub fn parse(text: &str) -> Result<Self, InvalidParameter> {
        length(Self::PARAMETER, text, &Self::LENGTH)?;
        not_blank(Self::PARAMETER, text)?;
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
    fn parse(form: &Form<'_>, invalid: &mut Vec<InvalidParameter>) -> Option<Self> {
        let issuer = noting(
            invalid,
            form.optional(Issuer::PARAMETER, |_, text| Issuer::parse(text)),
        );
        let time_step = noting(invalid, form.optional("Totp.TimeStep", TimeStep::parse));
        let code_length = noting(invalid, form.optional("Totp.CodeLength", CodeLength::parse));
        let skew = noting(invalid, form.optional("Totp.Skew", Skew::parse));
        let apn_credential_sid = noting(invalid, form.optional("Push.ApnCredentialSid", credential_sid));
        let fcm_credential_sid = noting(invalid, form.optional("Push.FcmCredentialSid", credential_sid));
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

fn credential_sid(parameter: &'static str, text: &str) -> Result<CredentialSid, InvalidParameter> {
    Sid::parse(text).ok_or(Rule::Sid("CR").broken_by(parameter))
}

/// The parameters that a Service is made or changed with.
pub(crate) const SERVICE_PARAMETERS: [&str; 7] = [
    ServiceName::PARAMETER,
    Issuer::PARAMETER,
    "Totp.TimeStep",
    "Totp.CodeLength",
    "Totp.Skew",
    "Push.ApnCredentialSid",
    "Push.FcmCredentialSid",
];

/// The valid parameters of a request for a Service.
#[derive(Clone, Debug)]
pub struct NewService {
    friendly_name: ServiceName,
    settings: ServiceSettings,
}

impl NewService {
    /// Reads the parameters of a Service. Those of channels that are not here are ignored.
    ///
    /// # Errors
    /// Every parameter that is invalid.
    pub fn parse(form: &Form<'_>) -> Result<Self, Vec<InvalidParameter>> {
        form.read(|invalid| {
            let friendly_name = form.required(ServiceName::PARAMETER).and_then(ServiceName::parse);
            let friendly_name = noting(invalid, friendly_name);
            let settings = ServiceSettings::parse(form, invalid);
            Some(Self {
                friendly_name: friendly_name?,
                settings: settings?,
            })
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
    ///
    /// # Errors
    /// Every parameter that is invalid.
    pub fn parse(form: &Form<'_>) -> Result<Self, Vec<InvalidParameter>> {
        form.read(|invalid| {
            let friendly_name = form.optional(ServiceName::PARAMETER, |_, text| ServiceName::parse(text));
            let friendly_name = noting(invalid, friendly_name);
            let settings = ServiceSettings::parse(form, invalid);
            Some(Self {
                friendly_name: friendly_name?,
                settings: settings?,
            })
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

/// Which page of a list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// Resources on a page.
    pub size: u16,
    /// The page's number, which is the client's own affair.
    pub number: u32,
    /// Where the page begins; `None` for the first.
    pub token: Option<PageToken>,
}

impl PageRequest {
    /// Resources on a page (API page, `PageSize`).
    const SIZE: RangeInclusive<u16> = 1..=1000;
    /// Resources on a page where the request says nothing.
    const DEFAULT_SIZE: u16 = 50;
    /// The parameters of a list.
    pub(crate) const PARAMETERS: [&'static str; 3] = ["PageSize", "Page", "PageToken"];

    /// Reads the parameters of a list.
    ///
    /// # Errors
    /// Every parameter that is invalid.
    pub fn parse(query: &Form<'_>) -> Result<Self, Vec<InvalidParameter>> {
        query.read(|invalid| {
            let size = query.optional("PageSize", |name, text| integer(name, text, &Self::SIZE));
            let size = noting(invalid, size);
            // A number that the last page counts up to stays there, and is still in the range.
            let number = query.optional("Page", |name, text| integer(name, text, &(0..=u32::MAX)));
            let number = noting(invalid, number);
            let token = query.optional("PageToken", |name, text| {
                PageToken::parse(text).ok_or(Rule::PageToken.broken_by(name))
            });
            let token = noting(invalid, token);
            Some(Self {
                size: size?.unwrap_or(Self::DEFAULT_SIZE),
                number: number?.unwrap_or_default(),
                token: token?,
            })
        })
    }
}

/// A place in the list of Services, which is in the order of their SIDs: `PA` and a SID for what comes after it, `PB`
/// and a SID for what comes before. It holds all that finding the place takes, so it outlives any process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageToken {
    /// What comes after this Service.
    After(ServiceSid),
    /// What comes before this Service.
    Before(ServiceSid),
}

impl PageToken {
    fn parse(text: &str) -> Option<Self> {
        match text.split_at_checked(2)? {
            ("PA", sid) => Sid::parse(sid).map(Self::After),
            ("PB", sid) => Sid::parse(sid).map(Self::Before),
            _ => None,
        }
    }
}

impl fmt::Display for PageToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::After(sid) => write!(f, "PA{sid}"),
            Self::Before(sid) => write!(f, "PB{sid}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invalid<T: fmt::Debug>(parsed: Result<T, Vec<InvalidParameter>>) -> Vec<InvalidParameter> {
        parsed.unwrap_err()
    }

    fn form(text: &str) -> Form<'_> {
        Form::decode(text.as_bytes(), &SERVICE_PARAMETERS)
    }

    #[test]
    fn a_service_name_is_1_to_32_characters() {
        for name in ["a", &"é".repeat(32), "Owl: Bank"] {
            assert_eq!(ServiceName::parse(name).unwrap().as_str(), name);
        }
        let length = Rule::Length { min: 1, max: 32 }.broken_by("FriendlyName");
        assert_eq!(ServiceName::parse(&"é".repeat(33)).unwrap_err(), length);
        assert_eq!(
            ServiceName::parse(" ").unwrap_err(),
            Rule::NotBlank.broken_by("FriendlyName")
        );
    }

    #[test]
    fn every_setting_is_checked_and_every_invalid_one_named() {
        let text = "Totp.Issuer=a:b&Totp.TimeStep=19&Totp.CodeLength=9&Totp.Skew=3\
                    &Push.ApnCredentialSid=VA0&Push.FcmCredentialSid=CR";
        assert_eq!(
            invalid(NewService::parse(&form(text))),
            [
                Rule::Required.broken_by("FriendlyName"),
                Rule::NoColon.broken_by("Totp.Issuer"),
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
        let update = ServiceUpdate::parse(&form("")).unwrap();
        assert_eq!(
            (update.friendly_name, update.settings),
            (None, ServiceSettings::default())
        );
    }

    fn page(text: &str) -> Result<PageRequest, Vec<InvalidParameter>> {
        PageRequest::parse(&Form::decode(text.as_bytes(), &PageRequest::PARAMETERS))
    }

    #[test]
    fn a_page_has_1_to_1000_resources_by_default_50() {
        assert_eq!(
            page(""),
            Ok(PageRequest {
                size: 50,
                number: 0,
                token: None
            })
        );
        for size in [1, 2, 999, 1000] {
            assert_eq!(page(&format!("PageSize={size}")).unwrap().size, size);
        }
        for size in ["0", "1001", "-1", "x", "65537"] {
            assert_eq!(
                invalid(page(&format!("PageSize={size}"))),
                [Rule::Integer { min: 1, max: 1000 }.broken_by("PageSize")]
            );
        }
    }

    #[test]
    fn a_page_token_is_read_as_it_is_written_and_made_up_ones_are_refused() {
        let sid = ServiceSid::from_bytes([7; 16]);
        for token in [PageToken::After(sid), PageToken::Before(sid)] {
            assert_eq!(page(&format!("PageToken={token}")).unwrap().token, Some(token));
        }
        for token in [
            "x",
            "PA",
            "PC",
            "é",
            "PAVA",
            &format!("PX{sid}"),
            &format!("PA{sid}0"),
            &format!("pa{sid}"),
        ] {
            assert_eq!(
                invalid(page(&format!("PageToken={token}"))),
                [Rule::PageToken.broken_by("PageToken")],
                "{token}"
            );
        }
        assert_eq!(
            invalid(page("Page=-1&PageToken=x&PageSize=0")).len(),
            3,
            "each invalid parameter is named"
        );
    }
}

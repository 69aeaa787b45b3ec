//! Settings: environment variables, read and checked once at start.

use std::fmt;

use data_encoding::HEXLOWER_PERMISSIVE;

use crate::parameters::Bounded;
use crate::sid::AccountSid;

/// What a deployment decides, checked.
#[derive(Debug)]
pub struct Settings {
    pub(crate) table_name: String,
    pub(crate) account_sid: AccountSid,
    pub(crate) auth_tokens: AuthTokens,
    pub(crate) sealing_key_arn: String,
    pub(crate) allowed_origins: AllowedOrigins,
    pub(crate) base_url: Option<String>,
    /// `None`: as long as a verified one.
    pub(crate) unverified_factor_hours: Option<UnverifiedFactorHours>,
}

/// How many hours an unverified Factor is there: 1 to 24, by default 24.
pub type UnverifiedFactorHours = Bounded<1, 24, 24>;

/// SHA-256 of the Auth Tokens that are good: one, or two while a token is being rotated.
pub(crate) struct AuthTokens {
    pub(crate) primary: [u8; 32],
    pub(crate) secondary: Option<[u8; 32]>,
}

/// Whose pages may call from a browser.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum AllowedOrigins {
    /// Anybody's, without credentials that the browser keeps.
    Any,
    /// These, at least one.
    These(Vec<String>),
}

impl Settings {
    /// Reads the settings from the environment, or from whatever `env` stands for.
    ///
    /// # Errors
    /// The first variable that is missing or malformed.
    pub fn from_env(env: impl Fn(&str) -> Option<String>) -> Result<Self, SettingError> {
        let optional = |variable: &str| env(variable).filter(|value| !value.is_empty());
        let required = |variable| optional(variable).ok_or(SettingError::missing(variable));
        Ok(Self {
            table_name: table_name(required("TABLE_NAME")?)?,
            account_sid: account_sid(&required("ACCOUNT_SID")?)?,
            auth_tokens: auth_tokens(&required("AUTH_TOKEN_SHA256")?)?,
            sealing_key_arn: sealing_key_arn(required("SEALING_KEY_ARN")?)?,
            allowed_origins: allowed_origins(&optional("ALLOWED_ORIGINS").unwrap_or_else(|| "*".to_owned()))?,
            base_url: optional("BASE_URL").map(base_url).transpose()?,
            unverified_factor_hours: unverified_factor_hours(optional("UNVERIFIED_FACTOR_HOURS").as_deref())?,
        })
    }

    /// The table's name.
    #[must_use]
    pub fn table_name(&self) -> &str {
        &self.table_name
    }

    /// The KMS key that wraps data keys.
    #[must_use]
    pub fn sealing_key_arn(&self) -> &str {
        &self.sealing_key_arn
    }

    /// The account that this deployment serves.
    #[must_use]
    pub fn account_sid(&self) -> AccountSid {
        self.account_sid
    }
}

/// 3 to 255 of `A-Z a-z 0-9 _ . -`
/// ([naming rules](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html)).
fn table_name(value: String) -> Result<String, SettingError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    if (3..=255).contains(&value.len()) && value.bytes().all(allowed) {
        Ok(value)
    } else {
        Err(SettingError::malformed(
            "TABLE_NAME",
            "3 to 255 characters of A-Z, a-z, 0-9, _, . and -",
        ))
    }
}

fn account_sid(value: &str) -> Result<AccountSid, SettingError> {
    const RULE: &str = "AC followed by 32 hexadecimal digits";
    AccountSid::parse(value).map_err(|_| SettingError::malformed("ACCOUNT_SID", RULE))
}

fn auth_tokens(value: &str) -> Result<AuthTokens, SettingError> {
    let malformed = SettingError::malformed(
        "AUTH_TOKEN_SHA256",
        "one SHA-256 digest in hexadecimal (64 digits), or two that are separated by a comma",
    );
    let digest = |text: &str| {
        let bytes = HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).ok()?;
        <[u8; 32]>::try_from(bytes).ok()
    };
    let mut digests = value.split(',').map(digest);
    match (digests.next().flatten(), digests.next(), digests.next()) {
        (Some(primary), None, _) => Ok(AuthTokens {
            primary,
            secondary: None,
        }),
        (Some(primary), Some(Some(secondary)), None) => Ok(AuthTokens {
            primary,
            secondary: Some(secondary),
        }),
        _ => Err(malformed),
    }
}

/// `arn:PARTITION:kms:REGION:ACCOUNT:key/ID`: the key itself and no alias, which could come to mean another one
/// ([key ARN](https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id-key-ARN)).
fn sealing_key_arn(value: String) -> Result<String, SettingError> {
    let parts: Vec<&str> = value.split(':').collect();
    let is_key = |resource: &str| {
        let id = resource.strip_prefix("key/").unwrap_or_default();
        !id.is_empty()
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    match parts.as_slice() {
        ["arn", partition, "kms", region, account, resource]
            if partition.starts_with("aws")
                && !region.is_empty()
                && account.len() == 12
                && account.bytes().all(|byte| byte.is_ascii_digit())
                && is_key(resource) =>
        {
            Ok(value)
        }
        _ => Err(SettingError::malformed(
            "SEALING_KEY_ARN",
            "the ARN of a KMS key, like arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef",
        )),
    }
}

fn unverified_factor_hours(value: Option<&str>) -> Result<Option<UnverifiedFactorHours>, SettingError> {
    let malformed =
        SettingError::malformed("UNVERIFIED_FACTOR_HOURS", "a whole number from 1 to 24, or never");
    match value {
        None => Ok(Some(UnverifiedFactorHours::default())),
        Some("never") => Ok(None),
        Some(hours) => UnverifiedFactorHours::parse(hours)
            .map(Some)
            .map_err(|_| malformed),
    }
}

fn allowed_origins(value: &str) -> Result<AllowedOrigins, SettingError> {
    if value == "*" {
        return Ok(AllowedOrigins::Any);
    }
    let origins: Vec<String> = value.split(',').map(|origin| origin.trim().to_owned()).collect();
    if origins
        .iter()
        .all(|origin| is_origin(origin) && is_normal(origin))
    {
        Ok(AllowedOrigins::These(origins))
    } else {
        Err(SettingError::malformed(
            "ALLOWED_ORIGINS",
            "* or a comma-separated list of origins as browsers send them, like https://app.example.com",
        ))
    }
}

fn base_url(value: String) -> Result<String, SettingError> {
    let web = value.starts_with("https://") || value.starts_with("http://");
    if web && is_origin(&value) {
        Ok(value)
    } else {
        Err(SettingError::malformed(
            "BASE_URL",
            "an origin like https://verify.example.com, without a path",
        ))
    }
}

/// Whether an origin is written as browsers do: in lower case, without the scheme's own port (RFC 6454, section 6.2).
fn is_normal(origin: &str) -> bool {
    let own_port = origin.starts_with("https://") && origin.ends_with(":443")
        || origin.starts_with("http://") && origin.ends_with(":80");
    !own_port && !origin.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// Whether a text is a scheme, a host and perhaps a port.
fn is_origin(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else {
        return false;
    };
    let scheme_like = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    !scheme.is_empty() && scheme.bytes().all(scheme_like) && is_authority(authority)
}

/// Whether a text is a host, which may be an IPv6 address in brackets, and perhaps a port.
pub(crate) fn is_authority(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let name_like = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let address_like = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
    let good_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => !address.is_empty() && address.bytes().all(address_like),
        None => !host.is_empty() && host.bytes().all(name_like),
    };
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    good_host && port.is_none_or(is_port)
}

/// A setting that is missing or malformed: it names the variable and does not repeat the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettingError {
    variable: &'static str,
    /// What it has to be; `None` if it only has to be there.
    rule: Option<&'static str>,
}

impl SettingError {
    /// A variable that has to be there.
    #[must_use]
    pub(crate) const fn missing(variable: &'static str) -> Self {
        Self { variable, rule: None }
    }

    /// A variable that has to be something else.
    #[must_use]
    pub(crate) const fn malformed(variable: &'static str, rule: &'static str) -> Self {
        Self {
            variable,
            rule: Some(rule),
        }
    }
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rule {
            None => write!(f, "the environment variable {} is missing", self.variable),
            Some(rule) => write!(f, "the environment variable {} has to be {rule}", self.variable),
        }
    }
}

impl std::error::Error for SettingError {}

impl fmt::Debug for AuthTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthTokens([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    const KEY: &str = "arn:aws:kms:eu-central-1:123456789012:key/mrk-0123456789abcdef";

    fn read(changes: &[(&str, &str)]) -> Result<Settings, String> {
        let complete = [
            ("TABLE_NAME", "verify-factors"),
            ("ACCOUNT_SID", "AC00000000000000000000000000000000"),
            ("AUTH_TOKEN_SHA256", DIGEST),
            ("SEALING_KEY_ARN", KEY),
        ];
        Settings::from_env(|variable| {
            let all = changes.iter().chain(&complete);
            all.into_iter()
                .find(|(name, _)| *name == variable)
                .map(|(_, value)| (*value).to_owned())
        })
        .map_err(|error| error.to_string())
    }

    #[test]
    fn four_variables_are_enough() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.table_name(), "verify-factors");
        assert_eq!(
            settings.account_sid().as_str(),
            "AC00000000000000000000000000000000"
        );
        assert_eq!(settings.sealing_key_arn, KEY);
        assert_eq!(settings.allowed_origins, AllowedOrigins::Any);
        assert_eq!(settings.base_url, None);
        assert_eq!(
            settings.unverified_factor_hours,
            UnverifiedFactorHours::parse("24").ok()
        );
        assert_eq!(settings.auth_tokens.primary[..2], [0x9f, 0x86]);
        assert_eq!(settings.auth_tokens.secondary, None);
    }

    #[test]
    fn a_missing_or_empty_variable_is_named() {
        for variable in [
            "TABLE_NAME",
            "ACCOUNT_SID",
            "AUTH_TOKEN_SHA256",
            "SEALING_KEY_ARN",
        ] {
            assert_eq!(
                read(&[(variable, "")]).unwrap_err(),
                format!("the environment variable {variable} is missing")
            );
        }
        assert!(read(&[("BASE_URL", ""), ("ALLOWED_ORIGINS", "")]).is_ok());
    }

    #[test]
    fn a_malformed_variable_is_named_without_its_value() {
        let two = format!("{DIGEST},{DIGEST}");
        for (variable, values) in [
            (
                "TABLE_NAME",
                vec!["xy", "x y z", "tabl\u{e9}", "arn:aws:dynamodb:x"],
            ),
            (
                "ACCOUNT_SID",
                vec![
                    "AC0",
                    "VA00000000000000000000000000000000",
                    "AC0000000000000000000000000000000g",
                ],
            ),
            (
                "AUTH_TOKEN_SHA256",
                vec!["secret", &DIGEST[1..], &two[1..], ",", "a,b,c"],
            ),
            (
                "SEALING_KEY_ARN",
                vec![
                    "alias/verify-factors",
                    "01234567-89ab-cdef-0123-456789abcdef",
                    "arn:aws:kms:eu-central-1:123456789012:alias/a",
                    "arn:aws:kms:eu-central-1:123456789012:key/",
                    "arn:aws:kms:eu-central-1:123456789012:key/a/b",
                    "arn:aws:kms::123456789012:key/a",
                    "arn:aws:kms:eu-central-1:12345678901:key/a",
                    "arn:aws:dynamodb:eu-central-1:123456789012:key/a",
                ],
            ),
            (
                "ALLOWED_ORIGINS",
                vec![
                    "example.com",
                    "*,https://a.example",
                    "https://a.example/",
                    "https://A.example",
                    "https://a.example:443",
                    "http://a.example:80",
                    "https://a.example:+8443",
                    "https://*.example",
                    "https://",
                    ",",
                ],
            ),
            (
                "BASE_URL",
                vec![
                    "example.com",
                    "https://a.example/",
                    "https://a b",
                    "ftp://a.example",
                    "https://a:x",
                ],
            ),
            (
                "UNVERIFIED_FACTOR_HOURS",
                vec!["0", "25", "+1", "1.5", "Never", " 2", "2h"],
            ),
        ] {
            let errors: Vec<String> = values
                .iter()
                .map(|value| read(&[(variable, value)]).unwrap_err())
                .collect();
            let expected = format!("the environment variable {variable} has to be ");
            // One text for all values: it repeats none.
            assert!(
                errors
                    .iter()
                    .all(|error| *error == errors[0] && error.starts_with(&expected)),
                "{errors:?}"
            );
        }
        assert!(read(&[("AUTH_TOKEN_SHA256", &format!("{two},{DIGEST}"))]).is_err());
    }

    #[test]
    fn two_digests_of_either_case_serve_a_rotation() {
        let upper = DIGEST.to_uppercase();
        let settings = read(&[("AUTH_TOKEN_SHA256", &format!("{upper}, {DIGEST}"))]).unwrap();
        assert_eq!(settings.auth_tokens.secondary, Some(settings.auth_tokens.primary));
    }

    #[test]
    fn origins_have_a_scheme_a_host_and_perhaps_a_port() {
        let settings = read(&[
            (
                "ALLOWED_ORIGINS",
                "https://a.example, http://localhost:3000,http://[::1]:8080,capacitor://localhost",
            ),
            ("BASE_URL", "https://verify.example.com:8443"),
        ])
        .unwrap();
        assert_eq!(
            settings.allowed_origins,
            AllowedOrigins::These(
                [
                    "https://a.example",
                    "http://localhost:3000",
                    "http://[::1]:8080",
                    "capacitor://localhost"
                ]
                .map(str::to_owned)
                .into()
            )
        );
        assert_eq!(
            settings.base_url.as_deref(),
            Some("https://verify.example.com:8443")
        );
    }

    #[test]
    fn unverified_factors_are_there_for_1_to_24_hours_or_for_good() {
        for (value, hours) in [("1", Some(1)), ("24", Some(24)), ("never", None)] {
            let settings = read(&[("UNVERIFIED_FACTOR_HOURS", value)]).unwrap();
            assert_eq!(
                settings.unverified_factor_hours.map(UnverifiedFactorHours::get),
                hours
            );
        }
    }

    #[test]
    fn debug_shows_no_digest() {
        let shown = format!("{:?}", read(&[]).unwrap());
        assert!(
            !shown.contains("159, 134") && shown.contains("AuthTokens([REDACTED])"),
            "{shown}"
        );
    }
}

//! A Factor as the API shows it: field for field, in the API's order.

use secrecy::{ExposeSecret, SecretString};
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::{Binding, Config, Factor, NotificationToken, PublicKey};
use crate::sid::CredentialSid;

/// A Factor as it is shown at any time: it has no place for a `binding`.
pub struct FactorJson<'a> {
    factor: &'a Factor,
    url: String,
}

/// A Factor as it is shown once, at its creation: with its `binding`.
pub struct CreatedFactorJson<'a> {
    factor: FactorJson<'a>,
    binding: BindingJson<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum BindingJson<'a> {
    Push {
        alg: &'static str,
        public_key: &'a str,
    },
    Totp {
        #[serde(serialize_with = "exposed")]
        secret: SecretString,
        #[serde(serialize_with = "exposed")]
        uri: SecretString,
    },
}

#[derive(Serialize)]
#[serde(untagged)]
enum ConfigJson<'a> {
    Push {
        sdk_version: &'a str,
        app_id: &'a str,
        notification_platform: &'static str,
        notification_token: Option<&'a str>,
        /// In no schema, but without it the official device SDKs refuse the Factor; it is the `kid` of their JWTs.
        credential_sid: CredentialSid,
    },
    Totp {
        alg: &'static str,
        skew: u8,
        code_length: u8,
        time_step: u8,
    },
}

impl<'a> FactorJson<'a> {
    /// A Factor, `base` being what comes before `/v2` in its URL.
    #[must_use]
    pub fn new(factor: &'a Factor, base: &str) -> Self {
        let (service, identity, sid) = (factor.service_sid, factor.identity.as_str(), factor.sid);
        Self {
            factor,
            url: format!("{base}/v2/Services/{service}/Entities/{identity}/Factors/{sid}"),
        }
    }

    /// The fields, with the `binding` where the API has it.
    fn serialize_with<S: Serializer>(
        &self,
        binding: Option<&BindingJson<'_>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let factor = self.factor;
        let metadata = factor.metadata.as_ref();
        let fields = 13 + usize::from(binding.is_some());
        let mut json = serializer.serialize_struct("Factor", fields)?;
        json.serialize_field("sid", &factor.sid)?;
        json.serialize_field("account_sid", &factor.account_sid)?;
        json.serialize_field("service_sid", &factor.service_sid)?;
        json.serialize_field("entity_sid", &factor.entity_sid)?;
        json.serialize_field("identity", factor.identity.as_str())?;
        if let Some(binding) = binding {
            json.serialize_field("binding", binding)?;
        }
        json.serialize_field("date_created", &factor.date_created)?;
        json.serialize_field("date_updated", &factor.date_updated)?;
        json.serialize_field("friendly_name", factor.friendly_name.expose())?;
        json.serialize_field("status", factor.status.name())?;
        json.serialize_field("factor_type", factor.factor_type().name())?;
        json.serialize_field("config", &ConfigJson::of(factor))?;
        json.serialize_field(
            "metadata",
            &metadata.map(|metadata| RawJson(metadata.expose_json())),
        )?;
        json.serialize_field("url", &self.url)?;
        json.end()
    }
}

impl<'a> CreatedFactorJson<'a> {
    /// A Factor with its binding, `base` being what comes before `/v2` in its URL.
    #[must_use]
    pub fn new(factor: &'a Factor, binding: &'a Binding, base: &str) -> Self {
        let binding = match binding {
            Binding::Push(public_key) => BindingJson::Push {
                alg: PublicKey::ALG,
                public_key: public_key.expose(),
            },
            Binding::Totp(totp) => BindingJson::Totp {
                secret: totp.seed.to_base32(),
                uri: totp.uri(&factor.friendly_name),
            },
        };
        Self {
            factor: FactorJson::new(factor, base),
            binding,
        }
    }
}

impl Serialize for FactorJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize_with(None, serializer)
    }
}

impl Serialize for CreatedFactorJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.factor.serialize_with(Some(&self.binding), serializer)
    }
}

impl<'a> ConfigJson<'a> {
    fn of(factor: &'a Factor) -> Self {
        match &factor.config {
            Config::Push(config) => Self::Push {
                sdk_version: config.sdk_version.expose(),
                app_id: config.app_id.expose(),
                notification_platform: config.notification_platform.name(),
                notification_token: config.notification_token.as_ref().map(NotificationToken::expose),
                credential_sid: CredentialSid::of(factor.sid),
            },
            Config::Totp(config) => Self::Totp {
                alg: config.algorithm.name(),
                skew: config.skew.get(),
                code_length: config.code_length.get(),
                time_step: config.time_step.get(),
            },
        }
    }
}

fn exposed<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

/// JSON that was checked when it came in, as it came.
pub(crate) struct RawJson<'a>(pub(crate) &'a str);

impl Serialize for RawJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::from_str::<&RawValue>(self.0)
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factors::factor::tests::{creation, totp_factor};

    #[test]
    fn a_factor_is_shown_as_it_is_at_its_creation_but_for_its_binding() {
        let (factor, binding) = totp_factor("Metadata=%7B%22a%22%3A%22b%22%7D", creation());
        let created = serde_json::to_string(&CreatedFactorJson::new(&factor, &binding, "")).unwrap();
        let shown = serde_json::to_string(&FactorJson::new(&factor, "")).unwrap();
        let (start, rest) = created.split_once(r#""binding":{"#).unwrap();
        let (_, end) = rest.split_once("},").unwrap();
        assert_eq!(shown, format!("{start}{end}"));
        assert!(!shown.contains("binding") && !shown.contains("otpauth"));
    }
}

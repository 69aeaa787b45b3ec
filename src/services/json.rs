//! Resources as the API shows them: field for field and in the API's order.

use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::rules::{Binding, Factor, PageRequest, PageToken, PublicKey, Push, Service, Sid, Totp};
use crate::table::Page;

/// A Factor as it is shown once, at creation: with its `binding`.
#[derive(Serialize)]
pub struct FactorResource<'a> {
    sid: &'a str,
    account_sid: &'a str,
    service_sid: &'a str,
    entity_sid: &'a str,
    identity: &'a str,
    binding: BindingResource<'a>,
    date_created: String,
    date_updated: String,
    friendly_name: &'a str,
    status: &'static str,
    factor_type: &'static str,
    config: ConfigResource<'a>,
    metadata: Option<RawJson<'a>>,
    url: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum BindingResource<'a> {
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
enum ConfigResource<'a> {
    Push {
        sdk_version: &'a str,
        app_id: &'a str,
        notification_platform: &'static str,
        notification_token: Option<&'a str>,
    },
    Totp {
        alg: &'static str,
        skew: u8,
        code_length: u8,
        time_step: u8,
    },
}

impl<'a> FactorResource<'a> {
    /// The resource of a Factor, `base` being what comes before `/v2` in its URL.
    #[must_use]
    pub fn new(factor: &'a Factor, base: &str) -> Self {
        let (binding, config) = match &factor.binding {
            Binding::Push(push) => Self::push(push),
            Binding::Totp(totp) => Self::totp(totp, factor),
        };
        Self {
            sid: factor.sid.as_str(),
            account_sid: factor.account_sid.as_str(),
            service_sid: factor.service_sid.as_str(),
            entity_sid: factor.entity_sid.as_str(),
            identity: factor.identity.as_str(),
            binding,
            date_created: factor.date_created.to_string(),
            date_updated: factor.date_updated.to_string(),
            friendly_name: factor.friendly_name.expose(),
            status: Factor::STATUS,
            factor_type: factor.factor_type().name(),
            config,
            metadata: factor
                .metadata
                .as_ref()
                .map(|metadata| RawJson(metadata.expose_json())),
            url: format!(
                "{base}/v2/Services/{}/Entities/{}/Factors/{}",
                factor.service_sid,
                factor.identity.as_str(),
                factor.sid
            ),
        }
    }

    fn push(push: &'a Push) -> (BindingResource<'a>, ConfigResource<'a>) {
        let binding = BindingResource::Push {
            alg: PublicKey::ALG,
            public_key: push.public_key.expose(),
        };
        let config = ConfigResource::Push {
            sdk_version: push.sdk_version.expose_secret(),
            app_id: push.app_id.expose_secret(),
            notification_platform: push.notification_platform.name(),
            notification_token: push.notification_token.as_ref().map(ExposeSecret::expose_secret),
        };
        (binding, config)
    }

    fn totp(totp: &Totp, factor: &Factor) -> (BindingResource<'a>, ConfigResource<'a>) {
        let binding = BindingResource::Totp {
            secret: totp.seed.to_base32(),
            uri: totp.uri(&factor.friendly_name),
        };
        let config = ConfigResource::Totp {
            alg: totp.algorithm.name(),
            skew: totp.skew.get(),
            code_length: totp.code_length.get(),
            time_step: totp.time_step.get(),
        };
        (binding, config)
    }
}

fn exposed<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

/// JSON that was checked when it came in, as it came.
struct RawJson<'a>(&'a str);

impl Serialize for RawJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::from_str::<&RawValue>(self.0)
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

/// A Service. What belongs to channels that are not here is at its default.
#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "the API's switches, one by one")]
pub(crate) struct ServiceResource<'a> {
    sid: &'a str,
    account_sid: &'a str,
    friendly_name: &'a str,
    code_length: u8,
    lookup_enabled: bool,
    psd2_enabled: bool,
    skip_sms_to_landlines: bool,
    dtmf_input_required: bool,
    tts_name: Option<&'static str>,
    do_not_share_warning_enabled: bool,
    custom_code_enabled: bool,
    push: PushSettings<'a>,
    totp: TotpSettingsResource,
    default_template_sid: Option<&'static str>,
    whatsapp: Whatsapp,
    passkeys: Passkeys,
    verify_event_subscription_enabled: bool,
    date_created: String,
    date_updated: String,
    url: String,
    links: Links,
}

#[derive(Serialize)]
struct PushSettings<'a> {
    include_date: bool,
    apn_credential_sid: Option<&'a str>,
    fcm_credential_sid: Option<&'a str>,
}

#[derive(Serialize)]
struct TotpSettingsResource {
    issuer: String,
    time_step: u8,
    code_length: u8,
    skew: u8,
}

#[derive(Default, Serialize)]
struct Whatsapp {
    msg_service_sid: Option<&'static str>,
    from: Option<&'static str>,
}

#[derive(Default, Serialize)]
struct Passkeys {
    relying_party: RelyingParty,
    authenticator_attachment: Option<&'static str>,
    discoverable_credentials: Option<&'static str>,
    user_verification: Option<&'static str>,
}

#[derive(Default, Serialize)]
struct RelyingParty {
    id: Option<&'static str>,
    name: Option<&'static str>,
    origins: Option<&'static str>,
}

#[derive(Serialize)]
struct Links {
    verification_checks: String,
    verifications: String,
    rate_limits: String,
    messaging_configurations: String,
    entities: String,
    webhooks: String,
    access_tokens: String,
}

impl<'a> ServiceResource<'a> {
    /// `code_length` of verifications by SMS, which are not here: the API's default.
    const VERIFICATION_CODE_LENGTH: u8 = 6;

    /// The resource of a Service, `base` being what comes before `/v2` in its URL.
    pub(crate) fn new(service: &'a Service, base: &str) -> Self {
        let url = format!("{base}/v2/Services/{}", service.sid);
        let link = |name: &str| format!("{url}/{name}");
        let totp = service.totp_settings();
        Self {
            sid: service.sid.as_str(),
            account_sid: service.account_sid.as_str(),
            friendly_name: service.friendly_name.as_str(),
            code_length: Self::VERIFICATION_CODE_LENGTH,
            lookup_enabled: false,
            psd2_enabled: false,
            skip_sms_to_landlines: false,
            dtmf_input_required: false,
            tts_name: None,
            do_not_share_warning_enabled: false,
            custom_code_enabled: false,
            push: PushSettings {
                include_date: false,
                apn_credential_sid: service.settings.apn_credential_sid.as_ref().map(Sid::as_str),
                fcm_credential_sid: service.settings.fcm_credential_sid.as_ref().map(Sid::as_str),
            },
            totp: TotpSettingsResource {
                issuer: service.issuer().as_str().to_owned(),
                time_step: totp.time_step.get(),
                code_length: totp.code_length.get(),
                skew: totp.skew.get(),
            },
            default_template_sid: None,
            whatsapp: Whatsapp::default(),
            passkeys: Passkeys::default(),
            verify_event_subscription_enabled: false,
            date_created: service.date_created.to_string(),
            date_updated: service.date_updated.to_string(),
            links: Links {
                verification_checks: link("VerificationCheck"),
                verifications: link("Verifications"),
                rate_limits: link("RateLimits"),
                messaging_configurations: link("MessagingConfigurations"),
                entities: link("Entities"),
                webhooks: link("Webhooks"),
                access_tokens: link("AccessTokens"),
            },
            url,
        }
    }
}

/// A page of Services.
#[derive(Serialize)]
pub(crate) struct ServiceList<'a> {
    services: Vec<ServiceResource<'a>>,
    meta: Meta,
}

#[derive(Serialize)]
struct Meta {
    page: u32,
    page_size: u16,
    first_page_url: String,
    previous_page_url: Option<String>,
    url: String,
    next_page_url: Option<String>,
    key: &'static str,
}

impl<'a> ServiceList<'a> {
    pub(crate) fn new(page: &'a Page, request: PageRequest, base: &str) -> Self {
        let url = |number: u32, token: Option<PageToken>| {
            let token = token.map_or_else(String::new, |token| format!("&PageToken={token}"));
            format!(
                "{base}/v2/Services?PageSize={}&Page={number}{token}",
                request.size
            )
        };
        let first = page.services.first().filter(|_| page.has_previous);
        let last = page.services.last().filter(|_| page.has_next);
        Self {
            services: page
                .services
                .iter()
                .map(|service| ServiceResource::new(service, base))
                .collect(),
            meta: Meta {
                page: request.number,
                page_size: request.size,
                first_page_url: url(0, None),
                previous_page_url: first.map(|service| {
                    url(
                        request.number.saturating_sub(1),
                        Some(PageToken::Before(service.sid)),
                    )
                }),
                url: url(request.number, request.token),
                next_page_url: last.map(|service| {
                    url(
                        request.number.saturating_add(1),
                        Some(PageToken::After(service.sid)),
                    )
                }),
                key: "services",
            },
        }
    }
}

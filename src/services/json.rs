//! A Service as the API shows it: field for field, in the API's order.

use serde::Serialize;

use super::Service;
use crate::sid::CredentialSid;

/// A Service. What belongs to channels that are not here is at its default.
#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "the API's switches, one by one")]
pub(crate) struct ServiceJson<'a> {
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
    push: PushJson<'a>,
    totp: TotpJson,
    default_template_sid: Option<&'static str>,
    whatsapp: WhatsappJson,
    passkeys: Passkeys,
    verify_event_subscription_enabled: bool,
    date_created: String,
    date_updated: String,
    url: String,
    links: Links,
}

#[derive(Serialize)]
struct PushJson<'a> {
    include_date: bool,
    apn_credential_sid: Option<&'a str>,
    fcm_credential_sid: Option<&'a str>,
}

#[derive(Serialize)]
struct TotpJson {
    issuer: String,
    time_step: u8,
    code_length: u8,
    skew: u8,
}

#[derive(Default, Serialize)]
struct WhatsappJson {
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

impl<'a> ServiceJson<'a> {
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
            push: PushJson {
                include_date: false,
                apn_credential_sid: service
                    .settings
                    .apn_credential_sid
                    .as_ref()
                    .map(CredentialSid::as_str),
                fcm_credential_sid: service
                    .settings
                    .fcm_credential_sid
                    .as_ref()
                    .map(CredentialSid::as_str),
            },
            totp: TotpJson {
                issuer: service.issuer().as_str().to_owned(),
                time_step: totp.time_step.get(),
                code_length: totp.code_length.get(),
                skew: totp.skew.get(),
            },
            default_template_sid: None,
            whatsapp: WhatsappJson::default(),
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

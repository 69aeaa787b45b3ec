//! Services, a file for each thing that can be done with them.

mod cache;
mod create;
mod delete;
mod fetch;
mod list;
mod update;

use harness::local;
use serde_json::{Value, json};

use crate::support::{Answer, Function};

const SERVICES: &str = "/v2/Services";

fn service_path(sid: &str) -> String {
    format!("{SERVICES}/{sid}")
}

/// A Service as the API shows it, all at its defaults.
fn resource(sid: &str, friendly_name: &str) -> Value {
    let url = format!("https://verify.example.com/v2/Services/{sid}");
    json!({
        "sid": sid,
        "account_sid": local::account_sid(),
        "friendly_name": friendly_name,
        "code_length": 6,
        "lookup_enabled": false,
        "psd2_enabled": false,
        "skip_sms_to_landlines": false,
        "dtmf_input_required": false,
        "tts_name": null,
        "do_not_share_warning_enabled": false,
        "custom_code_enabled": false,
        "push": {"include_date": false, "apn_credential_sid": null, "fcm_credential_sid": null},
        "totp": {"issuer": friendly_name, "time_step": 30, "code_length": 6, "skew": 1},
        "default_template_sid": null,
        "whatsapp": {"msg_service_sid": null, "from": null},
        "passkeys": {
            "relying_party": {"id": null, "name": null, "origins": null},
            "authenticator_attachment": null,
            "discoverable_credentials": null,
            "user_verification": null,
        },
        "verify_event_subscription_enabled": false,
        "date_created": "2026-01-02T03:04:05Z",
        "date_updated": "2026-01-02T03:04:05Z",
        "url": url,
        "links": {
            "verification_checks": format!("{url}/VerificationCheck"),
            "verifications": format!("{url}/Verifications"),
            "rate_limits": format!("{url}/RateLimits"),
            "messaging_configurations": format!("{url}/MessagingConfigurations"),
            "entities": format!("{url}/Entities"),
            "webhooks": format!("{url}/Webhooks"),
            "access_tokens": format!("{url}/AccessTokens"),
        },
    })
}

async fn create(function: &Function, form: &str) -> Answer {
    let answer = function.request("POST", SERVICES, form).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer
}

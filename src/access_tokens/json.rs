//! An Access Token as the API shows it, field for field, in the API's order.

use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, Serializer};

use super::access_token::AccessToken;
use super::new::FACTOR_TYPE;
use crate::factors::FriendlyName;
use crate::sealing::DataKey;
use crate::sid::{AccessTokenSid, AccountSid, ServiceSid};
use crate::time::Timestamp;

/// An Access Token.
#[derive(Serialize)]
pub(super) struct AccessTokenJson<'a> {
    sid: AccessTokenSid,
    account_sid: AccountSid,
    service_sid: ServiceSid,
    entity_identity: &'a str,
    factor_type: &'static str,
    factor_friendly_name: Option<&'a str>,
    ttl: u16,
    date_created: Timestamp,
    #[serde(serialize_with = "exposed")]
    token: SecretString,
    url: String,
}

impl<'a> AccessTokenJson<'a> {
    /// An Access Token, with the data key of its version, `base` being what comes before `/v2` in its URL.
    pub(super) fn new(token: &'a AccessToken, data_key: &DataKey, base: &str) -> Self {
        let (service, sid) = (token.service_sid, token.sid);
        Self {
            sid,
            account_sid: token.account_sid,
            service_sid: service,
            entity_identity: token.identity.as_str(),
            factor_type: FACTOR_TYPE.name(),
            factor_friendly_name: token.factor_friendly_name.as_ref().map(FriendlyName::expose),
            ttl: token.ttl.get(),
            date_created: token.date_created,
            token: token.text(data_key),
            url: format!("{base}/v2/Services/{service}/AccessTokens/{sid}"),
        }
    }
}

fn exposed<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

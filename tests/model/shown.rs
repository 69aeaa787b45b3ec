//! How the contract shows Factors and Entities.

use harness::local;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::contract::{Contract, Entity, Place};
use crate::factor::{Factor, Kind};

/// Where the function is called.
pub const BASE_URL: &str = "https://verify.example.com";

/// What RFC 3986 doesn't call unreserved.
const RESERVED: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A Factor and its `binding`.
pub struct Shown {
    factor: Value,
    binding: Value,
}

impl Shown {
    pub fn with_binding(mut self) -> Value {
        self.factor["binding"] = self.binding;
        self.factor
    }

    pub fn without_binding(self) -> Value {
        self.factor
    }
}

pub fn date(second: i64) -> String {
    let moment = OffsetDateTime::from_unix_timestamp(second).unwrap();
    format!("{}T{}Z", moment.date(), clock(moment))
}

fn clock(moment: OffsetDateTime) -> String {
    let (hour, minute, second) = moment.to_hms();
    format!("{hour:02}:{minute:02}:{second:02}")
}

impl Contract {
    /// The path of a place's Service; of one that isn't there too.
    pub fn service_path(&self, service: usize) -> String {
        let nowhere = "VAffffffffffffffffffffffffffffffff".to_owned();
        let sid = self
            .services
            .get(service)
            .map_or(nowhere, |service| service.sid.clone());
        format!("/v2/Services/{sid}")
    }

    pub fn entity_path(&self, place: Place) -> String {
        format!("{}/Entities/{}", self.service_path(place.0), place.1)
    }

    pub fn factors_path(&self, place: Place) -> String {
        format!("{}/Factors", self.entity_path(place))
    }

    pub fn show(&self, place: Place, factor: &Factor) -> Shown {
        let (config, binding) = match &factor.kind {
            Kind::Totp(totp) => {
                let secret = data_encoding::BASE32_NOPAD.encode(&totp.secret);
                let issuer = utf8_percent_encode(totp.issuer, &RESERVED);
                let account = utf8_percent_encode(&factor.friendly_name, &RESERVED);
                let uri = format!(
                    "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm={}&digits={}&period={}",
                    totp.alg.to_uppercase(),
                    totp.code_length,
                    totp.time_step
                );
                (
                    json!({
                        "alg": totp.alg, "skew": totp.skew, "code_length": totp.code_length,
                        "time_step": totp.time_step,
                    }),
                    json!({"secret": secret, "uri": uri}),
                )
            }
            Kind::Push(push) => (
                json!({
                    "sdk_version": push.sdk_version, "app_id": push.app_id,
                    "notification_platform": push.platform, "notification_token": push.token,
                    "credential_sid": factor.sid.replacen("YF", "CR", 1),
                }),
                json!({"alg": "ES256", "public_key": push.public_key}),
            ),
        };
        let shown = json!({
            "sid": factor.sid,
            "account_sid": local::account_sid(),
            "service_sid": self.services[place.0].sid,
            "entity_sid": self.entity_sids.get(&place),
            "identity": place.1,
            "date_created": date(factor.created),
            "date_updated": date(factor.updated),
            "friendly_name": factor.friendly_name,
            "status": if factor.verified { "verified" } else { "unverified" },
            "factor_type": factor.factor_type(),
            "config": config,
            "metadata": factor.metadata,
            "url": format!("{BASE_URL}{}/{}", self.factors_path(place), factor.sid),
        });
        Shown {
            factor: shown,
            binding,
        }
    }

    pub fn show_entity(&self, place: Place, entity: &Entity) -> Value {
        let url = format!("{BASE_URL}{}", self.entity_path(place));
        json!({
            "sid": self.entity_sids.get(&place),
            "identity": place.1,
            "account_sid": local::account_sid(),
            "service_sid": self.services[place.0].sid,
            "date_created": date(entity.created),
            "date_updated": date(entity.created),
            "url": url,
            "links": {
                "factors": format!("{url}/Factors"),
                "new_factors": format!("{url}/Factors"),
                "challenges": format!("{url}/Challenges"),
            },
        })
    }
}

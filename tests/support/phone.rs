//! A phone: a key, and what it signs. By another library than the function verifies with.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use harness::local;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::EncodePublicKey as _;
use serde_json::Value;
use time::OffsetDateTime;

use super::{Function, basic};

/// What the API says that a phone is to sign of a Challenge.
pub const SIGNATURE_FIELDS: &str = "sid,account_sid,service_sid,identity,factor_sid,date_created,expiration_date,\
                                    details,hidden_details,status";

/// The header of an answer, as the device SDKs send it.
pub const HEADER: &str = r#"{"typ":"JWT","alg":"ES256"}"#;

/// The header of a JWT that a device calls with, as the Android SDK writes it.
pub fn jwt_header(credential_sid: &str) -> String {
    format!(r#"{{"cty":"twilio-pba;v=1","kid":"{credential_sid}","typ":"JWT","alg":"ES256"}}"#)
}

/// What it says there, at a moment.
pub fn claims(now: OffsetDateTime) -> String {
    let (account, now) = (local::account_sid(), now.unix_timestamp());
    format!(r#"{{"sub":"{account}","exp":{},"nbf":{now}}}"#, now + 600)
}

/// A phone with its key.
pub struct Phone(SigningKey);

impl Phone {
    /// One of 254 phones: 1 to 254. The key of 255 would be greater than the order of the curve.
    pub fn number(number: u8) -> Self {
        Self(SigningKey::from_slice(&[number; 32]).unwrap())
    }

    /// Its Factor as it was created at this path, which the account verified then.
    pub async fn verified(&self, function: &Function, factors: &str) -> Value {
        let factor = function.request("POST", factors, &self.form()).await.json();
        let sid = factor["sid"].as_str().unwrap();
        let path = format!("{factors}/{sid}");
        let verified = function.request("POST", &path, &self.payload(sid)).await;
        assert_eq!(verified.text("status"), "verified");
        factor
    }

    /// Its public key: DER of a `SubjectPublicKeyInfo`.
    pub fn public_key(&self) -> Vec<u8> {
        let der = self.0.verifying_key().to_public_key_der().unwrap();
        der.as_bytes().to_vec()
    }

    /// The form of a request for its Factor.
    pub fn form(&self) -> String {
        let fields = [
            ("FriendlyName", "Phone"),
            ("FactorType", "push"),
            ("Binding.PublicKey", &BASE64.encode(&self.public_key())),
            ("Config.AppId", "com.example.app"),
            ("Config.NotificationPlatform", "none"),
            ("Config.SdkVersion", "1.0.0"),
        ];
        serde_urlencoded::to_string(fields).unwrap()
    }

    /// Its signature of a message.
    pub fn signature(&self, message: &str) -> Signature {
        self.0.sign(message.as_bytes())
    }

    /// Its signature of a message: ASN.1 DER in Base64.
    pub fn sign(&self, message: &str) -> String {
        BASE64.encode(self.signature(message).to_der().as_bytes())
    }

    /// A form with its signature of a message as `AuthPayload`.
    pub fn payload(&self, message: &str) -> String {
        serde_urlencoded::to_string([("AuthPayload", self.sign(message))]).unwrap()
    }

    /// A JWS of this header and payload (RFC 7515, the compact form), with R and S in 32 bytes each.
    pub fn jws(&self, header: &str, payload: &str) -> String {
        let signed = jws_signed(header, payload);
        let signature = self.signature(&signed).to_bytes();
        format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature))
    }

    /// The `Authorization` with which it calls at a moment, `factor` being its Factor as it was created.
    pub fn authorization(&self, factor: &Value, now: OffsetDateTime) -> String {
        let header = jwt_header(factor["config"]["credential_sid"].as_str().unwrap());
        device(&self.jws(&header, &claims(now)))
    }

    /// The form by which it approves or denies a Challenge that was shown to it.
    pub fn answer(&self, challenge: &Value, status: &str) -> String {
        let payload = answer_payload(challenge, status);
        format!("AuthPayload={}", self.jws(HEADER, &payload))
    }
}

/// The `Authorization` of a device with a JWT or an Access Token.
pub fn device(token: &str) -> String {
    basic(&format!("token:{token}"))
}

/// What a JWS signs.
pub fn jws_signed(header: &str, payload: &str) -> String {
    let [header, payload] = [header, payload].map(|part| BASE64URL_NOPAD.encode(part.as_bytes()));
    format!("{header}.{payload}")
}

/// What the device SDKs sign: the members that they are told to, as they came, but for the status; in an order of their own, and
/// with `/` escaped.
pub fn answer_payload(challenge: &Value, status: &str) -> String {
    let member = |name: &str| {
        let value = &challenge[name];
        let value = if name == "status" {
            &Value::from(status)
        } else {
            value
        };
        format!("\"{name}\":{value}")
    };
    let members: Vec<String> = SIGNATURE_FIELDS.rsplit(',').map(member).collect();
    format!("{{{}}}", members.join(",")).replace('/', "\\/")
}

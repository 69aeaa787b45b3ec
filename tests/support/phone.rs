//! A phone: a key, and what it signs. By another library than the function verifies with.

use data_encoding::BASE64;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::EncodePublicKey as _;

/// A phone with its key.
pub struct Phone(SigningKey);

impl Phone {
    /// One of 255 phones.
    pub fn number(number: u8) -> Self {
        Self(SigningKey::from_slice(&[number; 32]).unwrap())
    }

    /// The form of a request for its Factor.
    pub fn form(&self) -> String {
        let der = self.0.verifying_key().to_public_key_der().unwrap();
        let fields = [
            ("FriendlyName", "Phone"),
            ("FactorType", "push"),
            ("Binding.PublicKey", &BASE64.encode(der.as_bytes())),
            ("Config.AppId", "com.example.app"),
            ("Config.NotificationPlatform", "none"),
            ("Config.SdkVersion", "1.0.0"),
        ];
        serde_urlencoded::to_string(fields).unwrap()
    }

    /// Its signature of a message: ASN.1 DER in Base64.
    pub fn sign(&self, message: &str) -> String {
        let signature: Signature = self.0.sign(message.as_bytes());
        BASE64.encode(signature.to_der().as_bytes())
    }

    /// A form with its signature of a message as `AuthPayload`.
    pub fn payload(&self, message: &str) -> String {
        serde_urlencoded::to_string([("AuthPayload", self.sign(message))]).unwrap()
    }
}

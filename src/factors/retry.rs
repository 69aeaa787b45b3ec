use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::parameters::{Form, InvalidParameter, Rule};

/// What a caller sends to make a retry safe, in the header `Idempotency-Key`: 1 to 255 printable ASCII characters.
#[derive(Clone, Debug)]
pub struct IdempotencyKey(SecretString);

impl IdempotencyKey {
    /// The header's name.
    pub const HEADER: &'static str = "Idempotency-Key";
    /// Characters in a key, at the most.
    const MAX_LENGTH: usize = 255;

    /// Reads a key.
    ///
    /// # Errors
    /// [`Rule::IdempotencyKey`].
    pub fn parse(text: &str) -> Result<Self, InvalidParameter> {
        let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if printable && (1..=Self::MAX_LENGTH).contains(&text.len()) {
            Ok(Self(text.into()))
        } else {
            Err(Rule::IdempotencyKey.broken_by(Self::HEADER))
        }
    }

    pub(super) fn as_str(&self) -> &str {
        self.0.expose_secret()
    }
}

/// SHA-256 of the parameters a Factor was asked for with, to tell a retry from another request with the same key.
///
/// It covers what was sent, not what it came to: a retry is the same request after the Service's defaults changed.
#[derive(Clone, Copy)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of these parameters of a form, in this order. Each is there once at the most.
    pub(super) fn of<'a>(form: &Form<'_>, parameters: impl IntoIterator<Item = &'a &'static str>) -> Self {
        let mut digest = Sha256::new_with_prefix("verify-factors parameters 1\0");
        for parameter in parameters {
            if let Ok(Some(value)) = form.value(parameter) {
                // Name and length first, so that no two forms come to the same bytes.
                digest.update(parameter);
                digest.update(value.len().to_be_bytes());
                digest.update(value);
            }
        }
        Self(digest.finalize().into())
    }

    /// The fingerprint as it is in the table.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads a fingerprint from the table.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

/// In constant time: the parameters include secrets, and callers can ask again and again.
impl PartialEq for Fingerprint {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_1_to_255_printable_ascii_characters() {
        for key in [
            "k",
            " ",
            "~",
            "8e03978e-40d5-43e8-bc93-6894a57f9324",
            &"k".repeat(255),
        ] {
            assert!(IdempotencyKey::parse(key).is_ok(), "{key:?}");
        }
        for key in ["", &"k".repeat(256), "a\tb", "a\u{7f}", "é", "a\nb"] {
            assert_eq!(
                IdempotencyKey::parse(key).unwrap_err(),
                Rule::IdempotencyKey.broken_by("Idempotency-Key"),
                "{key:?}"
            );
        }
    }

    #[test]
    fn fingerprints_differ_where_a_parameter_does_and_ignore_order_and_empty_ones() {
        let of = |text: &str| {
            let parameters = ["FactorType", "FriendlyName"];
            Fingerprint::of(&Form::decode(text.as_bytes(), &parameters), &parameters)
        };
        let one = of("FactorType=totp&FriendlyName=a");
        assert_eq!(one, of("FriendlyName=%61&FactorType=totp&Unknown=1"));
        assert_eq!(of("FactorType=totp"), of("FactorType=totp&FriendlyName="));
        assert_ne!(one, of("FactorType=totp&FriendlyName=b"));
        assert_ne!(one, of("FactorType=totp"));
        assert_ne!(of("FactorType=aFriendlyNameb"), of("FactorType=a&FriendlyName=b"));
    }
}

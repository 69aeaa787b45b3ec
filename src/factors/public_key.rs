//! Public keys of devices, on P-256.

use std::fmt;

use data_encoding::BASE64;
use p256::elliptic_curve::sec1::ToSec1Point as _;
use p256::pkcs8::SubjectPublicKeyInfoRef;
use secrecy::{ExposeSecret, SecretString};

use crate::parameters::Rule;

/// A P-256 public key. `Debug` shows nothing of it.
#[derive(Clone)]
pub struct PublicKey {
    /// As it was sent: Base64 of a DER SubjectPublicKeyInfo.
    text: SecretString,
    /// The point, uncompressed (SEC 1, section 2.3.3).
    point: [u8; 65],
}

impl PublicKey {
    /// The only algorithm: ECDSA on P-256 with SHA-256 (RFC 7518, section 3.4).
    pub(crate) const ALG: &'static str = "ES256";
    /// It has a space.
    pub const SPACE: Rule = rule("has a space in its Base64; a + must be percent-encoded as %2B in a form");
    /// It is not Base64 in the standard alphabet with padding (RFC 4648, section 4).
    pub const BASE64: Rule = rule("must be Base64 in the standard alphabet, with padding");
    /// It is not a DER SubjectPublicKeyInfo of an EC key on P-256 (RFC 5480), or its point is not on the curve.
    pub const P256: Rule = rule("must be a DER SubjectPublicKeyInfo of an EC key on the curve P-256");

    /// Reads a key; its point has to be on the curve, which decoding checks.
    ///
    /// # Errors
    /// [`PublicKey::SPACE`], [`PublicKey::BASE64`], [`PublicKey::P256`].
    pub fn parse(text: &str) -> Result<Self, Rule> {
        if text.contains(' ') {
            return Err(Self::SPACE);
        }
        // It ends the text (RFC 4648, section 3.2); data_encoding takes texts one after another.
        if text.trim_end_matches('=').contains('=') {
            return Err(Self::BASE64);
        }
        let der = BASE64.decode(text.as_bytes()).map_err(|_| Self::BASE64)?;
        let key = SubjectPublicKeyInfoRef::try_from(der.as_slice()).map_err(|_| Self::P256)?;
        // Uncompressed or compressed, and no other form (RFC 5480, section 2.2): p256 takes x with the tag 5, too.
        let [2..=4, ..] = key.subject_public_key.raw_bytes() else {
            return Err(Self::P256);
        };
        let point = p256::PublicKey::try_from(key).map_err(|_| Self::P256)?;
        let point = point.to_sec1_point(false).as_bytes().try_into();
        let point = point.map_err(|_| Self::P256)?;
        Ok(Self {
            text: text.into(),
            point,
        })
    }

    /// Reads the name of the only algorithm.
    pub(super) fn parse_alg(text: &str) -> Result<(), Rule> {
        const ALG: Rule = rule("must be ES256");
        (text == Self::ALG).then_some(()).ok_or(ALG)
    }

    /// The point, uncompressed, by which signatures are checked.
    pub(super) fn point(&self) -> &[u8] {
        &self.point
    }

    /// The key as text, to be sealed and for the answer.
    pub(crate) fn expose(&self) -> &str {
        self.text.expose_secret()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey([REDACTED])")
    }
}

/// A rule of keys, with the code that theirs have.
const fn rule(text: &'static str) -> Rule {
    Rule::Own { code: 60314, text }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key in the public API description.
    const KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8GdwtibWe0kpgsFl6xPQBwhtwUEyeJkeozFmi2jiJDzxFSMwVy3kVR1h/dPVYOfgkC0EkfBRJ0J/6xW47FD5vA==";

    fn fault(text: &str) -> Rule {
        PublicKey::parse(text).unwrap_err()
    }

    #[test]
    fn a_p256_key_is_kept_as_sent() {
        assert_eq!(PublicKey::parse(KEY).unwrap().expose(), KEY);
    }

    #[test]
    fn debug_shows_nothing_of_a_key() {
        let key = PublicKey::parse(KEY).unwrap();
        assert_eq!(format!("{key:?}"), "PublicKey([REDACTED])");
    }

    #[test]
    fn a_point_off_the_curve_is_refused() {
        let mut der = BASE64.decode(KEY.as_bytes()).unwrap();
        *der.last_mut().unwrap() ^= 1;
        assert_eq!(fault(&BASE64.encode(&der)), PublicKey::P256);
    }

    #[test]
    fn a_point_is_uncompressed_or_compressed_and_never_of_another_form() {
        let der = BASE64.decode(KEY.as_bytes()).unwrap();
        for tag in 0..=u8::MAX {
            let mut uncompressed = der.clone();
            uncompressed[26] = tag;
            // The same, with x alone.
            let mut compressed = uncompressed[..59].to_vec();
            (compressed[1], compressed[24]) = (57, 34);
            for (der, forms) in [(uncompressed, [4].as_slice()), (compressed, &[2, 3])] {
                let parsed = PublicKey::parse(&BASE64.encode(&der));
                assert_eq!(
                    parsed.is_ok(),
                    forms.contains(&tag),
                    "{tag} in {} bytes",
                    der.len()
                );
            }
        }
    }

    #[test]
    fn the_point_at_infinity_is_refused() {
        let der = BASE64.decode(KEY.as_bytes()).unwrap();
        let mut infinity = der[..23].to_vec();
        infinity.extend([0x03, 0x02, 0x00, 0x00]);
        infinity[1] = u8::try_from(infinity.len() - 2).unwrap();
        assert_eq!(fault(&BASE64.encode(&infinity)), PublicKey::P256);
    }

    #[test]
    fn every_cut_of_a_key_is_refused_and_so_is_anything_after_it() {
        let der = BASE64.decode(KEY.as_bytes()).unwrap();
        for length in 0..der.len() {
            assert_eq!(
                fault(&BASE64.encode(&der[..length])),
                PublicKey::P256,
                "{length} bytes"
            );
        }
        let longer = [der.as_slice(), &[0]].concat();
        assert_eq!(fault(&BASE64.encode(&longer)), PublicKey::P256);
    }

    #[test]
    fn keys_of_other_kinds_are_refused() {
        // SubjectPublicKeyInfo of secp256k1 and of Ed25519.
        for key in [
            "MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEeb5mfvncu6xVoGKVzocLBwKb/NstzijZWfKBWxb4F5hIOtp3JqPEZV2k+/wOEQio/Re0SKaFVBmcR9CP+xDUuA==",
            "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=",
        ] {
            assert_eq!(fault(key), PublicKey::P256);
        }
    }

    #[test]
    fn padding_ends_base64() {
        let der = BASE64.decode(KEY.as_bytes()).unwrap();
        let (first, rest) = der.split_at(1);
        let padded_inside = BASE64.encode(first) + &BASE64.encode(rest);
        assert_eq!(fault(&padded_inside), PublicKey::BASE64);
    }

    #[test]
    fn a_space_in_base64_is_told_apart() {
        assert_eq!(fault(&KEY.replacen('8', " ", 1)), PublicKey::SPACE);
        for text in [
            KEY.trim_end_matches('=').to_owned(),
            KEY.replace('/', "_"),
            format!("{KEY}="),
            format!("{KEY}\n"),
            "-----BEGIN-PUBLIC-KEY-----".to_owned(),
            "é".to_owned(),
        ] {
            assert_eq!(fault(&text), PublicKey::BASE64, "{text}");
        }
    }
}

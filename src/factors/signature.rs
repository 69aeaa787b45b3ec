//! Signatures: by what a push Factor's device shows that it has the key (FIPS 186-5; RFC 3279, section 2.2.3).

use std::fmt;

use data_encoding::BASE64;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

use super::PublicKey;
use crate::parameters::Rule;

/// A signature as it was sent; whether it is one shows when it is checked. `Debug` shows nothing of it.
pub(super) struct Signature(Vec<u8>);

impl Signature {
    /// It has a space.
    const SPACE: Rule = Rule::own("has a space in its Base64; a + must be percent-encoded as %2B in a form");

    /// Reads a signature: Base64 in the standard alphabet, padded. What isn't verifies nothing, whoever asks.
    ///
    /// # Errors
    /// [`Signature::SPACE`].
    pub(super) fn parse(text: &str) -> Result<Self, Rule> {
        if text.contains(' ') {
            return Err(Self::SPACE);
        }
        // Padding ends the text (RFC 4648, section 3.2); data_encoding takes texts one after another.
        let is_one = !text.trim_end_matches('=').contains('=');
        let decoded = is_one.then(|| BASE64.decode(text.as_bytes()).ok()).flatten();
        Ok(Self(decoded.unwrap_or_default()))
    }

    /// Whether it is one of `message` by `key`: ECDSA on P-256 with SHA-256 in ASN.1 DER, high S or low.
    pub(super) fn is_of(&self, message: &[u8], key: &PublicKey) -> bool {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.point())
            .verify(message, &self.0)
            .is_ok()
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};

    const MESSAGE: &[u8] = b"YF0123456789abcdef0123456789abcdef";

    /// A key, and a signature of [`MESSAGE`] by it.
    fn key_and_signature() -> (PublicKey, Vec<u8>) {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap();
        // SubjectPublicKeyInfo of P-256, up to the point.
        let head = BASE64.decode(b"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgA=").unwrap();
        let spki = [head.as_slice(), pair.public_key().as_ref()].concat();
        let signature = pair.sign(&random, MESSAGE).unwrap();
        (
            PublicKey::parse(&BASE64.encode(&spki)).unwrap(),
            signature.as_ref().to_vec(),
        )
    }

    fn is_good(key: &PublicKey, signature: &str, message: &[u8]) -> bool {
        Signature::parse(signature).unwrap().is_of(message, key)
    }

    #[test]
    fn a_signature_is_good_for_its_message_and_its_key_alone() {
        let (key, der) = key_and_signature();
        let (other, _) = key_and_signature();
        let signature = BASE64.encode(&der);
        assert!(is_good(&key, &signature, MESSAGE));
        assert!(!is_good(&other, &signature, MESSAGE));
        assert!(!is_good(&key, &signature, b"YF0123456789abcdef0123456789abcdee"));
    }

    #[test]
    fn no_bit_of_it_can_be_another() {
        let (key, der) = key_and_signature();
        for bit in 0..der.len() * 8 {
            let mut changed = der.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(!is_good(&key, &BASE64.encode(&changed), MESSAGE), "bit {bit}");
        }
    }

    /// The order of the curve's base point (SEC 2, section 2.4.2).
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
        0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];

    /// The two integers of a signature, each of 32 bytes.
    fn integers(der: &[u8]) -> [[u8; 32]; 2] {
        let mut rest = &der[2..];
        [(); 2].map(|()| {
            let (bytes, after) = rest[2..].split_at(rest[1].into());
            rest = after;
            let bytes = bytes.strip_prefix(&[0]).unwrap_or(bytes);
            let mut integer = [0; 32];
            integer[32 - bytes.len()..].copy_from_slice(bytes);
            integer
        })
    }

    fn der(integers: [[u8; 32]; 2]) -> Vec<u8> {
        let integers: Vec<u8> = integers
            .iter()
            .flat_map(|integer| {
                let zeros = integer.iter().take_while(|byte| **byte == 0).count();
                let bytes = &integer[zeros..];
                let sign: &[u8] = if bytes[0] >= 0x80 { &[0] } else { &[] };
                let length = u8::try_from(sign.len() + bytes.len()).unwrap();
                [&[2, length], sign, bytes].concat()
            })
            .collect();
        [
            &[0x30, u8::try_from(integers.len()).unwrap()],
            integers.as_slice(),
        ]
        .concat()
    }

    #[test]
    fn either_of_the_two_signatures_that_follow_from_each_other_is_good() {
        let (key, signature) = key_and_signature();
        let [r, s] = integers(&signature);
        assert_eq!(der([r, s]), signature);
        let mut other = [0; 32];
        let mut borrow = 0;
        for index in (0..32).rev() {
            let difference = i16::from(ORDER[index]) - i16::from(s[index]) - borrow;
            borrow = i16::from(difference < 0);
            other[index] = u8::try_from(difference.rem_euclid(256)).unwrap();
        }
        assert!(is_good(&key, &BASE64.encode(&der([r, other])), MESSAGE));
    }

    #[test]
    fn what_is_no_signature_verifies_nothing() {
        let (key, der) = key_and_signature();
        let [r, s] = integers(&der);
        let good = BASE64.encode(&der);
        for text in [
            String::new(),
            "123456".to_owned(),
            "é".to_owned(),
            good.trim_end_matches('=').to_owned() + "*",
            BASE64.encode(&[r, s].concat()),
            BASE64.encode(&[0; 64]),
            BASE64.encode(&[der.as_slice(), &[0]].concat()),
            BASE64.encode(&der[..der.len() - 1]),
            good.clone() + "\n",
            BASE64.encode(&der[..1]) + &BASE64.encode(&der[1..]),
        ] {
            assert!(!is_good(&key, &text, MESSAGE), "{text}");
        }
        assert_eq!(Signature::parse("MEU CIQ==").unwrap_err(), Signature::SPACE);
    }
}

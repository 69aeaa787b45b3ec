//! The cryptography of sealing, pure: key, nonce and what a text is bound to are arguments.
//!
//! A sealed text is one format byte, the version of the data key (32 bits, big-endian), a nonce of 12 bytes, and the text
//! encrypted with AES-256-GCM (NIST SP 800-38D), its tag of 16 bytes at the end. The key of each Factor is its own: HKDF-SHA256
//! (RFC 5869) of the data key, for the Factor's place in the table.

use std::fmt;

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Key};
use hkdf::Hkdf;
use secrecy::zeroize::Zeroizing;
use sha2::Sha256;

use crate::parameters::Rule;

/// The only format so far.
const FORMAT: u8 = 1;
/// Bytes of the version.
const VERSION_LENGTH: usize = 4;
/// Bytes of the nonce (NIST SP 800-38D, section 8.2).
const NONCE_LENGTH: usize = 12;
/// Bytes of the tag.
const TAG_LENGTH: usize = 16;
/// Says what a key or a sealed text is for.
const LABEL: &str = "verify-factors binding 1";

/// Random bytes that no other text of the same Factor is sealed with.
pub type Nonce = [u8; NONCE_LENGTH];

/// A key that seals, by its version. Wiped from memory when it is dropped; `Debug` shows nothing of it.
pub struct DataKey {
    version: u32,
    /// What HKDF extracts of the key, once: no use of it takes more (RFC 5869, section 2.2).
    extracted: Hkdf<Sha256>,
}

/// What a sealed text is bound to: it opens nowhere else.
#[derive(Clone, Copy, Debug)]
pub struct Seat<'a> {
    /// The item's partition key.
    pub pk: &'a str,
    /// The item's sort key.
    pub sk: &'a str,
    /// The type of Factor.
    pub factor_type: &'static str,
}

/// A sealed text, as it is in the table.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedBinding(Vec<u8>);

/// A sealed text that was changed, or moved, or sealed with another key.
#[derive(Debug, PartialEq, Eq)]
pub struct NotOpened;

impl DataKey {
    /// A data key of this version, from 1.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "it is wiped here, and has no other owner"
    )]
    pub fn new(version: u32, key: Zeroizing<[u8; 32]>) -> Self {
        let extracted = Hkdf::new(None, &*key);
        Self { version, extracted }
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Seals a text for its place. The same text with another nonce is sealed differently.
    #[must_use]
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "only texts of gigabytes are too long for AES-GCM"
    )]
    pub fn seal(&self, seat: Seat<'_>, nonce: Nonce, text: &[u8]) -> SealedBinding {
        let aad = seat.additional_data();
        let payload = Payload { msg: text, aad: &aad };
        let encrypted = self
            .cipher(seat)
            .encrypt(&nonce.into(), payload)
            .expect("a short text is encrypted");
        let version = self.version.to_be_bytes();
        SealedBinding([[FORMAT].as_slice(), &version, &nonce, &encrypted].concat())
    }

    /// Opens a text that was sealed with this key for this place.
    ///
    /// # Errors
    /// If anything of it is another: a bit of the text, its place, the key.
    pub fn open(&self, seat: Seat<'_>, sealed: &SealedBinding) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
        let (version, nonce, encrypted) = sealed.parts().ok_or(NotOpened)?;
        if version != self.version {
            return Err(NotOpened);
        }
        let aad = seat.additional_data();
        let payload = Payload {
            msg: encrypted,
            aad: &aad,
        };
        let opened = self.cipher(seat).decrypt(&nonce.into(), payload);
        opened.map(Zeroizing::new).map_err(|_| NotOpened)
    }

    /// A code by which who has this key knows a digest again, and of which nobody else learns anything. The `label` keeps apart
    /// what codes are for; it has no NUL.
    #[must_use]
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "HKDF-SHA256 gives up to 8160 bytes"
    )]
    pub fn authenticate(&self, label: &str, digest: &[u8; 32]) -> [u8; 32] {
        let mut code = [0; 32];
        self.extracted
            .expand_multi_info(&[label.as_bytes(), b"\0", digest], &mut code)
            .expect("32 bytes are not too many");
        code
    }

    /// The cipher with the Factor's own key.
    #[expect(clippy::expect_used, reason = "HKDF-SHA256 gives up to 8160 bytes")]
    fn cipher(&self, seat: Seat<'_>) -> Aes256Gcm {
        let mut key = Zeroizing::new([0; 32]);
        self.extracted
            .expand_multi_info(&seat.info(), &mut *key)
            .expect("32 bytes are not too many");
        Aes256Gcm::new(<&Key<Aes256Gcm>>::from(&*key))
    }
}

impl<'a> Seat<'a> {
    /// Neither key of an item has a NUL, so this is unambiguous.
    fn info(&self) -> [&'a [u8]; 5] {
        [
            LABEL.as_bytes(),
            b"\0",
            self.pk.as_bytes(),
            b"\0",
            self.sk.as_bytes(),
        ]
    }

    fn additional_data(&self) -> Vec<u8> {
        let mut data = self.info().concat();
        data.push(0);
        data.extend_from_slice(self.factor_type.as_bytes());
        data
    }
}

impl SealedBinding {
    /// Reads a sealed text; whether it opens is another matter.
    ///
    /// # Errors
    /// If it is of another format, or too short.
    pub fn parse(bytes: &[u8]) -> Result<Self, Rule> {
        const RULE: Rule = Rule::own("must be a sealed binding");
        let sealed = Self(bytes.to_owned());
        if sealed.parts().is_some() {
            Ok(sealed)
        } else {
            Err(RULE)
        }
    }

    /// The version of the data key that it was sealed with.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.parts().map_or(0, |(version, ..)| version)
    }

    /// The bytes, for the table.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn parts(&self) -> Option<(u32, Nonce, &[u8])> {
        let (format, rest) = self.0.split_first()?;
        let (version, rest) = rest.split_first_chunk::<VERSION_LENGTH>()?;
        let (nonce, encrypted) = rest.split_first_chunk::<NONCE_LENGTH>()?;
        let whole = *format == FORMAT && encrypted.len() > TAG_LENGTH;
        whole.then_some((u32::from_be_bytes(*version), *nonce, encrypted))
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataKey({}, [REDACTED])", self.version)
    }
}

/// Of no use to anybody, and long.
impl fmt::Debug for SealedBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedBinding({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;

    const SEAT: Seat<'_> = Seat {
        pk: "VA00000000000000000000000000000001/ff483d1ff591898a9942916050d2ca3f",
        sk: "YF00000000000000000000000000000002",
        factor_type: "totp",
    };
    const TEXT: &[u8] = b"a seed of twenty byt";

    fn key(version: u32, byte: u8) -> DataKey {
        DataKey::new(version, Zeroizing::new([byte; 32]))
    }

    fn hex(text: &str) -> Vec<u8> {
        HEXLOWER.decode(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_text_that_is_sealed_opens_in_its_place() {
        let sealed = key(7, 1).seal(SEAT, [9; 12], TEXT);
        assert_eq!(sealed.version(), 7);
        assert_eq!(sealed.as_bytes().len(), 1 + 4 + 12 + TEXT.len() + 16);
        assert!(!sealed.as_bytes().windows(4).any(|window| window == b"seed"));
        let read = SealedBinding::parse(sealed.as_bytes()).unwrap();
        assert_eq!(*key(7, 1).open(SEAT, &read).unwrap(), TEXT);
    }

    #[test]
    fn what_is_stored_never_changes() {
        // Computed by the `cryptography` package of Python: HKDF, then AESGCM.
        assert_eq!(
            HEXLOWER.encode(key(7, 1).seal(SEAT, [9; 12], TEXT).as_bytes()),
            "01000000070909090909090909090909094e7530acd805a4b7ec75973eb29fcabe096828d3b242efdbc0d582a6e0dea87a93abfb4e"
        );
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        let sealed = key(7, 1).seal(SEAT, [9; 12], TEXT);
        for bit in 0..sealed.as_bytes().len() * 8 {
            let mut bytes = sealed.as_bytes().to_owned();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let opened = SealedBinding::parse(&bytes).map(|sealed| key(7, 1).open(SEAT, &sealed));
            assert!(matches!(opened, Err(_) | Ok(Err(NotOpened))), "bit {bit}");
        }
    }

    #[test]
    fn a_text_opens_in_no_other_place_and_with_no_other_key() {
        let sealed = key(7, 1).seal(SEAT, [9; 12], TEXT);
        let other = |seat| key(7, 1).open(seat, &sealed);
        let pk = SEAT.pk.replace("ff48", "ff49");
        assert_eq!(other(Seat { pk: &pk, ..SEAT }), Err(NotOpened));
        let sk = SEAT.sk.replace('2', "3");
        assert_eq!(other(Seat { sk: &sk, ..SEAT }), Err(NotOpened));
        assert_eq!(
            other(Seat {
                factor_type: "push",
                ..SEAT
            }),
            Err(NotOpened)
        );
        for other in [key(7, 2), key(8, 1)] {
            assert_eq!(other.open(SEAT, &sealed), Err(NotOpened));
        }
    }

    #[test]
    fn cuts_are_refused() {
        let sealed = key(7, 1).seal(SEAT, [9; 12], TEXT);
        for length in 0..sealed.as_bytes().len() {
            let cut = SealedBinding::parse(&sealed.as_bytes()[..length]);
            assert!(
                cut.is_err() || key(7, 1).open(SEAT, &cut.unwrap()).is_err(),
                "{length}"
            );
        }
    }

    #[test]
    fn another_nonce_seals_the_same_text_differently() {
        let [one, other] = [[1; 12], [2; 12]].map(|nonce| key(7, 1).seal(SEAT, nonce, TEXT));
        assert_ne!(one.as_bytes()[17..], other.as_bytes()[17..]);
    }

    /// RFC 5869, appendix A.1 and A.3: with and without salt and info.
    #[test]
    fn hkdf_is_that_of_rfc_5869() {
        let ikm = [0x0B; 22];
        let mut okm = [0; 42];
        let salt = hex("000102030405060708090a0b0c");
        let info = hex("f0f1f2f3f4f5f6f7f8f9");
        Hkdf::<Sha256>::new(Some(&salt), &ikm)
            .expand_multi_info(&[&info[..3], &info[3..]], &mut okm)
            .unwrap();
        assert_eq!(
            HEXLOWER.encode(&okm),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
        );
        Hkdf::<Sha256>::new(None, &ikm).expand(&[], &mut okm).unwrap();
        assert_eq!(
            HEXLOWER.encode(&okm),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
        );
    }

    /// The GCM specification's test case 16: AES-256 with additional data.
    #[test]
    fn aes_gcm_is_that_of_its_specification() {
        let key = hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
        let nonce: Nonce = hex("cafebabefacedbaddecaf888").try_into().unwrap();
        let text = hex(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        );
        let aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let key: [u8; 32] = key.try_into().unwrap();
        let payload = Payload {
            msg: &text,
            aad: &aad,
        };
        let encrypted = Aes256Gcm::new(&key.into()).encrypt(&nonce.into(), payload);
        assert_eq!(
            HEXLOWER.encode(&encrypted.unwrap()),
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662\
             76fc6ece0f4e1768cddf8853bb2d551b"
        );
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", key(7, 1)), "DataKey(7, [REDACTED])");
        let sealed = key(7, 1).seal(SEAT, [9; 12], TEXT);
        assert_eq!(format!("{sealed:?}"), "SealedBinding(53 bytes)");
    }
}

//! The text of an Access Token: what a phone shows to enrol.
//!
//! It is Base64url (RFC 4648, section 5) of a format byte, the version of a data key (32 bits, big-endian), the second at which it ends
//! (64 bits of Unix time, big-endian), the SID, a code of 32 bytes by the data key, and the friendly name, if it has one. The code is of
//! all that, and of the Service and the Identity that it is for, which it doesn't say.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::factors::FriendlyName;
use crate::sealing::DataKey;
use crate::sid::{AccessTokenSid, Identity, ServiceSid};
use crate::time::Timestamp;

/// The only format so far.
const FORMAT: u8 = 1;
/// Says that a code is for an Access Token.
const LABEL: &str = "verify-factors access token 1";
/// Bytes of a SID.
const SID_LENGTH: usize = 34;

/// What the text of an Access Token says, whether true or not. `Debug` shows nothing of it.
pub(crate) struct TokenText {
    /// The version of the data key.
    version: u32,
    expires: Timestamp,
    pub(crate) sid: AccessTokenSid,
    code: [u8; 32],
    pub(crate) friendly_name: Option<FriendlyName>,
}

impl TokenText {
    /// The text of a token for an Entity, which is its Service and Identity.
    pub(super) fn new(
        sid: AccessTokenSid,
        entity: (ServiceSid, &Identity),
        expires: Timestamp,
        friendly_name: Option<FriendlyName>,
        data_key: &DataKey,
    ) -> Self {
        let mut text = Self {
            version: data_key.version(),
            expires,
            sid,
            code: [0; 32],
            friendly_name,
        };
        text.code = data_key.authenticate(LABEL, &text.digest(entity));
        text
    }

    /// Reads a text; whether it is true is another matter.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let (format, rest) = bytes.split_first()?;
        let (version, rest) = rest.split_first_chunk()?;
        let (expires, rest) = rest.split_first_chunk()?;
        let (sid, rest) = rest.split_first_chunk::<SID_LENGTH>()?;
        let (code, name) = rest.split_first_chunk()?;
        let name = std::str::from_utf8(name).ok()?;
        let name = (!name.is_empty()).then(|| FriendlyName::parse(name).ok());
        let is_ours = *format == FORMAT && name != Some(None);
        is_ours.then_some(Self {
            version: u32::from_be_bytes(*version),
            expires: Timestamp::from_unix(u64::from_be_bytes(*expires))?,
            sid: AccessTokenSid::parse(std::str::from_utf8(sid).ok()?).ok()?,
            code: *code,
            friendly_name: name.flatten(),
        })
    }

    /// The version of the data key that it says it was made with.
    pub(crate) fn version(&self) -> u32 {
        self.version
    }

    /// Whether its time is over.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.expires <= now
    }

    /// Whether it was made for this Entity, with this data key. It takes the same time whatever is wrong with the code.
    pub(crate) fn is_for(&self, entity: (ServiceSid, &Identity), data_key: &DataKey) -> bool {
        let code = data_key.authenticate(LABEL, &self.digest(entity));
        self.version == data_key.version() && self.code.ct_eq(&code).into()
    }

    /// The text, for whom it is made and nobody else.
    pub(super) fn expose(&self) -> SecretString {
        let name = self.friendly_name.as_ref().map_or("", FriendlyName::expose);
        let bytes = [
            [FORMAT].as_slice(),
            &self.version.to_be_bytes(),
            &self.expires.unix().to_be_bytes(),
            self.sid.as_str().as_bytes(),
            &self.code,
            name.as_bytes(),
        ];
        BASE64URL_NOPAD.encode(&bytes.concat()).into()
    }

    fn digest(&self, (service, identity): (ServiceSid, &Identity)) -> [u8; 32] {
        let name = self.friendly_name.as_ref().map_or("", FriendlyName::expose);
        let mut digest = Sha256::new();
        // Up to the Identity, which has no NUL, all have one length, so this is unambiguous.
        digest.update(self.expires.unix().to_be_bytes());
        digest.update(self.sid.as_str());
        digest.update(service.as_str());
        digest.update(identity.as_str());
        digest.update([0]);
        digest.update(name);
        digest.finalize().into()
    }
}

impl fmt::Debug for TokenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenText({}, [REDACTED])", self.sid)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;
    use secrecy::zeroize::Zeroizing;

    use super::*;

    fn key(version: u32, byte: u8) -> DataKey {
        DataKey::new(version, Zeroizing::new([byte; 32]))
    }

    fn identity(text: &str) -> Identity {
        Identity::parse(text).unwrap()
    }

    fn service(byte: u8) -> ServiceSid {
        ServiceSid::from_bytes([byte; 16])
    }

    fn name(text: &str) -> FriendlyName {
        FriendlyName::parse(text).unwrap()
    }

    fn end() -> Timestamp {
        Timestamp::parse("2026-01-01T00:01:00Z").unwrap()
    }

    fn token(friendly_name: Option<FriendlyName>) -> TokenText {
        let sid = AccessTokenSid::from_bytes([3; 16]);
        TokenText::new(
            sid,
            (service(2), &identity("identity")),
            end(),
            friendly_name,
            &key(7, 1),
        )
    }

    #[test]
    fn a_text_says_what_it_was_made_of_and_proves_it_for_its_entity() {
        for friendly_name in [None, Some(name("a")), Some(name(&"📱".repeat(64)))] {
            let token = token(friendly_name.clone());
            let text = token.expose();
            assert!(text.expose_secret().len() <= 1000);
            let read = TokenText::parse(text.expose_secret()).unwrap();
            assert_eq!((read.sid, read.version()), (token.sid, 7));
            assert_eq!(read.friendly_name, friendly_name);
            assert!(read.is_for((service(2), &identity("identity")), &key(7, 1)));
            for (service, identity, key) in [
                (service(3), identity("identity"), key(7, 1)),
                (service(2), identity("Identity"), key(7, 1)),
                (service(2), identity("identity1"), key(7, 1)),
                (service(2), identity("identity"), key(7, 2)),
                (service(2), identity("identity"), key(8, 1)),
            ] {
                assert!(!read.is_for((service, &identity), &key));
            }
        }
    }

    #[test]
    fn a_text_with_any_bit_another_proves_nothing() {
        let text = token(Some(name("Phone"))).expose();
        let bytes = BASE64URL_NOPAD.decode(text.expose_secret().as_bytes()).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut other = bytes.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            let read = TokenText::parse(&BASE64URL_NOPAD.encode(&other));
            let proves =
                read.is_some_and(|read| read.is_for((service(2), &identity("identity")), &key(7, 1)));
            assert!(!proves, "bit {bit}");
        }
        for length in 0..text.expose_secret().len() {
            let read = TokenText::parse(&text.expose_secret()[..length]);
            let proves =
                read.is_some_and(|read| read.is_for((service(2), &identity("identity")), &key(7, 1)));
            assert!(!proves, "{length} characters");
        }
    }

    #[test]
    fn an_identity_and_a_name_do_not_run_into_each_other() {
        let of = |id: &str, friendly_name: &str| {
            let text = token(Some(name(friendly_name)));
            text.digest((service(2), &identity(id)))
        };
        assert_ne!(of("identity", "aname"), of("identitya", "name"));
    }

    #[test]
    fn it_is_over_at_its_end() {
        let second = |text| Timestamp::parse(text).unwrap();
        assert!(!token(None).is_over(second("2026-01-01T00:00:59Z")));
        assert!(token(None).is_over(end()));
    }

    #[test]
    fn a_text_that_was_handed_out_stays_good() {
        // Computed by Python's `cryptography` and `hashlib`.
        assert_eq!(
            token(Some(name("Phone"))).expose().expose_secret(),
            "AQAAAAcAAAAAaVW5PFlLMDMwMzAzMDMwMzAzMDMwMzAzMDMwMzAzMDMwMzAzMDMfN8FfjQYVrA_-9ccbB4GFzAm0c6vV9MYerAn30n46v1Bob25l"
        );
    }

    #[test]
    fn debug_shows_nothing() {
        let shown = format!("{:?}", token(Some(name("Phone"))));
        assert_eq!(shown, format!("TokenText(YK{}, [REDACTED])", "03".repeat(16)));
    }
}

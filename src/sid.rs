use std::fmt;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::{IdempotencyKey, Identity};

/// A string identifier: two letters that say of what, and 128 bits in 32 hexadecimal digits.
///
/// [Twilio's glossary](https://www.twilio.com/docs/glossary/what-is-a-sid) describes SIDs.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sid<const A: char, const B: char>([u8; LENGTH]);

/// Characters in a SID.
const LENGTH: usize = 34;

/// The account that a deployment serves: `AC…`.
pub type AccountSid = Sid<'A', 'C'>;
/// A Service: `VA…`.
pub type ServiceSid = Sid<'V', 'A'>;
/// An Entity, whose Factors are one user's: `YE…`.
pub type EntitySid = Sid<'Y', 'E'>;
/// A Factor: `YF…`.
pub type FactorSid = Sid<'Y', 'F'>;
/// A push credential, kept elsewhere: `CR…`.
pub type CredentialSid = Sid<'C', 'R'>;

impl<const A: char, const B: char> Sid<A, B> {
    /// The SID of 128 bits, in lower-case hexadecimal.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        let mut sid = [0; LENGTH];
        let (prefix, digits) = sid.split_at_mut(2);
        prefix.copy_from_slice(&[A as u8, B as u8]);
        HEXLOWER.encode_mut(&bytes, digits);
        Self(sid)
    }

    /// Reads a SID; `None` unless it is the two letters and 32 hexadecimal digits of either case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let sid: [u8; LENGTH] = text.as_bytes().try_into().ok()?;
        let [a, b, digits @ ..] = &sid;
        (*a == A as u8 && *b == B as u8 && digits.iter().all(u8::is_ascii_hexdigit)).then_some(Self(sid))
    }

    /// The SID as text.
    #[must_use]
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "both constructors put ASCII in"
    )]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a SID is ASCII")
    }

    /// The SID that follows from `parts`: the same for the same parts, else unrelated.
    ///
    /// `purpose` keeps derivations apart. The caller makes the concatenation of `parts` unambiguous.
    fn derived(purpose: &str, parts: &[&str]) -> Self {
        let mut digest = Sha256::new_with_prefix(purpose);
        for part in parts {
            digest.update(part);
        }
        let mut bytes = [0; 16];
        bytes
            .iter_mut()
            .zip(digest.finalize())
            .for_each(|(byte, digest)| *byte = digest);
        Self::from_bytes(bytes)
    }
}

impl EntitySid {
    /// The Entity's SID, the same for the same account, Service and Identity.
    #[must_use]
    pub fn of(account: AccountSid, service: ServiceSid, identity: &Identity) -> Self {
        // SIDs have one length, so the concatenation is unambiguous.
        Self::derived(
            "verify-factors entity 1\0",
            &[account.as_str(), service.as_str(), identity.as_str()],
        )
    }
}

impl FactorSid {
    /// The SID of the one Factor that a request with this `Idempotency-Key` makes.
    #[must_use]
    pub fn of(account: AccountSid, service: ServiceSid, identity: &Identity, key: &IdempotencyKey) -> Self {
        // An Identity has no NUL, so the concatenation is unambiguous.
        let parts = [
            account.as_str(),
            service.as_str(),
            identity.as_str(),
            "\0",
            key.as_str(),
        ];
        Self::derived("verify-factors factor 1\0", &parts)
    }
}

impl<const A: char, const B: char> fmt::Display for Sid<A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<const A: char, const B: char> fmt::Debug for Sid<A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "0123456789abcdef0123456789ABCDEF";

    #[test]
    fn a_sid_is_its_prefix_and_32_hex_digits() {
        assert_eq!(
            ServiceSid::parse(&format!("VA{HEX}")).unwrap().as_str(),
            format!("VA{HEX}")
        );
        for text in [
            String::new(),
            "VA".to_owned(),
            format!("va{HEX}"),
            format!("YF{HEX}"),
            format!("VA{HEX}0"),
            format!("VA{}", &HEX[1..]),
            format!("VA{}g", &HEX[1..]),
            format!("VA{}é", &HEX[2..]),
            format!(" VA{}", &HEX[1..]),
        ] {
            assert_eq!(ServiceSid::parse(&text), None, "{text:?}");
        }
    }

    #[test]
    fn bytes_become_lower_case_hex() {
        assert_eq!(
            FactorSid::from_bytes([0xAB; 16]).as_str(),
            format!("YF{}", "ab".repeat(16))
        );
    }

    #[test]
    fn derived_sids_depend_on_every_part() {
        let account = |byte| AccountSid::from_bytes([byte; 16]);
        let service = |byte| ServiceSid::from_bytes([byte; 16]);
        let identity = |text| Identity::parse(text).unwrap();
        let key = |text| IdempotencyKey::parse(text).unwrap();
        let mut sids = vec![
            FactorSid::of(account(1), service(1), &identity("identity-a"), &key("k")),
            FactorSid::of(account(2), service(1), &identity("identity-a"), &key("k")),
            FactorSid::of(account(1), service(2), &identity("identity-a"), &key("k")),
            FactorSid::of(account(1), service(1), &identity("identity-b"), &key("k")),
            FactorSid::of(account(1), service(1), &identity("identity-a"), &key("l")),
            FactorSid::of(account(1), service(1), &identity("identity-ak"), &key("k")),
        ];
        assert_eq!(
            sids[0],
            FactorSid::of(account(1), service(1), &identity("identity-a"), &key("k"))
        );
        sids.sort_by_key(ToString::to_string);
        sids.dedup();
        assert_eq!(sids.len(), 6);
        assert_ne!(
            EntitySid::of(account(1), service(1), &identity("identity-a")),
            EntitySid::of(account(1), service(1), &identity("identity-A")),
        );
    }
}

//! What things are called: SIDs, which the API gives, and Identities, which its customer gives to Entities.

use std::fmt;
use std::ops::RangeInclusive;

use data_encoding::HEXLOWER;
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::parameters::Rule;

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

/// A Challenge: `YC…`.
pub type ChallengeSid = Sid<'Y', 'C'>;
/// An Access Token: `YK…`.
pub type AccessTokenSid = Sid<'Y', 'K'>;
/// A note of what a request with an `Idempotency-Key` made, which the API never shows: `IK…`.
pub(crate) type RetrySid = Sid<'I', 'K'>;

impl<const A: char, const B: char> Sid<A, B> {
    /// The two letters.
    pub(crate) const PREFIX: &str = match std::str::from_utf8(&Self::LETTERS) {
        Ok(letters) => letters,
        Err(_) => "",
    };
    const LETTERS: [u8; 2] = [A as u8, B as u8];

    /// The SID of 128 bits, in lower-case hexadecimal.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        let mut sid = [0; LENGTH];
        let (prefix, digits) = sid.split_at_mut(2);
        prefix.copy_from_slice(&Self::LETTERS);
        HEXLOWER.encode_mut(&bytes, digits);
        Self(sid)
    }

    /// Reads a SID: the two letters and 32 hexadecimal digits of either case.
    ///
    /// # Errors
    /// [`Rule::Sid`] with the two letters.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        match <[u8; LENGTH]>::try_from(text.as_bytes()) {
            Ok(sid) if sid.starts_with(&Self::LETTERS) && sid.iter().skip(2).all(u8::is_ascii_hexdigit) => {
                Ok(Self(sid))
            }
            _ => Err(Rule::Sid(Self::PREFIX)),
        }
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

    /// The SID with the digits of another.
    fn with_digits_of(mut sid: [u8; LENGTH]) -> Self {
        let (prefix, _) = sid.split_at_mut(2);
        prefix.copy_from_slice(&Self::LETTERS);
        Self(sid)
    }

    /// The SID that follows from `parts`: the same for the same parts, else unrelated.
    ///
    /// `purpose` keeps derivations apart. The caller makes the concatenation of `parts` unambiguous.
    pub(crate) fn derived(purpose: &str, parts: &[&str]) -> Self {
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

impl ChallengeSid {
    /// The least SID of a Challenge that is created so many milliseconds after 1970.
    pub(crate) fn first_at(milliseconds: u64) -> Self {
        Self::at(milliseconds, [0; 10])
    }

    /// The SID of a Challenge that is created so many milliseconds after 1970: they come first, so that the order of SIDs is that
    /// of creation. The rest is chance.
    #[must_use]
    pub fn at(milliseconds: u64, chance: [u8; 10]) -> Self {
        let mut bytes = [0; 16];
        let [_, _, time @ ..] = milliseconds.to_be_bytes();
        let all = time.into_iter().chain(chance);
        bytes.iter_mut().zip(all).for_each(|(byte, new)| *byte = new);
        Self::from_bytes(bytes)
    }
}

impl CredentialSid {
    /// The SID by which a push Factor's device names its key: the Factor's own digits, so that either follows from the
    /// other.
    #[must_use]
    pub fn of(factor: FactorSid) -> Self {
        Self::with_digits_of(factor.0)
    }

    /// The Factor whose device names its key so.
    #[must_use]
    pub fn factor(self) -> FactorSid {
        FactorSid::with_digits_of(self.0)
    }
}

/// Who owns the Factor, in the customer's own system: a UUID or the like.
///
/// 8 to 64 of `A-Z a-z 0-9 -` ([API page](https://www.twilio.com/docs/verify/api/factor), `Identity`).
#[derive(Clone, PartialEq, Eq)]
pub struct Identity(String);

impl Identity {
    /// What an Identity that isn't one is refused for, with a code of its own.
    pub const RULE: Rule = Self::rule(60366);
    /// Characters in an Identity.
    const LENGTH: RangeInclusive<usize> = 8..=64;

    /// The rule, with the code that an operation has for it.
    pub(crate) const fn rule(code: u32) -> Rule {
        Rule::Own {
            code,
            text: "must be 8 to 64 characters of A-Z, a-z, 0-9 and -",
        }
    }

    /// Reads an Identity that is percent-decoded already.
    ///
    /// # Errors
    /// [`Identity::RULE`].
    pub fn parse(text: &str) -> Result<Self, Rule> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if Self::LENGTH.contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Self::RULE)
        }
    }

    /// The partition of the table that has the Entity and its Factors.
    pub(crate) fn partition(&self, service: ServiceSid) -> String {
        // A Service SID has one length and an Identity no slash.
        format!("{service}/{}", self.0)
    }

    /// The Identity as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Identity {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

/// Identities should not be personal data, but often are.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity([REDACTED])")
    }
}

impl<const A: char, const B: char> Serialize for Sid<A, B> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<const A: char, const B: char> AsRef<str> for Sid<A, B> {
    fn as_ref(&self) -> &str {
        self.as_str()
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
            assert_eq!(ServiceSid::parse(&text), Err(Rule::Sid("VA")), "{text:?}");
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
    fn an_entitys_sid_depends_on_every_part() {
        let account = |byte| AccountSid::from_bytes([byte; 16]);
        let service = |byte| ServiceSid::from_bytes([byte; 16]);
        let identity = |text| Identity::parse(text).unwrap();
        let one = EntitySid::of(account(1), service(1), &identity("identity-a"));
        assert_eq!(
            one,
            EntitySid::of(account(1), service(1), &identity("identity-a"))
        );
        for other in [
            EntitySid::of(account(2), service(1), &identity("identity-a")),
            EntitySid::of(account(1), service(2), &identity("identity-a")),
            EntitySid::of(account(1), service(1), &identity("identity-A")),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn a_challenge_sid_begins_with_its_milliseconds() {
        let sid = ChallengeSid::at(0x0123_4567_89ab, [0xCD; 10]);
        assert_eq!(sid.as_str(), format!("YC0123456789ab{}", "cd".repeat(10)));
        assert!(ChallengeSid::at(1, [0xFF; 10]).as_str() < ChallengeSid::at(2, [0; 10]).as_str());
    }

    #[test]
    fn a_credential_sid_has_its_factors_digits() {
        let factor = FactorSid::from_bytes([0xAB; 16]);
        let sid = CredentialSid::of(factor);
        assert_eq!(sid.as_str(), format!("CR{}", "ab".repeat(16)));
        assert_eq!(sid.factor(), factor);
    }

    #[test]
    fn identity_is_8_to_64_letters_digits_and_dashes() {
        for length in [0, 1, 7] {
            assert!(Identity::parse(&"a".repeat(length)).is_err(), "{length}");
        }
        for length in [8, 9, 63, 64] {
            assert!(Identity::parse(&"a".repeat(length)).is_ok(), "{length}");
        }
        for length in [65, 66, 1000] {
            assert!(Identity::parse(&"a".repeat(length)).is_err(), "{length}");
        }
        for character in (0..=0x17F_u32).filter_map(char::from_u32) {
            let allowed = matches!(character, 'a'..='z' | 'A'..='Z' | '0'..='9' | '-');
            assert_eq!(
                Identity::parse(&format!("identity{character}")).is_ok(),
                allowed,
                "{character:?}"
            );
        }
    }
}

//! Retries: how a request that comes again is known.

use std::fmt;

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Factor, Status};
use crate::parameters::{ReadFields, Rule};
use crate::sealing::DataKey;
use crate::sid::{AccountSid, FactorSid, Identity, RetrySid, ServiceSid};
use crate::time::Timestamp;

/// What a caller sends to make a retry safe, in the header `Idempotency-Key`: 1 to 255 printable ASCII characters.
#[derive(Clone, Debug)]
pub struct IdempotencyKey(SecretString);

impl IdempotencyKey {
    /// The header's name.
    pub const HEADER: &'static str = "Idempotency-Key";
    /// What a key that isn't one is refused for.
    pub const RULE: Rule = Rule::own("must be 1 to 255 printable ASCII characters");
    /// Characters in a key, at the most.
    const MAX_LENGTH: usize = 255;

    /// Reads a key.
    ///
    /// # Errors
    /// [`IdempotencyKey::RULE`].
    pub fn parse(text: &str) -> Result<Self, Rule> {
        let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if printable && (1..=Self::MAX_LENGTH).contains(&text.len()) {
            Ok(Self(text.into()))
        } else {
            Err(Self::RULE)
        }
    }

    /// The SID of the one Factor that a request with this key makes for an Entity.
    pub(crate) fn factor_sid(
        &self,
        account: AccountSid,
        service: ServiceSid,
        identity: &Identity,
    ) -> FactorSid {
        FactorSid::derived(
            "verify-factors factor 1\0",
            &self.counts_for(&account, &service, identity),
        )
    }

    /// Where it is noted which Challenge a request with this key made for an Entity.
    pub(crate) fn of_challenge(
        &self,
        account: AccountSid,
        service: ServiceSid,
        identity: &Identity,
    ) -> RetrySid {
        RetrySid::derived(
            "verify-factors challenge 1\0",
            &self.counts_for(&account, &service, identity),
        )
    }

    /// It counts for one Entity. What comes of that is derived from these, hidden, and kept nowhere else.
    fn counts_for<'a>(
        &'a self,
        account: &'a AccountSid,
        service: &'a ServiceSid,
        identity: &'a Identity,
    ) -> [&'a str; 5] {
        // An Identity has no NUL, so the concatenation is unambiguous.
        [
            account.as_str(),
            service.as_str(),
            identity.as_str(),
            "\0",
            self.0.expose_secret(),
        ]
    }
}

/// What makes a request one that can be retried: its key, and what it stands for.
pub struct Retry {
    pub(crate) key: IdempotencyKey,
    parameters: Zeroizing<[u8; 32]>,
}

impl Retry {
    /// Reads the key that came with a request, if one did. It stands for all that was read of the request's `fields`.
    #[expect(
        clippy::option_option,
        reason = "as fields are read: refused, absent or there"
    )]
    pub(crate) fn parse(
        header: Result<Option<&str>, Rule>,
        fields: &mut ReadFields<'_>,
    ) -> Option<Option<Self>> {
        let key = header.and_then(|key| key.map(IdempotencyKey::parse).transpose());
        let key = fields.elsewhere(IdempotencyKey::HEADER, key)?;
        Some(key.map(|key| Self {
            key,
            parameters: digest(fields),
        }))
    }
}

/// SHA-256 of what was read of a request. It is of a seed too, so it never leaves the process: see [`Fingerprint`].
///
/// It covers what was sent, not what it came to: a retry is the same request after the Service's defaults changed.
fn digest(fields: &ReadFields<'_>) -> Zeroizing<[u8; 32]> {
    let mut values: Vec<(&str, &str)> = fields.values().collect();
    // By name, so that the order in which they are read is nobody's affair; that of the values of one name is the request's.
    values.sort_by_key(|(name, _)| *name);
    let mut digest = Sha256::new_with_prefix("verify-factors parameters 2\0");
    for (parameter, value) in values {
        // Name and length first, so that no two forms come to the same bytes.
        digest.update(parameter);
        digest.update(value.len().to_be_bytes());
        digest.update(value);
    }
    Zeroizing::new(digest.finalize().into())
}

/// Seconds for which a key is one of a retry: 24 hours.
pub(crate) const KEY_SECONDS: u32 = 24 * 3600;

/// Which request a Factor was last written by, and what made the one that made it.
#[derive(Clone, Debug)]
pub struct Provenance {
    request_id: String,
    fingerprint: Option<Fingerprint>,
}

/// Where a Factor that is there comes from, seen from a request that would have made it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// From that very request: the answer to its write was lost.
    ThisRequest,
    /// From an earlier one with the same key and the same parameters, whose answer can be given again.
    SameRequestBefore,
    /// From another one, or one whose answer is not given again.
    AnotherRequest,
}

impl Provenance {
    /// The request with this ID, and the fingerprint of what was asked for if it had an `Idempotency-Key`.
    #[must_use]
    pub fn new(request_id: String, fingerprint: Option<Fingerprint>) -> Self {
        Self {
            request_id,
            fingerprint,
        }
    }

    /// The request with this ID, and what makes it one that can be retried, under a data key.
    pub(super) fn of(request_id: &str, retry: Option<&Retry>, data_key: &DataKey) -> Self {
        let fingerprint = retry.map(|retry| Fingerprint::of(retry, data_key));
        Self::new(request_id.to_owned(), fingerprint)
    }

    /// The same, written once more.
    pub(super) fn written_by(&self, request_id: &str) -> Self {
        Self::new(request_id.to_owned(), self.fingerprint)
    }

    /// The request's ID: it tells a write of ours whose answer was lost from another request's.
    pub(super) fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The fingerprint of what was asked for, if there was an `Idempotency-Key`.
    pub(super) fn fingerprint(&self) -> Option<Fingerprint> {
        self.fingerprint
    }
}

impl Factor {
    /// Where a Factor that is there comes from, seen from `request` at `now`.
    pub(super) fn seen_from(&self, request: &Provenance, now: Timestamp) -> Origin {
        // A binding is shown to nobody once somebody proved to have it.
        let shown_again = self.status == Status::Unverified
            && !self.is_expired(now)
            && now < self.date_created.after(KEY_SECONDS);
        if self.provenance.fingerprint != request.fingerprint {
            Origin::AnotherRequest
        } else if self.provenance.request_id == request.request_id {
            Origin::ThisRequest
        } else if request.fingerprint.is_some() && shown_again {
            Origin::SameRequestBefore
        } else {
            Origin::AnotherRequest
        }
    }
}

/// Says that a code is for what a request asked for.
const LABEL: &str = "verify-factors request 1";

/// Tells a retry from another request with the same key: a code of the parameters that a Factor was asked for with, by a data
/// key, so that who reads the table cannot try out seeds on it.
#[derive(Clone, Copy)]
pub struct Fingerprint {
    /// The version of the data key.
    version: u32,
    code: [u8; 32],
}

impl Fingerprint {
    /// The fingerprint of a request, under a data key.
    pub(crate) fn of(retry: &Retry, data_key: &DataKey) -> Self {
        Self {
            version: data_key.version(),
            code: data_key.authenticate(LABEL, &retry.parameters),
        }
    }

    /// The fingerprint as it is in the table: the version in 32 bits, big-endian, and the code.
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        [self.version.to_be_bytes().as_slice(), &self.code].concat()
    }

    /// Reads a fingerprint from the table.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (version, code) = bytes.split_first_chunk()?;
        Some(Self {
            version: u32::from_be_bytes(*version),
            code: code.try_into().ok()?,
        })
    }

    /// The version of the data key that it is to be compared under.
    pub(crate) fn version(self) -> u32 {
        self.version
    }
}

/// In constant time: the parameters include secrets, and callers can ask again and again.
impl PartialEq for Fingerprint {
    fn eq(&self, other: &Self) -> bool {
        (self.version.ct_eq(&other.version) & self.code.ct_eq(&other.code)).into()
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
    use crate::parameters::Fields;

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
                IdempotencyKey::RULE,
                "{key:?}"
            );
        }
    }

    #[test]
    fn fingerprints_differ_where_a_parameter_does_and_ignore_order_and_empty_ones() {
        let of = |text: &str| {
            let mut fields = Fields::decode(text.as_bytes());
            for name in ["FactorType", "FriendlyName"] {
                fields.optional(name, |_| Ok(()));
            }
            digest(&fields.close())
        };
        let one = of("FactorType=totp&FriendlyName=a");
        assert_eq!(one, of("FriendlyName=%61&FactorType=totp&Unknown=1"));
        assert_eq!(of("FactorType=totp"), of("FactorType=totp&FriendlyName="));
        assert_ne!(one, of("FactorType=totp&FriendlyName=b"));
        assert_ne!(one, of("FactorType=totp"));
        assert_ne!(of("FactorType=aFriendlyNameb"), of("FactorType=a&FriendlyName=b"));
    }

    #[test]
    fn a_factors_sid_depends_on_every_part() {
        let account = |byte| AccountSid::from_bytes([byte; 16]);
        let service = |byte| ServiceSid::from_bytes([byte; 16]);
        let sid = |account, service, identity, key| {
            let identity = Identity::parse(identity).unwrap();
            IdempotencyKey::parse(key)
                .unwrap()
                .factor_sid(account, service, &identity)
        };
        let one = sid(account(1), service(1), "identity-a", "k");
        assert_eq!(one, sid(account(1), service(1), "identity-a", "k"));
        for other in [
            sid(account(2), service(1), "identity-a", "k"),
            sid(account(1), service(2), "identity-a", "k"),
            sid(account(1), service(1), "identity-b", "k"),
            sid(account(1), service(1), "identity-a", "l"),
            sid(account(1), service(1), "identity-ak", "k"),
        ] {
            assert_ne!(one, other);
        }
    }

    /// A Factor that was made at a second of 2026 and can wait `hours` to be verified.
    fn factor(second: u32, hours: Option<&str>) -> Factor {
        use crate::factors::factor::tests::{creation, totp_factor};
        let hours = hours.map(|hours| crate::settings::UnverifiedFactorHours::parse(hours).unwrap());
        let creation = crate::factors::Creation {
            now: at(second),
            unverified_factor_hours: hours,
            ..creation()
        };
        totp_factor("", creation).0
    }

    fn at(second: u32) -> Timestamp {
        Timestamp::parse("2026-01-01T00:00:00Z").unwrap().after(second)
    }

    #[test]
    fn a_factor_that_is_there_is_this_requests_or_the_same_requests_before_or_anothers() {
        let print = |byte| Fingerprint {
            version: 1,
            code: [byte; 32],
        };
        let of = |id: &str, fingerprint| Provenance::new(id.to_owned(), fingerprint);
        let seen = |there: &Provenance, from: &Provenance| {
            let provenance = there.clone();
            let factor = Factor {
                provenance,
                ..factor(0, None)
            };
            factor.seen_from(from, at(1))
        };
        let here = of("here", Some(print(1)));
        for (there, origin) in [
            (of("here", Some(print(1))), Origin::ThisRequest),
            (of("there", Some(print(1))), Origin::SameRequestBefore),
            (of("here", Some(print(2))), Origin::AnotherRequest),
            (of("there", Some(print(2))), Origin::AnotherRequest),
            (of("here", None), Origin::AnotherRequest),
            (of("there", None), Origin::AnotherRequest),
        ] {
            assert_eq!(seen(&there, &here), origin, "{there:?}");
        }
        let without_key = of("here", None);
        for (there, origin) in [
            (of("here", None), Origin::ThisRequest),
            (of("there", None), Origin::AnotherRequest),
            (of("here", Some(print(1))), Origin::AnotherRequest),
        ] {
            assert_eq!(seen(&there, &without_key), origin, "{there:?}");
        }
    }

    #[test]
    fn an_answer_is_given_again_for_24_hours_and_while_the_factor_is_unverified_and_there() {
        let print = Some(Fingerprint {
            version: 1,
            code: [1; 32],
        });
        let of = |id: &str| Provenance::new(id.to_owned(), print);
        let seen =
            |factor: Factor, second| factor.seen_from(&of("here"), at(second)) == Origin::SameRequestBefore;
        for (hours, second, again) in [
            (None, 0, true),
            (None, 86_399, true),
            (None, 86_400, false),
            (Some("24"), 86_399, true),
            (Some("1"), 3599, true),
            (Some("1"), 3600, false),
        ] {
            let factor = Factor {
                provenance: of("there"),
                ..factor(0, hours)
            };
            assert_eq!(seen(factor.clone(), second), again, "{hours:?}, {second} s");
            let verified = Factor {
                status: Status::Verified,
                unverified_until: None,
                ..factor
            };
            assert!(!seen(verified, second), "verified, {second} s");
        }
    }

    #[test]
    fn a_fingerprint_is_read_as_it_is_written_and_is_another_under_another_data_key() {
        let mut fields = Fields::decode(b"FactorType=totp");
        fields.optional("FactorType", |_| Ok(()));
        let retry = Retry::parse(Ok(Some("key")), &mut fields.close())
            .flatten()
            .unwrap();
        let of = |version, byte| {
            let data_key = DataKey::new(version, Zeroizing::new([byte; 32]));
            Provenance::of("here", Some(&retry), &data_key)
                .fingerprint()
                .unwrap()
        };
        let one = of(1, 1);
        assert_eq!(Fingerprint::from_bytes(&one.to_bytes()), Some(one));
        assert!(one == of(1, 1) && one != of(1, 2) && one != of(2, 1));
        for length in [0, 3, 4, 32, 35, 37] {
            assert_eq!(Fingerprint::from_bytes(&vec![0; length]), None);
        }
    }
}

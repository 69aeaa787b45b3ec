//! The text of an Access Token: what a phone shows to enrol.
//!
//! It is Base64url (RFC 4648, section 5) of a format byte, the SID, and a code of 32 bytes by a data key. The code is of all that the
//! token is: who reads the table has no data key, and who changes what is there has no text for it.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::access_token::AccessToken;
use crate::factors::FriendlyName;
use crate::sealing::DataKey;
use crate::sid::AccessTokenSid;

/// The only format so far.
const FORMAT: u8 = 1;
/// Says that a code is for an Access Token.
const LABEL: &str = "verify-factors access token 1";
/// Bytes of a SID.
const SID_LENGTH: usize = 34;

/// What the text of an Access Token says, whether true or not. `Debug` shows nothing of its code.
pub(crate) struct TokenText {
    pub(crate) sid: AccessTokenSid,
    code: Zeroizing<[u8; 32]>,
}

impl TokenText {
    /// Reads a text; whether it is a token's is another matter.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok().map(Zeroizing::new)?;
        let (format, rest) = bytes.split_first()?;
        let (sid, code) = rest.split_first_chunk::<SID_LENGTH>()?;
        let code = code.try_into().ok().filter(|_| *format == FORMAT)?;
        Some(Self {
            sid: AccessTokenSid::parse(std::str::from_utf8(sid).ok()?).ok()?,
            code: Zeroizing::new(code),
        })
    }

    fn expose(&self) -> SecretString {
        let bytes = [[FORMAT].as_slice(), self.sid.as_str().as_bytes(), &*self.code].concat();
        BASE64URL_NOPAD.encode(&Zeroizing::new(bytes)).into()
    }
}

impl AccessToken {
    /// Its text, by the data key of its version, for whoever asked for the token and nobody else.
    pub(super) fn text(&self, data_key: &DataKey) -> SecretString {
        TokenText {
            sid: self.sid,
            code: self.code(data_key),
        }
        .expose()
    }

    /// Whether this is its text, by the data key of its version. It takes the same time whatever is wrong with the code.
    pub(crate) fn has(&self, text: &TokenText, data_key: &DataKey) -> bool {
        let is_code = self.code(data_key).ct_eq(&*text.code);
        self.sid == text.sid && self.data_key == data_key.version() && is_code.into()
    }

    fn code(&self, data_key: &DataKey) -> Zeroizing<[u8; 32]> {
        let name = self.factor_friendly_name.as_ref();
        let mut digest = Sha256::new();
        // Up to the Identity, which has no NUL, all have one length, so this is unambiguous.
        digest.update(self.expires().unix().to_be_bytes());
        digest.update(self.sid.as_str());
        digest.update(self.service_sid.as_str());
        digest.update(self.identity.as_str());
        digest.update([0]);
        digest.update(name.map_or("", FriendlyName::expose));
        Zeroizing::new(data_key.authenticate(LABEL, &digest.finalize().into()))
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

    use super::*;
    use crate::access_tokens::access_token::Creation;
    use crate::access_tokens::new::NewAccessToken;
    use crate::parameters::Fields;
    use crate::sid::{AccountSid, ServiceSid};
    use crate::time::Timestamp;

    fn key(version: u32, byte: u8) -> DataKey {
        DataKey::new(version, Zeroizing::new([byte; 32]))
    }

    /// The token of a request with these parameters besides, for the data key `key(7, 1)`.
    fn token(parameters: &str) -> AccessToken {
        let form = format!("Identity=identity&FactorType=push&{parameters}");
        let new = NewAccessToken::parse(&mut Fields::decode(form.as_bytes())).unwrap();
        let creation = Creation {
            sid: AccessTokenSid::from_bytes([3; 16]),
            account_sid: AccountSid::from_bytes([1; 16]),
            service_sid: ServiceSid::from_bytes([2; 16]),
            now: Timestamp::parse("2026-01-01T00:00:00Z").unwrap(),
            data_key: 7,
        };
        AccessToken::create(new, creation)
    }

    fn read(text: &SecretString) -> TokenText {
        TokenText::parse(text.expose_secret()).unwrap()
    }

    #[test]
    fn a_token_has_its_own_text_and_no_other_has_it() {
        let own = token("FactorFriendlyName=a").text(&key(7, 1));
        assert!(own.expose_secret().len() <= 1000);
        assert_eq!(read(&own).sid, AccessTokenSid::from_bytes([3; 16]));
        assert!(token("FactorFriendlyName=a").has(&read(&own), &key(7, 1)));
        let like_it = || token("FactorFriendlyName=a");
        for other in [
            token(""),
            token("FactorFriendlyName=b"),
            token("FactorFriendlyName=a&Ttl=61"),
            AccessToken {
                sid: AccessTokenSid::from_bytes([4; 16]),
                ..like_it()
            },
            AccessToken {
                service_sid: ServiceSid::from_bytes([4; 16]),
                ..like_it()
            },
            AccessToken {
                identity: crate::sid::Identity::parse("Identity").unwrap(),
                ..like_it()
            },
            AccessToken {
                date_created: like_it().date_created.after(1),
                ..like_it()
            },
            AccessToken {
                data_key: 8,
                ..like_it()
            },
        ] {
            assert!(!other.has(&read(&own), &key(7, 1)), "{other:?}");
        }
        for other in [key(7, 2), key(8, 1)] {
            assert!(!like_it().has(&read(&own), &other));
        }
    }

    #[test]
    fn an_identity_and_a_name_do_not_run_into_each_other() {
        let of = |identity: &str, name: &str| {
            let token = AccessToken {
                identity: crate::sid::Identity::parse(identity).unwrap(),
                ..token(&format!("FactorFriendlyName={name}"))
            };
            token.code(&key(7, 1))
        };
        assert_ne!(of("identity", "aname"), of("identitya", "name"));
    }

    #[test]
    fn a_text_with_any_bit_another_is_no_tokens() {
        let text = token("").text(&key(7, 1));
        let is_its = |text: &str| TokenText::parse(text).is_some_and(|text| token("").has(&text, &key(7, 1)));
        assert!(is_its(text.expose_secret()));
        let bytes = BASE64URL_NOPAD.decode(text.expose_secret().as_bytes()).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut other = bytes.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!is_its(&BASE64URL_NOPAD.encode(&other)), "bit {bit}");
        }
        for length in 0..text.expose_secret().len() {
            assert!(!is_its(&text.expose_secret()[..length]), "{length} characters");
        }
        assert!(!is_its(&format!("{}AA", text.expose_secret())));
    }

    #[test]
    fn a_text_that_was_handed_out_stays_good() {
        // Computed by Python's `cryptography` and `hashlib`.
        assert_eq!(
            token("FactorFriendlyName=Phone").text(&key(7, 1)).expose_secret(),
            "AVlLMDMwMzAzMDMwMzAzMDMwMzAzMDMwMzAzMDMwMzAzMDMfN8FfjQYVrA_-9ccbB4GFzAm0c6vV9MYerAn30n46vw"
        );
    }

    #[test]
    fn debug_shows_no_code() {
        let text = read(&token("").text(&key(7, 1)));
        let shown = format!("{text:?}");
        assert_eq!(shown, format!("TokenText(YK{}, [REDACTED])", "03".repeat(16)));
    }
}

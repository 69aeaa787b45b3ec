//! Key URIs: what an authenticator app reads from a QR code.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use super::{FriendlyName, Totp};

impl Totp {
    /// The [key URI](https://github.com/google/google-authenticator/wiki/Key-Uri-Format) that authenticator apps read
    /// from a QR code, with every parameter there and RFC 3986 percent-encoding.
    #[must_use]
    pub fn uri(&self, account: &FriendlyName) -> SecretString {
        let (issuer, account, secret) = (
            self.config.issuer.as_str(),
            account.expose(),
            self.seed.to_base32(),
        );
        // With room for all of it, as growing leaves copies that nobody wipes: a byte of a name comes to three characters at the most.
        let names = 3 * (2 * issuer.len() + account.len());
        let mut uri = Zeroizing::new(String::with_capacity(names + secret.expose_secret().len() + 96));
        // A String takes all.
        let _ = write!(
            *uri,
            "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm={algorithm}&digits={digits}&period={period}",
            issuer = utf8_percent_encode(issuer, RESERVED),
            account = utf8_percent_encode(account, RESERVED),
            secret = secret.expose_secret(),
            algorithm = self.config.algorithm.uri_name(),
            digits = self.config.code_length.get(),
            period = self.config.time_step.get(),
        );
        SecretString::from(uri.as_str())
    }
}

/// All but the unreserved characters of RFC 3986, section 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factors::{Seed, TotpAlgorithm, TotpConfig};
    use crate::services::{CodeLength, Issuer, Skew, TimeStep};

    fn uri(issuer: &str, account: &str) -> SecretString {
        let config = TotpConfig {
            algorithm: TotpAlgorithm::Sha1,
            time_step: TimeStep::default(),
            skew: Skew::default(),
            code_length: CodeLength::default(),
            issuer: Issuer::parse(issuer).unwrap(),
        };
        let seed = Seed::parse("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap();
        Totp { seed, config }.uri(&FriendlyName::parse(account).unwrap())
    }

    #[test]
    fn the_uri_is_the_one_in_the_public_api_description() {
        assert_eq!(
            uri("test-issuer", "John’s Account Name").expose_secret(),
            "otpauth://totp/test-issuer:John%E2%80%99s%20Account%20Name\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=test-issuer&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn reserved_characters_cannot_break_out_of_their_place_in_the_uri() {
        let uri = uri("I&S=?#/%+", "a:b/c?d&e=f#g%h+i ~._-");
        assert_eq!(
            uri.expose_secret(),
            "otpauth://totp/I%26S%3D%3F%23%2F%25%2B:a%3Ab%2Fc%3Fd%26e%3Df%23g%25h%2Bi%20~._-\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=I%26S%3D%3F%23%2F%25%2B&algorithm=SHA1&digits=6&period=30"
        );
    }
}

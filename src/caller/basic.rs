//! HTTP Basic (RFC 7617): what a request says who calls, whether true or not.

use data_encoding::BASE64;
use lambda_http::http::header::AUTHORIZATION;
use secrecy::zeroize::Zeroizing;

use crate::http::Request;

/// A user and a password, both empty where a request has none. Wiped when they are dropped.
pub(crate) struct Credentials(Zeroizing<Vec<u8>>);

impl Credentials {
    /// The credentials of a request.
    pub(crate) fn of(request: &Request) -> Self {
        let given = request.header(AUTHORIZATION).ok().flatten().unwrap_or_default();
        Self(decoded(given).unwrap_or_default())
    }

    /// What comes before the first colon.
    pub(super) fn user(&self) -> &[u8] {
        self.parts().next().unwrap_or_default()
    }

    /// What comes after it.
    pub(super) fn password(&self) -> &[u8] {
        self.parts().nth(1).unwrap_or_default()
    }

    fn parts(&self) -> impl Iterator<Item = &[u8]> {
        self.0.splitn(2, |byte| *byte == b':')
    }
}

fn decoded(header: &str) -> Option<Zeroizing<Vec<u8>>> {
    let (scheme, credentials) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = BASE64.decode(credentials.trim_matches(' ').as_bytes());
    decoded.map(Zeroizing::new).ok()
}

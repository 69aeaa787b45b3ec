use data_encoding::BASE64;
use lambda_http::http::header::AUTHORIZATION;
use secrecy::zeroize::Zeroizing;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use super::event::Request;
use crate::rules::AccountSid;
use crate::settings::AuthTokens;

/// Whether a request comes with the account's SID and a good Auth Token, in HTTP Basic (RFC 7617).
///
/// It takes the same time whatever is wrong: every request is hashed and compared in full, one without credentials as
/// if they were empty, so that nobody learns whether it is the account or the token.
pub(crate) fn are_good(request: &Request, account: AccountSid, tokens: &AuthTokens) -> bool {
    let given = request.header(AUTHORIZATION).ok().flatten().unwrap_or_default();
    let decoded = basic(given).unwrap_or_default();
    let mut parts = decoded.splitn(2, |byte| *byte == b':');
    let (user, password) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    // Hashes have one length, so that comparing them does not tell that of what is compared.
    let same_account = Sha256::digest(user).ct_eq(&Sha256::digest(account.as_str()));
    let token = Sha256::digest(password);
    let primary = token.as_slice().ct_eq(&tokens.primary);
    let secondary = tokens
        .secondary
        .as_ref()
        .map_or(Choice::from(0), |secondary| token.as_slice().ct_eq(secondary));
    (same_account & (primary | secondary)).into()
}

fn basic(header: &str) -> Option<Zeroizing<Vec<u8>>> {
    let (scheme, credentials) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = BASE64.decode(credentials.trim_matches(' ').as_bytes());
    decoded.map(Zeroizing::new).ok()
}

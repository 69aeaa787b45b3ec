//! The account, by its SID and an Auth Token.

use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use super::basic::Credentials;
use crate::settings::AuthTokens;
use crate::sid::AccountSid;

/// Whether these are the account's SID and a good Auth Token.
///
/// It takes the same time whatever is wrong: all of it is compared in full, and of the token its hash, so that nobody learns whether it
/// is the account or the token, nor how long that is.
pub(super) fn is(credentials: &Credentials, account: AccountSid, tokens: &AuthTokens) -> bool {
    let same_account = is_named(credentials, account);
    let token = Sha256::digest(credentials.password());
    let primary = token.as_slice().ct_eq(&tokens.primary);
    let secondary = tokens
        .secondary
        .as_ref()
        .map_or(Choice::from(0), |secondary| token.as_slice().ct_eq(secondary));
    (same_account & (primary | secondary)).into()
}

/// Whether these have the account's SID, whatever the token.
pub(super) fn is_named(credentials: &Credentials, account: AccountSid) -> Choice {
    // Everybody knows how long a SID is.
    credentials.user().ct_eq(account.as_str().as_bytes())
}

//! The account, by its SID and an Auth Token.

use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use super::basic::Credentials;
use crate::settings::AuthTokens;
use crate::sid::AccountSid;

/// Whether these are the account's SID and a good Auth Token.
///
/// It takes the same time whatever is wrong: all of it is hashed and compared in full, so that nobody learns whether it is
/// the account or the token.
pub(super) fn is(credentials: &Credentials, account: AccountSid, tokens: &AuthTokens) -> bool {
    // Hashes have one length, so that comparing them does not tell that of what is compared.
    let same_account = Sha256::digest(credentials.user()).ct_eq(&Sha256::digest(account.as_str()));
    let token = Sha256::digest(credentials.password());
    let primary = token.as_slice().ct_eq(&tokens.primary);
    let secondary = tokens
        .secondary
        .as_ref()
        .map_or(Choice::from(0), |secondary| token.as_slice().ct_eq(secondary));
    (same_account & (primary | secondary)).into()
}

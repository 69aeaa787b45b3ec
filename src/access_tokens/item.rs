//! How an Access Token is stored, attribute by attribute.

use super::access_token::AccessToken;
use super::new::Ttl;
use crate::aws::Failure;
use crate::factors::FriendlyName;
use crate::parameters::Rule;
use crate::sid::{AccessTokenSid, AccountSid, FactorSid, Identity, ServiceSid};
use crate::table::{EXPIRES, Item, PK, SK, Stored, USED_FOR, item, n, s};
use crate::time::Timestamp;

/// Where an Access Token is. It has a partition of its own: whoever asks for one doesn't say whose it is.
pub(crate) fn key(service_sid: ServiceSid, sid: AccessTokenSid) -> Item {
    crate::table::key(&partition(service_sid, sid), sid.as_str())
}

fn partition(service_sid: ServiceSid, sid: AccessTokenSid) -> String {
    // An Identity has no slash, so this is no Entity's.
    format!("{service_sid}/AccessTokens/{sid}")
}

/// The item of an Access Token.
pub(super) fn of_access_token(token: &AccessToken) -> Item {
    let mut item = item([
        (PK, s(partition(token.service_sid, token.sid))),
        (SK, s(token.sid.as_str())),
        ("account_sid", s(token.account_sid.as_str())),
        ("service_sid", s(token.service_sid.as_str())),
        ("identity", s(token.identity.as_str())),
        ("ttl", n(token.ttl.get())),
        ("date_created", s(token.date_created.to_string())),
        ("data_key", n(token.data_key)),
        (EXPIRES, n(token.expires().unix())),
    ]);
    if let Some(name) = &token.factor_friendly_name {
        item.insert("factor_friendly_name".to_owned(), s(name.expose()));
    }
    // `USED_FOR` is set by the transaction that uses it up.
    item
}

/// Reads the item of an Access Token.
pub(super) fn to_access_token(item: &Item) -> Result<AccessToken, Failure> {
    const VERSION: Rule = Rule::own("must be a whole number");
    let item = Stored::new("Access Token", item);
    let sid = item.required(SK, AccessTokenSid::parse)?;
    let service_sid = item.required("service_sid", ServiceSid::parse)?;
    // What it says of itself has to be where it is.
    if !item.required(PK, |pk| Ok(pk == partition(service_sid, sid)))? {
        return Err(item.not_ours(PK));
    }
    Ok(AccessToken {
        sid,
        account_sid: item.required("account_sid", AccountSid::parse)?,
        service_sid,
        identity: item.required("identity", Identity::parse)?,
        factor_friendly_name: item.optional("factor_friendly_name", FriendlyName::parse)?,
        ttl: item.required("ttl", Ttl::parse)?,
        date_created: item.required("date_created", Timestamp::parse)?,
        data_key: item.required("data_key", |text| text.parse().map_err(|_| VERSION))?,
        used_for: item.optional(USED_FOR, FactorSid::parse)?,
    })
}

//! Access Tokens: what one is, and how one comes to be.

use super::new::{NewAccessToken, Ttl};
use crate::factors::FriendlyName;
use crate::sid::{AccessTokenSid, AccountSid, FactorSid, Identity, ServiceSid};
use crate::time::Timestamp;

/// An Access Token. Its text is not in it: that follows from it and a data key.
#[derive(Debug)]
pub(crate) struct AccessToken {
    pub(super) sid: AccessTokenSid,
    pub(super) account_sid: AccountSid,
    pub(crate) service_sid: ServiceSid,
    pub(crate) identity: Identity,
    pub(crate) factor_friendly_name: Option<FriendlyName>,
    pub(super) ttl: Ttl,
    pub(super) date_created: Timestamp,
    /// The version of the data key that its text is made with.
    pub(crate) data_key: u32,
    /// The Factor that it was used up for.
    pub(crate) used_for: Option<FactorSid>,
}

/// What an Access Token comes to be with, besides what was asked for.
#[derive(Clone, Copy)]
pub(super) struct Creation {
    pub(super) sid: AccessTokenSid,
    pub(super) account_sid: AccountSid,
    pub(super) service_sid: ServiceSid,
    pub(super) now: Timestamp,
    /// The version of the newest data key.
    pub(super) data_key: u32,
}

impl AccessToken {
    /// Makes an Access Token.
    pub(super) fn create(new: NewAccessToken, creation: Creation) -> Self {
        Self {
            sid: creation.sid,
            account_sid: creation.account_sid,
            service_sid: creation.service_sid,
            identity: new.identity,
            factor_friendly_name: new.factor_friendly_name,
            ttl: new.ttl,
            date_created: creation.now,
            data_key: creation.data_key,
            used_for: None,
        }
    }

    /// From when it is good for nothing, and not shown.
    pub(super) fn expires(&self) -> Timestamp {
        self.date_created.after(self.ttl.get().into())
    }

    /// The Access Token, unless it is past its time, which is as if it weren't there.
    pub(crate) fn if_there(self, now: Timestamp) -> Option<Self> {
        (now < self.expires()).then_some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::Fields;

    #[test]
    fn it_is_there_until_its_seconds_are_over() {
        let at = |second| Timestamp::parse("2026-01-01T00:00:00Z").unwrap().after(second);
        for (ttl, second, there) in [
            (60, 0, true),
            (60, 59, true),
            (60, 60, false),
            (300, 299, true),
            (300, 300, false),
        ] {
            let form = format!("Identity=identity&FactorType=push&Ttl={ttl}");
            let new = NewAccessToken::parse(&mut Fields::decode(form.as_bytes())).unwrap();
            let creation = Creation {
                sid: AccessTokenSid::from_bytes([3; 16]),
                account_sid: AccountSid::from_bytes([1; 16]),
                service_sid: ServiceSid::from_bytes([2; 16]),
                now: at(0),
                data_key: 1,
            };
            let token = AccessToken::create(new, creation);
            assert_eq!(token.if_there(at(second)).is_some(), there, "{second} of {ttl}");
        }
    }
}

//! Access Tokens: what one is, and how one comes to be.

use super::new::{NewAccessToken, Ttl};
use super::text::TokenText;
use crate::factors::FriendlyName;
use crate::sealing::DataKey;
use crate::sid::{AccessTokenSid, AccountSid, Identity, ServiceSid};
use crate::time::Timestamp;

/// An Access Token. Its text is not in it: that follows from it and a data key.
#[derive(Debug)]
pub(super) struct AccessToken {
    pub(super) sid: AccessTokenSid,
    pub(super) account_sid: AccountSid,
    pub(super) service_sid: ServiceSid,
    pub(super) identity: Identity,
    pub(super) factor_friendly_name: Option<FriendlyName>,
    pub(super) ttl: Ttl,
    pub(super) date_created: Timestamp,
    /// The version of the data key that its text is made with.
    pub(super) data_key: u32,
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
        }
    }

    /// From when it is good for nothing, and not shown.
    pub(super) fn expires(&self) -> Timestamp {
        self.date_created.after(self.ttl.get().into())
    }

    /// The Access Token, unless it is past its time, which is as if it weren't there.
    pub(super) fn if_there(self, now: Timestamp) -> Option<Self> {
        (now < self.expires()).then_some(self)
    }

    /// What a phone is to show, made with the data key of its version.
    pub(super) fn text(&self, data_key: &DataKey) -> TokenText {
        let (entity, name) = (
            (self.service_sid, &self.identity),
            self.factor_friendly_name.clone(),
        );
        TokenText::new(self.sid, entity, self.expires(), name, data_key)
    }
}

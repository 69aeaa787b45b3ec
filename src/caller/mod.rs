//! Who calls: `basic` reads what a request says, and `account` whether that is true.

mod account;
mod basic;

use crate::http::Request;
use crate::settings::Settings;
use basic::Credentials;

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The account that the deployment serves, with its Auth Token.
    Account,
}

impl Caller {
    /// Who calls; `None` if the credentials are nobody's.
    pub(crate) fn of(request: &Request, settings: &Settings) -> Option<Self> {
        let credentials = Credentials::of(request);
        account::is(&credentials, settings.account_sid, &settings.auth_tokens).then_some(Self::Account)
    }

    /// The caller in the log.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
        }
    }
}

//! Who calls: `basic` reads what a request says, `account` whether that is the account, `device` and `token` whether it is a phone that
//! is a push Factor's, or that is about to be one.

mod account;
mod basic;
mod device;
mod token;

pub(crate) use basic::Credentials;
pub(crate) use device::Device;
use device::DeviceJwt;
pub(crate) use token::Enrolment;

use crate::access_tokens::TokenText;
use crate::app::App;
use crate::call::{Call, Subject};
use crate::http::Request;
use crate::place::Place;
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::sid::AccountSid;
use crate::time::Timestamp;

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The account that the deployment serves, with its Auth Token.
    Account,
    /// A push Factor's device, with a JWT that it signed.
    Device,
    /// A device that enrols, with an Access Token.
    Token,
}

impl Caller {
    /// The caller in the log.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Device => "device",
            Self::Token => "token",
        }
    }
}

/// Who somebody says to be. The account has proved it; what a device says takes the table.
pub(crate) enum Claim<'a> {
    Account,
    Device(DeviceJwt<'a>),
    Token(TokenText),
}

/// Who a request says that it is from, for the log alone: nothing of it is proved.
pub(crate) fn claimed(request: &Request, account_sid: AccountSid) -> Option<Caller> {
    let credentials = Credentials::of(request);
    let is_token = |text| TokenText::parse(text).is_some();
    match credentials.user() {
        DEVICE if std::str::from_utf8(credentials.password()).is_ok_and(is_token) => Some(Caller::Token),
        DEVICE => Some(Caller::Device),
        _ => bool::from(account::is_named(&credentials, account_sid)).then_some(Caller::Account),
    }
}

/// The user by which a device calls (contract, section 1).
const DEVICE: &[u8] = b"token";

impl<'a> Claim<'a> {
    /// Who these credentials say that it is; `None` if they are nobody's.
    pub(crate) fn of(credentials: &'a Credentials, settings: &Settings, now: Timestamp) -> Option<Self> {
        if credentials.user() == DEVICE {
            let text = std::str::from_utf8(credentials.password()).ok()?;
            let jwt = DeviceJwt::parse(text, settings.account_sid, now).map(Self::Device);
            return jwt.or_else(|| TokenText::parse(text).map(Self::Token));
        }
        account::is(credentials, settings.account_sid, &settings.auth_tokens).then_some(Self::Account)
    }

    /// Who that would be.
    pub(crate) fn caller(&self) -> Caller {
        match self {
            Self::Account => Caller::Account,
            Self::Device(_) => Caller::Device,
            Self::Token(_) => Caller::Token,
        }
    }

    /// Who calls, if that is who it says to be and this place is its own.
    ///
    /// # Errors
    /// [`Refusal::Unauthenticated`] whatever is wrong; else what kept it from being found out.
    pub(crate) async fn prove(self, app: &App, call: &Call<'_>, place: &Place) -> Result<Proven, Refusal> {
        // Boxed are those that most requests don't need, as all would have room for them.
        match self {
            Self::Account => Ok(Proven::Account),
            Self::Device(jwt) => {
                let device = Box::pin(Device::identify(app, call, place, jwt)).await?;
                Ok(Proven::Device(Box::new(device)))
            }
            Self::Token(text) => {
                let enrolment = Box::pin(Enrolment::identify(app, call, place, text)).await?;
                Ok(Proven::Token(Box::new(enrolment)))
            }
        }
    }
}

/// Who calls, as it was proved.
pub(crate) enum Proven {
    Account,
    Device(Box<Device>),
    Token(Box<Enrolment>),
}

impl Proven {
    /// Who that is.
    pub(crate) fn caller(&self) -> Caller {
        match self {
            Self::Account => Caller::Account,
            Self::Device(_) => Caller::Device,
            Self::Token(_) => Caller::Token,
        }
    }

    /// Notes what the caller itself is about.
    pub(crate) fn tell(&self, subject: &mut Subject) {
        match self {
            Self::Account => {}
            Self::Device(device) => subject.factor_sid = Some(device.factor.sid),
            Self::Token(enrolment) => subject.access_token_sid = Some(enrolment.access_token_sid),
        }
    }
}

//! Who calls, and where the contract lets them in.

use super::tokens::AccessToken;
use crate::contract::{Contract, Place};
use crate::factor::Factor;
use crate::parameters::{Form, given};
use crate::refusal::{Refusal, nobody};

/// For how many seconds a JWT can be good, and how far the clock of its phone may be off.
const LONGEST: i64 = 600;
const CLOCK: i64 = 30;

/// Who calls, by what their credentials are.
#[derive(Clone, Debug)]
pub enum Caller {
    Account,
    Device(Jwt),
    /// With the text of the Access Token that has this SID.
    Token(String),
    /// With anything else.
    Nobody,
}

/// A JWT of this account: the Factor that its `kid` names, the phone that signed it, and from when to when it is good.
#[derive(Clone, Debug)]
pub struct Jwt {
    pub factor_sid: String,
    pub phone: u8,
    pub from: i64,
    pub to: i64,
}

impl Caller {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Device(_) => "device",
            Self::Token(_) => "token",
            Self::Nobody => "nobody",
        }
    }
}

impl Jwt {
    fn is_good(&self, now: i64) -> bool {
        let is_short = (0..=LONGEST).contains(&(self.to - self.from));
        is_short && self.from - CLOCK <= now && now < self.to + CLOCK
    }
}

impl Contract {
    /// Lets in the account alone.
    pub fn admit_account(&self) -> Result<(), Refusal> {
        match self.caller {
            Caller::Account => Ok(()),
            Caller::Device(_) | Caller::Token(_) | Caller::Nobody => Err(nobody()),
        }
    }

    /// Lets in whoever a Factor is there for: the account, and the Factor's device.
    pub fn admit_to_factor(&self, place: Place, sid: &str) -> Result<(), Refusal> {
        let Caller::Device(jwt) = &self.caller else {
            return self.admit_account();
        };
        match self.device(place, jwt)? {
            factor if factor.sid == sid => Ok(()),
            _ => Err(nobody()),
        }
    }

    /// Lets in whoever Challenges of an Entity are there for: the account, and the devices of Factors that are verified. For these it is
    /// those of their own Factor, which is told, and no others.
    pub fn admit_to_challenges(&self, place: Place) -> Result<Option<&str>, Refusal> {
        let Caller::Device(jwt) = &self.caller else {
            return self.admit_account().map(|()| None);
        };
        match self.device(place, jwt)? {
            factor if factor.verified => Ok(Some(&factor.sid)),
            _ => Err(nobody()),
        }
    }

    /// Lets in who may create a Factor: the account, and who has an Access Token that is good for this one, which is told.
    pub fn admit_to_enrol(
        &self,
        place: Place,
        form: &Form,
        key: Option<&str>,
    ) -> Result<Option<&AccessToken>, Refusal> {
        let Caller::Token(sid) = &self.caller else {
            return self.admit_account().map(|()| None);
        };
        let token = self.access_token(place.0, sid).map_err(|_| nobody())?;
        let is_totp = given(form, "FactorType") == Some("totp");
        if token.is_good_for(place, key) && !is_totp {
            Ok(Some(token))
        } else {
            Err(nobody())
        }
    }

    /// The Factor that a JWT is of.
    fn device(&self, place: Place, jwt: &Jwt) -> Result<&Factor, Refusal> {
        let factor = self.factor(place, &jwt.factor_sid).ok();
        let factor = factor.filter(|factor| jwt.is_good(self.now) && factor.phone() == Some(jwt.phone));
        factor.ok_or_else(nobody)
    }
}

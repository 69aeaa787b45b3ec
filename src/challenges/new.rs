//! What a request for a Challenge asks for.

use super::details::Details;
use super::expiration_date::ExpirationDate;
use crate::factors::{AUTH_PAYLOAD, Code, FactorType, Metadata};
use crate::parameters::{Fields, InvalidParameter, Rule};
use crate::sid::{FactorSid, Identity};
use crate::time::Timestamp;

/// The valid parameters of a request for a Challenge, as far as they hold for Factors of any type.
#[derive(Debug)]
pub(super) struct NewChallenge {
    pub(super) identity: Identity,
    pub(super) factor_sid: FactorSid,
    pub(super) expiration_date: ExpirationDate,
    pub(super) details: Option<Details>,
    pub(super) hidden_details: Option<Metadata>,
    /// Whether it is one shows when it is known that it is to be one.
    code: Option<Result<Code, Rule>>,
}

impl NewChallenge {
    /// Reads the parameters of a Challenge, `identity` being the path's.
    pub(super) fn parse(identity: &str, fields: &mut Fields<'_>, now: Timestamp) -> Option<Self> {
        let identity = fields.elsewhere("Identity", Identity::parse(identity));
        let factor_sid = fields.required("FactorSid", FactorSid::parse);
        let expiration_date =
            fields.optional(ExpirationDate::PARAMETER, |text| ExpirationDate::parse(text, now));
        let details = Details::parse(fields);
        let hidden_details = fields.optional("HiddenDetails", Metadata::parse);
        let code = fields.optional(AUTH_PAYLOAD, |text| Ok(Code::parse(text)));
        Some(Self {
            identity: identity?,
            factor_sid: factor_sid?,
            expiration_date: expiration_date?.unwrap_or_else(|| ExpirationDate::default_at(now)),
            details: details?,
            hidden_details: hidden_details?,
            code: code?,
        })
    }

    /// What is left to be said once it is known that the Factor is of this type: the code that comes along, which a push Factor has
    /// none of.
    ///
    /// # Errors
    /// What a Challenge of this type has to have and hasn't, or what is no code.
    pub(super) fn code(&self, factor_type: FactorType) -> Result<Option<&Code>, Vec<InvalidParameter>> {
        match (factor_type, &self.code) {
            (FactorType::Push, _) => {
                let message = self.details.as_ref().and_then(|details| details.message.as_ref());
                let missing = || vec![Rule::Required.broken_by(Details::MESSAGE)];
                message.map(|_| None).ok_or_else(missing)
            }
            (FactorType::Totp, None) => Ok(None),
            (FactorType::Totp, Some(Ok(code))) => Ok(Some(code)),
            (FactorType::Totp, Some(Err(rule))) => Err(vec![rule.broken_by(AUTH_PAYLOAD)]),
        }
    }
}

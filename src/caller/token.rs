//! A device that enrols, by an Access Token.

use crate::access_tokens::{self, TokenText};
use crate::app::App;
use crate::call::Call;
use crate::factors::{FactorType, FriendlyName, IdempotencyKey};
use crate::place::Place;
use crate::refusal::Refusal;
use crate::sid::{AccessTokenSid, FactorSid};
use crate::table::Item;

/// What an Access Token is good for: one push Factor of the Entity in the path.
pub(crate) struct Enrolment {
    pub(crate) access_token_sid: AccessTokenSid,
    /// The item that is used up with it.
    pub(crate) key: Item,
    /// What the Factor is called where the device says nothing.
    pub(crate) friendly_name: Option<FriendlyName>,
}

impl Enrolment {
    /// What the token with this text is good for at this place.
    ///
    /// # Errors
    /// [`Refusal::Unauthenticated`] if there is none with it, its time is over, it is another Entity's, or it was used up by another
    /// request than this one.
    pub(super) async fn identify(
        app: &App,
        call: &Call<'_>,
        place: &Place,
        text: TokenText,
    ) -> Result<Self, Refusal> {
        const NOBODY: Refusal = Refusal::Unauthenticated;
        let (service_sid, identity) = place.whose().ok_or(NOBODY)?;
        let token = app.table.read_access_token(service_sid, text.sid).await?;
        let token = token.and_then(|token| token.if_there(call.timestamp()));
        let token = token.filter(|token| token.identity == identity).ok_or(NOBODY)?;
        let data_key = app.data_keys.version(token.data_key, &app.table, call.now);
        if !token.has(&text, &*data_key.await?) {
            return Err(NOBODY);
        }
        let again = || {
            let key = call.request.header(IdempotencyKey::HEADER).ok().flatten();
            let key = key.and_then(|key| IdempotencyKey::parse(key).ok())?;
            Some(key.factor_sid(app.settings.account_sid, service_sid, &identity))
        };
        if !is_free(token.used_for, again) {
            return Err(NOBODY);
        }
        Ok(Self {
            access_token_sid: text.sid,
            key: access_tokens::key(service_sid, text.sid),
            friendly_name: token.factor_friendly_name,
        })
    }

    /// Whether it is good for a Factor of this type. What is no type is a parameter like any other.
    pub(crate) fn is_for(factor_type: Option<FactorType>) -> bool {
        factor_type != Some(FactorType::Totp)
    }
}

/// Whether a token that was used for this Factor is good for a request that makes, or made, the Factor `of_request`: a retry of the one that
/// used it up is a retry like any other.
fn is_free(used_for: Option<FactorSid>, of_request: impl FnOnce() -> Option<FactorSid>) -> bool {
    used_for.is_none_or(|factor| of_request() == Some(factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_used_token_is_free_for_the_request_that_used_it() {
        let [one, other] = [1, 2].map(|byte| FactorSid::from_bytes([byte; 16]));
        for (used_for, of_request, free) in [
            (None, None, true),
            (None, Some(one), true),
            (Some(one), Some(one), true),
            (Some(one), Some(other), false),
            (Some(one), None, false),
        ] {
            assert_eq!(is_free(used_for, || of_request), free);
        }
    }

    #[test]
    fn it_is_for_no_totp_factor() {
        assert!(Enrolment::is_for(None) && Enrolment::is_for(Some(FactorType::Push)));
        assert!(!Enrolment::is_for(Some(FactorType::Totp)));
    }
}

//! A device that enrols, by an Access Token.

use crate::access_tokens::{self, TokenText};
use crate::app::App;
use crate::call::Call;
use crate::factors::FriendlyName;
use crate::refusal::Refusal;
use crate::route::Place;
use crate::sid::AccessTokenSid;
use crate::table::Item;

/// What an Access Token that holds is good for: one push Factor of the Entity in the path.
#[derive(Debug)]
pub(crate) struct Enrolment {
    pub(crate) access_token_sid: AccessTokenSid,
    /// The item that is used up with it.
    pub(crate) key: Item,
    /// What the Factor is called where the device says nothing.
    pub(crate) friendly_name: Option<FriendlyName>,
}

impl Enrolment {
    /// What the token is good for at this place. Whether it was used up is for the write to say that uses it.
    ///
    /// # Errors
    /// [`Refusal::Unauthenticated`] if its time is over, it is another Entity's, or nobody's.
    pub(super) async fn identify(
        app: &App,
        call: &Call<'_>,
        place: &Place,
        text: TokenText,
    ) -> Result<Self, Refusal> {
        let (service_sid, identity) = place.whose().ok_or(Refusal::Unauthenticated)?;
        if text.is_over(call.timestamp()) {
            return Err(Refusal::Unauthenticated);
        }
        let data_key = app.data_keys.find(text.version(), &app.table, call.now).await?;
        let is_good = data_key.is_some_and(|key| text.is_for((service_sid, &identity), &key));
        if !is_good {
            return Err(Refusal::Unauthenticated);
        }
        Ok(Self {
            access_token_sid: text.sid,
            key: access_tokens::key(service_sid, text.sid),
            friendly_name: text.friendly_name,
        })
    }
}

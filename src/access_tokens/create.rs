//! `POST /v2/Services/{ServiceSid}/AccessTokens`

use super::access_token::{AccessToken, Creation};
use super::json::AccessTokenJson;
use super::new::NewAccessToken;
use crate::app::App;
use crate::call::Call;
use crate::http::Answer;
use crate::refusal::Refusal;
use crate::sid::{AccessTokenSid, EntitySid, ServiceSid};

/// Creates an Access Token for an Entity, be that there already or not.
pub(crate) async fn create(
    app: &App,
    call: &mut Call<'_>,
    service_sid: ServiceSid,
) -> Result<Answer, Refusal> {
    let mut fields = call.request.form()?;
    let new = NewAccessToken::parse(&mut fields);
    let new = fields.finish(new)?;
    app.service(call, service_sid).await?;

    let data_key = app.data_keys.newest(&app.table, call.now).await?;
    let creation = Creation {
        sid: AccessTokenSid::from_bytes(app.randomness.bytes()?),
        account_sid: app.settings.account_sid,
        service_sid,
        now: call.timestamp(),
        data_key: data_key.version(),
    };
    let token = AccessToken::create(new, creation);
    call.subject.access_token_sid = Some(token.sid);
    call.subject.entity_sid = Some(EntitySid::of(token.account_sid, service_sid, &token.identity));
    app.table.create_access_token(&token).await?;
    Ok(Answer::created(&AccessTokenJson::new(
        &token,
        &data_key,
        &call.base(),
    )))
}

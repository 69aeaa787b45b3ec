//! `GET /v2/Services/{ServiceSid}/AccessTokens/{AccessTokenSid}`

use super::json::AccessTokenJson;
use crate::app::App;
use crate::call::Call;
use crate::http::Answer;
use crate::place::AccessTokenAt;
use crate::refusal::Refusal;
use crate::sid::EntitySid;

/// Shows an Access Token until its time is over, whether it was used up or not.
pub(crate) async fn fetch(app: &App, call: &mut Call<'_>, at: AccessTokenAt) -> Result<Answer, Refusal> {
    app.service(call, at.service_sid).await?;
    let token = app
        .table
        .read_access_token(at.service_sid, at.access_token_sid)
        .await?;
    let token = token.and_then(|token| token.if_there(call.timestamp()));
    let token = token.ok_or_else(|| call.not_found())?;
    call.subject.entity_sid = Some(EntitySid::of(token.account_sid, at.service_sid, &token.identity));
    let data_key = app
        .data_keys
        .version(token.data_key, &app.table, call.now)
        .await?;
    Ok(Answer::ok(&AccessTokenJson::new(&token, &data_key, &call.base())))
}

//! `GET /v2/Services/{ServiceSid}/Entities/{Identity}/Factors/{FactorSid}`

use super::FactorJson;
use crate::app::App;
use crate::call::Call;
use crate::entities::EntityKey;
use crate::http::Answer;
use crate::refusal::Refusal;
use crate::route::FactorAt;

/// Shows a Factor as it is in the table now, without its binding.
pub(crate) async fn fetch(app: &App, call: &mut Call<'_>, at: FactorAt) -> Result<Answer, Refusal> {
    let identity = at.identity()?;
    let entity = EntityKey::of(app.settings.account_sid, at.service_sid, &identity);
    call.subject.entity_sid = Some(entity.sid);
    app.service(call, at.service_sid).await?;
    let factor = app.factor(call, entity, at.factor_sid).await?;
    let factor = factor.and_then(|factor| factor.if_there(call.timestamp()));
    let factor = factor.ok_or_else(|| call.not_found())?;
    Ok(Answer::ok(&FactorJson::new(&factor, &call.base())))
}

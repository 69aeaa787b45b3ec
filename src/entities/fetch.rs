//! `GET /v2/Services/{ServiceSid}/Entities/{Identity}`

use super::EntityKey;
use super::json::EntityJson;
use crate::app::App;
use crate::call::Call;
use crate::http::Answer;
use crate::place::EntityAt;
use crate::refusal::Refusal;

/// Shows an Entity as it is in the table now.
pub(crate) async fn fetch(app: &App, call: &mut Call<'_>, at: EntityAt) -> Result<Answer, Refusal> {
    let identity = at.identity()?;
    let entity = EntityKey::of(app.settings.account_sid, at.service_sid, &identity);
    call.subject.entity_sid = Some(entity.sid);
    app.service(call, at.service_sid).await?;
    let entity = app.table.read_entity(entity).await?;
    let entity = entity.ok_or_else(|| call.not_found())?;
    Ok(Answer::ok(&EntityJson::new(&entity, &call.base())))
}

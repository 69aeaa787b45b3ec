//! `DELETE /v2/Services/{ServiceSid}/Entities/{Identity}`

use super::EntityKey;
use crate::app::App;
use crate::call::Call;
use crate::http::Answer;
use crate::place::EntityAt;
use crate::refusal::Refusal;

/// Deletes an Entity with all that is its own. One that is cut short goes on when it is repeated.
pub(crate) async fn delete(app: &App, call: &mut Call<'_>, at: EntityAt) -> Result<Answer, Refusal> {
    let identity = at.identity()?;
    let entity = EntityKey::of(app.settings.account_sid, at.service_sid, &identity);
    call.subject.entity_sid = Some(entity.sid);
    app.service(call, at.service_sid).await?;
    let was_there = app.table.delete_entity(entity).await?;
    was_there.then(Answer::no_content).ok_or_else(|| call.not_found())
}

//! `POST /v2/Services/{ServiceSid}/Entities`

use super::entity::{Entity, new_identity};
use super::json::EntityJson;
use crate::app::App;
use crate::call::Call;
use crate::http::Answer;
use crate::refusal::Refusal;
use crate::sid::ServiceSid;

/// Creates an Entity, which the first Factor does as well.
pub(crate) async fn create(
    app: &App,
    call: &mut Call<'_>,
    service_sid: ServiceSid,
) -> Result<Answer, Refusal> {
    let mut fields = call.request.form()?;
    let identity = new_identity(&mut fields);
    let identity = fields.finish(identity)?;
    app.service(call, service_sid).await?;
    let entity = Entity::create(identity, app.settings.account_sid, service_sid, call.timestamp());
    call.subject.entity_sid = Some(entity.sid);
    if app.table.create_entity(&entity).await? {
        Ok(Answer::created(&EntityJson::new(&entity, &call.base())))
    } else {
        Err(Refusal::EntityExists)
    }
}

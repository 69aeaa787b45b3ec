//! `POST /v2/Services/{ServiceSid}/Entities`

use super::entity::{Entity, EntityKey, Made, new_identity};
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
    let made = Made {
        account_sid: app.settings.account_sid,
        now: call.timestamp(),
        request_id: call.request_id,
    };
    let key = EntityKey::of(made.account_sid, service_sid, &identity);
    let entity = Entity::create(key, made);
    call.subject.entity_sid = Some(entity.sid);
    if app.table.create_entity(&entity, made).await? {
        Ok(Answer::created(&EntityJson::new(&entity, &call.base())))
    } else {
        Err(Refusal::EntityExists)
    }
}

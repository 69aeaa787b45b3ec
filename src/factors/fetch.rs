//! `GET /v2/Services/{ServiceSid}/Entities/{Identity}/Factors/{FactorSid}`

use super::{Factor, FactorJson};
use crate::app::App;
use crate::call::Call;
use crate::entities::EntityKey;
use crate::http::Answer;
use crate::place::FactorAt;
use crate::refusal::Refusal;
use crate::sid::FactorSid;

/// Shows a Factor as it is in the table now, without its binding.
pub(crate) async fn fetch(app: &App, call: &mut Call<'_>, at: FactorAt) -> Result<Answer, Refusal> {
    let identity = at.identity()?;
    let entity = EntityKey::of(app.settings.account_sid, at.service_sid, &identity);
    call.subject.entity_sid = Some(entity.sid);
    app.service(call, at.service_sid).await?;
    let factor = read(app, call, entity, at.factor_sid).await?;
    Ok(Answer::ok(&FactorJson::new(&factor, &call.base())))
}

/// The Factor that a call is about, as it is in the table now. A device's own was read when it proved to be that.
pub(super) async fn read(
    app: &App,
    call: &Call<'_>,
    entity: EntityKey<'_>,
    sid: FactorSid,
) -> Result<Factor, Refusal> {
    match call.device() {
        Some(device) => Ok(device.factor.clone()),
        None => there(call, app.table.read_factor(entity, sid).await?),
    }
}

/// The Factor that was read, unless it is expired. For a device it has to be the one that it proved to be: a key can bring back the SID
/// of one that was deleted with its Entity.
pub(super) fn there(call: &Call<'_>, factor: Option<Factor>) -> Result<Factor, Refusal> {
    let factor = factor.and_then(|factor| factor.if_there(call.timestamp()));
    match (factor, call.device()) {
        (Some(factor), Some(device)) if factor.date_created == device.factor.date_created => Ok(factor),
        (Some(factor), None) => Ok(factor),
        (_, Some(_)) => Err(Refusal::Unauthenticated),
        (None, None) => Err(call.not_found()),
    }
}

//! `DELETE /v2/Services/{ServiceSid}/Entities/{Identity}/Factors/{FactorSid}`

use super::fetch::{read, there};
use super::stored::{Change, ChangeWrite};
use crate::app::App;
use crate::call::Call;
use crate::entities::EntityKey;
use crate::http::Answer;
use crate::place::FactorAt;
use crate::refusal::Refusal;
use crate::table::Patience;

/// Deletes a Factor and counts it off its Entity.
pub(crate) async fn delete(app: &App, call: &mut Call<'_>, at: FactorAt) -> Result<Answer, Refusal> {
    let identity = at.identity()?;
    let entity = EntityKey::of(app.settings.account_sid, at.service_sid, &identity);
    call.subject.entity_sid = Some(entity.sid);
    app.service(call, at.service_sid).await?;
    let (now, mut patience) = (call.timestamp(), Patience::begin());
    let mut factor = read(app, call, entity, at.factor_sid).await?;
    loop {
        let by = (call.request_id, now);
        match app
            .table
            .change_factor(&factor, &Change::Delete, by, &mut patience)
            .await?
        {
            ChangeWrite::Written => return Ok(Answer::no_content()),
            ChangeWrite::Meanwhile(other) => factor = there(call, other.map(|factor| *factor))?,
        }
    }
}

//! `GET /v2/Services/{ServiceSid}/Entities/{Identity}/Factors`

use super::FactorJson;
use crate::app::App;
use crate::call::Call;
use crate::entities::EntityKey;
use crate::http::{Answer, List};
use crate::parameters::PageRequest;
use crate::place::EntityAt;
use crate::refusal::Refusal;
use crate::sid::{FactorSid, Identity};

/// Lists an Entity's Factors, in the order of their SIDs; none where there is no Entity.
pub(crate) async fn list(app: &App, call: &mut Call<'_>, at: EntityAt) -> Result<Answer, Refusal> {
    let mut query = call.request.query();
    let identity = query.elsewhere("Identity", Identity::parse(&at.identity));
    let request = PageRequest::parse(&mut query, FactorSid::parse);
    let (identity, request) = query.finish(identity.zip(request))?;
    let entity = EntityKey::of(app.settings.account_sid, at.service_sid, &identity);
    call.subject.entity_sid = Some(entity.sid);
    app.service(call, at.service_sid).await?;
    let page = app.table.list_factors(entity, &request, call.timestamp()).await?;
    let base = call.base();
    let (service, identity) = (at.service_sid, identity.as_str());
    let list = List::new(
        "factors",
        &format!("{base}/v2/Services/{service}/Entities/{identity}/Factors?"),
        &request,
        &page,
        |factor| factor.sid,
        |factor| FactorJson::new(factor, &base),
    );
    Ok(Answer::ok(&list))
}

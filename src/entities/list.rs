//! `GET /v2/Services/{ServiceSid}/Entities`

use super::json::EntityJson;
use crate::app::App;
use crate::call::Call;
use crate::http::{Answer, List};
use crate::parameters::PageRequest;
use crate::refusal::Refusal;
use crate::sid::{Identity, ServiceSid};

/// Lists a Service's Entities, in the order of their Identities, as they were a moment ago.
pub(crate) async fn list(app: &App, call: &mut Call<'_>, service_sid: ServiceSid) -> Result<Answer, Refusal> {
    let mut query = call.request.query();
    let request = PageRequest::parse(&mut query, Identity::parse);
    let request = query.finish(request)?;
    app.service(call, service_sid).await?;
    let of = (app.settings.account_sid, service_sid);
    let page = app.table.list_entities(of, &request).await?;
    let base = call.base();
    let list = List::new(
        "entities",
        &format!("{base}/v2/Services/{service_sid}/Entities?"),
        &request,
        &page,
        |entity| entity.identity.clone(),
        |entity| EntityJson::new(entity, &base),
    );
    Ok(Answer::ok(&list))
}

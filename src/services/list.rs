//! `GET /v2/Services`

use super::json::ServiceJson;
use crate::app::App;
use crate::call::Call;
use crate::http::{Answer, List};
use crate::parameters::PageRequest;
use crate::refusal::Refusal;
use crate::sid::ServiceSid;

/// Lists the account's Services, in the order of their SIDs.
pub(crate) async fn list(app: &App, call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let mut query = call.request.query();
    let request = PageRequest::parse(&mut query, ServiceSid::parse);
    let request = query.finish(request)?;
    let page = app.table.list_services(&request).await?;
    let base = call.base();
    let list = List::new(
        "services",
        &format!("{base}/v2/Services?"),
        &request,
        &page,
        |service| service.sid,
        |service| ServiceJson::new(service, &base),
    );
    Ok(Answer::ok(&list))
}

//! `POST /v2/Services/{ServiceSid}`

use super::ServiceUpdate;
use super::json::ServiceJson;
use crate::app::App;
use crate::call::Call;
use crate::http::Answer;
use crate::refusal::Refusal;
use crate::sid::ServiceSid;

/// Changes what a request names.
pub(crate) async fn update(app: &App, call: &mut Call<'_>, sid: ServiceSid) -> Result<Answer, Refusal> {
    let mut fields = call.request.form()?;
    let update = ServiceUpdate::parse(&mut fields);
    let update = fields.finish(update)?;
    // Whatever comes of it, what was read before may be out of date.
    app.services.forget(sid);
    let service = app.table.update_service(sid, &update, call.timestamp()).await?;
    let service = service.ok_or_else(|| call.not_found())?;
    app.services.put(service.clone(), call.now);
    Ok(Answer::ok(&ServiceJson::new(&service, &call.base())))
}

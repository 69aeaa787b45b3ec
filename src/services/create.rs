//! `POST /v2/Services`

use super::json::ServiceJson;
use super::{NewService, Service};
use crate::app::App;
use crate::call::Call;
use crate::http::Answer;
use crate::refusal::Refusal;
use crate::sid::ServiceSid;

/// Creates a Service.
pub(crate) async fn create(app: &App, call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let mut fields = call.request.form()?;
    let new = NewService::parse(&mut fields);
    let new = fields.finish(new)?;
    let sid = ServiceSid::from_bytes(app.randomness.bytes()?);
    call.subject.service_sid = Some(sid);
    let service = Service::create(new, app.settings.account_sid, sid, call.timestamp());
    app.table.create_service(&service).await?;
    Ok(Answer::created(&ServiceJson::new(&service, &call.base())))
}

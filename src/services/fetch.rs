//! `GET /v2/Services/{ServiceSid}`

use super::json::ServiceJson;
use crate::app::App;
use crate::call::Call;
use crate::http::Answer;
use crate::refusal::Refusal;
use crate::sid::ServiceSid;

/// Shows a Service as it is in the table now.
pub(crate) async fn fetch(app: &App, call: &mut Call<'_>, sid: ServiceSid) -> Result<Answer, Refusal> {
    let service = app.table.read_service(sid).await?;
    let service = service.ok_or_else(|| call.not_found())?;
    Ok(Answer::ok(&ServiceJson::new(&service, &call.base())))
}

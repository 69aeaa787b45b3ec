//! `DELETE /v2/Services/{ServiceSid}`

use crate::app::App;
use crate::call::Call;
use crate::http::Answer;
use crate::refusal::Refusal;
use crate::sid::ServiceSid;

/// Deletes a Service. Its Factors stay in the table, where no route leads to them.
pub(crate) async fn delete(app: &App, call: &mut Call<'_>, sid: ServiceSid) -> Result<Answer, Refusal> {
    app.services.forget(sid);
    let there = app.table.delete_service(sid).await?;
    there.then(Answer::no_content).ok_or_else(|| call.not_found())
}

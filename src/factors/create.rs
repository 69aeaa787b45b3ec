//! `POST /v2/Services/{ServiceSid}/Entities/{Identity}/Factors`

use super::json::CreatedFactorJson;
use super::retry::{IdempotencyKey, Provenance, Retry};
use super::stored::FactorWrite;
use super::{Entropy, Factor, NewFactor};
use crate::app::App;
use crate::call::Call;
use crate::http::Answer;
use crate::refusal::Refusal;
use crate::route::EntityAt;

/// Creates a Factor, or shows the one that the same request made before.
pub(crate) async fn create(app: &App, call: &mut Call<'_>, at: EntityAt) -> Result<Answer, Refusal> {
    let mut fields = call.request.form()?;
    let new = NewFactor::parse(&at.identity, &mut fields);
    let key = call.request.header(IdempotencyKey::HEADER);
    let retry = Retry::parse(key.map_err(|_| IdempotencyKey::RULE), &mut fields);
    let (new, retry) = fields.finish(new.zip(retry))?;

    let service = app.services.service(&app.table, at.service_sid, call.now).await?;
    let service = service.ok_or_else(|| call.not_found())?;

    let entropy = Entropy::draw(&app.randomness)?;
    let key = retry.as_ref().map(|retry| &retry.key);
    let factor = Factor::create(new, &service, key, call.timestamp(), &entropy);
    call.subject.entity_sid = Some(factor.entity_sid);
    call.subject.factor_sid = Some(factor.sid);

    let factor_type = factor.factor_type();
    let provenance = Provenance::of(call.request_id, retry.as_ref());
    let created = |factor: &Factor| Answer::created(&CreatedFactorJson::new(factor, &call.base()));
    match app.table.create_factor(factor, &provenance).await? {
        FactorWrite::Created(factor) => Ok(created(&factor)),
        FactorWrite::Replayed(factor) => Ok(created(&factor).replayed()),
        FactorWrite::KeyUsedBefore => Err(Refusal::KeyUsedBefore),
        FactorWrite::LimitReached => Err(Refusal::LimitReached(factor_type)),
    }
}

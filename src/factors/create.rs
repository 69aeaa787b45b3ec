//! `POST /v2/Services/{ServiceSid}/Entities/{Identity}/Factors`

use std::sync::Arc;

use super::json::CreatedFactorJson;
use super::retry::{IdempotencyKey, Origin, Provenance, Retry};
use super::stored::FactorWrite;
use super::{Binding, Entropy, Factor, NewFactor};
use crate::app::App;
use crate::call::Call;
use crate::http::Answer;
use crate::refusal::Refusal;
use crate::route::EntityAt;

/// Creates a Factor, or shows the one that the same request made before.
pub(crate) async fn create(app: &App, call: &mut Call<'_>, at: EntityAt) -> Result<Answer, Refusal> {
    let mut fields = call.request.form()?;
    let new = NewFactor::parse(&at.identity, &mut fields);
    let mut fields = fields.close();
    let key = call.request.header(IdempotencyKey::HEADER);
    let retry = Retry::parse(key.map_err(|_| IdempotencyKey::RULE), &mut fields);
    let (new, retry) = fields.finish(new.zip(retry))?;

    let service = app.services.service(&app.table, at.service_sid, call.now).await?;
    let service = service.ok_or_else(|| call.not_found())?;

    let data_key = app.data_keys.newest(&app.table, call.now).await?;
    let entropy = Entropy::draw(&app.randomness)?;
    let key = retry.as_ref().map(|retry| &retry.key);
    let (factor, binding) = Factor::create(new, &service, key, call.timestamp(), &entropy, &data_key);
    call.subject.entity_sid = Some(factor.entity_sid);
    call.subject.factor_sid = Some(factor.sid);

    let provenance = Provenance::of(call.request_id, retry.as_ref(), &data_key);
    match app.table.create_factor(&factor, &provenance).await? {
        FactorWrite::Written => Ok(created(call, &factor, &binding)),
        // Boxed, as hardly any request needs it and all would have room for it.
        FactorWrite::There(factor, provenance) => {
            Box::pin(there(app, call, &factor, &provenance, retry.as_ref())).await
        }
        FactorWrite::LimitReached => Err(Refusal::LimitReached(factor.factor_type())),
    }
}

/// Shows a Factor that is there, if it is this request's.
///
/// What is there is the answer, never what would have been written.
async fn there(
    app: &App,
    call: &Call<'_>,
    factor: &Factor,
    provenance: &Provenance,
    retry: Option<&Retry>,
) -> Result<Answer, Refusal> {
    let data_key = async |version| app.data_keys.version(version, &app.table, call.now).await;
    let sealed_with = data_key(factor.binding.version()).await?;
    let known_with = match provenance.fingerprint() {
        Some(fingerprint) => data_key(fingerprint.version()).await?,
        None => Arc::clone(&sealed_with),
    };
    let this = Provenance::of(call.request_id, retry, &known_with);
    let show = || Ok::<_, Refusal>(created(call, factor, &factor.open(&sealed_with)?));
    match provenance.seen_from(&this) {
        Origin::ThisRequest => show(),
        Origin::SameRequestBefore => Ok(show()?.replayed()),
        Origin::AnotherRequest => Err(Refusal::KeyUsedBefore),
    }
}

fn created(call: &Call<'_>, factor: &Factor, binding: &Binding) -> Answer {
    Answer::created(&CreatedFactorJson::new(factor, binding, &call.base()))
}

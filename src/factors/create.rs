//! `POST /v2/Services/{ServiceSid}/Entities/{Identity}/Factors`

use std::sync::Arc;

use super::json::CreatedFactorJson;
use super::retry::{IdempotencyKey, Origin, Provenance, Retry};
use super::stored::FactorWrite;
use super::{Binding, Creation, Entropy, Factor, FactorType, NewFactor};
use crate::app::App;
use crate::call::Call;
use crate::caller::Enrolment;
use crate::http::Answer;
use crate::place::EntityAt;
use crate::refusal::Refusal;

/// Creates a Factor, or shows the one that the same request made before.
pub(crate) async fn create(app: &App, call: &mut Call<'_>, at: EntityAt) -> Result<Answer, Refusal> {
    let enrolment = call.enrolment();
    if enrolment.is_some() && !Enrolment::is_for(factor_type(call)?) {
        return Err(Refusal::Unauthenticated);
    }
    let mut fields = call.request.form()?;
    let name = enrolment.and_then(|enrolment| enrolment.friendly_name.as_ref());
    let new = NewFactor::parse_or_named(&at.identity, name, &mut fields);
    let mut fields = fields.close();
    let key = call.request.header(IdempotencyKey::HEADER);
    let retry = Retry::parse(key.map_err(|_| IdempotencyKey::RULE), &mut fields);
    let (new, retry) = fields.finish(new.zip(retry))?;

    let service = app.service(call, at.service_sid).await?;

    let data_key = app.data_keys.newest(&app.table, call.now).await?;
    let entropy = Entropy::draw(&app.randomness)?;
    let now = call.timestamp();
    let creation = Creation {
        now,
        unverified_factor_hours: app.settings.unverified_factor_hours,
        request_id: call.request_id,
        retry: retry.as_ref(),
    };
    let (factor, binding) = Factor::create(new, &service, creation, &entropy, &data_key);
    call.subject.entity_sid = Some(factor.entity_sid);
    call.subject.factor_sid = Some(factor.sid);

    let token = call.enrolment().map(|enrolment| &enrolment.key);
    match app.table.enrol(&factor, token, (call.request_id, now)).await? {
        FactorWrite::Written => Ok(created(call, &factor, &binding)),
        // Boxed, as hardly any request needs it and all would have room for it.
        FactorWrite::There(factor) => Box::pin(there(app, call, &factor, retry.as_ref())).await,
        FactorWrite::TokenUsed => Err(Refusal::Unauthenticated),
        FactorWrite::Tombstone => Err(Refusal::KeyUsedBefore),
        FactorWrite::LimitReached => Err(Refusal::LimitReached(factor.factor_type())),
    }
}

/// The type of Factor that is asked for, if it is one, for whom scope hangs on it: that comes before what else is wrong.
fn factor_type(call: &Call<'_>) -> Result<Option<FactorType>, Refusal> {
    let mut fields = call.request.form()?;
    Ok(fields.optional("FactorType", FactorType::parse).flatten())
}

/// Shows a Factor that is there, if it is this request's.
///
/// What is there is the answer, never what would have been written.
async fn there(
    app: &App,
    call: &Call<'_>,
    factor: &Factor,
    retry: Option<&Retry>,
) -> Result<Answer, Refusal> {
    let data_key = async |version| app.data_keys.version(version, &app.table, call.now).await;
    let sealed_with = data_key(factor.binding.version()).await?;
    let known_with = match factor.provenance.fingerprint() {
        Some(fingerprint) => data_key(fingerprint.version()).await?,
        None => Arc::clone(&sealed_with),
    };
    let this = Provenance::of(call.request_id, retry, &known_with);
    let show = || Ok::<_, Refusal>(created(call, factor, &factor.open(&sealed_with)?));
    match factor.seen_from(&this, call.timestamp()) {
        Origin::ThisRequest => show(),
        Origin::SameRequestBefore => Ok(show()?.replayed()),
        Origin::AnotherRequest => Err(Refusal::KeyUsedBefore),
    }
}

fn created(call: &Call<'_>, factor: &Factor, binding: &Binding) -> Answer {
    Answer::created(&CreatedFactorJson::new(factor, binding, &call.base()))
}

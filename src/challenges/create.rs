//! `POST /v2/Services/{ServiceSid}/Entities/{Identity}/Challenges`

use std::sync::Arc;

use super::challenge::{Challenge, Created, Creation, NotCreated};
use super::expiration_date::ExpirationDate;
use super::fetch::shown;
use super::new::NewChallenge;
use super::retry::Note;
use super::stored::ChallengeWrite;
use crate::app::App;
use crate::call::{Attempt, Call};
use crate::entities::EntityKey;
use crate::factors::{Compared, Factor, Fingerprint, IdempotencyKey, Retry};
use crate::http::Answer;
use crate::parameters::InvalidParameter;
use crate::place::EntityAt;
use crate::refusal::Refusal;
use crate::sid::{ChallengeSid, Identity};
use crate::table::Patience;

/// Creates a Challenge, or shows the one that the same request made before.
pub(crate) async fn create(app: &App, call: &mut Call<'_>, at: EntityAt) -> Result<Answer, Refusal> {
    let mut fields = call.request.form()?;
    let new = NewChallenge::parse(&at.identity, &mut fields, call.timestamp());
    let mut fields = fields.close();
    let key = call.request.header(IdempotencyKey::HEADER);
    let retry = Retry::parse(key.map_err(|_| IdempotencyKey::RULE), &mut fields);
    let read = new.zip(retry.as_ref().map(|_| ()));
    let new = fields.finish(read).map(|(new, ())| new);
    let retry = retry.flatten();
    let created = match new {
        Ok(new) => Box::pin(create_new(app, call, &at, &new, retry.as_ref())).await,
        Err(invalid) => Err(invalid.into()),
    };
    match (created, retry) {
        // It may have been done before, when it could be.
        (Err(refusal), Some(retry)) if can_have_been_good(&refusal) => {
            Box::pin(done_before(app, call, &at, &retry, refusal)).await
        }
        (created, _) => created,
    }
}

/// Whether a request that is refused now can have been done at another time.
fn can_have_been_good(refusal: &Refusal) -> bool {
    const TIME: InvalidParameter = ExpirationDate::RANGE.broken_by(ExpirationDate::PARAMETER);
    match refusal {
        Refusal::Parameters(invalid) => *invalid == [TIME],
        other => other.is_the_callers(),
    }
}

async fn create_new(
    app: &App,
    call: &mut Call<'_>,
    at: &EntityAt,
    new: &NewChallenge,
    retry: Option<&Retry>,
) -> Result<Answer, Refusal> {
    let account_sid = app.settings.account_sid;
    let entity = EntityKey::of(account_sid, at.service_sid, &new.identity);
    call.subject.entity_sid = Some(entity.sid);
    call.subject.factor_sid = Some(new.factor_sid);
    app.service(call, at.service_sid).await?;

    let note_key = retry.map(|retry| retry.key.of_challenge(account_sid, at.service_sid, &new.identity));
    let mut patience = Patience::begin();
    loop {
        let factor = app.table.read_factor(entity, new.factor_sid).await?;
        let factor = factor.and_then(|factor| factor.if_there(call.timestamp()));
        let mut factor = factor.ok_or_else(|| call.not_found())?;
        let (created, note) = decide(app, call, new, &mut factor, retry).await?;
        call.subject.challenge_sid = Some(created.challenge.sid);
        let note = note_key.zip(note.as_ref());
        match app
            .table
            .create_challenge(&created, factor.as_read(), note)
            .await?
        {
            ChallengeWrite::Written => {
                attempted(call, &factor, created.compared.map(Compared::name));
                return Ok(shown(call, &created.challenge, |json| Answer::created(json)));
            }
            ChallengeWrite::KeyUsed => return Err(Refusal::KeyUsedBefore),
            ChallengeWrite::Meanwhile => patience.wait_for_others(&app.randomness).await?,
        }
    }
}

/// What comes of a request for a Challenge of the Factor that was read, which is sealed with the newest data key when it is written.
async fn decide(
    app: &App,
    call: &mut Call<'_>,
    new: &NewChallenge,
    factor: &mut Factor,
    retry: Option<&Retry>,
) -> Result<(Created, Option<Note>), Refusal> {
    let now = call.timestamp();
    let newest = app.data_keys.newest(&app.table, call.now).await?;
    let version = factor.binding.version();
    let mut sealed_with = app.data_keys.of(version, &newest, &app.table, call.now).await?;
    if version < newest.version() {
        factor.binding = factor.reseal(&sealed_with, &newest, app.randomness.bytes()?)?;
        sealed_with = Arc::clone(&newest);
    }
    let milliseconds = u64::try_from(call.now.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
    let creation = Creation {
        sid: ChallengeSid::at(milliseconds, app.randomness.bytes()?),
        now,
        request_id: call.request_id,
    };
    let created = Challenge::create(new, factor, || factor.open(&sealed_with), creation);
    let created = created.map_err(|why| refused(call, new, factor, why))?;
    let note = retry.map(|retry| Note {
        challenge_sid: created.challenge.sid,
        fingerprint: Fingerprint::of(retry, &newest),
        date_created: now,
    });
    Ok((created, note))
}

/// Shows what a request with this key made; or else what there is against it now.
async fn done_before(
    app: &App,
    call: &mut Call<'_>,
    at: &EntityAt,
    retry: &Retry,
    refusal: Refusal,
) -> Result<Answer, Refusal> {
    let account_sid = app.settings.account_sid;
    let Ok(identity) = Identity::parse(&at.identity) else {
        return Err(refusal);
    };
    match app.service(call, at.service_sid).await {
        Err(Refusal::NotFound(_)) => return Err(refusal),
        other => other?,
    };
    let entity = EntityKey::of(account_sid, at.service_sid, &identity);
    let sk = retry.key.of_challenge(account_sid, at.service_sid, &identity);
    let Some(note) = app.table.read_note(entity, sk).await? else {
        return Err(refusal);
    };
    let known_with = app
        .data_keys
        .version(note.fingerprint.version(), &app.table, call.now)
        .await?;
    if !note.is_of(Fingerprint::of(retry, &known_with), call.timestamp()) {
        return Err(match refusal {
            Refusal::Parameters(_) => refusal,
            // Whatever else there is against it, that isn't what the caller has to change.
            _ => Refusal::KeyUsedBefore,
        });
    }
    let challenge = app.table.read_challenge(entity, note.challenge_sid).await?;
    let challenge = challenge.and_then(|challenge| challenge.if_there(call.timestamp()));
    let challenge = challenge.ok_or(Refusal::KeyUsedBefore)?;
    // Whatever there is against it now, it is not what this is about.
    call.attempt = None;
    call.subject.entity_sid = Some(entity.sid);
    call.subject.factor_sid = Some(challenge.factor_sid);
    call.subject.challenge_sid = Some(challenge.sid);
    Ok(shown(call, &challenge, |json| Answer::created(json)).replayed())
}

fn refused(call: &mut Call<'_>, new: &NewChallenge, factor: &Factor, why: NotCreated) -> Refusal {
    let has_code = new.code(factor.factor_type()).is_ok_and(|code| code.is_some());
    attempted(call, factor, why.name().filter(|_| has_code));
    match why {
        NotCreated::Unverified => Refusal::FactorUnverified,
        NotCreated::Invalid(invalid) => Refusal::Parameters(invalid),
        NotCreated::TooMany(seconds) => Refusal::TooManyChallenges(seconds),
        NotCreated::Stopped(stopped) => Refusal::Stopped(stopped),
        NotCreated::NotOpened(not_opened) => not_opened.into(),
    }
}

fn attempted(call: &mut Call<'_>, factor: &Factor, outcome: Option<&'static str>) {
    call.attempt = outcome.map(|outcome| Attempt {
        factor_type: factor.factor_type().name(),
        outcome,
    });
}

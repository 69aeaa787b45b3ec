//! `GET /v2/Services/{ServiceSid}/Entities/{Identity}/Challenges/{ChallengeSid}`

use lambda_http::http::{HeaderName, HeaderValue};

use super::challenge::{Challenge, ChallengeStatus};
use super::item;
use super::json::{ChallengeJson, SIGNATURE_FIELDS, SIGNATURE_FIELDS_HEADER};
use crate::app::App;
use crate::call::Call;
use crate::entities::EntityKey;
use crate::factors::FactorType;
use crate::http::Answer;
use crate::place::ChallengeAt;
use crate::refusal::Refusal;
use crate::sid::ChallengeSid;

/// Shows a Challenge as it is in the table now, by the clock.
pub(crate) async fn fetch(app: &App, call: &mut Call<'_>, at: ChallengeAt) -> Result<Answer, Refusal> {
    let identity = at.identity()?;
    let entity = EntityKey::of(app.settings.account_sid, at.service_sid, &identity);
    call.subject.entity_sid = Some(entity.sid);
    app.service(call, at.service_sid).await?;
    let challenge = read(app, call, entity, at.challenge_sid).await?;
    call.subject.factor_sid = Some(challenge.factor_sid);
    Ok(shown(call, &challenge, |json| Answer::ok(json)))
}

/// The Challenge that a call is about, as it is in the table now. A device's was read when it proved to be a Factor's, and another
/// Factor's is not there for it.
pub(super) async fn read(
    app: &App,
    call: &Call<'_>,
    entity: EntityKey<'_>,
    sid: ChallengeSid,
) -> Result<Challenge, Refusal> {
    let challenge = match call.device() {
        None => app.table.read_challenge(entity, sid).await?,
        Some(device) => {
            let challenge = device.challenge.as_ref().map(item::to_challenge).transpose()?;
            challenge.filter(|challenge| challenge.is_of(&device.factor))
        }
    };
    there(call, challenge)
}

/// The Challenge, unless it is not kept any more.
pub(super) fn there(call: &Call<'_>, challenge: Option<Challenge>) -> Result<Challenge, Refusal> {
    let challenge = challenge.and_then(|challenge| challenge.if_there(call.timestamp()));
    challenge.ok_or_else(|| call.not_found())
}

/// The answer that shows one Challenge. Where a phone can answer it, it says what is to be signed.
pub(super) fn shown(
    call: &Call<'_>,
    challenge: &Challenge,
    answer: impl FnOnce(&ChallengeJson<'_>) -> Answer,
) -> Answer {
    let now = call.timestamp();
    let answer = answer(&ChallengeJson::new(challenge, &call.base(), now));
    let pending = challenge.status(now) == ChallengeStatus::Pending;
    if pending && challenge.factor_type == FactorType::Push {
        let name = HeaderName::from_static(SIGNATURE_FIELDS_HEADER);
        answer.with_header(name, HeaderValue::from_static(SIGNATURE_FIELDS))
    } else {
        answer
    }
}

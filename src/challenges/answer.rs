//! `POST /v2/Services/{ServiceSid}/Entities/{Identity}/Challenges/{ChallengeSid}`

use super::fetch::{read, shown, there};
use super::reply::Reply;
use super::response::{Asked, Decision, Known, Opened, Outcome};
use super::stored::AnswerWrite;
use crate::app::App;
use crate::call::{Attempt, Call};
use crate::entities::EntityKey;
use crate::factors::{Authenticator, Binding};
use crate::http::Answer;
use crate::place::ChallengeAt;
use crate::refusal::Refusal;
use crate::table::Patience;

/// Answers a Challenge, or notes what is said about it.
pub(crate) async fn answer(app: &App, call: &mut Call<'_>, at: ChallengeAt) -> Result<Answer, Refusal> {
    let mut fields = call.request.form()?;
    let reply = Reply::parse(&at.identity, &mut fields);
    let reply = fields.finish(reply)?;
    let entity = EntityKey::of(app.settings.account_sid, at.service_sid, &reply.identity);
    call.subject.entity_sid = Some(entity.sid);
    app.service(call, at.service_sid).await?;

    let mut challenge = read(app, call, entity, at.challenge_sid).await?;
    call.subject.factor_sid = Some(challenge.factor_sid);
    let pk = entity.partition();
    let asked = Asked {
        reply: &reply,
        now: call.timestamp(),
        request_id: call.request_id,
    };
    let mut patience = Patience::begin();
    let mut known = match call.device() {
        None => Known::Nothing,
        Some(device) => Known::Factor(Some(Opened {
            authenticator: device.factor.authenticator(),
            binding: Binding::Push(device.public_key.clone()),
        })),
    };
    let (challenge, outcome) = loop {
        match challenge.decide(asked, known) {
            Decision::Open(copy) => known = Known::Copy(opened(app, call, &pk, *copy).await?),
            Decision::AskFactor => {
                let factor = app.table.read_factor(entity, challenge.factor_sid).await?;
                let factor = factor.filter(|factor| challenge.is_of(factor));
                known = Known::Factor(match factor {
                    Some(factor) => Some(opened(app, call, &pk, factor.authenticator()).await?),
                    None => None,
                });
            }
            Decision::Tell(outcome) => break (challenge, outcome),
            Decision::Write(write) => {
                match app.table.write_challenge(challenge.as_read(), &write).await? {
                    AnswerWrite::Written => break (write.challenge, write.outcome),
                    AnswerWrite::Meanwhile(now) => challenge = there(call, now.map(|now| *now))?,
                }
                known = Known::NotTheCopy;
                patience.wait_for_others(&app.randomness).await?;
            }
        }
    };
    call.attempt = outcome.name().map(|outcome| Attempt {
        factor_type: challenge.factor_type.name(),
        outcome,
    });
    match outcome {
        Outcome::Noted | Outcome::Answered(_) | Outcome::Wrong { .. } => {
            Ok(shown(call, &challenge, |json| Answer::ok(json)))
        }
        Outcome::NoFactor => Err(call.not_found()),
        Outcome::BadSignature => Err(Refusal::ChallengeNotSigned),
        Outcome::UsedUp => Err(Refusal::ChallengeUsedUp),
        Outcome::Stopped(stopped) => Err(Refusal::Stopped(stopped)),
        Outcome::AnsweredBefore => Err(Refusal::AnsweredBefore),
        Outcome::Expired => Err(Refusal::ChallengeExpired),
        Outcome::Invalid(invalid) => Err(Refusal::Parameters(vec![invalid])),
    }
}

/// Opens what an answer is checked by, which is sealed with the newest data key when it is written.
async fn opened(
    app: &App,
    call: &Call<'_>,
    pk: &str,
    authenticator: Authenticator,
) -> Result<Opened, Refusal> {
    let newest = app.data_keys.newest(&app.table, call.now).await?;
    let version = authenticator.binding.version();
    let sealed_with = app.data_keys.of(version, &newest, &app.table, call.now).await?;
    let binding = authenticator.open(pk, &sealed_with)?;
    let authenticator = if version < newest.version() {
        authenticator.reseal(pk, &sealed_with, &newest, app.randomness.bytes()?)?
    } else {
        authenticator
    };
    Ok(Opened {
        authenticator,
        binding,
    })
}

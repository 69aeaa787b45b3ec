//! `POST /v2/Services/{ServiceSid}/Entities/{Identity}/Factors/{FactorSid}`

use super::change::{Decision, Outcome, Update};
use super::fetch::{read, there};
use super::stored::{Change, ChangeWrite};
use super::{Factor, FactorJson};
use crate::app::App;
use crate::call::{Attempt, Call};
use crate::entities::EntityKey;
use crate::http::Answer;
use crate::place::FactorAt;
use crate::refusal::Refusal;
use crate::table::Patience;

/// Changes what a request names, and verifies the Factor where it shows that the user has what it stands for.
pub(crate) async fn update(app: &App, call: &mut Call<'_>, at: FactorAt) -> Result<Answer, Refusal> {
    let mut fields = call.request.form()?;
    let identity = Update::parse_any(&at.identity, &mut fields);
    let identity = fields.finish(identity)?;
    let entity = EntityKey::of(app.settings.account_sid, at.service_sid, &identity);
    call.subject.entity_sid = Some(entity.sid);
    app.service(call, at.service_sid).await?;

    let (now, mut patience) = (call.timestamp(), Patience::begin());
    let mut factor = read(app, call, entity, at.factor_sid).await?;
    let (factor, outcome) = loop {
        let (written, outcome) = decide(app, call, &factor).await?;
        let Some(written) = written else {
            break (factor, outcome);
        };
        let (change, by) = (Change::To(Box::new(written.clone())), (call.request_id, now));
        match app
            .table
            .change_factor(&factor, &change, by, &mut patience)
            .await?
        {
            ChangeWrite::Written => break (written, outcome),
            ChangeWrite::Meanwhile(other) => factor = there(call, other.map(|factor| *factor))?,
        }
    };
    call.attempt = outcome.name().map(|outcome| Attempt {
        factor_type: factor.factor_type().name(),
        outcome,
    });
    match outcome {
        Outcome::Updated | Outcome::Verified | Outcome::Wrong => {
            Ok(Answer::ok(&FactorJson::new(&factor, &call.base())))
        }
        Outcome::NotTheCode { .. } | Outcome::BadSignature => Err(Refusal::NotVerified),
        Outcome::Stopped(stopped) => Err(Refusal::Stopped(stopped)),
    }
}

/// What becomes of the Factor that was read: the request is read by its type, its binding is opened where something is to be proved,
/// and it is sealed with the newest data key where it is written.
async fn decide(app: &App, call: &Call<'_>, factor: &Factor) -> Result<(Option<Factor>, Outcome), Refusal> {
    let mut fields = call.request.form()?;
    let update = Update::parse(factor.factor_type(), &mut fields);
    let update = fields.finish(update)?;

    let newest = app.data_keys.newest(&app.table, call.now).await?;
    let version = factor.binding.version();
    let sealed_with = app.data_keys.of(version, &newest, &app.table, call.now).await?;
    let binding = if update.is_a_proof() {
        Some(factor.open(&sealed_with)?)
    } else {
        None
    };
    let Decision { write, outcome } = factor.update(&update, binding.as_ref(), call.timestamp())?;
    let Some(mut written) = write.map(|factor| factor.written_by(call.request_id)) else {
        return Ok((None, outcome));
    };
    if version < newest.version() {
        written.binding = factor.reseal(&sealed_with, &newest, app.randomness.bytes()?)?;
    }
    Ok((Some(written), outcome))
}

//! `GET /v2/Services/{ServiceSid}/Entities/{Identity}/Challenges`

use std::fmt::Write as _;

use super::challenge::ChallengeStatus;
use super::json::ChallengeJson;
use super::stored::Filter;
use crate::app::App;
use crate::call::Call;
use crate::entities::EntityKey;
use crate::http::{Answer, List};
use crate::parameters::{Order, PageRequest};
use crate::place::EntityAt;
use crate::refusal::Refusal;
use crate::sid::{ChallengeSid, FactorSid, Identity};

/// Lists an Entity's Challenges, in the order of their creation or the other way round.
pub(crate) async fn list(app: &App, call: &mut Call<'_>, at: EntityAt) -> Result<Answer, Refusal> {
    let mut query = call.request.query();
    let identity = query.elsewhere("Identity", Identity::parse(&at.identity));
    let factor_sid = query.optional("FactorSid", FactorSid::parse);
    if call
        .device()
        .is_some_and(|device| !device.may_list(factor_sid.flatten()))
    {
        return Err(Refusal::Unauthenticated);
    }
    let status = query.optional("Status", ChallengeStatus::parse);
    let order = query.optional("Order", Order::parse);
    let request = PageRequest::parse(&mut query, ChallengeSid::parse);
    let filter = factor_sid.zip(status).map(|(factor_sid, status)| Filter {
        factor_sid,
        status,
        factor: None,
    });
    let read = identity.zip(filter).zip(order.zip(request));
    let ((identity, filter), (order, request)) = query.finish(read)?;
    let request = request.in_order(order.unwrap_or_default());

    let entity = EntityKey::of(app.settings.account_sid, at.service_sid, &identity);
    call.subject.entity_sid = Some(entity.sid);
    app.service(call, at.service_sid).await?;
    let now = call.timestamp();
    let filter = Filter {
        factor: call.device().map(|device| &device.factor),
        ..filter
    };
    let page = app.table.list_challenges(entity, filter, &request, now).await?;

    let base = call.base();
    let (service, identity) = (at.service_sid, identity.as_str());
    let mut url = format!("{base}/v2/Services/{service}/Entities/{identity}/Challenges?");
    // A String takes all.
    if let Some(sid) = filter.factor_sid {
        let _ = write!(url, "FactorSid={sid}&");
    }
    if let Some(status) = filter.status {
        let _ = write!(url, "Status={}&", status.name());
    }
    if let Some(order) = order {
        let _ = write!(url, "Order={}&", order.name());
    }
    let list = List::new(
        "challenges",
        &url,
        &request,
        &page,
        |challenge| challenge.sid,
        |challenge| ChallengeJson::new(challenge, &base, now),
    );
    Ok(Answer::ok(&list))
}

//! What is sent, by what the contract knows at that time.

use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime, UtcOffset};

use super::history::{Draft, Filter, Payload, Until, Written};
use super::phone::{self, Signed};
use crate::contract::Place;
use crate::factor::Kind;
use crate::history::{Code, Which};
use crate::parameters::Form;
use crate::picks::nth_from_last;
use crate::run::Run;
use crate::shown::date;

/// An AuthPayload as it is sent and, where a phone signed it well, what it says.
pub type Sent = (String, Option<&'static str>);

impl Run<'_> {
    pub fn drafted(&self, which: Which, draft: &Draft) -> Form {
        let (now, sid) = (self.contract.now, self.pick(which).1);
        let sid = draft.factor_sid.map_or(sid, str::to_owned);
        let until = draft.until.map(|until| match until {
            Until::After(seconds, how) => written(now + seconds, how),
            Until::Text(text) => text.to_owned(),
        });
        let code = draft.code.map(|code| self.code(which, code));
        let mut form = vec![("FactorSid", sid)];
        form.extend(until.map(|until| ("ExpirationDate", until)));
        form.extend(code.map(|code| ("AuthPayload", code)));
        form.extend(draft.shown.clone());
        form
    }

    /// A code for a Factor; where it is no totp Factor, something that looks like one.
    fn code(&self, which: Which, code: Code) -> String {
        match self.factor(which).map(|factor| &factor.kind) {
            Some(Kind::Totp(totp)) => totp.spelt(code, self.contract.now),
            _ => "123456".to_owned(),
        }
    }

    /// What is sent to answer a Challenge, and what it says where a phone signed it well.
    pub fn payload(&self, place: Place, sid: &str, payload: Payload) -> Sent {
        let Ok(challenge) = self.contract.challenge(place, sid) else {
            return ("123456".to_owned(), None);
        };
        let Some(phone) = challenge.phone else {
            let factor = self.contract.factor(place, &challenge.factor_sid);
            let code = match factor.map(|factor| &factor.kind) {
                Ok(Kind::Totp(totp)) => totp.spelt(payload.code, self.contract.now),
                _ => "123456".to_owned(),
            };
            return (code, None);
        };
        let shown = self.contract.show_challenge(place, challenge);
        let another = match payload.signed {
            Signed::OfAnother(before) => nth_from_last(&self.asked, before),
            _ => None,
        };
        let another = another.and_then(|(place, sid)| {
            let challenge = self.contract.challenge(*place, sid).ok()?;
            Some(self.contract.show_challenge(*place, challenge))
        });
        let another = another.unwrap_or_else(|| shown.clone());
        phone::answer(phone, &shown, &another, payload.says, payload.signed)
    }

    pub fn query(&self, filter: &Filter) -> Form {
        let factor_sid = filter.factor.map(|which| self.pick(which).1);
        let factor_sid = filter.factor_sid.map(str::to_owned).or(factor_sid);
        let parameters = [
            ("FactorSid", factor_sid),
            ("Status", filter.status.map(str::to_owned)),
            ("Order", filter.order.map(str::to_owned)),
        ];
        let given = parameters.into_iter();
        given.filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

fn written(second: i64, how: Written) -> String {
    let moment = OffsetDateTime::from_unix_timestamp(second).unwrap();
    let moment = match how {
        Written::Plainly => moment,
        Written::InLowerCase => return date(second).to_lowercase(),
        Written::WithOffset(hours, minutes) => {
            moment.to_offset(UtcOffset::from_hms(hours, minutes, 0).unwrap())
        }
        Written::WithFraction(nanoseconds) => moment + Duration::nanoseconds(i64::from(nanoseconds)),
    };
    moment.format(&Rfc3339).unwrap()
}

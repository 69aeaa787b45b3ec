//! Who calls, by what was shown before, and what is there for whom.

use harness::local;
use serde_json::{Value, json};

use super::State;
use crate::answer::Answer;
use crate::call::{Call, Caller};
use crate::compact::{self, Compact};
use crate::request::Request;
use crate::schema::{DOCUMENT, Schema};

/// Seconds for which a JWT is good, and by which a phone's clock can be off.
const LONGEST: i128 = 600;
const LEEWAY: i128 = 30;

impl State {
    /// What a request is for, and who it is that calls.
    pub fn call(&self, request: &Request, now: u64) -> Call {
        let mut call = Call::of(request);
        if request.method != "OPTIONS" {
            call.caller = self.caller(request, &call, now);
        }
        call
    }

    fn caller(&self, request: &Request, call: &Call, now: u64) -> Option<Caller> {
        let (user, password) = request.credentials()?;
        if user == local::account_sid() && password == local::AUTH_TOKEN {
            return Some(Caller::Account);
        }
        let callers = &call.operation.filter(|_| user == "token")?.callers;
        if callers.contains("device") {
            self.device(call, &password, now)
        } else if callers.contains("token") {
            let tokens = &self.access_tokens;
            let sid = tokens.good_for(&call.entity(), &password, request, now)?;
            Some(Caller::Token(sid.to_owned()))
        } else {
            None
        }
    }

    /// The device whose JWT this is, if the place is its Factor's.
    fn device(&self, call: &Call, jwt: &str, now: u64) -> Option<Caller> {
        let Compact { header, payload, .. } = compact::read(jwt)?;
        let sid = format!("YF{}", header["kid"].as_str()?.strip_prefix("CR")?);
        let factor = self.factors.get(&sid)?;
        let route = call.route.as_ref()?;
        let named = route.parameters.get("FactorSid");
        let is_its_own = factor.at == call.entity() && named.is_none_or(|named| *named == sid);
        compact::verified(jwt, factor.key.as_ref()?)?;
        // Until it is verified, its Factor is all that it has.
        let is_its_own = is_its_own && (factor.is_verified || named.is_some());
        (is_its_own && is_good(&payload, now.into())?).then_some(Caller::Device(sid))
    }

    /// Checks whether somebody wants more than is its own.
    pub(super) fn check_scope(&mut self, request: &Request, call: &Call, answer: &Answer) {
        let is_list = call.operation_id() == Some("ListChallenges");
        match &call.caller {
            Some(Caller::Device(own)) if is_list => {
                let sid = Schema::of(&DOCUMENT["components"]["parameters"]["FactorSid"]["schema"]);
                let asked = request.asked("FactorSid");
                let asked = asked.filter(|asked| sid.accepts(&json!(asked)));
                let is_others = asked.is_some_and(|asked| asked != *own);
                assert_eq!(answer.status == 401, is_others, "another Factor's Challenges");
            }
            Some(Caller::Token(sid)) => {
                let factors = &self.factors;
                let is_verified = |sid: &str| factors.get(sid).map(|factor| factor.is_verified);
                self.access_tokens.enrol(sid, request, answer, is_verified);
            }
            _ => assert_ne!(answer.status, 401),
        }
    }

    /// Whether what the path names is there, for who calls.
    pub(super) fn is_there(&self, operation: &str, call: &Call, request: &Request, now: u64) -> bool {
        if matches!(operation, "ListServices" | "CreateService") {
            return true;
        }
        let service = call.parameter("ServiceSid");
        let has_factor = |sid: &str| {
            let factor = self.factors.get(sid);
            factor.is_some_and(|factor| factor.at == call.entity())
        };
        self.services.contains(&service)
            && match operation {
                "FetchEntity" | "DeleteEntity" => self.entities.contains(&call.entity()),
                "FetchFactor" | "UpdateFactor" | "DeleteFactor" => has_factor(&call.parameter("FactorSid")),
                "CreateChallenge" => has_factor(&request.form().remove("FactorSid").unwrap_or_default()),
                "FetchChallenge" | "AnswerChallenge" => {
                    let sid = call.parameter("ChallengeSid");
                    let factor_sid = self.challenges.factor_of(&sid);
                    let is_its_own = match &call.caller {
                        Some(Caller::Device(own)) => own == factor_sid,
                        _ => true,
                    };
                    self.challenges.is_at(&sid, &call.entity()) && is_its_own
                }
                "FetchAccessToken" => {
                    let sid = call.parameter("AccessTokenSid");
                    self.access_tokens.is_at(&sid, &service, now)
                }
                _ => true,
            }
    }

    /// Whether there is the Factor of the Challenge in the path.
    pub(super) fn has_factor(&self, call: &Call) -> bool {
        let sid = self.challenges.factor_of(&call.parameter("ChallengeSid"));
        self.factors.contains_key(sid)
    }
}

/// Whether claims are about the account and this second; `None` if one isn't there or no whole number.
fn is_good(claims: &Value, now: i128) -> Option<bool> {
    let second = |name: &str| claims[name].as_i64().map(i128::from);
    let (from, to) = (second("nbf")?, second("exp")?);
    let is_now = (from - LEEWAY..to + LEEWAY).contains(&now);
    Some(claims["sub"] == local::account_sid() && to - from <= LONGEST && is_now)
}

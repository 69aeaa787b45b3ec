//! What a request that was done has done, and what its answer has to say of it.

use serde_json::Value;

use super::factor::Factor;
use super::{EntityAt, State, check_list, known};
use crate::answer::Answer;
use crate::call::{Call, Caller};
use crate::request::Request;
use crate::resource::text;

impl State {
    pub(super) fn take(
        &mut self,
        operation: &str,
        request: &Request,
        call: &Call,
        answer: &Answer,
        now: u64,
    ) {
        let json = answer.json();
        let at = || call.entity();
        match (operation, answer.status) {
            ("CreateService", _) => {
                let service = json.expect("a Service");
                self.services.insert(text(&service, "/sid").to_owned());
            }
            ("DeleteService", _) => assert!(self.services.remove(&call.parameter("ServiceSid"))),
            ("CreateEntity", status) => {
                let identity = request.form().remove("Identity").expect("an Identity");
                let is_new = self.entities.insert((call.parameter("ServiceSid"), identity));
                assert_eq!(status, if is_new { 201 } else { 409 });
            }
            ("DeleteEntity", _) => {
                assert!(self.entities.remove(&at()));
                self.factors.retain(|_, factor| factor.at != at());
                self.challenges.forget(&at());
                self.access_tokens.forget(&at());
            }
            ("ListEntities", _) => {
                let service = call.parameter("ServiceSid");
                let of_service = self.entities.iter().filter(|(other, _)| *other == service);
                check_list(
                    &json.expect("a list"),
                    ("entities", "/identity"),
                    request,
                    of_service.map(|(_, identity)| identity.as_str()),
                );
            }
            ("CreateFactor", 201) => self.create(&at(), answer, json),
            ("ListFactors", _) => {
                let of_entity = self.factors.iter().filter(|(_, factor)| factor.at == at());
                let sids = of_entity.map(|(sid, _)| sid.as_str());
                // A body that can't be read has nothing to compare.
                if let Some(json) = json {
                    check_list(&json, ("factors", "/sid"), request, sids);
                }
            }
            ("FetchFactor", _) => {
                let factor = &self.factors[&call.parameter("FactorSid")];
                if let (Some(json), Some(shown)) = (json, &factor.shown) {
                    assert_eq!(known(json), *shown);
                }
            }
            ("UpdateFactor", status) => {
                let sid = call.parameter("FactorSid");
                let factor = self.factors.get_mut(&sid).expect("it is there");
                factor.update(&sid, request, status, json, now);
                factor.is_verified |= answer.is_verified();
            }
            ("DeleteFactor", _) => {
                self.factors.remove(&call.parameter("FactorSid"));
            }
            ("CreateAccessToken", _) => {
                let (service, shown) = (call.parameter("ServiceSid"), json.expect("an Access Token"));
                self.access_tokens.create(service, request, shown, now);
            }
            ("FetchAccessToken", _) => {
                let sid = call.parameter("AccessTokenSid");
                self.access_tokens
                    .check_shown(&sid, json.expect("an Access Token"));
            }
            _ => {}
        }
    }

    pub(super) fn take_challenge(
        &mut self,
        operation: &str,
        request: &Request,
        call: &Call,
        answer: &Answer,
        now: u64,
    ) {
        let json = answer.json();
        let at = || call.entity();
        match (operation, answer.status) {
            ("CreateChallenge", 201) if answer.is_replay() => {
                let sid = answer.sid().expect("a Challenge");
                self.challenges.check_shown(sid, json, now);
            }
            ("CreateChallenge", 422) => {}
            ("CreateChallenge", status) => {
                let factor = self.factors.get_mut(&request.form()["FactorSid"]);
                let factor = factor.expect("it is there");
                if status == 201 {
                    self.challenges.create(at(), factor, request, answer, now);
                } else {
                    assert!(!factor.is_verified, "it is verified");
                }
            }
            ("ListChallenges", _) => {
                let own = match &call.caller {
                    Some(Caller::Device(own)) => Some(own.as_str()),
                    _ => None,
                };
                let expected = self.challenges.list(&at(), own, request, now);
                if let (Some(json), Some(expected)) = (json, expected) {
                    let expected = expected.iter().map(String::as_str);
                    check_list(&json, ("challenges", "/sid"), request, expected);
                }
            }
            ("FetchChallenge", _) => {
                self.challenges
                    .check_shown(&call.parameter("ChallengeSid"), json, now);
            }
            ("AnswerChallenge", _) => {
                let sid = call.parameter("ChallengeSid");
                let factor = self.factors.get_mut(self.challenges.factor_of(&sid));
                self.challenges.answer(&sid, factor, request, answer, now);
            }
            _ => {}
        }
    }

    fn create(&mut self, at: &EntityAt, answer: &Answer, json: Option<Value>) {
        let sid = answer.sid().expect("a Factor").to_owned();
        let body = answer.body_without_url().to_owned();
        let before = self.factors.get(&sid);
        assert_eq!(
            answer.is_replay(),
            before.is_some(),
            "a replay is of a Factor that is there"
        );
        if let Some(before) = before {
            assert!(before.at == *at && before.verified_by.is_none());
            let is_same = before.created.as_ref().is_none_or(|created| *created == body);
            assert!(is_same, "a replay says something else");
            return;
        }
        let factor = Factor::new(at.clone(), body, answer.public_key(), json);
        self.entities.insert(at.clone());
        self.sids.push(sid.clone());
        self.factors.insert(sid, factor);
    }
}

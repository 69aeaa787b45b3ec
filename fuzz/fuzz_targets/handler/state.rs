//! What has to be there after each request, and what the answers have to say of it: a plain model of Services, Entities,
//! Factors and Challenges, which are changed by answers alone.

mod challenge;
mod factor;

use std::collections::{BTreeMap, BTreeSet};

use challenge::Challenges;
use factor::Factor;
use harness::local;
use serde_json::Value;

use crate::answer::Answer;
use crate::call::Call;
use crate::phone;
use crate::request::Request;
use crate::resource::text;

/// Wrong codes that are compared for a Factor that is being verified, and for a Challenge.
const WRONG_CODES: usize = 5;

pub struct State {
    services: BTreeSet<String>,
    entities: BTreeSet<EntityAt>,
    /// By SID.
    factors: BTreeMap<String, Factor>,
    /// The SID of the first Factor that was created.
    first: Option<String>,
    challenges: Challenges,
}

/// The partitions of the Entities that are in the table, and the SIDs of what is in them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct InTable<'a> {
    pub entities: BTreeSet<String>,
    pub factors: BTreeSet<&'a str>,
    pub challenges: BTreeSet<&'a str>,
}

/// A Service SID and an Identity.
type EntityAt = (String, String);

impl State {
    /// One Service, and nothing else.
    pub fn new() -> Self {
        Self {
            services: BTreeSet::from([local::SERVICE_SID.to_owned()]),
            entities: BTreeSet::new(),
            factors: BTreeMap::new(),
            first: None,
            challenges: Challenges::default(),
        }
    }

    /// What a word in a request stands for now, if there is something.
    pub fn stands_for(&self, word: &str, now: u64) -> Option<String> {
        if word == "Binding.PublicKey=mine" {
            return Some(phone::public_key());
        }
        let sid = self.first.as_ref()?;
        let factor = || self.factors.get(sid);
        match word {
            "/Factors/first" | "FactorSid=first" => Some(sid.clone()),
            "AuthPayload=right" => Some(factor()?.proof(sid, now)),
            "AuthPayload=next" => factor()?.next_code(now),
            _ => self.challenges.stands_for(word),
        }
    }

    pub fn in_table(&self) -> InTable<'_> {
        let entities = self.entities.iter();
        InTable {
            entities: entities
                .map(|(service, identity)| format!("{service}/{identity}"))
                .collect(),
            factors: self.factors.keys().map(String::as_str).collect(),
            challenges: self.challenges.sids().collect(),
        }
    }

    /// Panics if the answer to a request is not one that follows from those before. Then what it did is done here too.
    pub fn check(&mut self, request: &Request, answer: &Answer, now: u64) {
        let call = Call::of(request);
        let Some(operation) = call.operation_id() else {
            return;
        };
        match answer.status {
            // Some of these come before it is known what is there, and they change nothing.
            400 | 413 | 415 => return,
            404 => {
                // Nobody can answer for a Factor that is gone.
                let is_orphan = operation == "AnswerChallenge" && !self.has_factor(&call);
                let is_there = self.is_there(operation, &call, request);
                assert!(!is_there || is_orphan, "it is there");
            }
            // What a key made before, and that it was used, comes before what is there.
            _ if operation == "CreateChallenge" && (answer.is_replay() || answer.status == 422) => {}
            _ => assert!(self.is_there(operation, &call, request), "it is not there"),
        }
        if answer.status == 404 {
            return;
        }
        let json = answer.json();
        let at = || (call.parameter("ServiceSid"), call.parameter("Identity"));
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
            }
            ("DeleteFactor", _) => {
                self.factors.remove(&call.parameter("FactorSid"));
            }
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
                    assert!(!factor.is_verified(), "it is verified");
                }
            }
            ("ListChallenges", _) => {
                let expected = self.challenges.list(&at(), request, now);
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

    /// Whether what the path names is there.
    fn is_there(&self, operation: &str, call: &Call, request: &Request) -> bool {
        if matches!(operation, "ListServices" | "CreateService") {
            return true;
        }
        let service = call.parameter("ServiceSid");
        let at = |call: &Call| (call.parameter("ServiceSid"), call.parameter("Identity"));
        self.services.contains(&service)
            && match operation {
                "FetchEntity" | "DeleteEntity" => self.entities.contains(&at(call)),
                "FetchFactor" | "UpdateFactor" | "DeleteFactor" => {
                    let factor = self.factors.get(&call.parameter("FactorSid"));
                    factor.is_some_and(|factor| factor.at == at(call))
                }
                "CreateChallenge" => {
                    let sid = request.form().remove("FactorSid").unwrap_or_default();
                    let factor = self.factors.get(&sid);
                    factor.is_some_and(|factor| factor.at == at(call))
                }
                "FetchChallenge" | "AnswerChallenge" => {
                    self.challenges.is_at(&call.parameter("ChallengeSid"), &at(call))
                }
                _ => true,
            }
    }

    /// Whether there is the Factor of the Challenge in the path.
    fn has_factor(&self, call: &Call) -> bool {
        let sid = self.challenges.factor_of(&call.parameter("ChallengeSid"));
        self.factors.contains_key(sid)
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
        let factor = Factor::new(at.clone(), body, json);
        self.entities.insert(at.clone());
        self.first.get_or_insert_with(|| sid.clone());
        self.factors.insert(sid, factor);
    }
}

/// Checks that the first page of a list has what comes first.
fn check_list<'a>(
    list: &Value,
    (name, key): (&str, &str),
    request: &Request,
    expected: impl Iterator<Item = &'a str>,
) {
    if request.query.contains("ageToken=") {
        return;
    }
    let items = list[name].as_array().expect("a list");
    let size = list["meta"]["page_size"].as_u64().expect("a size");
    let expected = expected.take(size.try_into().expect("a few"));
    assert!(items.iter().map(|item| text(item, key)).eq(expected), "{list}");
}

/// A Factor or Challenge without what is shown once, and without addresses, which are under the host that was called.
fn known(mut resource: Value) -> Value {
    let members = resource.as_object_mut().expect("a resource");
    members.retain(|name, _| !["binding", "url", "links"].contains(&name.as_str()));
    resource
}

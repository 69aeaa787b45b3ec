//! What has to be there after each request, and what the answers have to say of it: a plain model of Services, Entities,
//! Factors, Challenges and Access Tokens, which are changed by answers alone.

mod access_token;
mod caller;
mod challenge;
mod effect;
mod factor;

use std::collections::{BTreeMap, BTreeSet};

use access_token::AccessTokens;
use challenge::Challenges;
use factor::Factor;
use harness::local;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::answer::Answer;
use crate::call::Call;
use crate::phone::{MINE, OTHER};
use crate::request::Request;
use crate::resource::text;

/// Wrong codes that are compared for a Factor that is being verified, and for a Challenge.
const WRONG_CODES: usize = 5;

pub struct State {
    services: BTreeSet<String>,
    entities: BTreeSet<EntityAt>,
    /// By SID.
    factors: BTreeMap<String, Factor>,
    /// Their SIDs, in the order in which they were created.
    sids: Vec<String>,
    challenges: Challenges,
    access_tokens: AccessTokens,
}

/// The partitions of the Entities that are in the table, and the SIDs of what is in them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct InTable<'a> {
    pub entities: BTreeSet<String>,
    pub factors: BTreeSet<&'a str>,
    pub challenges: BTreeSet<&'a str>,
    /// With those of the Factors that they were used up for.
    pub access_tokens: BTreeMap<&'a str, Option<&'a str>>,
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
            sids: Vec::new(),
            challenges: Challenges::default(),
            access_tokens: AccessTokens::default(),
        }
    }

    /// What a word in a request stands for now, if there is something.
    pub fn stands_for(&self, word: &str, now: u64) -> Option<String> {
        let first = || self.factors.get(self.sids.first()?);
        let says = |status| {
            let phone = self.challenges.sid(0).and_then(|sid| {
                let factor = self.factors.get(self.challenges.factor_of(sid));
                factor?.phone()
            });
            self.challenges.said_by(phone.unwrap_or(&MINE), status)
        };
        let number = usize::from(word.ends_with("second"));
        match word {
            "Binding.PublicKey=mine" => Some(MINE.public_key()),
            "Binding.PublicKey=other" => Some(OTHER.public_key()),
            "AuthPayload=right" => Some(first()?.proof(self.sids.first()?, now)),
            "AuthPayload=second" => {
                let sid = self.sids.get(1)?;
                Some(self.factors.get(sid)?.proof(sid, now))
            }
            "AuthPayload=next" => first()?.next_code(now),
            "AuthPayload=approved" => says("approved"),
            "AuthPayload=denied" => says("denied"),
            _ if word.contains("token") => self.access_tokens.text(number).map(str::to_owned),
            _ if word.contains("Factor") => self.sids.get(number).cloned(),
            _ if word.contains("Challenge") => self.challenges.sid(number).cloned(),
            _ => self.access_tokens.sid(number).cloned(),
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
            access_tokens: self.access_tokens.sids(),
        }
    }

    /// Panics if the answer to a request is not one that follows from those before. Then what it did is done here too.
    pub fn check(&mut self, request: &Request, call: &Call, answer: &Answer, now: u64) {
        let Some(operation) = call.operation_id() else {
            return;
        };
        self.check_scope(request, call, answer);
        match answer.status {
            // Some of these come before it is known what is there, and they change nothing.
            400 | 401 | 413 | 415 => return,
            404 => {
                // Nobody can answer for a Factor that is gone.
                let is_orphan = operation == "AnswerChallenge" && !self.has_factor(call);
                let is_there = self.is_there(operation, call, request, now);
                assert!(!is_there || is_orphan, "it is there");
            }
            // What a key made before, and that it was used, comes before what is there.
            _ if operation == "CreateChallenge" && (answer.is_replay() || answer.status == 422) => {}
            _ => assert!(self.is_there(operation, call, request, now), "it is not there"),
        }
        if answer.status == 404 {
            return;
        }
        if operation.ends_with("Challenge") || operation.ends_with("Challenges") {
            self.take_challenge(operation, request, call, answer, now);
        } else {
            self.take(operation, request, call, answer, now);
        }
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

fn date(second: u64) -> String {
    let second = second.try_into().expect("soon enough");
    let date = OffsetDateTime::from_unix_timestamp(second).expect("a date");
    date.format(&Rfc3339).expect("a date")
}

//! What has to be there after each request, and what the answers have to say of it: a plain model of Services, Entities and
//! Factors, which are changed by answers alone.

use std::collections::{BTreeMap, BTreeSet};

use harness::local;
use serde_json::Value;
use totp_rs::{Algorithm, Builder, Secret, Totp};

use crate::answer::Answer;
use crate::call::Call;
use crate::request::Request;
use crate::resource::{pointer, text};

/// Wrong codes that are compared for a Factor that is being verified.
const WRONG_CODES: usize = 5;

pub struct State {
    services: BTreeSet<String>,
    entities: BTreeSet<EntityAt>,
    /// By SID.
    factors: BTreeMap<String, Factor>,
    /// The SID of the first Factor that was created.
    first: Option<String>,
}

/// A Service SID and an Identity.
type EntityAt = (String, String);

struct Factor {
    at: EntityAt,
    /// The body that it was created with, up to the URL; `None` once it is another one.
    created: Option<String>,
    /// Its Base32, if it is a totp Factor.
    secret: Option<String>,
    /// As it was shown last, without what only one answer has; `None` if that could not be read.
    shown: Option<Value>,
    verified_by: Option<String>,
    wrong_codes: usize,
}

impl State {
    /// One Service, and nothing else.
    pub fn new() -> Self {
        Self {
            services: BTreeSet::from([local::SERVICE_SID.to_owned()]),
            entities: BTreeSet::new(),
            factors: BTreeMap::new(),
            first: None,
        }
    }

    /// The SID of the first Factor that was created, and the code that is right for it.
    pub fn first(&self, now: u64) -> Option<(&str, String)> {
        let sid = self.first.as_deref()?;
        let totp = self.factors.get(sid).and_then(Factor::totp);
        let code = totp.map(|totp| totp.generate(now).to_string());
        Some((sid, code.unwrap_or_default()))
    }

    /// The partitions of the Entities that are in the table, and the SIDs of the Factors.
    pub fn in_table(&self) -> (BTreeSet<String>, BTreeSet<&str>) {
        let entities = self.entities.iter();
        (
            entities
                .map(|(service, identity)| format!("{service}/{identity}"))
                .collect(),
            self.factors.keys().map(String::as_str).collect(),
        )
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
            404 => assert!(!self.is_there(operation, &call), "it is there"),
            _ => assert!(self.is_there(operation, &call), "it is not there"),
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
            ("CreateFactor", 201) => self.create(&at(), request, answer, json),
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
                let factor = self.factors.get_mut(&call.parameter("FactorSid"));
                factor.expect("it is there").update(request, status, json, now);
            }
            ("DeleteFactor", _) => {
                self.factors.remove(&call.parameter("FactorSid"));
            }
            _ => {}
        }
    }

    /// Whether what the path names is there.
    fn is_there(&self, operation: &str, call: &Call) -> bool {
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
                _ => true,
            }
    }

    fn create(&mut self, at: &EntityAt, request: &Request, answer: &Answer, json: Option<Value>) {
        let (sid, body) = answer.factor(request).expect("a Factor");
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
        let secret = json
            .as_ref()
            .and_then(|json| json.pointer("/binding/secret")?.as_str().map(str::to_owned));
        let factor = Factor {
            at: at.clone(),
            created: Some(body),
            secret,
            shown: json.map(known),
            verified_by: None,
            wrong_codes: 0,
        };
        self.entities.insert(at.clone());
        self.first.get_or_insert_with(|| sid.clone());
        self.factors.insert(sid, factor);
    }
}

impl Factor {
    /// Its codes, by the configuration that it has.
    fn totp(&self) -> Option<Totp> {
        let config = &self.shown.as_ref()?["config"];
        let number = |name: &str| config[name].as_u64().expect("a number");
        let algorithm = match config["alg"].as_str()? {
            "sha1" => Algorithm::SHA1,
            "sha256" => Algorithm::SHA256,
            _ => Algorithm::SHA512,
        };
        let totp = Builder::new()
            .with_algorithm(algorithm)
            .with_digits(number("code_length").try_into().expect("a few"))
            .with_skew(number("skew").try_into().expect("a few"))
            .with_step_duration(number("time_step"))
            .with_secret(Secret::try_from_base32(self.secret.as_ref()?).expect("Base32"));
        Some(totp.build_noncompliant())
    }

    fn is_verified(&self) -> bool {
        self.shown
            .as_ref()
            .is_some_and(|shown| shown["status"] == "verified")
    }

    fn update(&mut self, request: &Request, status: u64, json: Option<Value>, now: u64) {
        let sent = request.form();
        let sent = |name: &str| sent.get(name).filter(|value| !value.is_empty());
        let payload = sent("AuthPayload");
        let Some(before) = self.shown.clone() else {
            return;
        };
        let totp = self.totp();
        let is_code = |code: &String| totp.as_ref().is_some_and(|totp| totp.check(code, now).is_some());
        let is_right = payload.is_some_and(is_code);
        let is_the_one = is_right && payload == self.verified_by.as_ref();
        match status {
            403 => {
                let is_refused = totp.is_none() || self.is_verified() && !is_the_one;
                assert!(is_refused && payload.is_some(), "{before} is not to be refused");
                return;
            }
            429 => {
                assert!(!self.is_verified() && self.wrong_codes == WRONG_CODES);
                return;
            }
            _ => assert_eq!(status, 200),
        }
        let after = known(json.expect("what was read before can be read again"));
        let mut expected = before.clone();
        if let (Some(payload), true) = (payload, totp.is_some()) {
            if self.is_verified() {
                assert!(is_the_one, "it was verified by another code");
            } else if is_right {
                expected["status"] = "verified".into();
                self.verified_by = Some(payload.clone());
            } else {
                self.wrong_codes += 1;
                assert!(self.wrong_codes <= WRONG_CODES, "one more was compared");
                assert_eq!(after, before, "a wrong code changes nothing else");
            }
        } else {
            assert!(payload.is_none(), "nobody here can sign");
        }
        // What was sent is shown, or `resource` complains.
        let parameters = ["FriendlyName", "Alg", "TimeStep", "Skew", "CodeLength"];
        let push = ["NotificationPlatform", "NotificationToken", "SdkVersion"];
        for name in parameters.into_iter().chain(push) {
            let name = match name {
                "FriendlyName" => name.to_owned(),
                _ => format!("Config.{name}"),
            };
            let pointer = pointer(&name);
            if let (Some(_), Some(shown)) = (sent(&name), expected.pointer_mut(&pointer)) {
                shown.clone_from(after.pointer(&pointer).expect("it is shown"));
            }
        }
        if expected != before {
            expected["date_updated"] = after["date_updated"].clone();
            self.created = None;
        }
        assert_eq!(after, expected);
        self.shown = Some(after);
    }
}

/// Checks that the first page of a list has what comes first.
fn check_list<'a>(
    list: &Value,
    (name, key): (&str, &str),
    request: &Request,
    expected: impl Iterator<Item = &'a str>,
) {
    if request.query.contains("PageToken=") {
        return;
    }
    let items = list[name].as_array().expect("a list");
    let size = list["meta"]["page_size"].as_u64().expect("a size");
    let expected = expected.take(size.try_into().expect("a few"));
    assert!(items.iter().map(|item| text(item, key)).eq(expected), "{list}");
}

/// A Factor without what is shown once, and without the address, which is under the host that was called.
fn known(mut factor: Value) -> Value {
    let members = factor.as_object_mut().expect("a Factor");
    members.retain(|name, _| !["binding", "url"].contains(&name.as_str()));
    factor
}

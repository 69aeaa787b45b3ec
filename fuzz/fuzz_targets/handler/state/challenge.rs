//! Challenges, by what answers said of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::factor::Factor;
use super::{EntityAt, WRONG_CODES, date, known};
use crate::answer::Answer;
use crate::phone::Phone;
use crate::request::Request;

#[derive(Default)]
pub struct Challenges {
    by_sid: BTreeMap<String, Challenge>,
    /// In the order in which they were created.
    sids: Vec<String>,
}

struct Challenge {
    at: EntityAt,
    factor_sid: String,
    /// As it was shown last; `None` if that could not be read.
    shown: Option<Value>,
    wrong_codes: usize,
}

impl Challenges {
    pub fn sids(&self) -> impl Iterator<Item = &str> {
        self.by_sid.keys().map(String::as_str)
    }

    pub fn is_at(&self, sid: &str, at: &EntityAt) -> bool {
        self.by_sid.get(sid).is_some_and(|challenge| challenge.at == *at)
    }

    /// The SID of its Factor, which can be gone.
    pub fn factor_of(&self, sid: &str) -> &str {
        self.by_sid.get(sid).map_or("", |challenge| &challenge.factor_sid)
    }

    pub fn forget(&mut self, at: &EntityAt) {
        self.by_sid.retain(|_, challenge| challenge.at != *at);
    }

    pub fn sid(&self, number: usize) -> Option<&String> {
        self.sids.get(number)
    }

    /// What a phone says to the first one.
    pub fn said_by(&self, phone: &Phone, status: &str) -> Option<String> {
        let shown = self.by_sid.get(self.sid(0)?)?.shown.as_ref()?;
        Some(phone.answer(shown, status))
    }

    pub fn create(
        &mut self,
        at: EntityAt,
        factor: &mut Factor,
        request: &Request,
        answer: &Answer,
        now: u64,
    ) {
        let mut form = request.form();
        let code = form.remove("AuthPayload").filter(|code| !code.is_empty());
        let is_right = code.and_then(|code| factor.accepts(&code, now));
        let shown = answer.json().map(known);
        if let Some(shown) = &shown {
            let status = if is_right == Some(true) {
                "approved"
            } else {
                "pending"
            };
            let is_known = factor.shown.is_some();
            assert!(
                !is_known || factor.is_verified && shown["status"] == status,
                "{shown}"
            );
            assert_eq!(shown["date_created"], date(now));
        }
        let challenge = Challenge {
            at,
            factor_sid: form.remove("FactorSid").expect("a Factor"),
            shown,
            wrong_codes: usize::from(is_right == Some(false)),
        };
        let sid = answer.sid().expect("a Challenge").to_owned();
        self.sids.push(sid.clone());
        assert!(
            self.by_sid.insert(sid, challenge).is_none(),
            "it is there already"
        );
    }

    /// Checks that it is shown as it is.
    pub fn check_shown(&self, sid: &str, json: Option<Value>, now: u64) {
        let challenge = self.by_sid.get(sid).expect("it is there");
        if let (Some(json), Some(expected)) = (json, challenge.at(now)) {
            assert_eq!(known(json), expected);
        }
    }

    /// The SIDs of those that a list has, for the device of its `own` Factor or for the account; `None` if nobody knows.
    pub fn list(&self, at: &EntityAt, own: Option<&str>, request: &Request, now: u64) -> Option<Vec<String>> {
        let is_listed =
            |challenge: &Challenge| challenge.at == *at && own.is_none_or(|own| challenge.factor_sid == own);
        let of_entity = self.by_sid.iter().filter(|(_, challenge)| is_listed(challenge));
        let mut sids = Vec::new();
        for (sid, challenge) in of_entity {
            let shown = challenge.at(now)?;
            let is_asked = |(parameter, member): (&str, &str)| {
                let asked = request.asked(parameter);
                asked.is_none_or(|asked| shown[member] == asked.as_str())
            };
            if [("Status", "status"), ("FactorSid", "factor_sid")]
                .into_iter()
                .all(is_asked)
            {
                sids.push(sid.clone());
            }
        }
        if request
            .asked("Order")
            .is_some_and(|order| order.eq_ignore_ascii_case("desc"))
        {
            sids.reverse();
        }
        Some(sids)
    }

    pub fn answer(
        &mut self,
        sid: &str,
        factor: Option<&mut Factor>,
        request: &Request,
        answer: &Answer,
        now: u64,
    ) {
        let challenge = self.by_sid.get_mut(sid).expect("it is there");
        let form = request.form();
        let sent = |name: &str| form.get(name).filter(|value| !value.is_empty());
        let (payload, metadata) = (sent("AuthPayload"), sent("Metadata"));
        let Some(before) = challenge.at(now) else {
            // What it did to the Factor, nobody knows either.
            if let Some(factor) = factor.filter(|_| payload.is_some()) {
                factor.shown = None;
            }
            return;
        };
        let status = before["status"].as_str().expect("a status");
        let is_push = before["factor_type"] == "push";
        let phones = |status: &&str| {
            let phone = factor.as_deref().and_then(Factor::phone);
            let signed = phone.map(|phone| phone.answer(&before, status));
            signed.is_some() && payload == signed.as_ref()
        };
        let signed = ["approved", "denied"]
            .into_iter()
            .find(phones)
            .filter(|_| is_push);
        let json = answer.json();
        let code = json
            .as_ref()
            .map_or(0, |json| json["code"].as_u64().unwrap_or_default());
        match (answer.status, code) {
            (200, _) => {}
            (403, 60322) => {
                assert!(["approved", "denied"].contains(&status) && signed != Some(status));
                return;
            }
            (403, 60323) => return assert_eq!(status, "expired"),
            (403, 60324) => {
                // Of a Factor that could not be read, nobody knows whose key it has.
                let is_known = factor.is_some_and(|factor| factor.shown.is_some());
                return assert!(is_push && status == "pending" && !(is_known && signed.is_some()));
            }
            (429, 60308) => return assert_eq!(challenge.wrong_codes, WRONG_CODES),
            _ => panic!("{} {code}", answer.status),
        }
        let mut expected = before.clone();
        let mut is_noted = metadata.is_some();
        if let Some(payload) = payload {
            is_noted = false;
            let response = match (is_push, status) {
                (true, "pending") => Some(signed.expect("nobody else here can sign")),
                (true, _) => {
                    assert_eq!(signed, Some(status), "it was answered in another way");
                    is_noted = metadata.is_some();
                    None
                }
                (false, "pending") => match factor.and_then(|factor| factor.accepts(payload, now)) {
                    Some(true) => Some("approved"),
                    Some(false) => None,
                    // What it is, is shown.
                    None => {
                        challenge.shown = json.map(known);
                        return;
                    }
                },
                (false, _) => panic!("{before} is answered once more"),
            };
            if let Some(response) = response {
                expected["status"] = json!(response);
                expected["date_responded"] = json!(date(now));
                expected["date_updated"] = json!(date(now));
                is_noted = metadata.is_some();
            } else if !is_push {
                challenge.wrong_codes += 1;
                assert!(challenge.wrong_codes <= WRONG_CODES, "one more was compared");
            }
        }
        if let Some(metadata) = metadata.filter(|_| is_noted) {
            expected["metadata"] = serde_json::from_str(metadata).unwrap_or_default();
            expected["date_updated"] = json!(date(now));
        }
        let after = json.map(known);
        if let Some(after) = &after {
            assert_eq!(*after, expected);
        }
        challenge.shown = after;
    }
}

impl Challenge {
    /// As it is to be shown now.
    fn at(&self, now: u64) -> Option<Value> {
        let mut shown = self.shown.clone()?;
        let is_over = shown["expiration_date"].as_str()? <= date(now).as_str();
        if shown["status"] == "pending" && is_over {
            shown["status"] = json!("expired");
        }
        Some(shown)
    }
}

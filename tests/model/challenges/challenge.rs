//! A Challenge as the contract has it, and how it is shown.

use harness::local;
use serde_json::{Value, json};

use super::parameters::{details, until};
use crate::contract::{Contract, Place};
use crate::factor::Factor;
use crate::parameters::{Form, given, metadata};
use crate::shown::{BASE_URL, date};

pub struct Challenge {
    pub sid: String,
    pub factor_sid: String,
    pub factor_type: &'static str,
    /// The phone of its Factor, which knows its key also when the Factor is gone.
    pub phone: Option<u8>,
    created: i64,
    updated: i64,
    responded: Option<i64>,
    pub expires: i64,
    response: Option<&'static str>,
    details: Value,
    hidden_details: Option<Value>,
    metadata: Option<Value>,
    /// How many wrong codes there were.
    pub wrong: u32,
}

/// How many seconds one can be answered that says nothing of it.
const LIFE: i64 = 5 * 60;

impl Challenge {
    pub fn new(form: &Form, factor: &Factor, sid: &str, now: i64) -> Self {
        Self {
            sid: sid.to_owned(),
            factor_sid: factor.sid.clone(),
            factor_type: factor.factor_type(),
            phone: factor.phone(),
            created: now,
            updated: now,
            responded: None,
            expires: given(form, "ExpirationDate")
                .and_then(until)
                .unwrap_or(now + LIFE),
            response: None,
            details: details(form, &date(now)),
            hidden_details: given(form, "HiddenDetails").and_then(metadata),
            metadata: None,
            wrong: 0,
        }
    }

    pub fn status(&self, now: i64) -> &'static str {
        match self.response {
            Some(response) => response,
            None if now < self.expires => "pending",
            None => "expired",
        }
    }

    pub fn respond(&mut self, response: &'static str, now: i64) {
        self.response = Some(response);
        self.responded = Some(now);
        self.updated = now;
    }

    /// Sets the `Metadata` of a form, if it has any.
    pub fn note(&mut self, form: &Form, now: i64) {
        if let Some(noted) = given(form, "Metadata") {
            self.metadata = metadata(noted);
            self.updated = now;
        }
    }
}

impl Contract {
    pub fn challenges_path(&self, place: Place) -> String {
        format!("{}/Challenges", self.entity_path(place))
    }

    pub fn show_challenge(&self, place: Place, challenge: &Challenge) -> Value {
        let url = format!("{BASE_URL}{}/{}", self.challenges_path(place), challenge.sid);
        json!({
            "sid": challenge.sid,
            "account_sid": local::account_sid(),
            "service_sid": self.services[place.0].sid,
            "entity_sid": self.entity_sids.get(&place),
            "identity": place.1,
            "factor_sid": challenge.factor_sid,
            "date_created": date(challenge.created),
            "date_updated": date(challenge.updated),
            "date_responded": challenge.responded.map(date),
            "expiration_date": date(challenge.expires),
            "status": challenge.status(self.now),
            "responded_reason": "none",
            "details": challenge.details,
            "hidden_details": challenge.hidden_details,
            "metadata": challenge.metadata,
            "factor_type": challenge.factor_type,
            "url": url,
            "links": {"notifications": format!("{url}/Notifications")},
        })
    }
}

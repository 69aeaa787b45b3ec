//! Access Tokens as the contract has them.

use harness::local;
use serde_json::{Value, json};

use super::Caller;
use crate::contract::{Contract, Place};
use crate::parameters::{Form, Wrong, given, wrong_among};
use crate::refusal::{Refusal, not_found};
use crate::shown::{BASE_URL, date};

/// What a parameter is refused with that says for whom or for what a token is.
const NOT_FOR_ANYBODY: u64 = 60305;

/// For how many seconds one is good that is asked for without.
const TTL: i64 = 60;

pub struct AccessToken {
    sid: String,
    text: String,
    place: Place,
    friendly_name: Option<String>,
    created: i64,
    ttl: i64,
    is_used: bool,
    /// The `Idempotency-Key` of the create that used it up, if that had one.
    used_with: Option<String>,
}

impl AccessToken {
    /// Whether it is for this Entity and wasn't used up by another request.
    pub fn is_good_for(&self, place: Place, key: Option<&str>) -> bool {
        let is_retry = key.is_some() && key == self.used_with.as_deref();
        self.place == place && (!self.is_used || is_retry)
    }

    pub fn is_used(&self) -> bool {
        self.is_used
    }

    pub fn expires(&self) -> i64 {
        self.created + self.ttl
    }

    /// A form, with its name where that has none.
    pub fn named(&self, form: &Form) -> Form {
        let name = self.friendly_name.clone();
        let name = name.filter(|_| given(form, "FriendlyName").is_none());
        let name = name.map(|name| ("FriendlyName", name));
        name.into_iter().chain(form.iter().cloned()).collect()
    }
}

impl Contract {
    /// An Access Token of a Service until its time is over.
    pub fn access_token(&self, service: usize, sid: &str) -> Result<&AccessToken, Refusal> {
        let mut tokens = self.tokens.iter();
        let token = tokens.find(|token| token.place.0 == service && token.sid == sid);
        token
            .filter(|token| self.now < token.expires())
            .ok_or_else(not_found)
    }

    /// A token for the Entity of a place, which the form names; SID and text are those that it was given.
    pub fn create_token(
        &mut self,
        place: Place,
        form: &Form,
        sid: &str,
        text: &str,
    ) -> Result<Value, Refusal> {
        self.admit_account()?;
        Refusal::parameters(wrong_in_token(form))?;
        self.service(place)?;
        self.tokens.push(AccessToken {
            sid: sid.to_owned(),
            text: text.to_owned(),
            place,
            friendly_name: given(form, "FactorFriendlyName").map(str::to_owned),
            created: self.now,
            ttl: given(form, "Ttl").map_or(TTL, |ttl| ttl.parse().unwrap()),
            is_used: false,
            used_with: None,
        });
        self.fetch_token(place.0, sid)
    }

    pub fn fetch_token(&self, service: usize, sid: &str) -> Result<Value, Refusal> {
        self.admit_account()?;
        self.service((service, ""))?;
        let token = self.access_token(service, sid)?;
        Ok(json!({
            "sid": token.sid,
            "account_sid": local::account_sid(),
            "service_sid": self.services[service].sid,
            "entity_identity": token.place.1,
            "factor_type": "push",
            "factor_friendly_name": token.friendly_name,
            "ttl": token.ttl,
            "date_created": date(token.created),
            "token": token.text,
            "url": format!("{BASE_URL}{}/{sid}", self.tokens_path(service)),
        }))
    }

    /// Uses up the token that a Factor was created with, if it was with one.
    pub fn use_up(&mut self, key: Option<&str>) {
        if let Caller::Token(sid) = &self.caller {
            let mut tokens = self.tokens.iter_mut();
            let token = tokens.find(|token| token.sid == *sid).unwrap();
            token.is_used = true;
            token.used_with = key.map(str::to_owned);
        }
    }

    pub fn tokens_path(&self, service: usize) -> String {
        format!("{}/AccessTokens", self.service_path(service))
    }
}

fn wrong_in_token(form: &Form) -> Wrong {
    let is_identity = |text: &str| {
        let is_of_it = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (8..=64).contains(&text.len()) && text.bytes().all(is_of_it)
    };
    let mut wrong = wrong_among(form, &["FactorFriendlyName", "Ttl"]);
    if !given(form, "Identity").is_some_and(is_identity) {
        wrong.push(("Identity", NOT_FOR_ANYBODY));
    }
    if given(form, "FactorType") != Some("push") {
        wrong.push(("FactorType", NOT_FOR_ANYBODY));
    }
    wrong
}

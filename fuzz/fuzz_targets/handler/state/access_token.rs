//! Access Tokens, by what answers said of them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{EntityAt, known};
use crate::answer::Answer;
use crate::request::Request;
use crate::resource::text;

#[derive(Default)]
pub struct AccessTokens {
    by_sid: BTreeMap<String, AccessToken>,
    /// In the order in which they were created.
    sids: Vec<String>,
}

struct AccessToken {
    at: EntityAt,
    friendly_name: Option<String>,
    /// The second in which it is over.
    expires: u64,
    shown: Value,
    used: Option<Use>,
}

/// A media type, and the fields of a form.
type Sent = (Option<String>, Vec<(String, String)>);

struct Use {
    /// The Factor that came of it.
    factor_sid: String,
    key: Option<String>,
    /// What is a retry if it comes once more with that key. `None` once its Entity is gone, as what has the key
    /// then is another's.
    form: Option<Sent>,
}

impl AccessTokens {
    /// The SIDs of those that were created, with those of the Factors that they were used up for.
    pub fn sids(&self) -> BTreeMap<&str, Option<&str>> {
        let tokens = self.by_sid.iter();
        tokens
            .map(|(sid, token)| (sid.as_str(), token.used_for()))
            .collect()
    }

    pub fn sid(&self, number: usize) -> Option<&String> {
        self.sids.get(number)
    }

    /// What a phone shows of one.
    pub fn text(&self, number: usize) -> Option<&str> {
        Some(text(&self.by_sid.get(self.sid(number)?)?.shown, "/token"))
    }

    /// The SID of the one with this text, if it is good for this Entity: it was not used up, but by this request before.
    pub fn good_for(&self, at: &EntityAt, password: &str, request: &Request, now: u64) -> Option<&str> {
        let mut tokens = self.by_sid.iter();
        let (sid, token) = tokens.find(|(_, token)| text(&token.shown, "/token") == password)?;
        let key = request.header("idempotency-key");
        let used = token.used.as_ref();
        let is_free = used.is_none_or(|used| key.is_some() && used.key == key);
        (token.at == *at && now < token.expires && is_free).then_some(sid)
    }

    pub fn is_at(&self, sid: &str, service: &str, now: u64) -> bool {
        let token = self.by_sid.get(sid);
        token.is_some_and(|token| token.at.0 == service && now < token.expires)
    }

    pub fn create(&mut self, service: String, request: &Request, shown: Value, now: u64) {
        let form = request.form();
        let sent = |name: &str| form.get(name).filter(|value| !value.is_empty());
        assert_eq!(shown["entity_identity"], form["Identity"].as_str());
        assert_eq!(shown["date_created"], super::date(now));
        let ttl = sent("Ttl").map_or(60, |ttl| ttl.parse().expect("a number"));
        assert_eq!(shown["ttl"], ttl);
        let token = AccessToken {
            at: (service, form["Identity"].clone()),
            friendly_name: sent("FactorFriendlyName").cloned(),
            expires: now + ttl,
            shown: known(shown),
            used: None,
        };
        let sid = text(&token.shown, "/sid").to_owned();
        self.sids.push(sid.clone());
        assert!(self.by_sid.insert(sid, token).is_none(), "it is there already");
    }

    /// Checks that it is shown as it is.
    pub fn check_shown(&self, sid: &str, json: Value) {
        assert_eq!(known(json), self.by_sid[sid].shown);
    }

    /// Checks what came of a request for a Factor by one that is good, and uses it up if it is. `is_verified` says that of a Factor
    /// that is there.
    pub fn enrol(
        &mut self,
        sid: &str,
        request: &Request,
        answer: &Answer,
        is_verified: impl Fn(&str) -> Option<bool>,
    ) {
        let token = self.by_sid.get_mut(sid).expect("it is there");
        let fields = request.fields();
        let types = fields.iter().filter(|(name, _)| name == "FactorType");
        let types: Vec<&str> = types.map(|(_, value)| value.as_str()).collect();
        let form = (request.header("content-type"), fields.clone());
        let used = token.used.as_ref();
        let made = used.map(|used| (is_verified(&used.factor_sid), used.form.as_ref() == Some(&form)));
        match answer.status {
            // They come before the form is read.
            413 | 415 => {}
            // That its Entity is gone frees a key, and no token.
            401 => {
                let is_gone = matches!(made, Some((None, _)));
                assert!(types == ["totp"] || is_gone, "the token is good");
            }
            status => {
                assert!(types != ["totp"], "totp by an Access Token");
                let is_retry = made == Some((Some(false), true));
                assert!(!is_retry || answer.is_replay() || status == 404, "it is a retry");
            }
        }
        let json = answer.json().unwrap_or_default();
        let refused = json["details"]["parameters"].as_array().into_iter().flatten();
        for refused in refused.filter(|refused| refused["parameter"] == "FriendlyName") {
            assert!(
                refused["code"] != 20001 || token.friendly_name.is_none(),
                "it has a name"
            );
        }
        if answer.status == 201 && !answer.is_replay() {
            assert!(token.used.is_none(), "the token was used up");
            assert!(answer.public_key().is_some(), "it is for a push Factor");
            let sent = fields
                .iter()
                .find(|(name, value)| name == "FriendlyName" && !value.is_empty());
            let name = sent.map(|(_, value)| value).or(token.friendly_name.as_ref());
            assert!(json.is_null() || json["friendly_name"].as_str() == name.map(String::as_str));
            let factor_sid = answer.sid().expect("a Factor").to_owned();
            token.used = Some(Use {
                factor_sid,
                key: request.header("idempotency-key"),
                form: Some(form),
            });
        }
    }

    /// An Entity is gone, and its Factors with it.
    pub fn forget(&mut self, at: &EntityAt) {
        let of_entity = self.by_sid.values_mut().filter(|token| token.at == *at);
        for used in of_entity.filter_map(|token| token.used.as_mut()) {
            used.form = None;
        }
    }
}

impl AccessToken {
    fn used_for(&self) -> Option<&str> {
        Some(self.used.as_ref()?.factor_sid.as_str())
    }
}

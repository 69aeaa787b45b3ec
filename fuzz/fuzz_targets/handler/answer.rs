//! Answers, and which of those in `openapi.yaml` each has to be.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::call::{Call, Caller};
use crate::description::{DESCRIPTION, Header, JSON, Operation, Response};
use crate::function::ORIGINS;
use crate::request::Request;
use crate::{log, refusal, resource};

pub struct Answer {
    pub status: u64,
    headers: BTreeMap<String, String>,
    body: Option<String>,
    pub request_id: String,
    log: String,
}

impl Answer {
    pub fn new(reply: &Value, request_id: String, log: String) -> Self {
        assert_eq!(reply["isBase64Encoded"], false);
        let headers = reply["headers"].as_object().expect("headers");
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        Self {
            status: reply["statusCode"].as_u64().expect("a status"),
            headers: headers
                .iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), text(value)))
                .collect(),
            body: reply.get("body").filter(|body| !body.is_null()).map(text),
            request_id,
            log,
        }
    }

    /// The SID of the one resource that the answer shows. By hand, as not every body can be read; see `json`.
    pub fn sid(&self) -> Option<&str> {
        let body = self.body.as_deref()?.strip_prefix(r#"{"sid":""#)?;
        body.get(..34)
    }

    /// The body up to the URL, which is under the host that was called.
    pub fn body_without_url(&self) -> &str {
        let body = self.body.as_deref().unwrap_or_default();
        body.rsplit_once(r#","url":"#).expect("a URL").0
    }

    /// The key in it, if it is a new push Factor. By hand, as `sid`; before it there is no text that a caller chose but an Identity.
    pub fn public_key(&self) -> Option<&str> {
        let (_, binding) = self.body.as_deref()?.split_once(r#","binding":"#)?;
        let (key, _) = binding
            .strip_prefix(r#"{"alg":"ES256","public_key":""#)?
            .split_once('"')?;
        Some(key)
    }

    /// Whether it shows a Factor that is verified. By hand as well: no member before has others.
    pub fn is_verified(&self) -> bool {
        let body = self.body.as_deref().unwrap_or_default();
        let status = body.split_once(r#","status":""#);
        status.is_some_and(|(_, rest)| rest.starts_with("verified"))
    }

    /// Whether it is the answer to an earlier request.
    pub fn is_replay(&self) -> bool {
        self.headers.contains_key("idempotent-replayed")
    }

    /// Whether there is something in the table that wasn't.
    pub fn wrote(&self, request: &Request) -> bool {
        self.status < 300 && ["POST", "DELETE"].contains(&request.method.as_str())
    }

    /// Panics if the answer is not one that the contract has for this request.
    pub fn check(&self, request: &Request, call: &Call, named_origins: bool) {
        self.check_cors(request, named_origins, &call.methods());
        assert_eq!(self.header("x-request-id"), Some(self.request_id.as_str()));
        let not_found = DESCRIPTION.response("NotFound");
        // Paths, credentials and methods are the same for all operations, and described in prose.
        match (&call.route, call.operation) {
            (Some(_), _) if request.method == "OPTIONS" => {
                assert_eq!((self.status, &self.body), (204, &None));
                self.check_headers(&not_found.headers, &[("access-control-max-age", "7200")]);
            }
            _ if request.method != "OPTIONS" && call.caller.is_none() => self.check_nobody(),
            (None, _) => {
                self.check_described(404, not_found);
                assert_eq!(self.message(), refusal::not_found("/v2/…"));
            }
            (Some(_), None) => {
                let methods = call.methods();
                let error = json!({
                    "code": 20004,
                    "message": format!("Method not allowed; allowed here: {methods}"),
                    "more_info": "https://www.twilio.com/docs/errors/20004",
                    "status": 405,
                });
                assert_eq!((self.status, &self.body), (405, &Some(error.to_string())));
                let own = [("allow", methods.as_str()), ("content-type", JSON)];
                self.check_headers(&not_found.headers, &own);
            }
            (Some(route), Some(operation)) => {
                self.check_answer_of(operation, call, request);
                if self.status == 404 {
                    assert_eq!(self.message(), refusal::not_found(route.path.template));
                }
            }
        }
        log::check(&self.log, self, call, request);
    }

    /// What is wrong with credentials, and whether there is something where they were sent, nobody is told.
    fn check_nobody(&self) {
        self.check_described(401, DESCRIPTION.response("Unauthorized"));
        let error = json!({
            "code": 20003,
            "message": "Authenticate",
            "more_info": "https://www.twilio.com/docs/errors/20003",
            "status": 401,
        });
        assert_eq!(self.body, Some(error.to_string()));
    }

    fn check_answer_of(&self, operation: &Operation, call: &Call, request: &Request) {
        // When that can be, `state` knows.
        let goes_too_far = match &call.caller {
            Some(Caller::Device(_)) => operation.id == "ListChallenges",
            Some(Caller::Token(_)) => true,
            _ => false,
        };
        if self.status == 401 && goes_too_far {
            return self.check_nobody();
        }
        // They are about credentials, and about what no caller can bring about, but for wrong codes.
        assert!(!matches!(self.status, 401 | 500..), "{}", self.status);
        assert!(self.status != 429 || ["UpdateFactor", "AnswerChallenge"].contains(&operation.id));
        let described = operation.responses.get(&self.status);
        let described = described.unwrap_or_else(|| panic!("{} from {}", self.status, operation.id));
        self.check_described(self.status, described);
        let Some(body) = self.json() else {
            return;
        };
        if self.status < 300 {
            let is_question = body["factor_type"] == "push" && body["status"] == "pending";
            let names_members = self.header("twilio-verify-signature-fields").is_some();
            assert_eq!(names_members, is_question, "what a phone is to sign");
            resource::check(&body, self, operation, call, request);
        } else {
            refusal::check(&body, operation, request);
        }
    }

    fn check_described(&self, status: u64, described: &Response) {
        assert_eq!(self.status, status);
        let Some(body) = described.body else {
            assert_eq!(self.body, None);
            self.check_headers(&described.headers, &[]);
            return;
        };
        assert!(self.body.is_some(), "there is no body");
        if let Some(json) = self.json() {
            body.check(&json);
            body.check_order(&json);
        }
        self.check_headers(&described.headers, &[("content-type", JSON)]);
    }

    /// Checks that there are the headers that are described, those that go with this one answer, and no others.
    fn check_headers(&self, described: &[Header], own: &[(&str, &str)]) {
        for header in described {
            match self.header(&header.name) {
                Some(text) => header.schema.check_text(text),
                None => assert!(!header.required, "{} is missing", header.name),
            }
        }
        for (name, text) in own {
            assert_eq!(self.header(name), Some(*text), "{name}");
        }
        for name in self.headers.keys() {
            let mut known = described.iter().map(|header| header.name.as_str());
            assert!(
                known.any(|known| known == name) || own.iter().any(|(own, _)| own == name),
                "{name} is not described"
            );
        }
    }

    fn check_cors(&self, request: &Request, named_origins: bool, methods: &str) {
        let origin = ORIGINS
            .into_iter()
            .find(|named| request.origin().as_deref() == Some(named) && named_origins);
        let any_or_first = if named_origins { ORIGINS[0] } else { "*" };
        for (name, text) in [
            (
                "access-control-allow-origin",
                Some(origin.unwrap_or(any_or_first)),
            ),
            (
                "access-control-allow-credentials",
                Some(if origin.is_some() { "true" } else { "false" }),
            ),
            ("access-control-allow-methods", Some(methods)),
            ("vary", named_origins.then_some("Origin")),
        ] {
            assert_eq!(self.header(name), text, "{name}");
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    fn message(&self) -> String {
        let json = self.json().unwrap_or_default();
        json["message"].as_str().unwrap_or_default().to_owned()
    }

    /// The body; `None` if there is none or it can't be read: a key by which serde_json marks raw JSON, which the metadata of
    /// Factors and Challenges can have, makes it read other metadata than there is. An Access Token has none.
    pub fn json(&self) -> Option<Value> {
        let body = self.body.as_deref()?;
        if self.status < 300 && body.contains("serde_json::private") && !body.starts_with(r#"{"sid":"YK"#) {
            return None;
        }
        Some(serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}")))
    }
}

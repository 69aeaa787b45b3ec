//! Requests as text, and the events that API Gateway makes of them.
//!
//! ```text
//! POST /v2/Services?PageSize=1 2.0 base64
//! authorization: good
//!
//! FriendlyName=Owl
//! ```
//!
//! After the target come the payload format and, in any order, `base64` for a body that is encoded so and `origins` (in the
//! first request) for a function that knows the origins it is called from. As for `authorization`, `good` stands for the right
//! credentials, and `plain USER:PASSWORD` for those before they are encoded. `first` in place of a SID stands for that of the first
//! Factor or Challenge that was created, `AuthPayload=right` for the code or the signature that is right for that Factor now,
//! `=next` for its next code, `=approved` and `=denied` for what a phone says to that Challenge, and `Binding.PublicKey=mine` for the
//! phone's key.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use harness::{gateway, local};
use serde_json::{Value, json};

/// What stands between two requests.
const SEPARATOR: &[u8] = b"\n---\n";

/// Longer ones are refused before they reach a function.
const LONGEST_METHOD: usize = 20;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PayloadFormat {
    /// 1.0, of REST APIs.
    V1,
    /// 2.0, of HTTP APIs.
    V2,
}

#[derive(Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub query: String,
    pub format: PayloadFormat,
    pub base64: bool,
    pub named_origins: bool,
    /// In lower case, in the order in which they were sent.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// The texts of the requests in an input.
pub fn split(input: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(input);
    std::iter::from_fn(move || {
        let text = rest?;
        let at = text
            .windows(SEPARATOR.len())
            .position(|window| window == SEPARATOR);
        rest = at.map(|at| &text[at + SEPARATOR.len()..]);
        Some(&text[..at.unwrap_or(text.len())])
    })
}

impl Request {
    /// Reads a request; `None` if no HTTP server would take it.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (head, body) = match text.windows(2).position(|window| window == b"\n\n") {
            Some(at) => (&text[..at], &text[at + 2..]),
            None => (text.strip_suffix(b"\n").unwrap_or(text), [].as_slice()),
        };
        let head = String::from_utf8_lossy(head);
        let mut lines = head.split('\n');
        let mut words = lines.next()?.split(' ');
        let (method, target, format) = (words.next()?, words.next()?, words.next()?);
        let options: Vec<&str> = words.collect();
        if !is_token(method) || method.len() > LONGEST_METHOD || !is_text(target) {
            return None;
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Some(Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            format: match format {
                "1.0" => PayloadFormat::V1,
                "2.0" => PayloadFormat::V2,
                _ => return None,
            },
            base64: options.contains(&"base64"),
            named_origins: options.contains(&"origins"),
            headers: lines.map(header).collect::<Option<_>>()?,
            body: body.to_vec(),
        })
    }

    /// The value of a header that arrives once.
    fn header(&self, name: &str) -> Option<&str> {
        let named = self.headers.iter().filter(|(other, _)| other == name);
        let mut values: Vec<&str> = named.map(|(_, value)| value.as_str()).collect();
        if self.format == PayloadFormat::V2 {
            // They are joined, and nothing joined to something is the same as that alone.
            values.retain(|value| !value.is_empty());
        }
        match values.as_slice() {
            [value] => Some(value),
            _ => None,
        }
    }

    /// Whether the credentials are the right ones.
    pub fn is_authenticated(&self) -> bool {
        let right = local::authorization();
        let right = right.trim_start_matches("Basic ");
        self.header("authorization")
            .and_then(|given| given.split_once(' '))
            .is_some_and(|(scheme, given)| {
                scheme.eq_ignore_ascii_case("basic") && given.trim_matches(' ') == right
            })
    }

    /// The one `Origin`.
    pub fn origin(&self) -> Option<&str> {
        self.header("origin")
    }

    /// The path as it is in the event: HTTP APIs decode it.
    pub fn arrived_path(&self) -> String {
        match self.format {
            PayloadFormat::V1 => self.path.clone(),
            PayloadFormat::V2 => percent_encoding::percent_decode_str(&self.path)
                .decode_utf8_lossy()
                .into_owned(),
        }
    }

    /// The form, if there is one, as lossily as it gets: an answer to it says whether it was good.
    pub fn form(&self) -> BTreeMap<String, String> {
        self.fields().into_iter().collect()
    }

    /// The same, field by field.
    pub fn fields(&self) -> Vec<(String, String)> {
        pairs(&String::from_utf8_lossy(&self.body_as_sent()))
    }

    /// What the query says of a parameter, if it says something.
    pub fn asked(&self, parameter: &str) -> Option<String> {
        let found = pairs(&self.query).into_iter().find(|(name, _)| name == parameter);
        Some(found?.1).filter(|value| !value.is_empty())
    }

    /// The body as it arrives: what is not sent as bytes has to be text.
    fn body_as_sent(&self) -> Vec<u8> {
        if self.base64 {
            self.body.clone()
        } else {
            String::from_utf8_lossy(&self.body).into_owned().into_bytes()
        }
    }

    /// The event that API Gateway makes of the request.
    pub fn event(&self) -> Value {
        match self.format {
            PayloadFormat::V1 => self.rest_event(),
            PayloadFormat::V2 => self.http_event(),
        }
    }

    fn http_event(&self) -> Value {
        let target = format!("{}?{}", self.path, self.query);
        let headers: Vec<(&str, &str)> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let mut event = gateway::event(&self.method, &target, &headers, &[]);
        if let Some(event) = event.as_object_mut() {
            event.insert("isBase64Encoded".to_owned(), json!(self.base64));
            if !self.body.is_empty() {
                event.insert("body".to_owned(), self.body_in_json());
            }
        }
        event
    }

    fn rest_event(&self) -> Value {
        let mut last: BTreeMap<&str, &str> = BTreeMap::new();
        let mut all: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, value) in &self.headers {
            last.insert(name, value);
            all.entry(name).or_default().push(value);
        }
        let mut queries: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for pair in self.query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decoded = |text| {
                percent_encoding::percent_decode_str(text)
                    .decode_utf8_lossy()
                    .into_owned()
            };
            queries.entry(decoded(name)).or_default().push(decoded(value));
        }
        json!({
            "resource": "/{proxy+}",
            "path": self.path,
            "httpMethod": self.method,
            "headers": last,
            "multiValueHeaders": all,
            "queryStringParameters": (!queries.is_empty())
                .then(|| queries.iter().map(|(name, values)| (name, values.last())).collect::<BTreeMap<_, _>>()),
            "multiValueQueryStringParameters": (!queries.is_empty()).then_some(&queries),
            "pathParameters": {"proxy": self.path.trim_start_matches('/')},
            "stageVariables": null,
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "abcdef1234",
                "domainName": "abcdef1234.execute-api.eu-central-1.amazonaws.com",
                "httpMethod": self.method,
                "identity": {"sourceIp": "192.0.2.1"},
                "path": format!("/prod{}", self.path),
                "protocol": "HTTP/1.1",
                "requestId": "JKJaXmPLvHcESHA=",
                "resourcePath": "/{proxy+}",
                "stage": "prod",
            },
            "body": if self.body.is_empty() { Value::Null } else { self.body_in_json() },
            "isBase64Encoded": self.base64,
        })
    }

    fn body_in_json(&self) -> Value {
        if self.base64 {
            json!(BASE64_STANDARD.encode(&self.body))
        } else {
            json!(String::from_utf8_lossy(&self.body))
        }
    }
}

fn pairs(text: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| {
        let text = text.replace('+', " ");
        percent_encoding::percent_decode_str(&text)
            .decode_utf8_lossy()
            .into_owned()
    };
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

fn header(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    let value = value.trim_matches([' ', '\t']);
    if !is_token(name) || !is_text(value) {
        return None;
    }
    let name = name.to_ascii_lowercase();
    let value = match (name.as_str(), value) {
        ("authorization", "good") => local::authorization(),
        ("authorization", plain) if plain.starts_with("plain ") => {
            format!(
                "Basic {}",
                BASE64_STANDARD.encode(plain.trim_start_matches("plain "))
            )
        }
        (_, value) => value.to_owned(),
    };
    Some((name, value))
}

/// RFC 9110, section 5.6.2.
fn is_token(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}

/// No control characters but the tab (RFC 9110, section 5.5).
fn is_text(text: &str) -> bool {
    text.chars()
        .all(|character| character == '\t' || !character.is_ascii_control())
}

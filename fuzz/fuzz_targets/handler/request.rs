//! Requests as text.
//!
//! ```text
//! POST /v2/Services?PageSize=1 2.0 base64
//! authorization: good
//!
//! FriendlyName=Owl
//! ```
//!
//! After the target come the payload format and, in any order, `base64` for a body that is encoded so, `+60` where so many seconds
//! have gone by since the request before, and `origins` (in the first request) for a function that knows the origins it is called
//! from. As for `authorization`, `good` stands for the right credentials, `plain USER:PASSWORD` for those before they are encoded,
//! and `device` and `token` for a phone's; see [`credentials`](crate::credentials). `first` and `second` in place of a SID stand for
//! that of the first or second Factor, Challenge or Access Token that was created. `AuthPayload=right` is the code or the signature
//! that is right for the first Factor now, `=second` that for the second, and `=next` the first one's next code; `=approved` and
//! `=denied` are what its phone says to the first Challenge, and `Binding.PublicKey=mine` and `=other` the keys of two phones.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use harness::local;

/// What stands between two requests.
const SEPARATOR: &[u8] = b"\n---\n";

/// Longer ones are refused before they reach a function.
const LONGEST_METHOD: usize = 20;

/// Seconds between two requests, at the most: all of them are over before the first Factor that nobody verified is gone.
const LONGEST_PAUSE: u64 = 1000;

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
    /// Seconds since the request before.
    pub pause: u64,
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
            pause: options
                .iter()
                .find_map(|option| option.strip_prefix('+')?.parse().ok())
                .map_or(0, |seconds: u64| seconds.min(LONGEST_PAUSE)),
            headers: lines.map(header).collect::<Option<_>>()?,
            body: body.to_vec(),
        })
    }

    /// The value of a header as it arrives, if that is one.
    pub fn header(&self, name: &str) -> Option<String> {
        let named = self.headers.iter().filter(|(other, _)| other == name);
        let values: Vec<&str> = named.map(|(_, value)| value.as_str()).collect();
        match (self.format, values.as_slice()) {
            (_, [value]) => Some((*value).to_owned()),
            // HTTP APIs join them, and what comes after nothing is alone.
            (PayloadFormat::V2, [_, _, ..]) => {
                let begin = values.iter().position(|value| !value.is_empty())?;
                Some(values[begin..].join(","))
            }
            _ => None,
        }
    }

    /// Who it says that calls: a user and a password.
    pub fn credentials(&self) -> Option<(String, String)> {
        let header = self.header("authorization")?;
        let (scheme, given) = header.split_once(' ')?;
        let given = scheme
            .eq_ignore_ascii_case("basic")
            .then_some(given.trim_matches(' '))?;
        let given = String::from_utf8(BASE64_STANDARD.decode(given).ok()?).ok()?;
        let (user, password) = given.split_once(':')?;
        Some((user.to_owned(), password.to_owned()))
    }

    /// The one `Origin`.
    pub fn origin(&self) -> Option<String> {
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

    /// What the query says of a parameter, if it says one thing.
    pub fn asked(&self, parameter: &str) -> Option<String> {
        let mut found = pairs(&self.query)
            .into_iter()
            .filter(|(name, _)| name == parameter);
        let (_, value) = found.next()?;
        (found.next().is_none() && !value.is_empty()).then_some(value)
    }

    /// The body as it arrives: what is not sent as bytes has to be text.
    fn body_as_sent(&self) -> Vec<u8> {
        if self.base64 {
            self.body.clone()
        } else {
            String::from_utf8_lossy(&self.body).into_owned().into_bytes()
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

//! Words in requests, for what nobody knows beforehand: SIDs, and what proves something now.

use crate::credentials;
use crate::request::Request;

/// What stands for something that nobody knows beforehand.
const WORDS: [&str; 15] = [
    "/Factors/first",
    "/Factors/second",
    "/Challenges/first",
    "/Challenges/second",
    "/AccessTokens/first",
    "/AccessTokens/second",
    "FactorSid=first",
    "FactorSid=second",
    "AuthPayload=right",
    "AuthPayload=second",
    "AuthPayload=next",
    "AuthPayload=approved",
    "AuthPayload=denied",
    "Binding.PublicKey=mine",
    "Binding.PublicKey=other",
];

impl Request {
    /// The same with what each word stands for in its place.
    pub fn about(&self, stands_for: impl Fn(&str) -> Option<String>, now: u64) -> Self {
        let mut request = self.clone();
        for (name, value) in &mut request.headers {
            if name == "authorization"
                && let Some(credentials) = credentials::of(value, &stands_for, now)
            {
                *value = credentials;
            }
        }
        for word in WORDS {
            let place = |bytes: &[u8]| {
                bytes
                    .windows(word.len())
                    .position(|window| window == word.as_bytes())
            };
            let at = place(&request.body);
            if at.is_none() && !request.path.contains(word) && !request.query.contains(word) {
                continue;
            }
            let Some(text) = stands_for(word) else {
                continue;
            };
            // The name before it stays.
            let (name, _) = word.rsplit_once(['=', '/']).expect("a name");
            let text = format!("{name}{}{}", &word[name.len()..=name.len()], escaped(&text));
            if let Some(at) = at {
                request.body.splice(at..at + word.len(), text.bytes());
            }
            request.path = request.path.replace(word, &text);
            request.query = request.query.replace(word, &text);
        }
        request
    }
}

/// Percent-encoded as far as a form or a path needs it, for Base64.
fn escaped(text: &str) -> String {
    text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

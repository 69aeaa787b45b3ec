//! What is the same, and what isn't.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Mutex;

use serde_json::{Value, json};

use crate::parameters::Form;
use crate::refusal::Refusal;
use crate::run::Run;
use crate::support::Answer;

/// What is different from the contract, if anything is.
pub type Same = Result<(), String>;

/// Who calls, status, code (0 where it is no refusal), and whether there is a `Retry-After`.
pub type Kind = (&'static str, u64, u64, bool);

/// How often each kind of answer was due so far.
static DUE: Mutex<BTreeMap<Kind, u64>> = Mutex::new(BTreeMap::new());

/// How often each kind of answer was due so far: a run that never met a limit says nothing about it.
pub fn due() -> BTreeMap<Kind, u64> {
    DUE.lock().unwrap().clone()
}

impl Run<'_> {
    /// Compares an answer with what the contract has for it, whose status is `status` where it isn't a refusal.
    pub fn compare<T: Into<Value>>(
        &self,
        answer: &Answer,
        expected: Result<T, Refusal>,
        status: u64,
    ) -> Same {
        let (status_due, code, waits) = match &expected {
            Ok(_) => (status, 0, false),
            Err(refusal) => (refusal.status, refusal.code, refusal.retry_after.is_some()),
        };
        let kind = (self.contract.caller.name(), status_due, code, waits);
        *DUE.lock().unwrap().entry(kind).or_default() += 1;
        // What is deleted is answered without a body.
        let body = if answer.text.is_empty() {
            Value::Null
        } else {
            answer.json()
        };
        match expected {
            Ok(expected) => {
                same(&format!("status of {}", answer.text), answer.status, status)?;
                same_json("the body", &body, &expected.into())
            }
            Err(refusal) => is_refusal(answer, &body, &refusal),
        }
    }
}

fn is_refusal(answer: &Answer, body: &Value, refusal: &Refusal) -> Same {
    let code = body["code"].as_u64().unwrap_or_default();
    let mut codes = refusal.wrong.iter().map(|(_, code)| *code);
    let expected = codes.find(|other| *other == code).unwrap_or(refusal.code);
    let what = format!("status and code of {}", answer.text);
    same(&what, (answer.status, code), (refusal.status, expected))?;
    let status = body["status"].as_u64();
    same("status in the body", status, Some(refusal.status))?;
    let wait = refusal.retry_after.map(|wait| wait.to_string());
    let wait = wait.unwrap_or_default();
    same("Retry-After", answer.header("retry-after"), wait.as_str())?;
    let more_info = format!("https://www.twilio.com/docs/errors/{code}");
    same("more_info", text(&body["more_info"]), more_info.as_str())?;
    if code == 20404 {
        // The path is that of the route, as no message repeats a value.
        let message = text(&body["message"]);
        let whole = message.starts_with("The requested resource /v2/") && message.ends_with(" was not found");
        same(&format!("the form of {message}"), whole, true)?;
    }
    let allows = !answer.header("allow").is_empty();
    same("whether there is an Allow", allows, refusal.status == 405)?;
    if refusal.status == 401 {
        let asks_for = answer.header("www-authenticate");
        same("WWW-Authenticate", asks_for.starts_with("Basic"), true)?;
        // Whatever is wrong.
        let nobodys = json!({"code": code, "message": "Authenticate", "more_info": more_info, "status": 401});
        same_json("the body", body, &nobodys)?;
    }
    if refusal.wrong.is_empty() {
        return Ok(());
    }
    let mut named = answer.invalid();
    named.sort();
    let wrong = refusal.wrong.iter();
    let mut wrong: Vec<(String, u64)> = wrong.map(|(name, code)| ((*name).to_owned(), *code)).collect();
    wrong.sort();
    wrong.dedup();
    same("the parameters that are wrong", named, wrong)
}

pub fn same_json(what: &str, is: &Value, expected: &Value) -> Same {
    if is == expected {
        return Ok(());
    }
    Err(format!(
        "{what}: it is\n  {is}\nwhere the contract has\n  {expected}"
    ))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "reads like an assertion of equality"
)]
pub fn same<T: PartialEq + Debug>(what: &str, is: T, expected: T) -> Same {
    if is == expected {
        return Ok(());
    }
    Err(format!(
        "{what}: it is\n  {is:?}\nwhere the contract has\n  {expected:?}"
    ))
}

pub fn is_sid(text: &str, prefix: &str) -> bool {
    let digits = text.strip_prefix(prefix).unwrap_or_default();
    digits.len() == 32 && digits.bytes().all(|byte| b"0123456789abcdef".contains(&byte))
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub fn encoded(form: &Form) -> String {
    serde_urlencoded::to_string(form).unwrap()
}

//! The rules of the parameters of Challenges.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::compare::is_sid;
use crate::factor::{Factor, Kind};
use crate::parameters::{Form, Wrong, given, is_code, missing, refused, wrong_among};

/// For how many seconds one can wait for its answer, and how far the caller's clock may be ahead.
const LONGEST: i64 = 60 * 60;
const CLOCK: i64 = 30;

/// What is wrong with a form for a Challenge, of whatever type its Factor is.
pub fn wrong_in_create(form: &Form, now: i64) -> Wrong {
    let mut wrong = match given(form, "FactorSid") {
        None => vec![missing("FactorSid")],
        Some(sid) if !is_sid(sid, "YF") => vec![refused("FactorSid")],
        Some(_) => Wrong::new(),
    };
    let is_in_time = |text| until(text).is_some_and(|second| now < second && second <= now + LONGEST + CLOCK);
    if given(form, "ExpirationDate").is_some_and(|text| !is_in_time(text)) {
        wrong.push(refused("ExpirationDate"));
    }
    if given(form, "Details.Message").is_some_and(|text| text.chars().count() > 256) {
        wrong.push(refused("Details.Message"));
    }
    let lines = lines(form);
    if lines.len() > 20 || lines.iter().any(Option::is_none) {
        wrong.push(refused("Details.Fields"));
    }
    wrong.extend(wrong_among(form, &["HiddenDetails"]));
    wrong
}

/// What is wrong with a form for a Challenge of this Factor besides.
pub fn wrong_by_type(form: &Form, factor: &Factor) -> Wrong {
    match factor.kind {
        Kind::Push(_) if given(form, "Details.Message").is_none() => vec![missing("Details.Message")],
        Kind::Totp(_) if given(form, "AuthPayload").is_some_and(|code| !is_code(code)) => {
            vec![refused("AuthPayload")]
        }
        Kind::Push(_) | Kind::Totp(_) => Wrong::new(),
    }
}

/// What is wrong with the query of a list.
pub fn wrong_in_list(query: &Form) -> Wrong {
    let follows = |name: &str, value: &str| match name {
        "FactorSid" => is_sid(value, "YF"),
        "Status" => ["pending", "approved", "denied", "expired"].contains(&value),
        _ => ["asc", "desc"].contains(&value.to_lowercase().as_str()),
    };
    let names = ["FactorSid", "Status", "Order"].into_iter();
    let broken = names.filter(|name| given(query, name).is_some_and(|value| !follows(name, value)));
    broken.map(refused).collect()
}

/// The second of a date: the next whole one, where it has a fraction.
pub fn until(text: &str) -> Option<i64> {
    let date = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    Some(date.unix_timestamp() + i64::from(date.nanosecond() > 0))
}

/// The lines of `Details.Fields`, without what else they have; `None` for what is no such line.
fn lines(form: &Form) -> Vec<Option<Value>> {
    let line = |text: &str| {
        let object: Map<String, Value> = serde_json::from_str(text).ok()?;
        let text = |name: &str, most: usize| {
            let text = object.get(name)?.as_str()?;
            Some(text).filter(|text| text.chars().count() <= most)
        };
        Some(json!({"label": text("label", 36)?, "value": text("value", 128)?}))
    };
    let lines = form
        .iter()
        .filter(|(name, value)| *name == "Details.Fields" && !value.is_empty());
    lines.map(|(_, text)| line(text)).collect()
}

pub fn details(form: &Form, date: &str) -> Value {
    let (message, lines) = (given(form, "Details.Message"), lines(form));
    if message.is_none() && lines.is_empty() {
        return Value::Null;
    }
    json!({"message": message, "date": date, "fields": lines})
}

/// What the retry of a create has to have in common with the first.
pub fn parameters_of(form: &Form) -> Form {
    let read = [
        "FactorSid",
        "ExpirationDate",
        "Details.Message",
        "Details.Fields",
        "HiddenDetails",
        "AuthPayload",
    ];
    let mut parameters = form.clone();
    parameters.retain(|(name, value)| read.contains(name) && !value.is_empty());
    parameters.sort_by_key(|(name, _)| *name);
    parameters
}

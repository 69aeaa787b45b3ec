//! What resources show: what was sent, where they are, and who has them.

use harness::local;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::answer::Answer;
use crate::call::{Call, Caller};
use crate::description::{Form, Operation};
use crate::factor;
use crate::request::Request;

/// The parameters without a default, for which a new resource has null.
const WITHOUT_DEFAULT: [&str; 7] = [
    "FactorFriendlyName",
    "Metadata",
    "Details.Message",
    "HiddenDetails",
    "Config.NotificationToken",
    "Push.ApnCredentialSid",
    "Push.FcmCredentialSid",
];

pub fn check(resource: &Value, answer: &Answer, operation: &Operation, call: &Call, request: &Request) {
    let (status, is_replay) = (answer.status, answer.is_replay());
    let list = ["services", "entities", "factors", "challenges"];
    if let Some(name) = list.into_iter().find(|name| resource.get(name).is_some()) {
        check_list(resource, name, call);
        return;
    }
    let path = if status == 201 {
        let dates = [&resource["date_created"], &resource["date_updated"]];
        // An Access Token never changes.
        assert!(is_replay || dates[0] == dates[1] || text(resource, "/sid").starts_with("YK"));
        format!("{}/{}", call.path(), id(resource))
    } else {
        call.path()
    };
    check_place(resource, &path, call);
    let route = call.route.as_ref().expect("a route");
    for (parameter, value) in &route.parameters {
        if let Some(shown) = resource.pointer(&pointer(parameter)) {
            assert_eq!(shown, value.as_str());
        }
    }
    if let Some(form) = &operation.form {
        let sent = request.form();
        let mut json = as_json(form, request);
        // With an Access Token, a phone can leave its name to that.
        let is_named = sent.get("FriendlyName").is_some_and(|name| !name.is_empty());
        if let (Some(Caller::Token(_)), false) = (&call.caller, is_named) {
            json.insert("FriendlyName".to_owned(), resource["friendly_name"].clone());
        }
        // Where a code is wrong, nothing else is done either, and what is replayed can have been changed; `state` sees to that.
        let is_proof = sent.get("AuthPayload").is_some_and(|payload| !payload.is_empty());
        let is_open = ["unverified", "pending"].contains(&resource["status"].as_str().unwrap_or_default());
        let is_wrong = status == 200 && is_proof && is_open;
        // A phone's answer can be a retry, which does nothing.
        let is_answer = operation.id == "AnswerChallenge" && is_proof;
        if is_wrong || is_answer || is_replay {
            form.schema.check(&Value::Object(json));
            return;
        }
        check_sent(resource, form, json, status == 201);
        if resource.pointer("/binding/secret").is_some() {
            factor::check_totp(resource, &sent);
        }
    }
}

/// Checks that what was sent is what the description takes, and what is shown.
fn check_sent(resource: &Value, form: &Form, json: Map<String, Value>, is_new: bool) {
    let json = Value::Object(json);
    form.schema.check(&json);
    for parameter in &form.fields {
        let value = json.get(*parameter).filter(|value| **value != "");
        match (resource.pointer(&pointer(parameter)), value) {
            (Some(shown), Some(value)) => {
                let is_shown = is_shown(parameter, shown, value);
                assert!(is_shown, "{parameter} is {value}, shown as {shown}");
            }
            (Some(shown), None) if is_new && WITHOUT_DEFAULT.contains(parameter) => {
                assert!(shown.is_null(), "{parameter} was not sent, and is {shown}");
            }
            // It keeps what it was or has a default, or belongs to another kind.
            _ => {}
        }
    }
}

fn is_shown(parameter: &str, shown: &Value, sent: &Value) -> bool {
    if let Value::Array(fields) = sent {
        let read = |field: &Value| serde_json::from_str::<Value>(field.as_str()?).ok();
        let kept = |field: Value| json!({"label": field["label"], "value": field["value"]});
        let fields = fields.iter().filter_map(read).map(kept);
        return *shown == fields.collect::<Value>();
    }
    let sent = sent.as_str().unwrap_or_default();
    match (parameter, shown) {
        // It is shown in its one canonical form.
        ("Binding.Secret", _) => true,
        ("ExpirationDate", Value::String(shown)) => {
            // The sign of an offset can have become a space.
            let (date, time) = sent.split_at(11);
            let read = |text: &str| OffsetDateTime::parse(text, &Rfc3339).expect("a date");
            let later = read(shown) - read(&(date.to_owned() + &time.replace(' ', "+")));
            (0..1_000_000_000).contains(&later.whole_nanoseconds())
        }
        (_, Value::String(shown)) => shown == sent,
        (_, Value::Number(shown)) => shown.as_u64() == sent.parse().ok(),
        (_, shown) => serde_json::from_str(sent).ok().as_ref() == Some(shown),
    }
}

fn check_list(list: &Value, name: &str, call: &Call) {
    let path = call.path();
    let resources = list[name].as_array().expect("a list");
    let size = &list["meta"]["page_size"];
    assert!(resources.len() as u64 <= size.as_u64().expect("a size"));
    for resource in resources {
        check_place(resource, &format!("{path}/{}", id(resource)), call);
    }
    for url in ["first_page_url", "previous_page_url", "url", "next_page_url"] {
        if let Some(url) = list["meta"][url].as_str() {
            let (url, query) = url.split_once('?').expect("a query");
            check_url(url, &path, call);
            assert!(query.contains(&format!("PageSize={size}&Page=")), "{query}");
        }
    }
}

fn check_place(resource: &Value, path: &str, call: &Call) {
    assert_eq!(resource["account_sid"], local::account_sid());
    let url = text(resource, "/url");
    check_url(url, path, call);
    assert!(url.ends_with(id(resource)));
    let links = resource["links"].as_object().into_iter().flatten();
    for (name, link) in links {
        let is_below = link.as_str().and_then(|link| link.strip_prefix(url));
        assert!(
            is_below.is_some_and(|rest| rest.starts_with('/')),
            "{name}: {link}"
        );
    }
}

/// An absolute URL on a host that can be one, whatever the request said.
fn check_url(url: &str, path: &str, call: &Call) {
    let mount = &call.mount;
    let host = url
        .strip_suffix(path)
        .and_then(|rest| rest.strip_suffix(mount.as_str()))
        .and_then(|rest| rest.split_once("://"))
        .unwrap_or_else(|| panic!("{url} doesn't end with {mount}{path}"))
        .1;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    assert!(!host.is_empty() && host.bytes().all(allowed), "{url}");
}

/// What was sent, with a list of what may be repeated.
fn as_json(form: &Form, request: &Request) -> Map<String, Value> {
    let mut members = Map::new();
    for (name, value) in request.fields() {
        if !form.lists.contains(name.as_str()) {
            members.insert(name, json!(value));
        } else if !value.is_empty() {
            let list = members.entry(name).or_insert_with(|| json!([]));
            list.as_array_mut().expect("a list").push(json!(value));
        }
    }
    members
}

/// How a resource is called in its path: an Entity by its Identity, the others by their SIDs.
fn id(resource: &Value) -> &str {
    let is_entity = text(resource, "/sid").starts_with("YE");
    text(resource, if is_entity { "/identity" } else { "/sid" })
}

/// Where a resource shows a parameter: `/config/time_step` for `Config.TimeStep`.
pub fn pointer(parameter: &str) -> String {
    let mut pointer = String::new();
    for part in parameter.split('.') {
        for (position, character) in part.char_indices() {
            if position == 0 {
                pointer.push('/');
            } else if character.is_ascii_uppercase() {
                pointer.push('_');
            }
            pointer.push(character.to_ascii_lowercase());
        }
    }
    pointer
}

pub fn text<'a>(resource: &'a Value, pointer: &str) -> &'a str {
    resource
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_else(|| panic!("{pointer} is a text: {resource}"))
}

//! What resources show: what was sent, where they are, and who has them.

use std::collections::BTreeMap;

use harness::local;
use serde_json::Value;

use crate::answer::Answer;
use crate::call::Call;
use crate::description::{Form, Operation};
use crate::factor;
use crate::request::Request;

/// The parameters without a default, for which a new resource has null.
const WITHOUT_DEFAULT: [&str; 4] = [
    "Metadata",
    "Config.NotificationToken",
    "Push.ApnCredentialSid",
    "Push.FcmCredentialSid",
];

pub fn check(resource: &Value, answer: &Answer, operation: &Operation, call: &Call, request: &Request) {
    let (status, is_replay) = (answer.status, answer.is_replay());
    let list = ["services", "entities", "factors"];
    if let Some(name) = list.into_iter().find(|name| resource.get(name).is_some()) {
        check_list(resource, name, call);
        return;
    }
    let path = if status == 201 {
        let dates = [&resource["date_created"], &resource["date_updated"]];
        assert!(is_replay || dates[0] == dates[1]);
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
        // Where a code is wrong, nothing else is done either, and what is replayed can have been changed; `state` sees to that.
        let is_proof = sent.get("AuthPayload").is_some_and(|payload| !payload.is_empty());
        let is_wrong = operation.id == "UpdateFactor" && is_proof && resource["status"] == "unverified";
        if is_wrong || is_replay {
            form.schema.check(&as_json(&sent));
            return;
        }
        check_sent(resource, form, &sent, status == 201);
        if resource.pointer("/binding/secret").is_some() {
            factor::check_totp(resource, &sent);
        }
    }
}

/// Checks that what was sent is what the description takes, and what is shown.
fn check_sent(resource: &Value, form: &Form, sent: &BTreeMap<String, String>, is_new: bool) {
    form.schema.check(&as_json(sent));
    for parameter in &form.fields {
        let value = sent.get(*parameter).filter(|value| !value.is_empty());
        match (resource.pointer(&pointer(parameter)), value) {
            // It is shown in its one canonical form.
            (Some(_), Some(_)) if *parameter == "Binding.Secret" => {}
            (Some(shown), Some(value)) => {
                let is_shown = match shown {
                    Value::String(shown) => shown == value,
                    Value::Number(shown) => shown.as_u64() == value.parse().ok(),
                    shown => serde_json::from_str(value).ok().as_ref() == Some(shown),
                };
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
            assert!(query.starts_with(&format!("PageSize={size}&Page=")), "{query}");
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

fn as_json(sent: &BTreeMap<String, String>) -> Value {
    let members = sent.iter();
    members
        .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
        .collect()
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

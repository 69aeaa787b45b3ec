//! Payloads: what says the same as a Challenge, and what says something else.

use std::fmt::Write as _;

use p256::ecdsa::Signature;
use serde_json::{Value, json};

use super::{Case, and, case, members, signed_by, with, without};
use crate::challenges::phone;
use crate::support::phone::{HEADER, SIGNATURE_FIELDS, answer_payload, jws_signed};

/// What says the same as the device SDKs do, in other words.
pub(super) fn good(challenge: &Value) -> Vec<Case> {
    let phone = phone();
    let payload = answer_payload(challenge, "approved");
    let shown = Value::Object(members(challenge, "approved"));
    let in_order: Vec<String> = SIGNATURE_FIELDS
        .split(',')
        .map(|name| format!("{}:{}", json!(name), shown[name]))
        .collect();
    let jws = |payload: &str| phone.jws(HEADER, payload);
    let low = phone.signature(&jws_signed(HEADER, &payload));
    let (r, s) = low.split_scalars();
    let high = Signature::from_scalars(r, -*s).unwrap();
    assert_ne!(low, high);
    assert_eq!(low.normalize_s(), high.normalize_s());
    let everything = {
        let mut all = challenge.clone();
        all["status"] = json!("approved");
        all.to_string()
    };
    let mut escaped = String::new();
    for c in shown["sid"].as_str().unwrap().chars() {
        let _ = write!(escaped, "\\u{:04x}", u32::from(c));
    }
    vec![
        case(
            "in the order of the header",
            jws(&format!("{{{}}}", in_order.join(","))),
        ),
        case(
            "with spaces and lines",
            jws(&serde_json::to_string_pretty(&shown).unwrap()),
        ),
        case("with `\\/`", jws(&shown.to_string().replace('/', "\\/"))),
        case("with a `/` as it is", jws(&shown.to_string())),
        case(
            "with other escapes",
            jws(&shown
                .to_string()
                .replace(shown["sid"].as_str().unwrap(), &escaped)),
        ),
        case("with every member there is", jws(&everything)),
        case(
            "with further members",
            jws(&and(
                challenge,
                r#""iat":1e3,"x":{"y":[null,true,-0.5]},"Status":"denied""#,
            )),
        ),
        case(
            "with a status in a further member",
            jws(&and(challenge, r#""x":{"status":"denied"}"#)),
        ),
        case(
            "with further headers",
            phone.jws(r#"{"kid":"x","cty":"y","alg":"ES256","b64":false}"#, &payload),
        ),
        case(
            "with a header of the algorithm alone",
            phone.jws("{ \"\\u0061lg\" : \"ES256\" }", &payload),
        ),
        case(
            "with S and with its other",
            signed_by(&jws_signed(HEADER, &payload), &high.to_bytes()),
        ),
    ]
}

/// Payloads that the right key signed and that say something else.
pub(super) fn says_else(challenge: &Value) -> Vec<Case> {
    let jws = |payload: &str| phone().jws(HEADER, payload);
    let mut cases = Vec::new();
    for name in SIGNATURE_FIELDS.split(',') {
        cases.push(case(format!("without {name}"), jws(&without(challenge, name))));
        let value = &members(challenge, "approved")[name];
        let twice = format!("{}:{value}", json!(name));
        cases.push(case(format!("{name} twice"), jws(&and(challenge, &twice))));
        let spelled = format!("\"\\u{:04x}{}\":{value}", name.as_bytes()[0], &name[1..]);
        cases.push(case(
            format!("{name} twice, spelled in two ways"),
            jws(&and(challenge, &spelled)),
        ));
        for other in [
            json!(null),
            json!(""),
            json!("x"),
            json!(true),
            json!([value]),
            json!(value.to_string()),
        ] {
            cases.push(case(
                format!("{name} is {other}"),
                jws(&with(challenge, name, other)),
            ));
        }
    }
    for name in ["identity", "sid", "date_created", "expiration_date"] {
        let mut other = challenge[name].as_str().unwrap().to_owned();
        other.replace_range(9..10, if &other[9..10] == "0" { "1" } else { "0" });
        cases.push(case(
            format!("another {name}"),
            jws(&with(challenge, name, json!(other))),
        ));
    }
    cases.push(case(
        "another zone",
        jws(&with(
            challenge,
            "date_created",
            json!("2026-01-02T03:04:05+00:00"),
        )),
    ));
    for status in [
        "pending",
        "expired",
        "Approved",
        "approved ",
        "APPROVED",
        "approved,denied",
        "verified",
    ] {
        cases.push(case(
            format!("status {status}"),
            jws(&with(challenge, "status", json!(status))),
        ));
    }
    for (name, details) in details_of_others(&challenge["details"]) {
        cases.push(case(name, jws(&with(challenge, "details", details))));
    }
    for (name, hidden) in [
        ("a hidden detail less", json!({"ip": "::1"})),
        ("a hidden detail more", json!({"ip": "::1", "n": "1", "m": ""})),
        ("a hidden detail of another type", json!({"ip": "::1", "n": 1})),
        ("no hidden detail", json!({})),
    ] {
        cases.push(case(name, jws(&with(challenge, "hidden_details", hidden))));
    }
    for (name, member) in [
        ("a further member twice", r#""x":1,"x":1"#),
        (
            "a member twice in a further one",
            r#""x":[{"y":{"a":1,"b":2,"\u0061":1}}]"#,
        ),
        ("a number that is none", r#""x":1e999"#),
    ] {
        cases.push(case(name, jws(&and(challenge, member))));
    }
    let payload = Value::Object(members(challenge, "approved")).to_string();
    for (name, inside, twice) in [
        ("a message twice", r#""message":"#, r#""message":"","message":"#),
        ("a label twice", r#""label":"To""#, r#""label":"To","label":"To""#),
        ("a hidden detail twice", r#""n":"1""#, r#""n":"1","n":"1""#),
    ] {
        assert!(payload.contains(inside));
        cases.push(case(name, jws(&payload.replace(inside, twice))));
    }
    cases
}

fn details_of_others(details: &Value) -> Vec<(&'static str, Value)> {
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut changed = details.clone();
        change(&mut changed);
        assert_ne!(changed, *details);
        changed
    };
    vec![
        (
            "another message",
            changed(&|details| details["message"] = json!("Pay")),
        ),
        (
            "another date in the details",
            changed(&|details| details["date"] = json!("2026-01-02T03:04:06Z")),
        ),
        (
            "a field less",
            changed(&|details| drop(details["fields"].as_array_mut().unwrap().pop())),
        ),
        (
            "fields in another order",
            changed(&|details| details["fields"].as_array_mut().unwrap().reverse()),
        ),
        (
            "another value",
            changed(&|details| details["fields"][0]["value"] = json!("5000 €")),
        ),
        (
            "a member more in a field",
            changed(&|details| details["fields"][0]["x"] = json!(1)),
        ),
        (
            "a member more in the details",
            changed(&|details| details["x"] = json!(1)),
        ),
        (
            "no fields",
            changed(&|details| drop(details.as_object_mut().unwrap().remove("fields"))),
        ),
    ]
}

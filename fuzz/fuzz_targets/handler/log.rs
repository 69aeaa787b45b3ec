//! What a request leaves in the log: one line, and nothing in it that a caller chose but SIDs.

use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::call::Call;
use crate::schema::Schema;

pub fn check(log: &str, answer: &Answer, call: &Call) {
    // The embedded DynamoDB logs too, when it refuses something.
    let dynamodb = r#""message":"error response""#;
    let lines: Vec<&str> = log.lines().filter(|line| !line.contains(dynamodb)).collect();
    let [line] = lines.as_slice() else {
        panic!("{lines:?} are the lines of one request");
    };
    let mut line: Map<String, Value> = serde_json::from_str(line).expect("a line is JSON");
    let error = answer.json().filter(|_| answer.status >= 400).unwrap_or_default();
    for (name, value) in [
        ("level", json!("INFO")),
        ("message", json!("request")),
        ("request_id", json!(answer.request_id)),
        ("caller", json!(call.caller)),
        ("operation", json!(call.operation_id())),
        ("status", json!(answer.status)),
        ("code", error["code"].clone()),
        ("parameters", parameters(&error)),
        ("replayed", json!(answer.is_replay())),
    ] {
        assert_eq!(line.remove(name).unwrap_or_default(), value, "{name} in the log");
    }
    let timestamp = line.remove("timestamp").unwrap_or_default();
    let timestamp = timestamp.as_str().unwrap_or_default();
    assert!(timestamp.len() == 27 && timestamp.ends_with('Z'), "{timestamp}");
    let duration = line.remove("duration_ms").unwrap_or_default();
    assert!(duration.is_number(), "{duration}");
    for (name, value) in &line {
        Schema::named(match name.as_str() {
            "service_sid" => "ServiceSid",
            "entity_sid" => "EntitySid",
            "factor_sid" => "FactorSid",
            _ => panic!("the log says {name}: {value}"),
        })
        .check(value);
    }
}

/// The names of the parameters that are refused, as the log has them.
fn parameters(error: &Value) -> Value {
    let Some(details) = error["details"]["parameters"].as_array() else {
        return Value::Null;
    };
    let names = details.iter().filter_map(|detail| detail["parameter"].as_str());
    json!(names.collect::<Vec<_>>().join(", "))
}

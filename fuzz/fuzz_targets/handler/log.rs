//! What a request leaves in the log: one line, and nothing in it that a caller chose but SIDs.

use harness::local;
use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::call::{Call, Caller};
use crate::request::Request;
use crate::schema::{DOCUMENT, Schema};

pub fn check(log: &str, answer: &Answer, call: &Call, request: &Request) {
    check_secrets(log, answer, request);
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
        ("caller", json!(call.caller.as_ref().map(Caller::name))),
        ("operation", json!(call.operation.map(|operation| operation.id))),
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
    let proved = line.remove("factor_type").zip(line.remove("outcome"));
    if let Some((factor_type, outcome)) = proved {
        check_proof(&factor_type, &outcome, answer, call);
    }
    check_claim(line.remove("claimed").as_ref(), answer, call, request);
    check_lets_in(&line, answer, call, request);
    for (name, value) in &line {
        // Those of a path can have digits of either case.
        let parameter = match name.as_str() {
            "factor_sid" => "FactorSid",
            "challenge_sid" => "ChallengeSid",
            "access_token_sid" => "AccessTokenSid",
            _ => "",
        };
        if !parameter.is_empty() {
            Schema::of(&DOCUMENT["components"]["parameters"][parameter]["schema"]).check(value);
            continue;
        }
        Schema::named(match name.as_str() {
            "service_sid" => "ServiceSid",
            "entity_sid" => "EntitySid",
            _ => panic!("the log says {name}: {value}"),
        })
        .check(value);
    }
}

/// Who nobody said to be is in the log, as far as credentials say anything.
fn check_claim(claimed: Option<&Value>, answer: &Answer, call: &Call, request: &Request) {
    let claimed = claimed.map(|claimed| claimed.as_str().expect("a word"));
    if answer.status != 401 || call.caller.is_some() {
        assert_eq!(claimed, None, "{}", answer.status);
        return;
    }
    let claims: &[Option<&str>] = match request.credentials() {
        Some((user, _)) if user == local::account_sid() => &[Some("account")],
        // A JWT has dots, and an Access Token hasn't.
        Some((user, text)) if user == "token" && text.contains('.') => &[Some("device")],
        Some((user, _)) if user == "token" => &[Some("device"), Some("token")],
        Some(_) => &[None],
        None if request.header("authorization").is_none() => &[None],
        // What comes after a user can be no text.
        None => &[None, Some("account"), Some("device")],
    };
    assert!(claims.contains(&claimed), "{claimed:?}");
}

/// Which Factor's device it was, and by which Access Token, is in the log; of nobody there is what the path says.
fn check_lets_in(line: &Map<String, Value>, answer: &Answer, call: &Call, request: &Request) {
    match &call.caller {
        None => {
            let route = call.route.as_ref().filter(|_| request.method != "OPTIONS");
            let in_path = |name| route.and_then(|route| route.parameters.get(name));
            for (name, parameter) in [
                ("service_sid", "ServiceSid"),
                ("entity_sid", ""),
                ("factor_sid", "FactorSid"),
                ("challenge_sid", "ChallengeSid"),
                ("access_token_sid", "AccessTokenSid"),
            ] {
                let said = line.get(name).map(|said| said.as_str().expect("a SID"));
                assert_eq!(said, in_path(parameter).map(String::as_str), "{name}");
            }
        }
        Some(Caller::Account) if answer.status < 300 => {
            let of_token = call.operation_id().is_some_and(|id| id.ends_with("AccessToken"));
            let sid = of_token.then(|| answer.sid().expect("an Access Token"));
            assert_eq!(line.get("access_token_sid"), sid.map(|sid| json!(sid)).as_ref());
        }
        Some(Caller::Account) => {}
        Some(Caller::Device(sid)) => assert_eq!(line["factor_sid"], sid.as_str()),
        Some(Caller::Token(sid)) => assert_eq!(line["access_token_sid"], sid.as_str()),
    }
}

/// Neither JWTs nor Access Tokens are in the log, sent or shown.
fn check_secrets(log: &str, answer: &Answer, request: &Request) {
    let sent = request.credentials().map(|(_, password)| password);
    let shown = answer.json().filter(|_| answer.sid().is_some());
    let shown = shown.and_then(|json| json["token"].as_str().map(str::to_owned));
    // A shorter one can be part of anything.
    for secret in sent.into_iter().chain(shown).filter(|secret| secret.len() > 15) {
        assert!(!log.contains(&secret), "the log has {secret}");
    }
}

/// What the log says of an `AuthPayload`.
fn check_proof(factor_type: &Value, outcome: &Value, answer: &Answer, call: &Call) {
    let operation = call.operation_id().unwrap_or_default();
    let factor_type = factor_type.as_str().expect("a word");
    let outcomes: &[&str] = match (operation, factor_type, answer.status) {
        ("UpdateFactor", "totp", 200) => &["verified", "wrong"],
        ("UpdateFactor", "push", 200) => &["verified"],
        ("UpdateFactor", "totp", 403) => &["wrong", "replayed"],
        ("UpdateFactor", "push", 403) => &["bad_signature"],
        ("CreateChallenge", "totp", 201) | ("AnswerChallenge", "totp", 200) => {
            &["approved", "wrong", "replayed"]
        }
        ("CreateChallenge", "totp", 403) => &["unverified"],
        ("AnswerChallenge", "push", 200) => &["approved", "denied"],
        ("AnswerChallenge", "totp", 403) => &["answered_before", "expired"],
        ("AnswerChallenge", "push", 403) => &["answered_before", "expired", "bad_signature"],
        ("UpdateFactor" | "AnswerChallenge", "totp", 429) => &["limited"],
        _ => panic!("{factor_type} in the log of {operation}, {}", answer.status),
    };
    let outcome = outcome.as_str().expect("a word");
    assert!(outcomes.contains(&outcome), "{outcome}");
}

/// The names of the parameters that are refused, as the log has them.
fn parameters(error: &Value) -> Value {
    let Some(details) = error["details"]["parameters"].as_array() else {
        return Value::Null;
    };
    let names = details.iter().filter_map(|detail| detail["parameter"].as_str());
    json!(names.collect::<Vec<_>>().join(", "))
}

//! What must not be seen: in logs, in `Debug` output, in answers to the wrong people.

mod support;

use std::fmt::Write as _;

use harness::faults::{Fault, FaultProxy};
use serde_json::json;
use support::{Function, NOW, event, factors_path, form_of, invoke_at, logs, request};
use time::OffsetDateTime;
use verify_factors::parameters::Form;
use verify_factors::rules::{
    AccountSid, Entropy, Factor, IdempotencyKey, NewFactor, NewService, Service, ServiceSid, ServiceUpdate,
    Timestamp,
};

#[tokio::test]
async fn a_request_logs_one_line_that_tells_what_happened_and_to_whom() {
    let function = Function::start().await;
    let answer = function.invoke(&event("create-factor-replay.json")).await;
    let created = answer.json();
    let lines = logs::of(&answer);
    let [line] = lines.as_slice() else {
        panic!("{lines:?}")
    };
    let mut line = line.clone();
    assert!(
        line["duration_ms"]
            .as_f64()
            .is_some_and(|duration| duration > 0.0)
    );
    assert!(
        line["timestamp"]
            .as_str()
            .is_some_and(|timestamp| timestamp.ends_with('Z'))
    );
    for field in ["duration_ms", "timestamp"] {
        line.as_object_mut().unwrap().remove(field);
    }
    assert_eq!(
        line,
        json!({
            "level": "INFO",
            "message": "request",
            "request_id": answer.header("x-request-id"),
            "operation": "CreateFactor",
            "status": 201,
            "service_sid": created["service_sid"],
            "entity_sid": created["entity_sid"],
            "factor_sid": created["sid"],
            "replayed": false,
        })
    );
    let replayed = function.invoke(&event("create-factor-replay.json")).await;
    assert_eq!(logs::of(&replayed)[0]["replayed"], true);
}

#[tokio::test]
async fn a_refusal_logs_which_parameters_were_wrong_at_info() {
    let function = Function::start().await;
    let answer = function.invoke(&event("create-factor-refused.json")).await;
    let line = &logs::of(&answer)[0];
    assert_eq!(line["level"], "INFO");
    assert_eq!((&line["status"], &line["code"]), (&json!(400), &json!(20001)));
    assert_eq!(
        line["parameters"],
        "FriendlyName, Binding.Secret, Config.TimeStep, Config.Skew"
    );
}

#[tokio::test]
async fn a_fault_logs_its_causes_at_error() {
    let function = Function::start().await;
    let proxy = FaultProxy::start(&function.dynamo.endpoint).await.unwrap();
    let app = support::build(&function.dynamo, &proxy.endpoint(), &[]);
    proxy.script(&[], Fault::CutBefore);
    let answer = invoke_at(&app, &event("create-push-factor.json"), NOW).await;
    assert_eq!(answer.status, 503);
    let line = &logs::of(&answer)[0];
    assert_eq!((&line["level"], &line["code"]), (&json!("ERROR"), &json!(20503)));
    assert!(
        line["cause"].as_str().unwrap().starts_with("dispatch failure: "),
        "{line}"
    );
}

#[tokio::test]
async fn a_fault_in_the_table_is_told_to_the_log_alone() {
    let function = Function::start().await;
    let mut broken = support::service_item(&[]);
    broken.remove("friendly_name");
    function.dynamo.put(broken).await;
    let answer = function.invoke(&event("create-push-factor.json")).await;
    let line = &logs::of(&answer)[0];
    assert_eq!(
        line["cause"],
        "a stored Service has no valid attribute friendly_name"
    );
    assert!(!answer.text.contains("friendly_name"));
}

#[tokio::test]
async fn no_secret_is_in_the_log_whatever_happens() {
    // Each of these looks into the log, at the most verbose level, after its request.
    let function = Function::start().await;
    let proxy = FaultProxy::start(&function.dynamo.endpoint).await.unwrap();
    for name in [
        "create-totp-factor.json",
        "create-totp-factor-with-migrated-seed.json",
        "create-push-factor.json",
        "create-totp-factor-rest-api.json",
        "create-factor-refused.json",
        "create-factor-replay.json",
        "create-service.json",
    ] {
        let event = event(name);
        function.invoke(&event).await;
        for fault in Fault::ALL.into_iter().filter(|fault| !fault.is_slow()) {
            let app = support::build(&function.dynamo, &proxy.endpoint(), &[]);
            proxy.script(&[], fault);
            invoke_at(&app, &event, NOW).await;
        }
    }
}

#[tokio::test]
async fn an_unknown_account_and_a_wrong_token_are_indistinguishable() {
    let function = Function::start().await;
    let account = harness::local::account_sid();
    let mut answers = Vec::new();
    for credentials in [
        format!("{account}:wrong-token"),
        format!(
            "AC00000000000000000000000000000000:{}",
            harness::local::AUTH_TOKEN
        ),
        "nobody:nothing".to_owned(),
    ] {
        let header = format!("Basic {}", data_encoding::BASE64.encode(credentials.as_bytes()));
        let mut answer = function
            .invoke(&request(
                "POST",
                &factors_path(),
                &[("authorization", &header)],
                "",
            ))
            .await;
        answer.headers.remove("x-request-id");
        answers.push((answer.status, answer.headers, answer.text));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
}

#[test]
fn no_secret_is_in_any_debug_output() {
    let now = Timestamp::at(OffsetDateTime::UNIX_EPOCH);
    let service_form = "FriendlyName=Sekret+Service&Totp.Issuer=Sekret+Issuer";
    let service_form = Form::decode(service_form.as_bytes(), &[]);
    let new_service = NewService::parse(&service_form).unwrap();
    let update = ServiceUpdate::parse(&service_form).unwrap();
    let (account, sid) = (AccountSid::from_bytes([1; 16]), ServiceSid::from_bytes([2; 16]));
    let service = Service::create(new_service.clone(), account, sid, now);
    let key = IdempotencyKey::parse("Sekret-key").unwrap();
    let entropy = Entropy::draw(|bytes| {
        bytes.fill(0x5A);
        Ok::<_, ()>(())
    });
    let mut shown = format!("{service_form:?} {new_service:?} {update:?} {service:?} {key:?}");
    let push = form_of(&event("create-push-factor.json"));
    let totp = form_of(&event("create-totp-factor-with-migrated-seed.json"));
    for form in [
        push,
        totp,
        "FactorType=totp&FriendlyName=Sekret&Metadata=%7B%22os%22%3A%22Android%22%7D".to_owned(),
    ] {
        let form = Form::decode(form.as_bytes(), &[]);
        let new = NewFactor::parse("Sekret-identity", &form).unwrap();
        let _ = write!(shown, "{new:?}");
        let factor = Factor::create(new, &service, Some(&key), now, entropy.as_ref().unwrap());
        let _ = write!(shown, "{factor:?}");
    }
    for secret in [
        "Sekret",
        "John",
        "Android",
        "gezd",
        "GEZD",
        "MFkw",
        "RegistrationToken",
        "LJFFU",
        "90, 90",
        "com.example",
    ] {
        assert!(!shown.contains(secret), "{secret} is in {shown}");
    }
}
